use crate::desk::{History, Opinion};
use call::Stamp;
use ng::{Body, Value};

/// Adds what was reported of a sender, as far as seconds are over. Nothing while no round trip is known.
pub(super) fn add(out: &mut Body, history: &History, now: Stamp) {
    let history = history.closed(now.at);
    let Some((samples, average)) = history.average() else { return };
    out.value("cumulative loss", &Value::Int(history.lost.into()));
    out.dict("average MOS", |out| {
        opinion(&average, out);
        out.int("samples", samples.into());
    });
    out.dict("lowest MOS", |out| reported(&history.lowest, now, out));
    out.dict("highest MOS", |out| reported(&history.highest, now, out));
    out.dict("MOS progression", |out| {
        out.int("interval", history.interval.into());
        out.list("entries", |list| {
            for entry in &history.entries {
                list.dict(|out| reported(entry, now, out));
            }
        });
    });
}

/// Tenths, microseconds, milliseconds, percent.
fn opinion(opinion: &Opinion, out: &mut Body) {
    out.int("MOS", opinion.mos.into());
    out.int("round-trip time", opinion.rtt.into());
    out.int("round-trip time leg", opinion.rtt_leg.into());
    out.int("jitter", opinion.jitter_ms.into());
    out.int("packet loss", opinion.loss.into());
}

fn reported(entry: &Opinion, now: Stamp, out: &mut Body) {
    opinion(entry, out);
    out.int("reported at", now.wall_us_of(entry.at) / 1_000_000);
}
