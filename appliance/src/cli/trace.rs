use super::answer::{MORE, split};
use crate::desk::Desk;
use crate::trace::{Begun, Piece, Traces};
use std::fmt::Write;

/// `trace start|read|stop CALLID`: what `rtpengine-ctl trace` sends.
pub(super) fn answer(desk: &mut Desk, rest: &str) -> String {
    let (verb, call_id) = split(rest);
    let id = call_id.as_bytes();
    let said = match (verb, call_id) {
        ("", _) => return MORE.to_owned(),
        ("start", call_id) if !call_id.is_empty() => Traces::start(desk, id).map(|begun| {
            tracing::info!(call = call_id, "traced from now on");
            begin(begun)
        }),
        ("read", call_id) if !call_id.is_empty() => Traces::read(desk, id).map(|piece| page(&piece)),
        ("stop", call_id) if !call_id.is_empty() => Traces::stop(desk, id).map(|piece| page(&piece)),
        _ => {
            return "`rtpengine-ctl trace CALLID` writes a file. It sends `trace start CALLID`, `trace read CALLID` again \
                    and again, and `trace stop CALLID`.\n"
                .to_owned();
        }
    };
    said.unwrap_or_else(|refused| format!("# refused: {refused}\n"))
}

/// What is said at the start of a trace.
fn begin(begun: Begun) -> String {
    let Begun { ports, moved } = begun;
    let mut out = format!("# tracing {ports} ports\n");
    if moved > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "# moved {moved}: the XDP program and the kernel module copy nothing; a packet thread or the sockets carry \
             these ports until the trace ends"
        );
    }
    out
}

/// A line per packet, then notes that begin with `#`.
fn page(piece: &Piece) -> String {
    let mut out = String::new();
    for copy in &piece.copies {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{copy}");
    }
    if piece.lost > 0 {
        let _ = writeln!(out, "# lost {}", piece.lost);
    }
    out.push_str(match (piece.ended, piece.more) {
        (true, _) => "# ended\n",
        (false, true) => "# more\n",
        (false, false) => "# wait\n",
    });
    out
}
