use crate::desk::Desk;
use std::fmt::Write;

/// `list paths`.
pub(super) fn paths(desk: &Desk) -> String {
    let mut out = String::new();
    for ((path, reason), streams) in desk.census().flows {
        // Writing to a String cannot fail.
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
    let _ = writeln!(out, "media ports: {}", desk.ports.manner());
    out
}

/// `list handshakes`.
pub(super) fn handshakes(desk: &Desk) -> String {
    let mut out = String::new();
    for (name, times) in desk.handshakes.tally().rows() {
        let _ = writeln!(out, "{name:<32} {times}");
    }
    out
}
