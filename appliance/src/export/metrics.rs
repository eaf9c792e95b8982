use super::commands::SHORT;
use super::homer::Homer;
use super::statistics::ByAddress;
use crate::desk::{Census, Desk, Tally, Worked};
use crate::placement::PortUse;
use crate::record::Standing;
use call::EndReason;
use flow::{DropReason, Path, Traffic};
use std::fmt::{Display, Write};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Everything for Prometheus, in its text format: the names and labels that dashboards for rtpengine read, what this build
/// does not measure as zero, and after these our own (`rtpengine_streams`, `rtpengine_path_…`, `rtpengine_drops_total`).
pub fn metrics(desk: &mut Desk) -> String {
    let worked = desk.worked();
    let by_address = desk.by_address();
    let mut page = Page(String::with_capacity(16 * 1024));
    let census = desk.census();
    sessions(&mut page, desk, &census);
    traffic(&mut page, desk, &worked);
    quality(&mut page, desk);
    control(&mut page, &desk.tally);
    interfaces(&mut page, desk, &by_address);
    paths(&mut page, desk, &worked, &census);
    collector(&mut page, desk);
    recording(&mut page, desk);
    page.0
}

/// The text so far.
struct Page(String);

/// What a value is.
#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
}

impl Page {
    /// Begins a metric: all its samples must follow before the next begins.
    fn begin(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        // Writing to a String cannot fail.
        let _ = write!(self.0, "# HELP rtpengine_{name} {help}\n# TYPE rtpengine_{name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.0, "rtpengine_{name}");
        for (nth, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if nth == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn one(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.begin(name, kind, help);
        self.sample(name, &[], value);
    }

    /// A metric with one label.
    fn by<V: Display>(&mut self, name: &str, kind: Kind, help: &str, label: &str, samples: &[(&str, V)]) {
        self.begin(name, kind, help);
        for (text, value) in samples {
            self.sample(name, &[(label, text)], value);
        }
    }
}

fn sessions(page: &mut Page, desk: &Desk, census: &Census) {
    use Kind::{Counter, Gauge};
    let [userspace, module, af_xdp, mixed] = census.media;
    let sessions = [("own", desk.book.len()), ("foreign", 0)];
    page.by("sessions", Gauge, "Calls now, deleted ones that still forward included", "type", &sessions);
    page.one("transcoded_media", Gauge, "Media that is transcoded; always 0", 0);
    page.one("media_cache", Gauge, "Media files in memory; always 0", 0);
    page.one("player_cache", Gauge, "Players in memory; always 0", 0);
    let streams = [("userspace", userspace), ("kernel", module), ("af-xdp", af_xdp), ("mixed", mixed)];
    page.by("mediastreams", Gauge, "Media by what carries it, once for each party", "type", &streams);
    let uptime = desk.clock.now().since(desk.tally.started.at).0 / 1_000_000;
    page.one("uptime_seconds", Gauge, "Seconds since the start", uptime);
    page.one("sessions_total", Counter, "Calls since the start", desk.book.created());
    let tally = &desk.tally;
    let closed = [
        ("rejected", tally.rejected),
        ("timeout", tally.ended_for(EndReason::Timeout)),
        ("silent_timeout", tally.ended_for(EndReason::SilentTimeout)),
        ("final_timeout", tally.ended_for(EndReason::FinalTimeout)),
        ("offer_timeout", tally.ended_for(EndReason::OfferTimeout)),
        ("terminated", tally.ended_for(EndReason::Terminated)),
        ("force_terminated", tally.ended_for(EndReason::ForceTerminated)),
    ];
    page.by(
        "closed_sessions_total",
        Counter,
        "Calls that ended, and calls that were refused",
        "reason",
        &closed,
    );
}

fn traffic(page: &mut Page, desk: &Desk, worked: &Worked) {
    use Kind::{Counter, Gauge};
    let slow = super::statistics::without(worked.all, worked.fast);
    let af_xdp = super::statistics::without(worked.fast, worked.module);
    let each = |of: fn(&Traffic) -> u64| {
        [("userspace", of(&slow)), ("kernel", of(&worked.module)), ("af-xdp", of(&af_xdp))]
    };
    page.by("packets_total", Counter, "Relayed packets", "type", &each(|t| t.packets));
    page.by("packet_errors_total", Counter, "Packets that could not be handled", "type", &each(|t| t.errors));
    page.by("bytes_total", Counter, "Relayed bytes of UDP payload", "type", &each(|t| t.bytes));
    let tally = &desk.tally;
    page.one("zero_packet_streams_total", Counter, "Ended calls without any packet", tally.zero_way);
    page.one("one_way_sessions_total", Counter, "Ended calls with packets one way only", tally.one_way);
    let ended = tally.all_ended();
    let (sum, squares) = tally.duration;
    let average = if ended == 0 { 0.0 } else { sum / ended as f64 };
    page.one("call_duration_avg", Gauge, "Seconds of an ended call on average", format!("{average:.6}"));
    page.one("call_duration_total", Counter, "Sum of the seconds of all ended calls", format!("{sum:.6}"));
    page.one(
        "call_duration2_total",
        Counter,
        "Sum of squares of the seconds of all ended calls",
        format!("{squares:.6}"),
    );
}

/// Name, and what a sample is.
const QUALITY: [(&str, &str); 6] = [
    ("mos", "MOS by the E-model, 1 to 4.5, per RTCP report with a known round trip"),
    ("jitter", "milliseconds of jitter per RTCP report"),
    ("rtt_e2e", "microseconds of round trip from party to party, per RTCP report where it is known"),
    (
        "rtt_dsct",
        "microseconds of round trip between the relay and a party, per RTCP report where it is known",
    ),
    ("packetloss", "percent of loss per RTCP report"),
    ("jitter_measured", "milliseconds of jitter of what was received, per sender when its port closes"),
];

fn quality(page: &mut Page, desk: &Desk) {
    use Kind::Counter;
    for ((name, of), (_, what)) in desk.quality.all().rows().into_iter().zip(QUALITY) {
        page.one(&format!("{name}_total"), Counter, &format!("Sum of {what}"), decimal(of.sum));
        let squares = format!("Sum of squares of {what}");
        page.one(&format!("{name}2_total"), Counter, &squares, decimal(of.squares));
        page.one(&format!("{name}_samples_total"), Counter, &format!("Samples of {what}"), of.samples);
    }
    let lost = desk.tally.quality;
    page.one(
        "packets_lost",
        Counter,
        "RTP packets that never came, counted when their port closes",
        lost.lost,
    );
    page.one(
        "rtp_duplicates",
        Counter,
        "RTP packets that came twice, counted when their port closes",
        lost.duplicates,
    );
    page.one("rtp_skips", Counter, "RTP sequence skips; not measured, always 0", 0);
    page.one("rtp_seq_resets", Counter, "RTP sequence resets; not measured, always 0", 0);
    page.one(
        "rtp_reordered",
        Counter,
        "RTP packets that came late, counted when their port closes",
        lost.reordered,
    );
}

fn decimal(value: f64) -> String {
    format!("{value:.6}")
}

fn control(page: &mut Page, tally: &Tally) {
    use Kind::Counter;
    let proxies: Vec<(String, _)> =
        tally.control.iter().map(|(addr, proxy)| (addr.to_string(), proxy)).collect();
    page.begin("requests_total", Counter, "Requests by client and command");
    for (addr, proxy) in &proxies {
        for (command, _) in SHORT {
            let (count, _) = proxy.commands.get(command).copied().unwrap_or_default();
            page.sample("requests_total", &[("proxy", addr), ("request", command)], count);
        }
    }
    page.begin("request_seconds_total", Counter, "Seconds spent on requests, by client and command");
    for (addr, proxy) in &proxies {
        for (command, _) in SHORT {
            let (_, took) = proxy.commands.get(command).copied().unwrap_or_default();
            let seconds = format!("{:.6}", took.0 as f64 / 1e6);
            page.sample("request_seconds_total", &[("proxy", addr), ("request", command)], seconds);
        }
    }
    page.begin("errors_total", Counter, "Requests answered with an error, by client");
    for (addr, proxy) in &proxies {
        page.sample("errors_total", &[("proxy", addr)], proxy.errors);
    }
}

/// An address of a logical interface.
struct Place {
    name: String,
    at: IpAddr,
    addr: String,
    ports: PortUse,
}

fn interfaces(page: &mut Page, desk: &Desk, by_address: &ByAddress) {
    use Kind::{Counter, Gauge};
    let all = desk.book.interfaces();
    let pairs = all.all().iter().flat_map(|i| i.addresses.iter().map(move |a| (i, *a)));
    let places: Vec<Place> = pairs
        .map(|(interface, id)| {
            let at = all.address(id).addr;
            Place { name: interface.name.to_string(), at, addr: at.to_string(), ports: desk.ports.usage(id) }
        })
        .collect();
    let mut one = |name: &str, kind, help: &str, of: &dyn Fn(&Place) -> String| {
        page.begin(name, kind, help);
        for place in &places {
            page.sample(name, &[("name", &place.name), ("address", &place.addr)], of(place));
        }
    };
    one("ports", Gauge, "Ports of an address", &|place| place.ports.size.to_string());
    one("ports_used", Gauge, "Ports in use", &|place| place.ports.used.to_string());
    one("ports_free", Gauge, "Ports that are free", &|place| {
        (place.ports.size - place.ports.used).to_string()
    });
    let lost = |place: &Place| desk.tally.lost_at(place.at);
    let help = "RTP packets that never came, counted when their port closes";
    one("interface_packets_lost", Counter, help, &|place| lost(place).0.to_string());
    let help = "RTP packets that came twice, counted when their port closes";
    one("interface_duplicates", Counter, help, &|place| lost(place).1.to_string());
    for (nth, (name, what)) in QUALITY.into_iter().enumerate() {
        let of = |place: &Place| desk.quality.at(place.at).rows()[nth].1;
        let (sum, squares) = (format!("interface_{name}_total"), format!("interface_{name}2_total"));
        one(&sum, Counter, &format!("Sum of {what}"), &|place| decimal(of(place).sum));
        one(&squares, Counter, &format!("Sum of squares of {what}"), &|place| decimal(of(place).squares));
        let samples = format!("interface_{name}_samples_total");
        one(&samples, Counter, &format!("Samples of {what}"), &|place| of(place).samples.to_string());
    }
    let rows = [
        ("interface_packets", "Packets through the ports of an address"),
        ("interface_bytes", "Bytes of UDP payload through the ports of an address"),
        ("interface_errors", "Packets that could not be handled, or not be sent"),
    ];
    for (nth, (name, help)) in rows.into_iter().enumerate() {
        let of = |traffic: &Traffic| [traffic.packets, traffic.bytes, traffic.errors][nth];
        // A counter by nature; upstream calls it a gauge, which is what dashboards were made with.
        page.begin(name, Gauge, help);
        for place in &places {
            let traffic = by_address.get(&place.at).copied().unwrap_or_default();
            for (direction, traffic) in ["ingress", "egress"].into_iter().zip(traffic) {
                let labels = [("name", &*place.name), ("address", &*place.addr), ("direction", direction)];
                page.sample(name, &labels, of(&traffic));
            }
        }
    }
}

/// What became of what was to be sent to a HEP collector.
fn collector(page: &mut Page, desk: &Desk) {
    let sent = desk.homer.as_ref().map(Homer::sent).unwrap_or_default();
    let rows = [("sent", sent.sent), ("lost", sent.lost)];
    page.by("homer_packets_total", Kind::Counter, "HEP packets for the collector", "result", &rows);
    let help = "RTCP datagrams whose reports were not read for want of room; they were relayed";
    page.one("rtcp_unread_total", Kind::Counter, help, desk.unheard());
}

/// What became of recorded calls. Zero where nothing can be recorded, so that a rule finds its data.
fn recording(page: &mut Page, desk: &Desk) {
    use Kind::{Counter, Gauge};
    let none = crate::record::Totals::default();
    let (totals, unknown) = desk.recordings.totals().unwrap_or((&none, 0));
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let standing = |wanted| desk.recordings.iter().filter(|(_, one)| one.standing() == wanted).count() as u64;
    let rows = [("running", standing(Standing::Running)), ("paused", standing(Standing::Paused))];
    page.by("recordings", Gauge, "Calls that are recorded now", "state", &rows);
    page.one("recordings_total", Counter, "Recordings that were finished", of(&totals.finished));
    page.one("recording_bytes_total", Counter, "Bytes of finished recordings", of(&totals.bytes));
    let sums = totals.packets.sums();
    let rows =
        [("written", sums.written), ("lost-memory", sums.lost + unknown), ("lost-disk", sums.unwritten)];
    page.by("recording_packets_total", Counter, "What became of packets to be recorded", "result", &rows);
    let help = "Files of recordings that could not be moved out of the spool";
    page.one("recording_stranded_total", Counter, help, of(&totals.stranded));
    let rows = [("done", of(&totals.uploaded)), ("failed", of(&totals.refused))];
    page.by("recording_uploads_total", Counter, "Attempts to upload files of recordings", "result", &rows);
    let help = "Recordings that wait to be uploaded";
    page.one("recording_uploads_waiting", Gauge, help, of(&totals.waiting));
}

fn paths(page: &mut Page, desk: &Desk, worked: &Worked, census: &Census) {
    use Kind::{Counter, Gauge};
    page.begin("streams", Gauge, "Open ports by the path that carries their packets, and why it does");
    for ((path, reason), streams) in &census.flows {
        page.sample("streams", &[("path", path.code()), ("reason", reason.code())], streams);
    }
    let all = [Path::Userspace, Path::Kernel, Path::Worker, Path::Driver];
    let carried: Vec<(&str, u64)> = all.iter().map(|path| (path.code(), census.on(*path))).collect();
    page.by("path_streams", Gauge, "Open ports by path", "path", &carried);
    let moves = desk.paths.moves();
    page.one("path_handovers_total", Counter, "Streams handed to a fast path", moves.handed_over);
    page.one("path_returns_total", Counter, "Streams taken back from a fast path", moves.taken_back);
    let back = [("not-verified", moves.not_verified), ("lost", moves.lost)];
    page.by(
        "path_failures_total",
        Counter,
        "Streams that came back because the fast path failed them",
        "reason",
        &back,
    );
    let drops: Vec<(&str, u64)> =
        DropReason::ALL.iter().map(|reason| (reason.code(), worked.drops[*reason as usize])).collect();
    page.by("drops_total", Counter, "Packets that were dropped", "reason", &drops);
    let now: Vec<(&str, u64)> = desk.watch.counts().map(|(cause, _, now)| (cause.code(), now)).collect();
    page.by(
        "one_way_audio",
        Gauge,
        "Directions in which somebody talks and is not heard, by cause",
        "cause",
        &now,
    );
    let told: Vec<(&str, u64)> = desk.watch.counts().map(|(cause, told, _)| (cause.code(), told)).collect();
    page.by("one_way_audio_total", Counter, "How often that was told since the start", "cause", &told);
    let draining = u8::from(desk.console.drain != crate::cli::Drain::Off);
    page.one(
        "draining",
        Gauge,
        "1 while new calls are refused because the daemon is to be stopped",
        draining,
    );
    threads(page, desk);
    let tally = desk.handshakes.tally();
    let rows: Vec<(&str, u64)> = tally.rows().collect();
    page.by("handshakes_total", Counter, "What ICE and DTLS agents did", "event", &rows);
}

/// How full the mailboxes of packet threads are.
fn threads(page: &mut Page, desk: &Desk) {
    let fill: Vec<(String, usize, usize)> =
        desk.ports.pool().fill().map(|(worker, fill)| (format!("poll-{worker}"), fill.0, fill.1)).collect();
    page.begin("thread_orders", Kind::Gauge, "Orders that wait for a packet thread");
    for (thread, orders, _) in &fill {
        page.sample("thread_orders", &[("thread", thread)], orders);
    }
    page.begin("thread_orders_room", Kind::Gauge, "Orders that may wait for a packet thread");
    for (thread, _, room) in &fill {
        page.sample("thread_orders_room", &[("thread", thread)], room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page(String::new());
        page.by("x", Kind::Gauge, "Some x", "name", &[("a\"b\\c\nd", 1)]);
        assert_eq!(
            page.0,
            "# HELP rtpengine_x Some x\n# TYPE rtpengine_x gauge\nrtpengine_x{name=\"a\\\"b\\\\c\\nd\"} 1\n"
        );
    }
}
