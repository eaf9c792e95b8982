use super::commands::SHORT;
use crate::desk::{Desk, Tally, Worked};
use crate::placement::PortUse;
use call::EndReason;
use flow::{DropReason, Path, Traffic};
use std::fmt::{Display, Write};

/// Everything for Prometheus, in its text format: the names and labels that dashboards for rtpengine read, what this build
/// does not measure as zero, and after these our own (`rtpengine_streams`, `rtpengine_path_…`, `rtpengine_drops_total`).
pub fn metrics(desk: &mut Desk) -> String {
    let worked = desk.worked();
    let mut page = Page(String::with_capacity(16 * 1024));
    sessions(&mut page, desk);
    traffic(&mut page, desk, &worked);
    quality(&mut page, &desk.tally);
    control(&mut page, &desk.tally);
    interfaces(&mut page, desk);
    paths(&mut page, desk, &worked);
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

fn sessions(page: &mut Page, desk: &Desk) {
    use Kind::{Counter, Gauge};
    let [userspace, fast, mixed] = super::statistics::places(desk);
    let sessions = [("own", desk.book.len()), ("foreign", 0)];
    page.by("sessions", Gauge, "Calls now", "type", &sessions);
    page.one("transcoded_media", Gauge, "Media that is transcoded", 0);
    page.one("media_cache", Gauge, "Media files in memory", 0);
    page.one("player_cache", Gauge, "Players in memory", 0);
    let streams = [("userspace", userspace), ("kernel", fast), ("mixed", mixed)];
    page.by(
        "mediastreams",
        Gauge,
        "Calls by where their media is; kernel is any fast path",
        "type",
        &streams,
    );
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
    page.by("closed_sessions_total", Counter, "Calls that ended", "reason", &closed);
}

fn traffic(page: &mut Page, desk: &Desk, worked: &Worked) {
    use Kind::{Counter, Gauge};
    let slow = super::statistics::without(worked.all, worked.fast);
    let both = |of: fn(&Traffic) -> u64| [("userspace", of(&slow)), ("kernel", of(&worked.fast))];
    page.by("packets_total", Counter, "Relayed packets", "type", &both(|t| t.packets));
    page.by("packet_errors_total", Counter, "Packets that could not be handled", "type", &both(|t| t.errors));
    page.by("bytes_total", Counter, "Relayed bytes of UDP payload", "type", &both(|t| t.bytes));
    let tally = &desk.tally;
    page.one("zero_packet_streams_total", Counter, "Ended calls without any packet", tally.zero_way);
    page.one("one_way_sessions_total", Counter, "Ended calls with packets one way only", tally.one_way);
    let ended = tally.all_ended();
    let (sum, squares) = tally.duration;
    let average = if ended == 0 { 0.0 } else { sum / ended as f64 };
    page.one("call_duration_avg", Gauge, "Seconds of an ended call on average", format!("{average:.6}"));
    page.one("call_duration_total", Counter, "Seconds of all ended calls", format!("{sum:.6}"));
    page.one("call_duration2_total", Counter, "The same, of squares", format!("{squares:.6}"));
}

fn quality(page: &mut Page, tally: &Tally) {
    use Kind::Counter;
    for name in ["mos", "jitter", "rtt_e2e", "rtt_dsct", "packetloss", "jitter_measured"] {
        page.one(&format!("{name}_total"), Counter, "Sum of samples", "0.000000");
        page.one(&format!("{name}2_total"), Counter, "Sum of squares of samples", "0.000000");
        page.one(&format!("{name}_samples_total"), Counter, "Samples", 0);
    }
    page.one("packets_lost", Counter, "RTP packets that never came", tally.quality.lost);
    page.one("rtp_duplicates", Counter, "RTP packets that came twice", tally.quality.duplicates);
    page.one("rtp_skips", Counter, "RTP sequence skips", 0);
    page.one("rtp_seq_resets", Counter, "RTP sequence resets", 0);
    page.one("rtp_reordered", Counter, "RTP packets that came late", tally.quality.reordered);
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
    page.begin("request_seconds_total", Counter, "Seconds spent on requests");
    for (addr, proxy) in &proxies {
        for (command, _) in SHORT {
            let (_, took) = proxy.commands.get(command).copied().unwrap_or_default();
            let seconds = format!("{:.6}", took.0 as f64 / 1e6);
            page.sample("request_seconds_total", &[("proxy", addr), ("request", command)], seconds);
        }
    }
    page.begin("errors_total", Counter, "Requests answered with an error");
    for (addr, proxy) in &proxies {
        page.sample("errors_total", &[("proxy", addr)], proxy.errors);
    }
}

fn interfaces(page: &mut Page, desk: &Desk) {
    let all = desk.book.interfaces();
    let pairs = all.all().iter().flat_map(|i| i.addresses.iter().map(move |a| (i, *a)));
    let rows: Vec<(&str, String, PortUse)> =
        pairs.map(|(i, id)| (&*i.name, all.address(id).addr.to_string(), desk.ports.usage(id))).collect();
    let count =
        |of: fn(&PortUse) -> u32| rows.iter().map(move |(name, addr, usage)| (*name, &**addr, of(usage)));
    let mut gauge = |name: &str, help: &str, of: fn(&PortUse) -> u32| {
        page.begin(name, Kind::Gauge, help);
        for (interface, addr, value) in count(of) {
            page.sample(name, &[("name", interface), ("address", addr)], value);
        }
    };
    gauge("ports", "Ports of an address", |usage| usage.size);
    gauge("ports_used", "Ports in use", |usage| usage.used);
    gauge("ports_free", "Ports that are free", |usage| usage.size - usage.used);
}

fn paths(page: &mut Page, desk: &Desk, worked: &Worked) {
    use Kind::{Counter, Gauge};
    page.begin("streams", Gauge, "Open ports by the path that carries their packets, and why it does");
    for ((path, reason), streams) in desk.paths.census() {
        page.sample("streams", &[("path", path.code()), ("reason", reason.code())], streams);
    }
    let carried = desk.paths.iter().fold([0u64; 4], |mut sums, (_, _, path)| {
        sums[path as usize] += 1;
        sums
    });
    let all = [Path::Userspace, Path::Kernel, Path::Worker, Path::Driver];
    let carried: Vec<(&str, u64)> = all.iter().map(|path| (path.code(), carried[*path as usize])).collect();
    page.by("path_streams", Gauge, "Open ports by path", "path", &carried);
    let moves = desk.paths.moves();
    page.one("path_handovers_total", Counter, "Streams handed to a fast path", moves.handed_over);
    page.one("path_returns_total", Counter, "Streams taken back from a fast path", moves.taken_back);
    let back = [("not-verified", moves.not_verified), ("lost", moves.lost)];
    page.by(
        "path_failures_total",
        Counter,
        "Of the returns, those that were not wished for",
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
    let tally = desk.handshakes.tally();
    let rows: Vec<(&str, u64)> = tally.rows().collect();
    page.by("handshakes_total", Counter, "What ICE and DTLS agents did", "event", &rows);
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
