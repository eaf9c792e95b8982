//! What the work of a machine is when its clock counts instructions: all that the one CPU does besides a thread that uses up
//! what nobody else wants.

use super::chrt;
use crate::BenchError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// Turns of the loop at once when it is seen how long they take; twice as many, too, so that reading the clock cancels out.
const TURNS: u64 = 10_000;
/// How often that is tried; the shortest counts, which nothing has interrupted.
const TRIES: u32 = 40;

/// A thread that goes after all others and counts its turns.
#[derive(Debug)]
pub(super) struct Filler {
    turns: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    ns_per_turn: u64,
    thread: Option<thread::JoinHandle<()>>,
}

/// A moment, as the clock and the filler have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    at: Instant,
    turns: u64,
}

impl Filler {
    /// Starts it. There must be one CPU, and every turn must take the same time.
    pub(super) fn start() -> Result<Filler, BenchError> {
        if thread::available_parallelism().map_or(1, usize::from) != 1 {
            return Err(unfit("more than one CPU"));
        }
        let (turns, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (ready, begun) = std::sync::mpsc::channel();
        let thread = thread::spawn({
            let (turns, over) = (turns.clone(), over.clone());
            move || {
                let calibrated = [TURNS, 2 * TURNS].map(|count| shortest(&turns, &over, count));
                let behind = chrt(&["-i", "-p", "0"], nix::unistd::gettid().as_raw().unsigned_abs());
                // Whoever started it is there, or the whole process ends.
                let _ = ready.send(behind.map(|()| calibrated));
                spin(&turns, u64::MAX, &over);
            }
        });
        let mut filler = Filler { turns, over, ns_per_turn: 0, thread: Some(thread) };
        let [once, twice] = begun.recv().map_err(|_| unfit("no thread"))??;
        let each = twice.saturating_sub(once);
        filler.ns_per_turn = (each + TURNS / 2) / TURNS;
        // Whole instructions, whole nanoseconds; what two looks at the clock take is the same each time.
        if filler.ns_per_turn == 0 || each.abs_diff(filler.ns_per_turn * TURNS) > TURNS / 100 {
            return Err(unfit(&format!("a clock that does not count instructions: {once} and {twice} ns")));
        }
        Ok(filler)
    }

    /// This moment.
    pub(super) fn now(&self) -> Moment {
        Moment { at: Instant::now(), turns: self.turns.load(Ordering::Relaxed) }
    }

    /// Nanoseconds, which are instructions, that all others have worked since a moment.
    pub(super) fn work_since(&self, before: &Moment) -> u64 {
        let now = self.now();
        let all = now.at.duration_since(before.at).as_nanos() as u64;
        all.saturating_sub((now.turns - before.turns) * self.ns_per_turn)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It does nothing that can panic.
            let _ = thread.join();
        }
    }
}

fn unfit(what: &str) -> BenchError {
    BenchError::Profile(format!(
        "paths are measured where one CPU counts instructions (tests/vm/paths): {what}"
    ))
}

fn shortest(turns: &AtomicU64, over: &AtomicBool, count: u64) -> u64 {
    let once = |_| {
        let began = Instant::now();
        spin(turns, turns.load(Ordering::Relaxed) + count, over);
        began.elapsed().as_nanos() as u64
    };
    (0..TRIES).map(once).min().unwrap_or(0)
}

/// The loop: the same instructions each turn, wherever it is called from.
#[inline(never)]
fn spin(turns: &AtomicU64, until: u64, over: &AtomicBool) {
    let mut count = turns.load(Ordering::Relaxed);
    while count < until && !over.load(Ordering::Relaxed) {
        count += 1;
        turns.store(count, Ordering::Relaxed);
    }
}
