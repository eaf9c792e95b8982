//! The line protocol behind `rtpengine-ctl`: one line in, text out.

mod list;

use crate::desk::Desk;
use call::EndReason;

const HELP: &str = "\
list numsessions                  how many calls there are
list sessions [all|own|CALLID]    calls, or one call in full
list totals                       what was counted since the start
list interfaces                   addresses and their ports
list paths                        who carries how many streams, and why; how NIC queues are used
list handshakes                   what ICE and DTLS came to
list jsonstats                    all statistics as JSON
explain CALLID                    which path each stream is on, and why
terminate CALLID|all              end calls now
help                              this list
";

/// Carries a line out and says what came of it.
pub fn answer(desk: &mut Desk, line: &str) -> String {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match words[..] {
        ["list" | "get", "numsessions"] => list::numsessions(desk),
        ["list" | "get", "sessions"] | ["list" | "get", "sessions", "all" | "own"] => list::sessions(desk),
        ["list" | "get", "sessions", "foreign"] => String::new(),
        ["list" | "get", "sessions", call_id] => list::session(desk, call_id, false),
        ["list" | "get", "totals"] => list::totals(desk),
        ["list" | "get", "interfaces"] => list::interfaces(desk),
        ["list" | "get", "paths"] => list::paths(desk),
        ["list" | "get", "handshakes"] => list::handshakes(desk),
        ["list" | "get", "jsonstats"] => list::jsonstats(desk),
        ["explain", call_id] => list::session(desk, call_id, true),
        ["terminate", "all" | "own"] => terminate_all(desk),
        ["terminate", call_id] => terminate(desk, call_id),
        ["help"] => HELP.to_owned(),
        [] => "Nothing was asked. `help` lists the commands.\n".to_owned(),
        _ => format!("Unknown command `{}`. `help` lists the commands.\n", line.trim().escape_debug()),
    }
}

fn terminate_all(desk: &mut Desk) -> String {
    let ids: Vec<_> = desk.book.iter().filter_map(|c| desk.book.number(c.id())).collect();
    for number in &ids {
        let snapshots = desk.snapshots(*number);
        desk.end(*number, EndReason::ForceTerminated, &snapshots);
    }
    format!("{} calls terminated.\n", ids.len())
}

fn terminate(desk: &mut Desk, call_id: &str) -> String {
    let Some(number) = desk.book.number(call_id.as_bytes()) else {
        return format!("Call Id not found ({}).\n", call_id.escape_debug());
    };
    let snapshots = desk.snapshots(number);
    desk.end(number, EndReason::ForceTerminated, &snapshots);
    format!("Call {} terminated.\n", call_id.escape_debug())
}
