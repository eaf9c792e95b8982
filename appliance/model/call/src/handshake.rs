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
    /// The Call-ID as text, for the log.
    pub call_id: Arc<str>,
    /// Grows with every change.
    pub generation: Generation,
    /// Our ports that face the party, the latest: RTP, and RTCP unless multiplexed.
    pub ports: (FlowKey, Option<FlowKey>),
    /// Where its SDP says that it is: for RTP and for RTCP.
    pub peers: (Option<SocketAddr>, Option<SocketAddr>),
    /// DTLS, if it is spoken: one association per component.
    pub dtls: Option<Dtls>,
    /// ICE, if it is spoken: one agent for both components.
    pub ice: Option<Ice>,
}

/// The part of a section's SDPs, ours and theirs, that a DTLS association is made of (RFC 5763, RFC 8842).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dtls {
    /// We send the ClientHello (`a=setup:active` was ours).
    pub active: bool,
    /// The value of our `a=fingerprint` that the party was told last. It says which of our certificates the association
    /// is made with: a call keeps the one it began with. `None`: the newest.
    pub told: Option<Box<str>>,
    /// The peer's `a=fingerprint` values, as in its SDP; one must match. None: it has not answered yet and may begin all the
    /// same (RFC 5763 §5); who it was is judged when it has.
    pub fingerprints: Vec<Box<[u8]>>,
    /// The peer's `a=tls-id`: with another one the association begins anew (RFC 8842 §5.5).
    pub tls_id: Option<Box<[u8]>>,
}

/// The part of a section's SDPs, ours and theirs, that an ICE agent is made of (RFC 8445).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ice {
    /// Our role to begin with; the agent may find that it has to be the other.
    pub role: ice::Role,
    /// We are lite.
    pub lite: bool,
    /// What our SDP says. With others than before the agent begins anew.
    pub credentials: ice::Credentials,
    /// What our SDP lists; none for RTCP if the party multiplexes.
    pub candidates: Vec<ice::LocalCandidate>,
    /// What the party's last SDP said; `None` before it has spoken.
    pub remote: Option<ice::Remote>,
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
    /// ICE found out where the party is: the pair that worked first, or the nominated one.
    Route {
        /// The section, or its RTCP component.
        session: SessionId,
        /// What the agents knew then.
        generation: Generation,
        /// Our port.
        local: FlowKey,
        /// The party's address.
        peer: SocketAddr,
    },
    /// Nothing may be sent to the party: it stopped answering consent checks, or no pair works.
    Unreachable {
        /// The section, or its RTCP component.
        session: SessionId,
        /// What the agents knew then.
        generation: Generation,
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
