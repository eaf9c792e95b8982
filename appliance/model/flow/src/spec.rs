use crate::{FlowKey, Generation, Moment, PathReason, Security, StreamId};
use smallvec::SmallVec;
use std::net::SocketAddr;
use std::sync::Arc;

/// What shall happen to the packets that arrive at one of our ports. Written by the call model, carried out by
/// the engine; the part that needs no learning compiles to a [`crate::Recipe`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSpec {
    /// Where the packets arrive.
    pub key: FlowKey,
    /// Version of this flow; grows with every change.
    pub generation: Generation,
    /// Handle for events and counters.
    pub stream: StreamId,
    /// What a packet at this port may be.
    pub carries: Carries,
    /// The peer's address as its SDP says, or as learned before. It is both where packets of this port are
    /// expected from and where packets that leave *through* this port are sent.
    pub peer: Option<SocketAddr>,
    /// True once `peer` is known from packets (or need not be learned): it survives a re-INVITE that does not
    /// move the endpoint.
    pub confirmed: bool,
    /// How the peer's address follows what is seen on the wire.
    pub learning: Learning,
    /// End of the learning window of [`Learning::Delayed`] and [`Learning::Heuristic`].
    pub learn_until: Moment,
    /// What happens to packets from other sources once the peer is known.
    pub gate: Gate,
    /// Where RTP (or the opaque payload) goes. More than one is fan-out; none means count and drop.
    pub rtp: SmallVec<[Output; 1]>,
    /// Where RTCP goes, by its first bytes when `carries` is [`Carries::RtpAndRtcp`].
    pub rtcp: SmallVec<[Output; 1]>,
    /// Traffic class byte of everything that leaves through this port.
    pub tos: u8,
    /// Media of this flow is dropped by request (`block media`), counted as such.
    pub blocked: bool,
    /// STUN and DTLS pass as they are, because the two ends speak them with each other.
    pub foreign: bool,
    /// STUN and DTLS that arrive are for us: they go to the ICE and DTLS agents of the port.
    pub handshakes: bool,
    /// Keys, if we open or seal here.
    pub security: Option<Security>,
    /// Whoever it goes to is taken to be where it is thought to be, though nothing comes back (`unidirectional`).
    pub one_way: bool,
    /// What is done with RTCP.
    pub reporting: Reporting,
    /// Other media sections that share this port (BUNDLE). What is told by none of them is the flow's own.
    pub parts: Vec<Part>,
    /// The section shares the port of this flow, which has its keys and its peer: what would leave through its own port
    /// leaves through that one.
    pub via: Option<FlowKey>,
    /// Its packets are copied for somebody who looks: it is carried only by paths that can.
    pub traced: bool,
    /// Its packets are copied for a recording: it is carried only by paths that can.
    pub recorded: Option<Recorded>,
}

/// Which packets of a flow go into a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Which recording; the packet side gives it back with every copy.
    pub id: u32,
    /// What arrives at the port.
    pub arriving: bool,
    /// What leaves through it.
    pub leaving: bool,
}

/// What is done with the RTCP of a leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reporting {
    /// The party's profile has RTCP feedback (RFC 4585). From such a leg to one without, feedback does not pass.
    pub feedback: bool,
    /// RTCP that arrives ends here, because we write reports of our own.
    pub ours: bool,
}

/// A media section that shares the port of another (RFC 9143), and how its packets are told from those of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The flow that has its outputs and counters.
    pub flow: FlowKey,
    /// Number of the header extension that names the section, and the name; first choice.
    pub mid: Option<(u8, Box<[u8]>)>,
    /// Its senders as far as its SDP names them; second choice, together with those its packets have shown.
    pub ssrcs: Vec<u32>,
    /// Payload types that no other section of the port has, one per bit; third choice.
    pub payload_types: u128,
}

impl FlowSpec {
    /// Why its packets must be copied, if they must.
    pub fn copied(&self) -> Option<PathReason> {
        match (self.traced, self.recorded) {
            (true, _) => Some(PathReason::Traced),
            (false, Some(_)) => Some(PathReason::Recorded),
            (false, None) => None,
        }
    }

    /// Several media sections share its port: its packets have to be told apart.
    pub fn shares_port(&self) -> bool {
        self.via.is_some() || !self.parts.is_empty()
    }

    /// What it carries is replaced by silence, for somebody at least.
    pub fn is_silenced(&self) -> bool {
        self.rtp.iter().any(|output| output.silence.is_some())
    }

    /// True while the keys that open what arrives at the port are awaited.
    pub fn cannot_open(&self) -> bool {
        self.security.as_ref().is_some_and(|keys| keys.arriving.is_awaited())
    }

    /// True while the keys that seal what leaves through the port are awaited.
    pub fn cannot_seal(&self) -> bool {
        self.security.as_ref().is_some_and(|keys| keys.leaving.is_awaited())
    }
}

/// What a packet at a port may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carries {
    /// RTP only; RTCP has the next port.
    Rtp,
    /// RTCP only.
    Rtcp,
    /// Both, told apart by payload type (RFC 5761).
    RtpAndRtcp,
    /// Neither: UDPTL, data; forwarded as it is.
    Opaque,
}

impl Carries {
    /// True for ports of RTP, with or without RTCP.
    pub const fn has_rtp(self) -> bool {
        matches!(self, Carries::Rtp | Carries::RtpAndRtcp)
    }
}

/// How a port's peer address follows what is seen on the wire (`endpoint-learning`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Learning {
    /// The SDP is believed, packets change nothing (`asymmetric`).
    Off,
    /// The first packet decides.
    Immediate,
    /// The last source within the window decides; the window ends with the first packet after it.
    Delayed,
    /// The best match within the window decides: SDP address and port, same address, same port, any.
    Heuristic,
}

/// What happens to packets from other sources once the peer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// Forwarded too, the peer stays.
    Open,
    /// Dropped (`strict-source`).
    Strict,
    /// The peer follows (`media-handover`).
    Handover,
    /// Nobody is heard at all, nor counted (`drop-traffic`).
    Shut,
}

/// One way out for a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The local port the packet leaves from. Its own flow's peer is the destination.
    pub egress: FlowKey,
    /// What changes inside the packet.
    pub rewrite: Rewrite,
    /// What it says is replaced by silence (`silence media`), where that is known how.
    pub silence: Option<Arc<[Silence]>>,
}

impl Output {
    /// A way out that leaves the packet as it is.
    pub fn plain(egress: FlowKey) -> Output {
        Output { egress, rewrite: Rewrite::default(), silence: None }
    }
}

/// What silence is in a codec whose every byte is a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The payload type.
    pub pt: u8,
    /// Every byte of its payload.
    pub byte: u8,
}

/// What changes in an RTP header on its way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// The SSRC that replaces the sender's.
    pub ssrc: Option<u32>,
    /// Added to the sequence number, modulo 2^16.
    pub seq_offset: u16,
    /// One payload type that gets another number.
    pub pt: Option<PtChange>,
}

impl Rewrite {
    /// True when the packet leaves as it came.
    pub fn is_nothing(&self) -> bool {
        *self == Rewrite::default()
    }
}

/// One payload type that gets another number on the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PtChange {
    /// As received.
    pub from: u8,
    /// As sent.
    pub to: u8,
}
