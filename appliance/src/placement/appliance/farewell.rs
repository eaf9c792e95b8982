use crate::worker::Slip;
use flow::{FlowKey, Snapshot};
use std::net::SocketAddr;
use std::sync::Arc;

/// A flow that has been given back, whose last packets may still be in a ring.
#[derive(Debug, Default)]
pub(super) struct Farewell {
    /// The flow.
    pub(super) key: Option<FlowKey>,
    /// It, and those that are given back with it.
    pub(super) flows: Vec<FlowKey>,
    /// What the threads that still have these flows will tell, by the number of the thread.
    pub(super) slips: Vec<(usize, Arc<Slip>)>,
    /// What the others have told.
    pub(super) counted: Vec<Snapshot>,
    /// Ways out that go with it.
    pub(super) exits: Vec<(FlowKey, SocketAddr)>,
}

impl Farewell {
    /// Takes in what threads have told. True when it was the last.
    pub(super) fn is_over(&mut self) -> bool {
        let counted = &mut self.counted;
        self.slips.retain(|(_, slip)| match slip.take() {
            Some(mut last) => {
                counted.append(&mut last);
                false
            }
            None => true,
        });
        self.slips.is_empty()
    }

    /// A thread had none of the flows when it was asked, so it has given them back and told of them: takes that in.
    pub(super) fn settle(&mut self, lane: usize) {
        let counted = &mut self.counted;
        self.slips.retain(|(of, slip)| match (*of == lane).then(|| slip.take()).flatten() {
            Some(mut last) => {
                counted.append(&mut last);
                false
            }
            None => true,
        });
    }
}
