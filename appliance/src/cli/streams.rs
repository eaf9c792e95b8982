//! What `rtpengine-ctl top` shows, as JSON.

use crate::desk::{Desk, Snapshots};
use call::{CallNumber, FlowUse, Scope};
use flow::DropReason;
use serde_json::{Value, json};

/// Streams whose counters are copied for one question at most.
const MOST: usize = 200;
/// Without a number.
const SOME: usize = 50;

/// `list streams [N]`.
pub(super) fn streams(desk: &mut Desk, rest: &str) -> String {
    let most = rest.parse().unwrap_or(SOME).min(MOST);
    let mut streams: Vec<Value> = Vec::new();
    for number in chosen(desk, most) {
        let snapshots = desk.snapshots(number);
        streams.extend(of_call(desk, number, &snapshots));
        if streams.len() >= most {
            streams.truncate(most);
            break;
        }
    }
    let census = desk.census().flows.into_iter();
    let census: Vec<Value> = census
        .map(
            |((path, reason), count)| json!({"path": path.code(), "reason": reason.code(), "streams": count}),
        )
        .collect();
    let worked = desk.worked();
    let drops = DropReason::ALL.iter().map(|reason| (reason.code(), worked.drops[*reason as usize]));
    let drops: Vec<Value> = drops
        .filter(|(_, packets)| *packets > 0)
        .map(|(reason, packets)| json!({"reason": reason, "packets": packets}))
        .collect();
    let rates = desk.rates;
    let causes = desk.watch.counts().filter(|(.., now)| *now > 0);
    let oneway: Vec<Value> =
        causes.map(|(cause, _, now)| json!({"cause": cause.code(), "now": now})).collect();
    let all = desk.book.interfaces();
    let addresses = all.all().iter().flat_map(|i| i.addresses.iter().map(move |id| (i, *id)));
    let ports: Vec<Value> = addresses
        .map(|(interface, id)| {
            let usage = desk.ports.usage(id);
            let address = all.address(id).addr.to_string();
            json!({"name": interface.name, "address": address, "used": usage.used, "ports": usage.size})
        })
        .collect();
    let queues: Vec<Value> = desk
        .ports
        .pool()
        .fill()
        .map(|(worker, fill)| json!({"thread": format!("poll-{worker}"), "orders": fill.0, "room": fill.1}))
        .collect();
    let page = json!({
        "uptime": desk.clock.now().since(desk.tally.started.at).0 / 1_000_000,
        "calls": desk.book.len(),
        "draining": desk.console.drain != super::Drain::Off,
        "packets_per_second": rates.all.packets,
        "bytes_per_second": rates.all.bytes,
        "fast_packets_per_second": rates.fast.packets,
        "oneway": oneway,
        "paths": census,
        "nic_queues": desk.paths.obtained().collect::<Vec<String>>(),
        "queues": queues,
        "drops": drops,
        "ports": ports,
        "streams": streams,
    });
    format!("{page}\n")
}

/// Calls with somebody who is not heard first, then the youngest.
fn chosen(desk: &Desk, most: usize) -> Vec<CallNumber> {
    let ill: Vec<CallNumber> =
        desk.watch.events().filter_map(|event| desk.book.number(&event.call_id)).take(most).collect();
    let mut young: Vec<(flow::Moment, CallNumber)> =
        desk.book.iter().map(|call| (call.created().at, call.number())).collect();
    young.sort_unstable_by(|a, b| b.cmp(a));
    let mut chosen = ill;
    for (_, number) in young {
        if chosen.len() >= most {
            break;
        }
        if !chosen.contains(&number) {
            chosen.push(number);
        }
    }
    chosen
}

