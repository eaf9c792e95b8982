use crate::{FlowKey, FlowSpec, Generation, Moment, Progress, Snapshot, StreamId};
use std::net::SocketAddr;
use std::sync::Arc;

/// The only way down from the call side to the packet side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Installs a flow, or replaces an older generation of it. Counters and what was learned are kept.
    Install(Arc<FlowSpec>),
    /// Ends a flow. Answered by [`Event::Withdrawn`], after which the port may be used again.
    Withdraw {
        /// The flow.
        key: FlowKey,
        /// Flows of a later generation stay.
        generation: Generation,
    },
    /// Says whether a fast path carries the flow's RTP from now on. While one does, a gap in the sequence numbers is no
    /// loss, and packets that come to the sockets are sent on as before but reported by [`Event::Strayed`]. Those to be
    /// sealed are not sent on from a second after `strays_from`, unless this is said again: by then how far the numbers
    /// have come is known to the fast path alone.
    Away {
        /// The flow.
        key: FlowKey,
        /// `None`: it is back. Else packets until then are stragglers of the hand-over and not reported.
        strays_from: Option<Moment>,
    },
    /// What a fast path has counted of the flow and will not tell again, and how far it has come with it.
    Counted(Box<Snapshot>),
    /// How far another path has come with the flow: its sources go on from there, unless they are further here.
    Restore {
        /// The flow.
        key: FlowKey,
        /// Its generation on the other path. Of keys older than the present ones nothing is taken over.
        generation: Generation,
        /// What was opened and sealed there.
        progress: Box<Progress>,
    },
}

impl Change {
    /// The flow that it is about.
    pub fn key(&self) -> FlowKey {
        match self {
            Change::Install(spec) => spec.key,
            Change::Withdraw { key, .. } | Change::Away { key, .. } | Change::Restore { key, .. } => *key,
            Change::Counted(counted) => counted.key,
        }
    }
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
    /// RTP of a flow that a fast path carries has come to the sockets, from the known peer; said once a second at most.
    Strayed {
        /// The flow.
        key: FlowKey,
    },
    /// The flow is gone; its last counters.
    Withdrawn(Box<Snapshot>),
}
