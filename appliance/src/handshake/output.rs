use super::count::{Count, Tally};
use crate::worker::Parcel;
use call::HandshakeEvent;

/// What came of a call to the agents; to be taken out after each turn.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// For the desk, in order.
    pub(super) events: Vec<HandshakeEvent>,
    /// For the packet threads (which one comes first), in order.
    pub(super) parcels: Vec<(u16, Parcel)>,
    /// Never taken out.
    pub(super) tally: Tally,
}

impl Output {
    pub(super) fn count(&mut self, count: Count) {
        self.tally.add(count, 1);
    }
}
