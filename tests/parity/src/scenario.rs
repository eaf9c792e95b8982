//! What a scenario is.

use crate::{Arrival, End, Party, Port, Target, packet};
pub use flow::Rewrite;
use flow::srtp::Suite;
use lab::Family;

/// A call and what happens in it.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Unique; words joined by underscores that make a true sentence.
    pub name: &'static str,
    /// The call.
    pub call: CallShape,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// What is agreed before the first packet.
#[derive(Debug, Clone)]
pub struct CallShape {
    /// The caller's and the callee's side.
    pub legs: [LegShape; 2],
    /// What is carried.
    pub media: Media,
    /// False: only offered.
    pub answered: bool,
    /// False: both SDPs say `inactive`.
    pub active: bool,
    /// Both SDPs say RTP/SAVP: the ends have keys of their own, and the relay only passes what they send.
    pub secured: bool,
    /// What changes in RTP that flows from the caller to the callee. No ng message asks for this yet; it is part of
    /// every recipe.
    pub rewrite: Rewrite,
    /// A copy of the caller's RTP, changed like this, also goes to [`Party::C`].
    pub copy: Option<Rewrite>,
}

/// One side of the call.
#[derive(Debug, Clone)]
pub struct LegShape {
    /// Address family.
    pub family: Family,
    /// RTCP shares the RTP port on this side.
    pub mux: bool,
    /// How the relay learns where this party is.
    pub learning: Learning,
    /// What becomes of packets from elsewhere, once it is known.
    pub gate: Gate,
    /// What this party's SDP says of its address.
    pub told: Told,
    /// Its SDP says RTP/SAVP and has a key of this suite: what it sends is sealed, and what it is sent. `None`: in clear.
    pub suite: Option<Suite>,
}

/// What the call carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// RTP/AVP.
    Audio,
    /// UDPTL (T.38).
    Opaque,
}

/// What a party's SDP says of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The truth.
    Address,
    /// `c=IN IP4 0.0.0.0`.
    Hold,
}

/// `endpoint-learning`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learning {
    /// The best source of the first three seconds.
    Heuristic,
    /// The first source.
    Immediate,
    /// The source after three seconds.
    Delayed,
    /// The SDP is right.
    Off,
}

/// `strict-source`, `media-handover`, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Everybody is heard.
    Open,
    /// Only the known peer is heard.
    Strict,
    /// Whoever spoke last is the peer.
    Handover,
}

impl Default for LegShape {
    fn default() -> LegShape {
        LegShape {
            family: Family::V4,
            mux: false,
            learning: Learning::Heuristic,
            gate: Gate::Open,
            told: Told::Address,
            suite: None,
        }
    }
}

impl Default for CallShape {
    fn default() -> CallShape {
        CallShape {
            legs: [LegShape::default(), LegShape::default()],
            media: Media::Audio,
            answered: true,
            active: true,
            secured: false,
            rewrite: Rewrite::default(),
            copy: None,
        }
    }
}

impl CallShape {
    /// The side of a party; a second callee is on the callee's side.
    pub fn leg(&self, party: Party) -> &LegShape {
        &self.legs[usize::from(party != Party::A)]
    }

    /// With keys of these suites on the two sides.
    pub fn keyed(mut self, caller: Option<Suite>, callee: Option<Suite>) -> CallShape {
        (self.legs[0].suite, self.legs[1].suite) = (caller, callee);
        self
    }

    /// What a packet of this many bytes has on the wire between a party and the relay.
    pub fn wire_len(&self, party: Party, packet: &[u8]) -> usize {
        let added = self.leg(party).suite.map_or(0, |suite| match packet::is_rtcp(packet) {
            // The index stands before the tag (RFC 3711 §3.4).
            true => 4 + suite.rtcp_tag_len(),
            false => suite.rtp_tag_len(),
        });
        packet.len() + added
    }

    /// Changes the callee's side.
    pub fn callee(mut self, change: impl FnOnce(&mut LegShape)) -> CallShape {
        change(&mut self.legs[1]);
        self
    }

