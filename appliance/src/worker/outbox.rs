use super::doorbell::Overflow;
use crossbeam_queue::ArrayQueue;
use flow::Event;
use mio::Waker;
use std::sync::Arc;

/// The bounded way from all workers to the desk. What does not fit stays with its worker, nothing is lost.
#[derive(Debug)]
pub(super) struct Outbox {
    events: ArrayQueue<(usize, Event)>,
    desk: Arc<Waker>,
    overflow: Overflow,
}

impl Outbox {
    pub(super) fn new(capacity: usize, workers: usize, desk: Arc<Waker>) -> Outbox {
        Outbox { events: ArrayQueue::new(capacity), desk, overflow: Overflow::new(workers) }
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
        self.overflow.give(worker, || self.fill(worker, events), || drop(self.desk.wake()));
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
        self.overflow.take(|| {
            while let Some(event) = self.events.pop() {
                out.push(event);
            }
        })
    }
}
