use super::sessions::shown;
use crate::desk::Desk;
use crate::record::{Count, Standing};
use std::fmt::Write;
use std::sync::atomic::Ordering;

/// `list recordings`.
pub(super) fn recordings(desk: &Desk) -> String {
    let Some((totals, lost)) = desk.recordings.totals() else {
        return "Calls are not recorded: there is no recording.folder.\n".to_owned();
    };
    let now = desk.clock.now();
    let mut out = String::new();
    for (number, recording) in desk.recordings.iter() {
        let Some(call) = desk.book.get(number) else { continue };
        let standing = match recording.standing() {
            Standing::Running => "running",
            Standing::Paused => "paused",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{}: {standing} for {} s: {}: {}",
            shown(call.id()),
            now.since(recording.began().at).0 / 1_000_000,
            recording.path(),
            counts(recording.count()),
        );
    }
    if out.is_empty() {
        out.push_str("No call is recorded.\n");
    }
    let of = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    let _ = writeln!(
        out,
        "since the start: {} finished; {}; {lost} lost of no known call; {} left in the spool; uploads: {} done, {} \
         failed, {} waiting",
        of(&totals.finished),
        counts(&totals.packets),
        of(&totals.stranded),
        of(&totals.uploaded),
        of(&totals.refused),
        of(&totals.waiting),
    );
    out
}

fn counts(count: &Count) -> String {
    let sums = count.sums();
    let broken = if count.is_broken() { " (the disk takes nothing)" } else { "" };
    format!(
        "{} packets written, {} lost in memory, {} lost on disk{broken}",
        sums.written, sums.lost, sums.unwritten
    )
}
