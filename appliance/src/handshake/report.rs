use super::count::Tally;
use call::HandshakeEvent;
use crossbeam_queue::ArrayQueue;
use mio::Waker;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Events that may wait for the desk.
const EVENTS: usize = 4096;

/// The bounded way from the thread to the desk. What does not fit stays with the thread, nothing is lost.
#[derive(Debug)]
pub(super) struct Report {
    events: ArrayQueue<HandshakeEvent>,
    desk: Arc<Waker>,
    /// The desk has been called and has not looked yet.
    called: AtomicBool,
    /// The thread has events that did not fit.
    held_back: AtomicBool,
    tally: Mutex<Tally>,
}

impl Report {
    pub(super) fn new(desk: Arc<Waker>) -> Report {
        Report {
            events: ArrayQueue::new(EVENTS),
            desk,
            called: AtomicBool::new(false),
            held_back: AtomicBool::new(false),
            tally: Mutex::default(),
        }
    }

    /// Moves events out, as far as there is room, and calls the desk.
    pub(super) fn put(&self, events: &mut Vec<HandshakeEvent>) {
        if events.is_empty() {
            return;
        }
        if !self.fill(events) {
            // Said before the second try: a desk that makes room after it will see this and call back.
            self.held_back.store(true, Ordering::SeqCst);
            self.fill(events);
        }
        if !self.called.swap(true, Ordering::AcqRel) {
            // If the desk cannot be called, it looks within a second.
            let _ = self.desk.wake();
        }
    }

    /// True when all went in; what did not stays, in order.
    fn fill(&self, events: &mut Vec<HandshakeEvent>) -> bool {
        let room = self.events.capacity() - self.events.len();
        for event in events.drain(..room.min(events.len())) {
            // There is nobody else who puts something in.
            let _ = self.events.push(event);
        }
        events.is_empty()
    }

    /// Moves all events to `out`. True when the thread has more and must be called.
    pub(super) fn drain(&self, out: &mut Vec<HandshakeEvent>) -> bool {
        self.called.swap(false, Ordering::AcqRel);
        out.extend(std::iter::from_fn(|| self.events.pop()));
        self.held_back.swap(false, Ordering::SeqCst)
    }

    pub(super) fn publish(&self, tally: &Tally) {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner) = *tally;
    }

    pub(super) fn tally(&self) -> Tally {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
