use super::sessions::shown;
use crate::desk::{Desk, Snapshots};
use call::{FlowUse, Scope, Stamp, StreamReport};
use flow::{Path, PathReason, Snapshot};
use std::fmt::Write;
use std::net::SocketAddr;

/// `explain CALLID`: each stream in plain words, and who is not heard.
pub(super) fn call(desk: &mut Desk, call_id: &str) -> String {
    let Some(number) = desk.book.number(call_id.as_bytes()) else {
        return format!("Call Id not found ({}).\n", call_id.escape_debug());
    };
    let snapshots = desk.snapshots(number);
    let now = desk.clock.stamp();
    let Some(call) = desk.book.get(number) else { return String::new() };
    let report = call.report(Scope::default());
    let state = match (call.is_ending(), call.is_answered()) {
        (true, _) => "deleted, stays for the delay",
        (false, true) => "answered",
        (false, false) => "not answered yet",
    };
    let age = now.at.since(report.created.at).0 / 1_000_000;
    let mut out = format!("Call {}: {state}, {age} s old\n", shown(call.id()));
    // Writing to a String cannot fail.
    for party in &report.parties {
        for media in &party.medias {
            let protocol = media.known_protocol().unwrap_or("unknown protocol");
            let (name, kind) = (shown(&party.name), shown(media.kind));
            let keys = media.crypto_suite.map_or_else(String::new, |suite| format!(", keys: {suite}"));
            let _ = writeln!(out, "{name}, section {} ({kind} over {protocol}{keys})", media.index);
            for stream in &media.streams {
                write_stream(&mut out, desk, stream, &snapshots, now);
            }
        }
    }
    let mut unheard = desk.watch.events_of(call).peekable();
    if unheard.peek().is_some() {
        out.push_str("One-way audio:\n");
    }
    for event in unheard {
        let seconds = now.at.since(event.since).0 / 1_000_000;
        let (listener, talker) = (shown(&event.listener), shown(&event.talker));
        let (cause, detail) = (event.cause.code(), &event.detail);
        let _ = writeln!(out, "  {listener} does not hear {talker} for {seconds} s: {cause}: {detail}");
    }
    if call.is_traced() {
        out.push_str("Its packets are copied for a trace.\n");
    }
    if let Some(recording) = desk.recordings.of(call.number()) {
        let sums = recording.count().sums();
        let _ = writeln!(
            out,
            "Its packets are recorded to {}: {} written, {} lost in memory, {} lost on disk.",
            recording.path(),
            sums.written,
            sums.lost,
            sums.unwritten
        );
        if call.recorded().is_some() && call.passes_keys() {
            out.push_str("Its SRTP passes from end to end unread, and is recorded so.\n");
        }
    }
    out
}

fn write_stream(out: &mut String, desk: &Desk, stream: &StreamReport<'_>, snapshots: &Snapshots, now: Stamp) {
    let usage = match (stream.usage, stream.muxed) {
        (FlowUse::Rtp, true) => "RTP and RTCP",
        (FlowUse::Rtp, false) => "RTP",
        (FlowUse::Rtcp, _) => "RTCP",
    };
    if stream.rejected {
        let _ = writeln!(out, "  {usage}: switched off");
        return;
    }
    if stream.usage == FlowUse::Rtcp && stream.leg_muxed {
        let _ = writeln!(out, "  {usage}: on the port of RTP");
        return;
    }
    let Some(local) = stream.local else {
        let _ = writeln!(out, "  {usage}: no port");
        return;
    };
    let copies = || stream.flows.iter().filter_map(|flow| snapshots.get(&flow.key).or(flow.last));
    let sum = |of: fn(&Snapshot) -> u64| -> u64 { copies().map(of).sum() };
    let peer = copies().filter(|copy| copy.key == local).find_map(|copy| copy.peer).or(stream.signalled);
    let peer = peer.map_or_else(|| "nobody yet".to_owned(), |at: SocketAddr| at.to_string());
    let (path, reason) = desk.paths.standing(local);
    let _ = writeln!(out, "  {usage}: {local} <> {peer}");
    let _ = writeln!(out, "    path: {} ({}): {}", path.code(), reason.code(), words(path, reason));
    let last = copies().filter_map(|copy| copy.counters.last_packet).max();
    let last = match last {
        Some(at) => format!("the last {:.1} s ago", now.at.since(at).0 as f64 / 1e6),
        None => "never any".to_owned(),
    };
    let received = sum(|copy| copy.counters.received.packets);
    let sent = sum(|copy| copy.counters.sent.packets);
    let _ = writeln!(out, "    received {received} packets, {last}; sent {sent}");
    let drops: Vec<String> = flow::DropReason::ALL
        .iter()
        .map(|reason| (reason, copies().map(|copy| copy.counters.drops[*reason as usize]).sum::<u64>()))
        .filter(|(_, packets)| *packets > 0)
        .map(|(reason, packets)| format!("{} {packets}", reason.code()))
        .collect();
    if !drops.is_empty() {
        let _ = writeln!(out, "    dropped: {}", drops.join(", "));
    }
}

