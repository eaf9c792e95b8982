use crate::desk::Desk;
use std::fmt::Write;

pub(super) fn numsessions(desk: &Desk) -> String {
    let all = desk.book.len();
    let (mut v4, mut v6, mut mixed) = (0, 0, 0);
    for call in desk.book.iter() {
        match call.families() {
            (true, true) => mixed += 1,
            (false, true) => v6 += 1,
            _ => v4 += 1,
        }
    }
    format!(
        "Current sessions own: {all}\nCurrent sessions foreign: 0\nCurrent sessions total: {all}\n\
         Current transcoded media: 0\nCurrent sessions ipv4 only media: {v4}\n\
         Current sessions ipv6 only media: {v6}\nCurrent sessions ip mixed  media: {mixed}\n"
    )
}

pub(super) fn sessions(desk: &Desk) -> String {
    let mut out = String::new();
    for call in desk.book.iter() {
        let id = String::from_utf8_lossy(call.id());
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "ID: {} | created: {} | parties: {}",
            id.escape_debug(),
            call.created().wall_secs(),
            call.report(call::Scope::default()).parties.len()
        );
    }
    out
}

pub(super) fn session(desk: &mut Desk, call_id: &str, explain: bool) -> String {
    let Some(number) = desk.book.number(call_id.as_bytes()) else {
        return format!("Call Id not found ({}).\n", call_id.escape_debug());
    };
    let snapshots = desk.snapshots(number);
    let now = desk.clock.stamp();
    let Some(call) = desk.book.get(number) else { return String::new() };
    let reply = crate::verbs::render_call(call, &snapshots, &desk.paths, now);
    if explain { explain_streams(&reply) } else { json(reply.body()) }
}

/// One line per stream: where it is, which path carries it, and why.
fn explain_streams(reply: &ng::Reply) -> String {
    let mut out = String::new();
    let dicts = |value: Option<&ng::Value<'static>>| -> Vec<ng::Dict<'static>> {
        value
            .and_then(ng::Value::as_list)
            .into_iter()
            .flatten()
            .filter_map(ng::Value::as_dict)
            .cloned()
            .collect()
    };
    let tags = reply.body().get("tags").and_then(ng::Value::as_dict);
    for (tag, party) in tags.into_iter().flat_map(ng::Dict::iter) {
        for media in dicts(party.as_dict().and_then(|p| p.get("medias"))) {
            for stream in dicts(media.get("streams")) {
                let text = |key| stream.text(key).unwrap_or("-").to_owned();
                let _ = writeln!(
                    out,
                    "{} media {} port {}: {} ({})",
                    String::from_utf8_lossy(tag).escape_debug(),
                    media.int("index").unwrap_or(0),
                    stream.int("local port").unwrap_or(0),
                    text("path"),
                    text("path reason"),
                );
            }
        }
    }
    out
}

pub(super) fn totals(desk: &mut Desk) -> String {
    let statistics = crate::export::statistics(desk);
    let mut out = String::from("Statistics over currently running sessions:\n");
    for section in ["currentstatistics", "totalstatistics"] {
        if section == "totalstatistics" {
            out.push_str("\nTotal statistics (does not include current running sessions):\n");
        }
        let Some(dict) = statistics.get(section).and_then(ng::Value::as_dict) else { continue };
        for (key, value) in dict.iter() {
            let text = value.as_int().map(|n| n.to_string()).or_else(|| value.as_text().map(str::to_owned));
            let _ = writeln!(out, " {:<32}: {}", String::from_utf8_lossy(key), text.unwrap_or_default());
        }
    }
    out
}

pub(super) fn interfaces(desk: &Desk) -> String {
    let mut out = String::new();
    for interface in desk.book.interfaces().all() {
        for id in &interface.addresses {
            let usage = desk.ports.usage(*id);
            let _ = writeln!(
                out,
                "{} {} ports {}-{} used {} of {}",
                interface.name,
                desk.book.interfaces().address(*id).addr,
                usage.low,
                usage.high,
                usage.used,
                usage.size
            );
        }
    }
    out
}

pub(super) fn paths(desk: &Desk) -> String {
    let mut out = format!("{}\n", desk.ports.manner());
    for ((path, reason), streams) in desk.paths.census() {
        let _ = writeln!(out, "{:<12} {:<22} {streams}", path.code(), reason.code());
    }
    let moves = desk.paths.moves();
    let _ = writeln!(
        out,
        "handed over {}, taken back {} (not verified {}, way out lost {})",
        moves.handed_over, moves.taken_back, moves.not_verified, moves.lost
    );
    for line in desk.paths.obtained() {
        let _ = writeln!(out, "{line}");
    }
    out
}

pub(super) fn handshakes(desk: &Desk) -> String {
    let mut out = String::new();
    for (name, times) in desk.handshakes.tally().rows() {
        let _ = writeln!(out, "{name:<32} {times}");
    }
    out
}

pub(super) fn jsonstats(desk: &mut Desk) -> String {
    let census = desk.paths.census().into_iter().map(|((path, reason), streams)| {
        let streams = i64::try_from(streams).unwrap_or(i64::MAX);
        let entry = ng::Dict::new().with("path", path.code()).with("reason", reason.code());
        ng::Value::Dict(entry.with("streams", ng::Value::Int(streams)))
    });
    let census = ng::Value::List(census.collect());
    let handshakes = desk.handshakes.tally().rows().fold(ng::Dict::new(), |dict, (name, times)| {
        dict.with(name, ng::Value::Int(i64::try_from(times).unwrap_or(i64::MAX)))
    });
    json(
        &crate::export::statistics(desk)
            .with("paths", census)
            .with("handshakes", ng::Value::Dict(handshakes)),
    )
}

fn json(dict: &ng::Dict<'_>) -> String {
    let mut out = Vec::new();
    ng::Encoding::Json.write(dict, &mut out);
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}
