use crate::desk::{History, Opinion};
use call::Stamp;
use ng::{Dict, Value};

/// Adds what was reported of a sender, as far as seconds are over. Nothing while no round trip is known.
pub(super) fn add(out: Dict<'static>, history: &History, now: Stamp) -> Dict<'static> {
    let history = history.closed(now.at);
    let Some((samples, average)) = history.average() else { return out };
    let entries = history.entries.iter().map(|entry| Value::Dict(reported(entry, now)));
    let progression = Dict::new()
        .with("interval", Value::Int(history.interval.into()))
        .with("entries", Value::List(entries.collect()));
    out.with("cumulative loss", Value::Int(history.lost.into()))
        .with("average MOS", Value::Dict(opinion(&average).with("samples", Value::Int(samples.into()))))
        .with("lowest MOS", Value::Dict(reported(&history.lowest, now)))
        .with("highest MOS", Value::Dict(reported(&history.highest, now)))
        .with("MOS progression", Value::Dict(progression))
}

/// Tenths, microseconds, milliseconds, percent.
fn opinion(opinion: &Opinion) -> Dict<'static> {
    Dict::new()
        .with("MOS", Value::Int(opinion.mos.into()))
        .with("round-trip time", Value::Int(opinion.rtt.into()))
        .with("round-trip time leg", Value::Int(opinion.rtt_leg.into()))
        .with("jitter", Value::Int(opinion.jitter_ms.into()))
        .with("packet loss", Value::Int(opinion.loss.into()))
}

fn reported(entry: &Opinion, now: Stamp) -> Dict<'static> {
    let secs = now.wall_us_of(entry.at) / 1_000_000;
    opinion(entry).with("reported at", Value::Int(i64::try_from(secs).unwrap_or(i64::MAX)))
}
