use engine::{AddressTraffic, Engine, Totals};
use flow::{FlowKey, Moment, Snapshot};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A question to a worker, and the place for its answer.
#[derive(Debug)]
pub struct Ask {
    keys: Vec<FlowKey>,
    what: What,
    answer: Mutex<Option<Answer>>,
    ready: Condvar,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
enum What {
    /// All that is known of the flows.
    Flows,
    /// When each of them had its last packet.
    LastPackets,
    /// What all flows of the worker have come to.
    Sums,
}

/// What a worker answers.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Of the flows asked for that it has, in the order of the question.
    pub(super) snapshots: Vec<Snapshot>,
    /// For each flow asked for, in the order of the question.
    pub(super) last_packets: Vec<Option<Moment>>,
    pub(super) totals: Totals,
    pub(super) addresses: Vec<AddressTraffic>,
}

impl Ask {
    /// A question about these flows.
    pub(super) fn of_flows(keys: Vec<FlowKey>) -> Ask {
        Ask::new(keys, What::Flows)
    }

    /// A question about their last packets.
    pub(super) fn of_last_packets(keys: Vec<FlowKey>) -> Ask {
        Ask::new(keys, What::LastPackets)
    }

    /// A question about all flows together.
    pub(super) fn of_sums() -> Ask {
        Ask::new(Vec::new(), What::Sums)
    }

    fn new(keys: Vec<FlowKey>, what: What) -> Ask {
        Ask { keys, what, answer: Mutex::new(None), ready: Condvar::new() }
    }

    /// Called by the worker.
    pub(super) fn answer(&self, engine: &Engine) {
        let (keys, nothing) = (self.keys.iter().copied(), Answer::default());
        let answer = match self.what {
            What::Flows => {
                Answer { snapshots: keys.filter_map(|key| engine.snapshot(key)).collect(), ..nothing }
            }
            What::LastPackets => {
                Answer { last_packets: keys.map(|key| engine.last_packet(key)).collect(), ..nothing }
            }
            What::Sums => {
                Answer { totals: *engine.totals(), addresses: engine.addresses().to_vec(), ..nothing }
            }
        };
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
