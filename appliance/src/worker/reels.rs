use crossbeam_queue::ArrayQueue;
use engine::{Engine, REEL, wound};
use std::sync::atomic::{AtomicU64, Ordering};

/// Reels for each packet thread that can be full or empty at a time, beside those in use: two megabytes, about a second at
/// ten thousand packets.
const SPARE: usize = 4;

/// The way of copied packets from the packet threads to who writes them down: full reels go there, empty ones come back.
/// Both are bounded; a packet thread that finds no empty reel counts what it cannot copy.
#[derive(Debug)]
pub struct Reels {
    full: ArrayQueue<Reel>,
    empty: ArrayQueue<Vec<u8>>,
    /// The last mark of each packet thread.
    marks: Vec<AtomicU64>,
    lost: AtomicU64,
}

/// Copies of packets, to be read by [`engine::wound`].
#[derive(Debug)]
pub struct Reel(pub Vec<u8>);

impl Reels {
    pub(super) fn new(workers: usize) -> Reels {
        // Those in use, of two engines, come back too.
        let room = workers * (SPARE + 4);
        Reels {
            full: ArrayQueue::new(room),
            empty: ArrayQueue::new(room),
            marks: (0..workers).map(|_| AtomicU64::new(0)).collect(),
            lost: AtomicU64::new(0),
        }
    }

    /// Makes empty reels, to be called before the first flow is recorded.
    pub fn provide(&self) {
        while self.empty.len() < self.marks.len() * SPARE {
            if self.empty.push(Vec::with_capacity(REEL)).is_err() {
                return;
            }
        }
    }

    /// The oldest full reel.
    pub fn take(&self) -> Option<Reel> {
        self.full.pop()
    }

    /// Gives a reel back that has been read.
    pub fn give_back(&self, reel: Reel) {
        if reel.0.capacity() >= REEL {
            // One more than there is room for is let go.
            drop(self.empty.push(reel.0));
        }
    }

    /// True when all packet threads but those that are gone have come past a mark. To be asked before [`Reels::take`] says
    /// that there is nothing, so that nothing can come in between.
    pub fn all_past(&self, mark: u64) -> bool {
        self.marks.iter().all(|of| of.load(Ordering::SeqCst) >= mark)
    }

    /// Packets that were lost without a recording that could be told.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Called by a packet thread whose reel wants to be exchanged: not before there is an empty one.
    pub(super) fn exchange(&self, engine: &mut Engine) {
        if let Some(empty) = self.empty.pop() {
            self.pass(engine.swap_reel(empty));
        }
    }

    /// Called by a packet thread that is asked for what it has.
    pub(super) fn hand_out(&self, engine: &mut Engine) {
        if !engine.is_reel_empty() {
            // Without an empty one, the next turn looks for it again.
            self.pass(engine.swap_reel(self.empty.pop().unwrap_or_default()));
        }
    }

    /// Called by a packet thread after that.
    pub(super) fn mark(&self, worker: usize, mark: u64) {
        if let Some(of) = self.marks.get(worker) {
            of.store(mark, Ordering::SeqCst);
        }
    }

    fn pass(&self, (reel, lost): (Vec<u8>, u64)) {
        self.lost.fetch_add(lost, Ordering::Relaxed);
        if reel.is_empty() {
            return self.give_back(Reel(reel));
        }
        if let Err(Reel(refused)) = self.full.push(Reel(reel)) {
            // There is room for all reels there are, so this is a reel too many: its packets are counted, at least.
            self.lost.fetch_add(wound(&refused).count() as u64, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn nothing_is_left_behind_a_mark_and_reels_come_back() {
        let reels = Arc::new(Reels::new(2));
        reels.provide();
        assert_eq!(reels.empty.len(), 2 * SPARE);
        let mut engine = Engine::new(4, 4);
        reels.hand_out(&mut engine);
        assert!(reels.take().is_none(), "an empty reel is not passed on");
        reels.mark(0, 1);
        assert!(!reels.all_past(1), "the other has not said so");
        reels.mark(1, 1);
        assert!(reels.all_past(1) && !reels.all_past(2));
        let one = reels.empty.pop().unwrap();
        reels.give_back(Reel(one));
        assert_eq!(reels.empty.len(), 2 * SPARE);
        reels.give_back(Reel(Vec::new()));
        assert_eq!(reels.empty.len(), 2 * SPARE, "one without room is not kept");
    }
}
