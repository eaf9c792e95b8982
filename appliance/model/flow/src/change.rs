use crate::{FlowKey, FlowSpec, Generation, Snapshot, StreamId};
use std::net::SocketAddr;

/// The only way down from the call side to the packet side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Installs a flow, or replaces an older generation of it. Counters and what was learned are kept.
    Install(Box<FlowSpec>),
    /// Ends a flow. Answered by [`Event::Withdrawn`], after which the port may be used again.
    Withdraw {
        /// The flow.
        key: FlowKey,
        /// Flows of a later generation stay.
        generation: Generation,
    },
}

/// What the packet side reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Packets have shown where the peer is (or that it is where the SDP said).
    PeerLearned {
        /// Handle given by the call side.
        stream: StreamId,
        /// The flow.
        key: FlowKey,
        /// The generation that learned it.
        generation: Generation,
        /// The peer's address.
        peer: SocketAddr,
    },
    /// The flow is gone; its last counters.
    Withdrawn(Box<Snapshot>),
}
