use super::sessions::shown;
use crate::desk::Desk;
use std::fmt::Write;

/// `list oneway`.
pub(super) fn oneway(desk: &Desk) -> String {
    let now = desk.clock.now();
    let mut out = String::new();
    for event in desk.watch.events() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{}: {} does not hear {} (section {}) for {} s: {}: {}",
            shown(&event.call_id),
            shown(&event.listener),
            shown(&event.talker),
            event.media,
            now.since(event.since).0 / 1_000_000,
            event.cause.code(),
            event.detail,
        );
    }
    if out.is_empty() {
        out.push_str("Nobody talks without being heard.\n");
    }
    for (cause, told, now) in desk.watch.counts().filter(|(_, told, _)| *told > 0) {
        let _ = writeln!(out, "{:<22} now {now}, since the start {told}", cause.code());
    }
    out
}
