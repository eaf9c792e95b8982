//! Who speaks, and where.

/// A party of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// The caller.
    A,
    /// The callee.
    B,
    /// A second callee, for fan-out.
    C,
}

/// RTP or its control; for opaque media only the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// The even port.
    Rtp,
    /// The odd one.
    Rtcp,
}

/// Where a party sends from, compared with where its SDP says it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Exactly there.
    Told,
    /// The same address, another port.
    OtherPort,
    /// Another address, the same port.
    OtherAddress,
    /// Neither address nor port.
    Stranger,
}

/// One socket on a party's side of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// Whose side it is on.
    pub party: Party,
    /// What it is for.
    pub lane: Lane,
    /// Where it is.
    pub place: Place,
}

impl End {
    /// The RTP socket where the party's SDP says.
    pub const fn rtp(party: Party) -> End {
        End { party, lane: Lane::Rtp, place: Place::Told }
    }

    /// The RTCP socket where the party's SDP says.
    pub const fn rtcp(party: Party) -> End {
        End { party, lane: Lane::Rtcp, place: Place::Told }
    }

    /// The same, elsewhere.
    pub const fn at(self, place: Place) -> End {
        End { place, ..self }
    }
}

/// One of the relay's ports: the one that faces a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// Who sends to it.
    pub facing: Party,
    /// What it is for.
    pub lane: Lane,
}

impl Port {
    /// The RTP port facing a party.
    pub const fn rtp(facing: Party) -> Port {
        Port { facing, lane: Lane::Rtp }
    }

    /// The RTCP port facing a party.
    pub const fn rtcp(facing: Party) -> Port {
        Port { facing, lane: Lane::Rtcp }
    }
}

/// Where a packet is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A port of the call.
    Port(Port),
    /// A port of the relay's address that no call owns, on the party's side.
    Nobody,
}

/// A packet that came out of the relay.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    /// The socket it came to.
    pub at: End,
    /// The relay's port it came from; `None`: from somewhere else.
    pub from: Option<Port>,
    /// UDP payload.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let head: String = self.bytes.iter().take(24).map(|byte| format!("{byte:02x}")).collect();
        let cut = if self.bytes.len() > 24 { "…" } else { "" };
        let End { party, lane, place } = self.at;
        write!(f, "{} bytes {head}{cut} at {party:?} {lane:?} {place:?} from ", self.bytes.len())?;
        match self.from {
            Some(port) => write!(f, "the {:?} port facing {:?}", port.lane, port.facing),
            None => write!(f, "none of the call's ports"),
        }
    }
}
