use crate::desk::Desk;
use ng::{Dict, Value};
use std::fmt::Write;

/// Keys of `currentstatistics` from here on are what is relayed per second.
const RATES: [(&str, &str); 9] = [
    ("packetrate_user", "Packets per second (userspace)"),
    ("byterate_user", "Bytes per second (userspace)"),
    ("errorrate_user", "Errors per second (userspace)"),
    ("packetrate_kernel", "Packets per second (kernel)"),
    ("byterate_kernel", "Bytes per second (kernel)"),
    ("errorrate_kernel", "Errors per second (kernel)"),
    ("packetrate", "Packets per second (total)"),
    ("byterate", "Bytes per second (total)"),
    ("errorrate", "Errors per second (total)"),
];
const SESSIONS: [(&str, &str); 6] = [
    ("sessionsown", "Owned sessions"),
    ("sessionsforeign", "Foreign sessions"),
    ("sessionstotal", "Total sessions"),
    ("transcodedmedia", "Transcoded media"),
    ("mediacache", "Media cache size"),
    ("playercache", "Player cache size"),
];
const PLACES: [(&str, &str); 3] = [
    ("media_userspace", "Userspace-only media streams"),
    ("media_kernel", "Kernel-only media streams"),
    ("media_mixed", "Mixed kernel/userspace media streams"),
];
/// Key, label and unit.
const TOTALS: [(&str, &str, &str); 24] = [
    ("uptime", "Uptime of rtpengine", " seconds"),
    ("managedsessions", "Total managed sessions", ""),
    ("rejectedsessions", "Total rejected sessions", ""),
    ("timeoutsessions", "Total timed-out sessions via TIMEOUT", ""),
    ("silenttimeoutsessions", "Total timed-out sessions via SILENT_TIMEOUT", ""),
    ("finaltimeoutsessions", "Total timed-out sessions via FINAL_TIMEOUT", ""),
    ("offertimeoutsessions", "Total timed-out sessions via OFFER_TIMEOUT", ""),
    ("regularterminatedsessions", "Total regular terminated sessions", ""),
    ("forcedterminatedsessions", "Total forced terminated sessions", ""),
    ("relayedpackets_user", "Total relayed packets (userspace)", ""),
    ("relayedpacketerrors_user", "Total relayed packet errors (userspace)", ""),
    ("relayedbytes_user", "Total relayed bytes (userspace)", ""),
    ("relayedpackets_kernel", "Total relayed packets (kernel)", ""),
    ("relayedpacketerrors_kernel", "Total relayed packet errors (kernel)", ""),
    ("relayedbytes_kernel", "Total relayed bytes (kernel)", ""),
    ("relayedpackets", "Total relayed packets", ""),
    ("relayedpacketerrors", "Total relayed packet errors", ""),
    ("relayedbytes", "Total relayed bytes", ""),
    ("zerowaystreams", "Total number of streams with no relayed packets", ""),
    ("onewaystreams", "Total number of 1-way streams", ""),
    ("avgcallduration", "Average call duration", " seconds"),
    ("totalcallsduration", "Total calls duration", " seconds"),
    ("totalcallsduration2", "Total calls duration squared", " seconds squared"),
    ("totalcallsduration_stddev", "Total calls duration standard deviation", " seconds"),
];
/// What is sampled: its key, and its name within a sentence.
const SAMPLED: [(&str, &str); 5] = [
    ("jitter", "jitter (reported)"),
    ("rtt_e2e", "end-to-end round-trip time"),
    ("rtt_dsct", "discrete round-trip time"),
    ("packetloss", "packet loss"),
    ("jitter_measured", "jitter (measured)"),
];
const SEQUENCE: [(&str, &str); 5] = [
    ("packets_lost", "Packets lost"),
    ("rtp_duplicates", "Duplicate RTP packets"),
    ("rtp_skips", "RTP sequence skips"),
    ("rtp_seq_resets", "RTP sequence resets"),
    ("rtp_reordered", "Out-of-order RTP packets"),
];
/// Headings of the table of commands, in the order of the keys of `controlstatistics`.
const COMMANDS: [&str; 34] = [
    "Ping",
    "Offer",
    "Answer",
    "Delete",
    "Query",
    "List",
    "StartRec",
    "StopRec",
    "PauseRec",
    "StartFwd",
    "StopFwd",
    "BlkDTMF",
    "UnblkDTMF",
    "BlkMedia",
    "UnblkMedia",
    "PlayMedia",
    "StopMedia",
    "PlayDTMF",
    "Stats",
    "SlnMedia",
    "UnslnMedia",
    "BlkSlnMedia",
    "UnblkSlnMedia",
    "Pub",
    "SubReq",
    "SubAns",
    "Unsub",
    "InjStart",
    "InjStop",
    "Conn",
    "CLI",
    "Trnsfm",
    "Create",
    "CrtAnsw",
];

