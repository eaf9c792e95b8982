use crate::desk::Desk;
use ng::{Dict, Value};
use std::fmt::Write;

/// `list interfaces`.
pub(super) fn interfaces(desk: &mut Desk) -> String {
    let statistics = crate::export::statistics(desk);
    let list = statistics.get("interfaces").and_then(Value::as_list).unwrap_or_default();
    let mut out = String::new();
    for interface in list.iter().filter_map(Value::as_dict) {
        one(&mut out, interface);
    }
    out
}

// Writing to a String cannot fail.
fn one(out: &mut String, interface: &Dict<'_>) {
    let text = |key| interface.text(key).unwrap_or_default();
    let family = if text("address").contains(':') { "IPv6" } else { "IPv4" };
    let _ = writeln!(out, "Interface '{}' address '{}' ({family})", text("name"), text("address"));
    let empty = Dict::new();
    let part = |key| interface.get(key).and_then(Value::as_dict).unwrap_or(&empty);
    let ports = part("ports");
    let number = |dict: &Dict<'_>, key: &str| dict.int(key).unwrap_or(0);
    let (used, all) = (number(ports, "used"), number(ports, "totals"));
    let percent = if all == 0 { 0.0 } else { 100.0 * used as f64 / all as f64 };
    let _ = writeln!(out, " Port range: {:5} - {:5}", number(ports, "min"), number(ports, "max"));
    let _ = writeln!(out, " Ports used: {used:5} / {all:5} ({percent:5.1}%)");
    let _ = writeln!(out, " Packets/bytes/errors:");
    for (label, key) in [("Ingress:", "ingress"), ("Egress: ", "egress")] {
        let counts = part(key);
        let of = |key| number(counts, key);
        let _ = writeln!(out, "  {label} {:12} / {:10} / {:10}", of("packets"), of("bytes"), of("errors"));
    }
    let lost = (number(interface, "packets_lost"), number(interface, "duplicates"));
    let _ = writeln!(out, " Packets lost/duplicates: {:10} / {:10}", lost.0, lost.1);
    let quality = part("voip_metrics");
    // As upstream prints an average of nothing.
    let average = |name: &str| match number(quality, &format!("{name}_samples_total")) {
        0 => "-nan",
        _ => quality.text(&format!("{name}_average")).unwrap_or("-nan"),
    };
    let _ = writeln!(out, " MOS:    avg {}, packet loss avg {}%", average("mos"), average("packetloss"));
    let _ = writeln!(out, " Jitter: avg {} (measured {})", average("jitter"), average("jitter_measured"));
    let _ = writeln!(out, " RTT:    e2e {}, dsct {}", average("rtt_e2e"), average("rtt_dsct"));
    out.push('\n');
}
