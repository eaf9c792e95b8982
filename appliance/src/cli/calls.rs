use super::answer::{MORE, split, unknown};
use super::sessions;
use crate::desk::Desk;
use call::EndReason;

/// `terminate CALLID|all|own|foreign`.
pub(super) fn terminate(desk: &mut Desk, which: &str) -> String {
    match which {
        "all" => {
            end_all(desk);
            "All calls terminated by operator.\n".to_owned()
        }
        "own" => {
            end_all(desk);
            "All own calls terminated by operator.\n".to_owned()
        }
        "foreign" => "All foreign calls terminated by operator.\n".to_owned(),
        call_id => end(desk, call_id),
    }
}

fn end_all(desk: &mut Desk) {
    let numbers: Vec<_> = desk.book.iter().map(call::Call::number).collect();
    for number in numbers {
        let snapshots = desk.snapshots(number);
        desk.end(number, EndReason::ForceTerminated, &snapshots);
    }
}

fn end(desk: &mut Desk, call_id: &str) -> String {
    let shown = call_id.escape_debug();
    let Some(number) = desk.book.number(call_id.as_bytes()) else {
        return format!("\nCall Id not found ({shown}).\n\n");
    };
    let snapshots = desk.snapshots(number);
    desk.end(number, EndReason::ForceTerminated, &snapshots);
    format!("\nCall Id ({shown}) successfully terminated by operator.\n\n")
}

/// `debug CALLID [on|off]`.
pub(super) fn debug(desk: &mut Desk, rest: &str) -> String {
    let (call_id, how) = match rest.rsplit_once(|c: char| c.is_ascii_whitespace()) {
        Some((call_id, how @ ("on" | "off"))) => (call_id.trim(), how),
        _ => (rest, "on"),
    };
    if call_id.is_empty() {
        return "No call ID specified\n".to_owned();
    }
    let shown = call_id.escape_debug();
    if desk.book.number(call_id.as_bytes()).is_none() {
        let (first, how) = split(call_id);
        if !how.is_empty() && desk.book.number(first.as_bytes()).is_some() {
            return format!("Invalid on/off flag ('{}') specified\n", how.escape_debug());
        }
        return format!("Call ID '{shown}' not found\n");
    }
    let on = how == "on";
    if !desk.console.debug(call_id.as_bytes(), on) {
        return "Too many calls are debugged already\n".to_owned();
    }
    format!("{} debugging for call '{shown}'\n", if on { "Enabled" } else { "Disabled" })
}

/// `call CALLID info|terminate|debug|tag …`.
pub(super) fn call(desk: &mut Desk, rest: &str) -> String {
    let (call_id, rest) = split(rest);
    if desk.book.number(call_id.as_bytes()).is_none() {
        return format!("No such call '{}'\n", call_id.escape_debug());
    }
    let (verb, more) = split(rest);
    match verb {
        "" => "Incomplete command: \n".to_owned(),
        "info" => sessions::session(desk, call_id),
        "terminate" => end(desk, call_id),
        "debug" => debug(desk, format!("{call_id} {more}").trim_end()),
        "tag" => tag(desk, call_id, more),
        other => unknown(other),
    }
}

fn tag(desk: &mut Desk, call_id: &str, rest: &str) -> String {
    let (tag, rest) = split(rest);
    let (verb, _) = split(rest);
    match (tag, verb) {
        ("", _) => MORE.to_owned(),
        (_, "") => "Incomplete command: \n".to_owned(),
        (tag, "info") => sessions::party(desk, call_id, tag),
        (_, "delay" | "detect-dtmf") => "Audio is not processed in this build.\n".to_owned(),
        (_, other) => unknown(other),
    }
}