/// A page whose values are taken from a dictionary.
struct Page<'a> {
    out: String,
    from: &'a Dict<'a>,
}

// Writing to a String cannot fail.
impl Page<'_> {
    fn line(&mut self, key: &str, label: &str, unit: &str) {
        let value = self.from.get(key);
        let text = value.and_then(Value::as_text).map(str::to_owned);
        let text = text.or(value.and_then(Value::as_int).map(|number| number.to_string()));
        let _ = writeln!(self.out, " {label:<48}:{}{unit}", text.as_deref().unwrap_or("0"));
    }

    fn lines(&mut self, rows: &[(&str, &str)]) {
        rows.iter().for_each(|(key, label)| self.line(key, label, ""));
    }

    fn samples(&mut self, key: &str, name: &str, plural: &str) {
        self.line(&format!("{key}_total"), &format!("Sum of all {name} values sampled"), "");
        self.line(&format!("{key}2_total"), &format!("Sum of all {name} square values sampled"), "");
        self.line(&format!("{key}_samples_total"), &format!("Total number of {plural}"), "");
        self.line(&format!("{key}_average"), &format!("Average {name}"), "");
        self.line(&format!("{key}_stddev"), &format!("{name} standard deviation"), "");
    }

    fn mos(&mut self) {
        self.samples("mos", "MOS", "MOS samples");
    }

    fn quality(&mut self) {
        for (key, name) in SAMPLED {
            self.samples(key, name, &format!("{name} samples"));
        }
    }
}

/// `list counters`.
pub(super) fn counters(desk: &mut Desk) -> String {
    let statistics = crate::export::statistics(desk);
    let empty = Dict::new();
    let mut page = Page {
        out: "\nCurrent per-second counters:\n\n".to_owned(),
        from: part(&statistics, "currentstatistics", &empty),
    };
    page.lines(&RATES);
    page.out
}

/// `list totals`.
pub(super) fn totals(desk: &mut Desk) -> String {
    let statistics = crate::export::statistics(desk);
    let empty = Dict::new();
    let from = part(&statistics, "currentstatistics", &empty);
    let mut page = Page { out: "\nStatistics over currently running sessions:\n\n".to_owned(), from };
    page.lines(&SESSIONS);
    page.lines(&RATES);
    page.lines(&PLACES);
    page.out.push_str("\nTotal statistics (does not include current running sessions):\n\n");
    page.from = part(&statistics, "totalstatistics", &empty);
    for (key, label, unit) in TOTALS {
        page.line(key, label, unit);
    }
    page.out.push_str("\n\nMOS statistics:\n\n");
    page.from = part(&statistics, "mos", &empty);
    page.mos();
    page.out.push_str("\n\nVoIP metrics:\n\n");
    page.from = part(&statistics, "voip_metrics", &empty);
    page.quality();
    page.lines(&SEQUENCE);
    page.out.push_str("\n\nControl statistics:\n\n");
    commands(&mut page.out, part(&statistics, "controlstatistics", &empty));
    page.out.push_str("\n\n");
    for interface in statistics.list("interfaces").unwrap_or_default().iter().filter_map(Value::as_dict) {
        let (name, address) = (interface.text("name"), interface.text("address"));
        let (name, address) = (name.unwrap_or_default(), address.unwrap_or_default());
        let _ = writeln!(page.out, "VoIP metrics for interface {name}/{address}:");
        page.from = interface.dict("voip_metrics").unwrap_or(&empty);
        page.mos();
        page.quality();
    }
    page.out
}

fn part<'a>(statistics: &'a Dict<'a>, key: &str, empty: &'a Dict<'a>) -> &'a Dict<'a> {
    statistics.dict(key).unwrap_or(empty)
}

/// A row per client, a column per command.
fn commands(out: &mut String, control: &Dict<'_>) {
    let _ = write!(out, " {:>20} |", "Proxy");
    for (nth, heading) in COMMANDS.iter().enumerate() {
        let _ = write!(out, "{} {heading:>10}", if nth == 0 { "" } else { " |" });
    }
    out.push_str(" \n");
    let proxies = control.list("proxies").unwrap_or_default();
    for proxy in proxies.iter().filter_map(Value::as_dict) {
        let _ = write!(out, " {:>20} |", proxy.text("proxy").unwrap_or_default());
        let counts = proxy.iter().filter(|(key, _)| key.ends_with(b"count") && key != b"errorcount");
        let counts: Vec<i64> = counts.map(|(_, value)| value.as_int().unwrap_or(0)).collect();
        let row: Vec<String> = counts.iter().map(|count| format!(" {count:>10} ")).collect();
        out.push_str(&row.join("|"));
        out.push('\n');
    }
}
