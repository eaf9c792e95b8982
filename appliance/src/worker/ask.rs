use engine::{AddressTraffic, Engine, Totals};
use flow::{FlowKey, Snapshot};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A question to a worker, and the place for its answer.
#[derive(Debug)]
pub struct Ask {
    keys: Vec<FlowKey>,
    answer: Mutex<Option<Answer>>,
    ready: Condvar,
}

/// What a worker answers.
#[derive(Debug)]
pub(super) struct Answer {
    /// Of the flows asked for that it has, in the order of the question.
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) totals: Totals,
    pub(super) addresses: Vec<AddressTraffic>,
}

impl Ask {
    pub(super) fn new(keys: &[FlowKey]) -> Ask {
        Ask { keys: keys.to_vec(), answer: Mutex::new(None), ready: Condvar::new() }
    }

    /// Called by the worker.
    pub(super) fn answer(&self, engine: &Engine) {
        let snapshots = self.keys.iter().filter_map(|&key| engine.snapshot(key)).collect();
        let answer = Answer { snapshots, totals: *engine.totals(), addresses: engine.addresses().to_vec() };
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        self.ready.notify_one();
    }

    /// True once it was answered.
    pub(super) fn answered(&self) -> bool {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Called by who asked; `None` when the answer does not come before `deadline`.
    pub(super) fn wait(&self, deadline: Instant) -> Option<Answer> {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if answer.is_some() {
                return answer.take();
            }
            let left =
                deadline.checked_duration_since(Instant::now()).filter(|left| *left > Duration::ZERO)?;
            (answer, _) = self.ready.wait_timeout(answer, left).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
