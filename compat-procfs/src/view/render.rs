//! The files of a table as text and bytes, in the formats of the module.

use super::{Shown, Table};
use crate::abi;
use crate::encode::{from_key, from_socket};
use flow::Carries;
use std::fmt::Write as _;
use std::net::SocketAddr;
use zerocopy::{FromZeros, IntoBytes};

fn address(text: &mut String, label: &str, at: SocketAddr) {
    let family = if at.is_ipv4() { "inet4" } else { "inet6" };
    let _ = writeln!(text, "{label} {family} {at}");
}

/// `N/list`.
pub fn list(table: &Table) -> String {
    let mut text = String::new();
    table.flows.iter().for_each(|flow| one(&mut text, flow));
    text
}

fn one(text: &mut String, flow: &Shown) {
    let received = flow.snapshot.counters.received;
    address(text, "local", flow.snapshot.key.into());
    let _ = writeln!(
        text,
        "    stats: {:20} bytes, {:20} packets, {:20} errors",
        received.bytes, received.packets, received.errors
    );
    for (pt, counted) in &flow.payload_types {
        let _ = writeln!(
            text,
            "        RTP payload type {pt:3}: {:20} bytes, {:20} packets",
            counted.bytes, counted.packets
        );
    }
    let senders: Vec<String> = flow.snapshot.ssrcs.iter().map(|one| format!("{:x}", one.ssrc)).collect();
    if !senders.is_empty() {
        let _ = writeln!(text, "    SSRC in: {}", senders.join(", "));
    }
    if flow.carries == Carries::RtpAndRtcp {
        text.push_str("    option: rtcp-mux\n");
    }
    if flow.outputs.is_empty() {
        text.push_str("    option: non forwarding\n");
    }
    for (number, output) in flow.outputs.iter().enumerate() {
        let _ = writeln!(text, "    output #{number}");
        address(text, "       src", output.from.into());
        address(text, "       dst", output.to);
        if let Some(ssrc) = output.ssrc {
            let _ = writeln!(text, " SSRC out: {ssrc:x}");
        }
    }
}

/// `N/status`.
pub fn status(table: &Table) -> String {
    format!("Refcount:    1\nControl PID: {}\nTargets:     {}\n", table.owner, table.flows.len())
}

/// `N/stats`.
pub fn stats(table: &Table) -> String {
    let (mut received, mut sent) = (flow::Traffic::default(), flow::Traffic::default());
    for flow in &table.flows {
        received.add(flow.snapshot.counters.received);
        flow.outputs.iter().for_each(|output| sent.add(output.sent));
    }
    let lines = [
        ("targets", table.flows.len() as u64),
        ("packets_received", received.packets),
        ("bytes_received", received.bytes),
        ("packets_forwarded", sent.packets),
        ("bytes_forwarded", sent.bytes),
        ("errors", received.errors),
    ];
    lines.iter().map(|(name, value)| format!("{name:<20} {value}\n")).collect()
}

/// `N/blist`: a [`abi::Snapshot`] for each flow. Times are the daemon's moments in nanoseconds.
pub fn blist(table: &Table) -> Vec<u8> {
    table.flows.iter().flat_map(|flow| entry(flow).as_bytes().to_vec()).collect()
}

fn traffic(from: flow::Traffic) -> abi::Traffic {
    abi::Traffic { packets: from.packets, bytes: from.bytes, errors: from.errors }
}

fn entry(flow: &Shown) -> abi::Snapshot {
    let snapshot = &flow.snapshot;
    let mut entry = abi::Snapshot::new_zeroed();
    entry.local = from_key(snapshot.key);
    if let Some(peer) = snapshot.peer {
        entry.source = from_socket(peer);
    }
    entry.generation = snapshot.generation.0;
    entry.stream = snapshot.stream.0;
    entry.last_packet_ns = snapshot.counters.last_packet.map_or(0, |at| at.0.saturating_mul(1000));
    entry.received = traffic(snapshot.counters.received);
    entry.carries = match flow.carries {
        Carries::Rtp => abi::CARRIES_RTP,
        Carries::Rtcp => abi::CARRIES_RTCP,
        Carries::RtpAndRtcp => abi::CARRIES_BOTH,
        Carries::Opaque => abi::CARRIES_OPAQUE,
    };
    entry.output_count = flow.outputs.len().min(abi::OUTPUTS_MAX) as u8;
    for (place, (pt, counted)) in entry.pts.iter_mut().zip(&flow.payload_types) {
        (place.pt, place.known, place.packets, place.bytes) = (*pt, 1, counted.packets, counted.bytes);
    }
    for (place, sender) in entry.ssrcs.iter_mut().zip(&snapshot.ssrcs) {
        place.state.ssrc = sender.ssrc;
        place.state.flags = abi::SSRC_KNOWN | abi::SSRC_INDEX;
        place.state.index = u64::from(sender.last_seq);
        place.rtp = traffic(sender.traffic);
        place.first_index = u64::from(sender.first_seq);
        place.last_timestamp = sender.last_timestamp;
        (place.lost, place.duplicates, place.reordered) = (sender.lost, sender.duplicates, sender.reordered);
        place.jitter_us = u32::try_from(sender.jitter.0).unwrap_or(u32::MAX);
        place.last_pt = sender.last_pt;
    }
    for (place, output) in entry.outputs.iter_mut().zip(&flow.outputs) {
        (place.packets, place.bytes, place.errors) =
            (output.sent.packets, output.sent.bytes, output.sent.errors);
    }
    entry
}
