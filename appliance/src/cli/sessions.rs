use super::answer::MORE;
use crate::desk::{Desk, Snapshots};
use call::{Call, CallNumber, FlowUse, PartyReport, Scope, Stamp, StreamReport};
use flow::{Moment, Traffic};
use std::fmt::Write;
use std::net::SocketAddr;

/// `list numsessions`.
pub(super) fn numsessions(desk: &Desk) -> String {
    let all = desk.book.len();
    let [v4, v6, mixed] = desk.census().families;
    format!(
        "Current sessions own: {all}\nCurrent sessions foreign: 0\nCurrent sessions total: {all}\n\
         Current transcoded media: 0\nCurrent sessions ipv4 only media: {v4}\n\
         Current sessions ipv6 only media: {v6}\nCurrent sessions ip mixed  media: {mixed}\n"
    )
}

/// Calls of a page of a list.
const PAGE: usize = 256;

/// The beginning of `list sessions all|own` with very many calls, and the call below which it goes on. `None` for all that is
/// printed as a whole.
pub(crate) fn first_page(desk: &Desk, line: &str) -> Option<(String, Option<CallNumber>)> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let ["list" | "get", "sessions", "all" | "own"] = words[..] else { return None };
    (desk.book.len() > PAGE).then(|| page(desk, CallNumber(u32::MAX)))
}

/// The lines of some calls below `number`, the newest first, and where to go on.
pub(crate) fn page(desk: &Desk, number: CallNumber) -> (String, Option<CallNumber>) {
    let mut out = String::with_capacity(PAGE * 160);
    let mut last = None;
    for call in desk.book.below(number).take(PAGE) {
        out += &line(desk, call);
        last = Some(call.number());
    }
    (out, last)
}

/// `list sessions all|own|foreign|CALLID`.
pub(super) fn sessions(desk: &mut Desk, which: &str) -> String {
    match which {
        "" => MORE.to_owned(),
        "foreign" => "No foreign sessions on this media relay.\n".to_owned(),
        "own" if desk.book.is_empty() => "No own sessions on this media relay.\n".to_owned(),
        "all" if desk.book.is_empty() => "No sessions on this media relay.\n".to_owned(),
        "all" | "own" => {
            // The newest first, as upstream lists them.
            let mut lines: Vec<String> = desk.book.iter().map(|call| line(desk, call)).collect();
            lines.reverse();
            lines.concat()
        }
        call_id => session(desk, call_id),
    }
}

fn line(desk: &Desk, call: &Call) -> String {
    format!(
        "ID: {:>60} | del:{} | creat:{:12} | prx:{} | redis:-1 | frgn:n | rec:{}\n",
        shown(call.id()),
        if call.is_ending() { 'y' } else { 'n' },
        call.created().wall_secs(),
        proxy(desk, call),
        if desk.recordings.of(call.number()).is_some() { 'y' } else { 'n' },
    )
}

fn proxy(desk: &Desk, call: &Call) -> String {
    desk.console.proxy(call).map_or_else(|| "-".to_owned(), |at| at.to_string())
}

/// One call in full.
pub(super) fn session(desk: &mut Desk, call_id: &str) -> String {
    let Some(number) = desk.book.number(call_id.as_bytes()) else {
        return format!("\nCall ID not found ({}).\n\n", call_id.escape_debug());
    };
    let snapshots = desk.snapshots(number);
    let now = desk.clock.stamp();
    let Some(call) = desk.book.get(number) else { return String::new() };
    let report = call.report(Scope::default());
    let mut out = format!(
        "\ncallid: {}\ndeletionmark: {}\ncreated: {}\nproxy: {}\ntos: {}\nlast_signal: {}\nredis_keyspace: -1\n\
         last redis update: 0\nforeign: no\nrecording: {}\n\n",
        shown(call.id()),
        if call.is_ending() { "yes" } else { "no" },
        call.created().wall_secs(),
        proxy(desk, call),
        call.tos(),
        report.last_signal.wall_secs(),
        if desk.recordings.of(number).is_some() { "yes" } else { "no" },
    );
    for party in &report.parties {
        write_party(&mut out, party, &snapshots, now);
    }
    out.push('\n');
    out
}