    /// Changes both sides.
    pub fn both(mut self, change: impl Fn(&mut LegShape)) -> CallShape {
        self.legs.iter_mut().for_each(change);
        self
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Step {
    /// A party sends a packet.
    Packet(Packet),
    /// More than three seconds pass without signalling or media: every learning window is over.
    LearningIsOver,
    /// The parties or the operator say something.
    Signal(Signal),
}

/// What can be said during a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Offer and answer again with the same SDPs.
    Again,
    /// Offer and answer again; who has a key has another one.
    NewKeys,
    /// `block media` for the whole call.
    Block,
    /// `unblock media`.
    Unblock,
}

/// A packet and what must become of it.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Who sends it.
    pub from: End,
    /// To which port.
    pub to: Target,
    /// UDP payload, in clear. The same bytes sent twice by who seals them are the same on the wire, too.
    pub bytes: Vec<u8>,
    /// Whether they are sealed as they should be.
    pub sealing: Sealing,
    /// What arrives, wherever.
    pub arrivals: Vec<Arrival>,
    /// It counts as received at the port it was sent to.
    pub counted: bool,
    /// What it adds to the errors of the call. The paths need not agree on whose stream an error is counted at.
    pub errors: u64,
}

/// How a party that has a key seals a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// As agreed.
    Right,
    /// A bit of the tag is turned afterwards.
    Forged,
    /// Not at all.
    Forgotten,
}

/// `from` sends `bytes` to the port that faces it; nothing is expected yet.
pub(crate) fn send(from: End, bytes: &[u8]) -> Packet {
    let to = Target::Port(Port { facing: from.party, lane: from.lane });
    Packet {
        from,
        to,
        bytes: bytes.to_vec(),
        sealing: Sealing::Right,
        arrivals: Vec::new(),
        counted: true,
        errors: 0,
    }
}

impl Packet {
    /// Sends to another port.
    pub fn to(mut self, port: Port) -> Packet {
        self.to = Target::Port(port);
        self
    }

    /// Sends to a port of nobody.
    pub fn to_nobody(mut self) -> Packet {
        self.to = Target::Nobody;
        self.counted = false;
        self
    }

    /// A bit of its tag is turned on the way.
    pub fn forged(mut self) -> Packet {
        self.sealing = Sealing::Forged;
        self
    }

    /// It is sent in clear by somebody who has a key.
    pub fn in_clear(mut self) -> Packet {
        self.sealing = Sealing::Forgotten;
        self
    }

    /// It arrives at `at` as it was sent, from the port that faces `at` in the lane of `at`.
    pub fn reaches(self, at: End) -> Step {
        let bytes = self.bytes.clone();
        self.reaches_as(at, &bytes)
    }

    /// It arrives at `at` as `bytes`.
    pub fn reaches_as(self, at: End, bytes: &[u8]) -> Step {
        Step::Packet(self.also(at, bytes))
    }

    /// A copy of it arrives at `at` as `bytes`; more is to be said.
    pub fn also(mut self, at: End, bytes: &[u8]) -> Packet {
        let from = Some(Port { facing: at.party, lane: at.lane });
        self.arrivals.push(Arrival { at, from, bytes: bytes.to_vec() });
        self
    }

    /// Nothing else becomes of it.
    pub fn done(self) -> Step {
        Step::Packet(self)
    }

    /// It ends in the relay; it counts as received.
    pub fn ends(self) -> Step {
        Step::Packet(self)
    }

    /// It ends in the relay and counts as received and as an error.
    pub fn is_an_error(mut self) -> Step {
        self.errors = 1;
        Step::Packet(self)
    }

    /// It is turned away: an error, not received.
    pub fn is_refused(mut self) -> Step {
        self.errors = 1;
        self.counted = false;
        Step::Packet(self)
    }
}

/// The caller's RTP, in short.
pub(crate) const A: End = End::rtp(Party::A);
/// The callee's RTP, in short.
pub(crate) const B: End = End::rtp(Party::B);
/// The second callee's RTP, in short.
pub(crate) const C: End = End::rtp(Party::C);
/// The caller's RTCP, in short.
pub(crate) const A_RTCP: End = End::rtcp(Party::A);
/// The callee's RTCP, in short.
pub(crate) const B_RTCP: End = End::rtcp(Party::B);
