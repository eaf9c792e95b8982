//! What an agent says: packets, events, what became of a packet, and where media may go.

use crate::{Component, Role};
use std::net::SocketAddr;

/// A packet to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// The socket, by the address it is bound to ([`crate::LocalCandidate::base`]).
    pub local: SocketAddr,
    /// Where to.
    pub remote: SocketAddr,
    /// The UDP payload, at most 640 bytes.
    pub bytes: Vec<u8>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The first pair of a component works both ways. Media may use it until one is nominated.
    ValidPair {
        /// Whose packets.
        component: Component,
        /// Our socket.
        local: SocketAddr,
        /// The other party.
        remote: SocketAddr,
    },
    /// The pair to use from now on. May come again, with a better one or after a restart.
    NominatedPair {
        /// Whose packets.
        component: Component,
        /// Our socket.
        local: SocketAddr,
        /// The other party.
        remote: SocketAddr,
    },
    /// Every component has its nominated pair. Comes once, again after each restart, and again after a loss.
    Connected,
    /// For 30 s nobody answered at the nominated pair: sending must stop (RFC 7675 §5.1). A restart helps, or the other
    /// party nominating another pair.
    ConsentLost {
        /// Whose packets.
        component: Component,
    },
    /// All checks of a component failed and no more candidates are to come. Checks of the other party are still
    /// answered; if one leads to a working pair, `NominatedPair` follows after all.
    Failed {
        /// Whose packets.
        component: Component,
    },
    /// Both parties had the same role and ours changed (RFC 8445 §7.3.1.1).
    RoleSwitched {
        /// The role we have now.
        role: Role,
    },
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// No STUN: look further (DTLS, SRTP, RTP).
    Foreign,
    /// Ours, and dealt with. There may be packets and events to fetch.
    Consumed,
    /// STUN nobody shall see. Nothing changed, nothing is sent.
    Dropped(Reason),
}

/// Why a STUN packet was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Lengths did not add up.
    Malformed,
    /// A method other than Binding, or an indication (those keep NAT bindings alive and want nothing).
    Unasked,
    /// No FINGERPRINT, or a wrong one.
    Fingerprint,
    /// A request for another agent's user fragment, or without any.
    UnknownUser,
    /// No MESSAGE-INTEGRITY, or one made with another password.
    Integrity,
    /// A response to nothing we asked, or from elsewhere than we asked.
    UnknownTransaction,
    /// It came to a socket that is no candidate of ours.
    UnknownLocal,
    /// More answers wait to be sent than the agent keeps.
    NoRoom,
}

/// Where media of a component may be sent now; see the crate's page on latching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Nothing is proven yet: to the address of `c=` and `m=`, or to where media comes from.
    Signalled,
    /// The pair that worked first.
    Valid {
        /// Our socket.
        local: SocketAddr,
        /// The other party.
        remote: SocketAddr,
    },
    /// The nominated pair. During a restart still the one before it.
    Nominated {
        /// Our socket.
        local: SocketAddr,
        /// The other party.
        remote: SocketAddr,
    },
    /// Nowhere: consent was lost, or every check failed.
    Nowhere,
}
