use super::Snapshots;
use crate::kernel::EndedCall;
use call::{Call, EndReason, FlowUse, Scope, Stamp};
use std::fmt::Write;

/// One line per call that ended: who, how long, and per stream where it went and what it carried.
pub(super) fn write(call: &Call, reason: EndReason, snapshots: &Snapshots, now: Stamp) {
    tracing::info!(target: "cdr", "{}", line(call, reason, snapshots, now));
}

/// One line per call of a daemon before us that the kernel module went on with. Only its flows are known, so there is no
/// Call-ID; it starts when the module was given the oldest of them, and there is a part for each that was counted.
pub(super) fn write_adopted(call: &EndedCall, now: Stamp) {
    tracing::info!(target: "cdr", "{}", adopted_line(call, now));
}

fn adopted_line(call: &EndedCall, now: Stamp) -> String {
    let mut out = format!(
        "ci=-, start={}, end={}, duration={}, reason={}, adopted=yes",
        seconds(now.wall_us.saturating_sub(call.age.0)),
        seconds(now.wall_us),
        seconds(call.age.0),
        call.reason.code()
    );
    for flow in &call.flows {
        let received = flow.counters.received;
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            ", flow{}={{local={}, endpoint={}, packets={}, bytes={}, errors={}, dropped={}}}",
            Call::of_stream(flow.stream).1,
            flow.key,
            flow.peer.map_or_else(|| "-".to_owned(), |peer| peer.to_string()),
            received.packets,
            received.bytes,
            received.errors,
            flow.counters.drops.iter().sum::<u64>(),
        );
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;
    use call::EndReason;
    use flow::{Counters, Generation, Micros, Moment, Progress, Snapshot, StreamId, Traffic};

    #[test]
    fn an_adopted_call_has_a_line_with_what_its_flows_carried() {
        let received = Traffic { packets: 50, bytes: 8600, errors: 1 };
        let mut counters = Counters { received, ..Counters::default() };
        counters.drops[0] = 2;
        let flow = Snapshot {
            heard: Default::default(),
            left: Default::default(),
            key: "192.0.2.1:30000".parse::<std::net::SocketAddr>().expect("an address").into(),
            generation: Generation(7),
            stream: StreamId(9 << 32 | 2),
            peer: "192.0.2.9:4000".parse().ok(),
            confirmed: true,
            counters,
            ssrcs: Default::default(),
            sent_ssrcs: Default::default(),
            progress: Progress::default(),
        };
        let call = EndedCall { reason: EndReason::Timeout, age: Micros(61_500_000), flows: vec![flow] };
        let now = Stamp { at: Moment(5_000_000), wall_us: 1_700_000_061_750_000 };
        assert_eq!(
            adopted_line(&call, now),
            "ci=-, start=1700000000.250, end=1700000061.750, duration=61.500, reason=timeout, adopted=yes, \
             flow2={local=192.0.2.1:30000, endpoint=192.0.2.9:4000, packets=50, bytes=8600, errors=1, dropped=2}"
        );
    }
}
