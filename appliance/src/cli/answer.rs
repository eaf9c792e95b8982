use super::{
    calls, drain, explain, interfaces, json, params, paths, recordings, sessions, streams, totals, trace,
    tunable, usage, watch,
};
use crate::desk::Desk;

/// What a verb without its words is answered.
pub(super) const MORE: &str = "More parameters required.\n";

/// Carries a line out and says what came of it.
pub fn answer(desk: &mut Desk, line: &str) -> String {
    let (verb, rest) = split(line);
    match (verb, rest) {
        ("", _) => "Nothing was asked. `help` lists the commands.\n".to_owned(),
        ("help", _) => usage::HELP.to_owned(),
        ("usage", _) => usage::usage(),
        ("list" | "get", rest) => list(desk, rest),
        ("set", rest) => set(desk, rest),
        ("params", rest) => params::answer(desk, rest),
        ("explain" | "terminate" | "call", "") => MORE.to_owned(),
        ("explain", call_id) => explain::call(desk, call_id),
        ("terminate", which) => calls::terminate(desk, which),
        ("debug", rest) => calls::debug(desk, rest),
        ("call", rest) => calls::call(desk, rest),
        ("drain", rest) => drain::drain(desk, rest),
        ("undrain", _) => drain::undrain(desk),
        ("trace", rest) => trace::answer(desk, rest),
        ("active", _) => "Ok, all calls set to 'owned (active)'\n".to_owned(),
        ("standby", _) => "There are no foreign calls in this build: calls stay owned.\n".to_owned(),
        ("ksadd" | "ksrm" | "kslist", _) => {
            "Keyspace notification feature has not been configured.\n".to_owned()
        }
        ("media", _) => "Media players are not available in this build.\n".to_owned(),
        (other, _) => unknown(other),
    }
}

fn list(desk: &mut Desk, rest: &str) -> String {
    let (what, rest) = split(rest);
    match what {
        "" => MORE.to_owned(),
        "numsessions" => sessions::numsessions(desk),
        "sessions" => sessions::sessions(desk, rest),
        "totals" => totals::totals(desk),
        "counters" => totals::counters(desk),
        "interfaces" => interfaces::interfaces(desk),
        "jsonstats" => json::jsonstats(desk),
        "transcoders" => "No stats entries\n".to_owned(),
        "paths" => paths::paths(desk),
        "handshakes" => paths::handshakes(desk),
        "oneway" => watch::oneway(desk),
        "recordings" => recordings::recordings(desk),
        "streams" => streams::streams(desk, rest),
        "drain" => drain::standing(desk),
        _ => tunable::get(desk, what, rest).unwrap_or_else(|| unknown(what)),
    }
}

fn set(desk: &mut Desk, rest: &str) -> String {
    let (what, value) = split(rest);
    match (what, value) {
        ("", _) => MORE.to_owned(),
        (known, "") if tunable::is_known(known) => MORE.to_owned(),
        (what, value) => tunable::set(desk, what, value).unwrap_or_else(|| unknown(what)),
    }
}

pub(super) fn unknown(word: &str) -> String {
    format!("Unknown command: {}\n", word.escape_debug())
}

/// The first word, and what follows it, without the blanks around.
pub(super) fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    let (first, rest) = line.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((line, ""));
    (first, rest.trim())
}