fn of_call(desk: &Desk, number: CallNumber, snapshots: &Snapshots) -> Vec<Value> {
    let Some(call) = desk.book.get(number) else { return Vec::new() };
    let now = desk.clock.now();
    let report = call.report(Scope::default());
    let mut out = Vec::new();
    for party in &report.parties {
        let tag = String::from_utf8_lossy(&party.name).into_owned();
        for media in &party.medias {
            let rtp = media.streams.iter().find(|stream| stream.usage == FlowUse::Rtp && !stream.rejected);
            let Some((stream, local)) = rtp.and_then(|stream| Some((stream, stream.local?))) else {
                continue;
            };
            let copies: Vec<_> =
                stream.flows.iter().filter_map(|flow| snapshots.get(&flow.key).or(flow.last)).collect();
            let sum = |of: fn(&flow::Snapshot) -> u64| -> u64 { copies.iter().map(|copy| of(copy)).sum() };
            let (path, reason) = desk.paths.standing(local);
            let peer = copies.iter().find(|copy| copy.key == local).and_then(|copy| copy.peer);
            let received = sum(|copy| copy.counters.received.packets);
            let lost: u64 = copies.iter().flat_map(|copy| &copy.ssrcs).map(|ssrc| u64::from(ssrc.lost)).sum();
            let latest = copies.iter().rev().find_map(|copy| copy.ssrcs.last());
            let jitter_ms = latest.map(|ssrc| ssrc.jitter.0 as f64 / 1000.0);
            let last = copies.iter().filter_map(|copy| copy.counters.last_packet).max();
            let ear = desk
                .watch
                .events_of(call)
                .find(|event| *event.talker == *party.name && event.media == media.index);
            let loss =
                if received + lost == 0 { 0.0 } else { 100.0 * lost as f64 / (received + lost) as f64 };
            out.push(json!({
                "call": String::from_utf8_lossy(call.id()),
                "tag": tag,
                "section": media.index,
                "kind": String::from_utf8_lossy(media.kind),
                "codec": latest.and_then(|ssrc| media.codec(ssrc.last_pt)),
                "local": local.to_string(),
                "peer": peer.or(stream.signalled).map(|at| at.to_string()),
                "path": path.code(),
                "reason": reason.code(),
                "packets": received,
                "bytes": sum(|copy| copy.counters.received.bytes),
                "sent": sum(|copy| copy.counters.sent.packets),
                "dropped": sum(|copy| copy.counters.drops.iter().sum()),
                "lost": lost,
                "loss_percent": loss,
                "jitter_ms": jitter_ms,
                "mos": jitter_ms.filter(|_| received > 0).map(|jitter| mos(loss, jitter)),
                "silent_s": last.map(|at| now.since(at).0 as f64 / 1e6),
                "unheard": ear.map(|event| event.cause.code()),
            }));
        }
    }
    out
}

/// What a listener would say of audio with that loss (percent) and jitter (ms), 1 to 4.4: the E-model (ITU-T G.107) with the
/// defaults of G.711 with concealment, where a jitter buffer of twice the jitter is all the delay that is known.
fn mos(loss: f64, jitter: f64) -> f64 {
    // Annex I of G.113: G.711 with concealment has Ie 0 and Bpl 25.1.
    let equipment = 95.0 * loss / (loss + 25.1);
    let delay = 20.0 + 2.0 * jitter;
    let late = if delay > 177.3 { 0.11 * (delay - 177.3) } else { 0.0 };
    let rating = (93.2 - 0.024 * delay - late - equipment).clamp(0.0, 100.0);
    let mos = 1.0 + 0.035 * rating + 7e-6 * rating * (rating - 60.0) * (100.0 - rating);
    (mos.clamp(1.0, 4.5) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_falls_with_loss_and_jitter() {
        assert!(mos(0.0, 0.0) > 4.3 && mos(0.0, 0.0) <= 4.5);
        assert!(mos(1.0, 0.0) < mos(0.0, 0.0));
        assert!(mos(0.0, 100.0) < mos(0.0, 1.0));
        assert!((1.0..1.5).contains(&mos(100.0, 500.0)));
    }
}
