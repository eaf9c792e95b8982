use crossbeam_queue::ArrayQueue;
use flow::Event;
use mio::Waker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The bounded way from all workers to the desk. What does not fit stays with its worker, nothing is lost.
#[derive(Debug)]
pub(super) struct Outbox {
    events: ArrayQueue<(usize, Event)>,
    desk: Arc<Waker>,
    /// The desk has been called and has not looked yet.
    called: AtomicBool,
    /// By worker: it has events that did not fit.
    held_back: Box<[AtomicBool]>,
}

impl Outbox {
    pub(super) fn new(capacity: usize, workers: usize, desk: Arc<Waker>) -> Outbox {
        Outbox {
            events: ArrayQueue::new(capacity),
            desk,
            called: AtomicBool::new(false),
            held_back: (0..workers).map(|_| AtomicBool::new(false)).collect(),
        }
    }

    /// What calls the desk.
    #[cfg(feature = "appliance")]
    pub(super) fn desk(&self) -> Arc<Waker> {
        Arc::clone(&self.desk)
    }

    /// Moves events of `worker` out, as far as there is room, and calls the desk.
    pub(super) fn put(&self, worker: usize, events: &mut Vec<Event>) {
        if events.is_empty() {
            return;
        }
        if !self.fill(worker, events) {
            // said before the second try: a desk that makes room after it will see this and call back
            self.held_back[worker].store(true, Ordering::SeqCst);
            self.fill(worker, events);
        }
        if !self.called.swap(true, Ordering::AcqRel) {
            let _ = self.desk.wake();
        }
    }

    /// True when all went in; what did not stays, in order.
    fn fill(&self, worker: usize, events: &mut Vec<Event>) -> bool {
        let mut full = None;
        // backwards is what a Vec gives up cheaply, and what is left over is put back the same way
        events.reverse();
        while let Some(event) = events.pop() {
            if let Err((_, event)) = self.events.push((worker, event)) {
                full = Some(event);
                break;
            }
        }
        events.extend(full);
        events.reverse();
        events.is_empty()
    }

    /// Moves all events to `out`; returns which workers have more and must be called.
    pub(super) fn drain(&self, out: &mut Vec<(usize, Event)>) -> impl Iterator<Item = usize> {
        self.called.swap(false, Ordering::AcqRel);
        while let Some(event) = self.events.pop() {
            out.push(event);
        }
        let held = self.held_back.iter().enumerate();
        held.filter(|(_, held)| held.swap(false, Ordering::SeqCst)).map(|(worker, _)| worker)
    }
}
