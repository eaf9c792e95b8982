use super::Snapshots;
use call::{Call, EndReason, FlowUse, Scope, Stamp};
use std::fmt::Write;

/// One line per call that ended: who, how long, and per stream where it went and what it carried.
pub(super) fn write(call: &Call, reason: EndReason, snapshots: &Snapshots, now: Stamp) {
    tracing::info!(target: "cdr", "{}", line(call, reason, snapshots, now));
}

fn line(call: &Call, reason: EndReason, snapshots: &Snapshots, now: Stamp) -> String {
    let created = call.created();
    let mut out = format!(
        "ci={}, start={}, end={}, duration={}, reason={}",
        String::from_utf8_lossy(call.id()),
        seconds(created.wall_us),
        seconds(now.wall_us),
        seconds(now.at.since(created.at).0),
        reason.code()
    );
    for (leg, party) in call.report(Scope::default()).parties.iter().enumerate() {
        let mut put = |text: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _ = out.write_fmt(text);
        };
        put(format_args!(", leg{leg}_tag={}", String::from_utf8_lossy(&party.name)));
        for media in &party.medias {
            for stream in media.streams.iter().filter(|s| !s.rejected) {
                let (received, sent, drops) =
                    stream.flows.iter().filter_map(|f| snapshots.get(&f.key).or(f.last)).fold(
                        (flow::Traffic::default(), flow::Traffic::default(), 0),
                        |(mut received, mut sent, drops), s| {
                            received.add(s.counters.received);
                            sent.add(s.counters.sent);
                            (received, sent, drops + s.counters.drops.iter().sum::<u64>())
                        },
                    );
                let kind = if stream.usage == FlowUse::Rtp { "rtp" } else { "rtcp" };
                put(format_args!(
                    ", leg{leg}_{}_{kind}={{local={}, endpoint={}, packets={}, bytes={}, errors={}, \
                     sent_packets={}, sent_bytes={}, dropped={drops}}}",
                    media.index,
                    stream.flows.last().map_or_else(|| "-".to_owned(), |f| f.key.to_string()),
                    stream.signalled.map_or_else(|| "-".to_owned(), |e| e.to_string()),
                    received.packets,
                    received.bytes,
                    received.errors,
                    sent.packets,
                    sent.bytes,
                ));
            }
        }
    }
    out
}

fn seconds(us: u64) -> String {
    format!("{}.{:03}", us / 1_000_000, us / 1000 % 1000)
}