/// Who carries the packets and why, for people.
pub(super) fn words(path: Path, reason: PathReason) -> &'static str {
    use PathReason as Why;
    match (path, reason) {
        (Path::Driver, Why::OnFastPath) => "the XDP program on the NIC relays it, nothing is cheaper",
        (Path::Worker, Why::OnFastPath) => "a packet thread relays it between NIC queues",
        (Path::Kernel, Why::OnFastPath) => "the kernel module relays it",
        (Path::Userspace, Why::OnFastPath) => "the daemon's sockets relay it",
        (_, Why::UserspaceMode) => "the daemon's sockets relay it, as the mode of the interface says",
        (_, Why::NotStableYet) => {
            "with the sockets until packets from both sides have confirmed their addresses"
        }
        (_, Why::NoKeys) => "with the sockets, because keys of either side are awaited",
        (_, Why::NoPeer) => "with the sockets, because one side has said no address yet",
        (_, Why::NoOutput) => "nothing is sent on: rejected, on hold, inactive or without a counterpart",
        (_, Why::Blocked) => "blocked by `block media`, or dropped by `drop-traffic`",
        (_, Why::Silenced) => "with the sockets, because its payload is replaced by silence",
        (_, Why::Rtcp) => "the daemon reads RTCP, so it goes through the sockets",
        (_, Why::PathUnavailable) => {
            "with the sockets: the fast path of the interface is not there, see the log of the start or run doctor"
        }
        (_, Why::Refused) => "with the sockets: the fast path cannot carry such a flow",
        (_, Why::NotVerified) => {
            "with the sockets for a while: packets still came to them when the fast path had the flow"
        }
        (_, Why::TableFull) => "with the sockets: the fast path holds as many flows as it can",
        (_, Why::NoRoute) => "with the sockets: there is no route from our address to the destination",
        (_, Why::NoNeighbour) => "with the sockets: the next hop has not answered yet",
        (_, Why::LinkDown) => "with the sockets: the interface that leads to the destination is down or gone",
        (_, Why::NoAddress) => "with the sockets: our address is not on this host any more",
        (_, Why::EgressNotReachable) => {
            "with the sockets: the fast path cannot send through the interface that leads to the destination"
        }
        (_, Why::EgressByKernel) => {
            "a packet thread relays it, but its packets leave through the kernel's routing, which costs more"
        }
        (_, Why::Recorded) => {
            "with the sockets while it is recorded, because the fast path cannot copy packets"
        }
        (_, Why::Traced) => "with the sockets while it is traced, because the fast path cannot copy packets",
        (_, Why::WorkerHangs) => "with the sockets: a packet thread hangs",
        (_, Why::SharedPort) => "with the sockets: several media sections share the port (BUNDLE)",
        (_, Why::WorkerBusy) => "with the sockets: a packet thread has not taken it yet",
    }
}
