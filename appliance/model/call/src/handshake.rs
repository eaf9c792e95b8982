use flow::srtp::Setup;
use flow::{FlowKey, Generation, SessionId};
use std::net::SocketAddr;
use std::sync::Arc;

/// What the DTLS (and ICE) agents of one media section of one party must know. Goes to whoever runs the agents, beside
/// the [`flow::Change`]s that go to the packet threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The section; agents are known by it.
    pub session: SessionId,
    /// Grows with every change.
    pub generation: Generation,
    /// Our ports that face the party, the latest: RTP, and RTCP unless multiplexed.
    pub ports: (FlowKey, Option<FlowKey>),
    /// Where its SDP says that it is: for RTP and for RTCP.
    pub peers: (Option<SocketAddr>, Option<SocketAddr>),
    /// DTLS, if it is spoken: one association per component.
    pub dtls: Option<Dtls>,
}

/// The part of a section's SDPs, ours and theirs, that a DTLS association is made of (RFC 5763, RFC 8842).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dtls {
    /// We send the ClientHello (`a=setup:active` was ours).
    pub active: bool,
    /// The peer's `a=fingerprint` values, as in its SDP; one must match.
    pub fingerprints: Vec<Box<[u8]>>,
    /// The peer's `a=tls-id`: with another one the association begins anew (RFC 8842 §5.5).
    pub tls_id: Option<Box<[u8]>>,
}

/// What becomes of agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeChange {
    /// There shall be agents, and this is what they must know now.
    Begin(Box<Handshake>),
    /// The section speaks neither ICE nor DTLS any more, or its call is over.
    End(SessionId),
}

/// What agents report; see [`crate::Book::hear_handshake`].
#[derive(Clone, Debug)]
pub enum HandshakeEvent {
    /// A DTLS association is up (again): these are the keys of what we receive and of what we send.
    Keys {
        /// The section, or its RTCP component (see [`SessionId::for_rtcp`]).
        session: SessionId,
        /// What the agents knew then.
        generation: Generation,
        /// Of what arrives.
        open: Arc<Setup>,
        /// Of what leaves.
        seal: Arc<Setup>,
    },
    /// It failed for good; keys that were there are no more, media stops.
    Failed {
        /// The section, or its RTCP component.
        session: SessionId,
        /// What the agents knew then.
        generation: Generation,
        /// For the log and for reports: a short word.
        reason: &'static str,
    },
}

/// What a call cannot make by itself.
pub trait Secrets {
    /// Fills `bytes` with random numbers fit for keys.
    fn fill(&mut self, bytes: &mut [u8]);
    /// The value of our `a=fingerprint` (`sha-256 09:C7:…`) under the hash of that name (lower case, as in SDP); `None`
    /// when there is no such hash, or no DTLS here.
    fn fingerprint(&self, hash: &str) -> Option<String>;
}