/// One party of a call.
pub(super) fn party(desk: &mut Desk, call_id: &str, tag: &str) -> String {
    let Some(number) = desk.book.number(call_id.as_bytes()) else { return String::new() };
    let snapshots = desk.snapshots(number);
    let now = desk.clock.stamp();
    let Some(call) = desk.book.get(number) else { return String::new() };
    let report = call.report(Scope::default());
    let Some(party) = report.parties.iter().find(|party| *party.name == *tag.as_bytes()) else {
        return format!("No such tag '{}'\n", tag.escape_debug());
    };
    let mut out = String::new();
    write_party(&mut out, party, &snapshots, now);
    out
}

// Writing to a String cannot fail.
fn write_party(out: &mut String, party: &PartyReport<'_>, snapshots: &Snapshots, now: Stamp) {
    let kind = match (party.tag.is_empty(), party.callee) {
        (true, _) => "UNKNOWN",
        (false, true) => "TO_TAG",
        (false, false) => "FROM_TAG",
    };
    let duration = now.at.since(party.created.at).0;
    let _ = writeln!(
        out,
        "--- Tag '{}', type: {kind}, label '{}', branch '{}', callduration {}.{:06}",
        shown(party.tag),
        shown(party.label.unwrap_or_default()),
        shown(party.via_branch.unwrap_or_default()),
        duration / 1_000_000,
        duration % 1_000_000,
    );
    for of in ["subscribed to", "subscription of"] {
        for (peer, index) in
            party.peers.iter().flat_map(|peer| party.medias.iter().map(move |m| (peer, m.index)))
        {
            let _ = writeln!(out, "---     {of} media with monologue tag '{}' (index: {index})", shown(peer));
        }
    }
    for media in &party.medias {
        let protocol = media.known_protocol().unwrap_or("unknown protocol");
        let ssrcs = media.streams.iter().find(|s| s.usage == FlowUse::Rtp).map(|s| senders(s, snapshots));
        let latest = ssrcs.and_then(|ssrcs| ssrcs.last().copied());
        let codec = latest.and_then(|(_, pt)| media.codec(pt));
        let codec = codec.as_deref().unwrap_or("unknown codec");
        let kind = shown(media.kind);
        let _ = writeln!(out, "------ Media #{} ({kind} over {protocol}) using {codec}", media.index);
        for stream in &media.streams {
            write_stream(out, stream, latest.map_or(0, |(ssrc, _)| ssrc), snapshots, now);
        }
    }
}

fn write_stream(out: &mut String, stream: &StreamReport<'_>, ssrc: u32, snapshots: &Snapshots, now: Stamp) {
    let seen = seen(stream, snapshots);
    let at = |at: Option<SocketAddr>| match at {
        Some(at) => format!("{:>15}:{:<5}", at.ip().to_string(), at.port()),
        None => format!("{:>15}:{:<5}", "", 0),
    };
    let last = seen.last.map_or(stream.opened.wall_us, |at| now.wall_us_of(at)) / 1_000_000;
    let _ = writeln!(
        out,
        "-------- Port {} <> {}{}, SSRC {ssrc:x}, {} p, {} b, {} e, {last} uts 0 kts",
        at(stream.local.map(SocketAddr::from)),
        at(seen.peer.or(stream.signalled)),
        if stream.usage == FlowUse::Rtcp { " (RTCP)" } else { "" },
        seen.received.packets,
        seen.received.bytes,
        seen.received.errors,
    );
}

/// What all flows of a stream have seen together.
#[derive(Debug, Default)]
struct Seen {
    received: Traffic,
    last: Option<Moment>,
    /// Of the port told last.
    peer: Option<SocketAddr>,
}

fn seen(stream: &StreamReport<'_>, snapshots: &Snapshots) -> Seen {
    let mut seen = Seen::default();
    for flow in &stream.flows {
        let Some(copy) = snapshots.get(&flow.key).or(flow.last) else { continue };
        seen.received.add(copy.counters.received);
        seen.last = seen.last.max(copy.counters.last_packet);
        if stream.local == Some(flow.key) {
            seen.peer = copy.peer;
        }
    }
    seen
}

/// SSRC and last payload type of the senders that were heard, the latest last.
fn senders(stream: &StreamReport<'_>, snapshots: &Snapshots) -> Vec<(u32, u8)> {
    let copies = stream.flows.iter().filter_map(|flow| snapshots.get(&flow.key).or(flow.last));
    copies.flat_map(|copy| copy.ssrcs.iter().map(|ssrc| (ssrc.ssrc, ssrc.last_pt))).collect()
}

/// What came over the network is shown without what would disturb a terminal.
pub(super) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
