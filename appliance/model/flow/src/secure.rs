use srtp::{Setup, SsrcState};
use std::sync::Arc;

/// One media section of one party, as far as keys go: every port that faces it shares rollover counters, windows and
/// SRTCP indices, so that no index is used twice under one key. Never used for two sections in the life of the
/// process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId {
    /// Serial number of the call.
    pub call: u64,
    /// Party and section within the call, and 1 in the lowest bit for RTCP with keys of its own (DTLS without
    /// rtcp-mux).
    pub part: u32,
}

impl SessionId {
    /// The session of section `media` of party `party`.
    pub const fn new(call: u64, party: usize, media: usize) -> SessionId {
        SessionId { call, part: (party as u32) << 16 | (media as u32 & 0x7fff) << 1 }
    }

    /// The session of the same section for an RTCP port with keys of its own.
    pub const fn for_rtcp(self) -> SessionId {
        SessionId { part: self.part | 1, ..self }
    }

    /// The session without regard to the component: what ICE and DTLS agents are known by.
    pub const fn of_section(self) -> SessionId {
        SessionId { part: self.part & !1, ..self }
    }

    /// Party and section within the call.
    pub const fn place(self) -> (usize, usize) {
        ((self.part >> 16) as usize, (self.part >> 1 & 0x7fff) as usize)
    }
}

/// How what arrives at a port is opened, and how what leaves through it is sealed (RFC 3711).
///
/// A flow without it is plain RTP, or secured end to end by keys that both ends have: its bytes pass as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// Whose state it is.
    pub session: SessionId,
    /// What arrives at the port.
    pub arriving: Protection,
    /// What leaves through it.
    pub leaving: Protection,
}

/// How one direction is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Not at all.
    Plain,
    /// By keys that are not known yet (the handshake goes on, the answer has not come): nothing passes.
    Awaited,
    /// By these keys.
    Srtp(Arc<Setup>),
}

impl Protection {
    /// The keys, if it has any.
    pub fn keys(&self) -> Option<&Arc<Setup>> {
        match self {
            Protection::Srtp(setup) => Some(setup),
            Protection::Plain | Protection::Awaited => None,
        }
    }

    /// True while nothing can pass.
    pub fn is_awaited(&self) -> bool {
        matches!(self, Protection::Awaited)
    }
}

/// How far the sources of a flow have come: what the path that has it tells the one that gets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Of what arrived at the port and was opened.
    pub opened: Vec<SsrcState>,
    /// Of what left through the port and was sealed.
    pub sealed: Vec<SsrcState>,
}

impl Progress {
    /// Nothing was opened or sealed.
    pub fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.sealed.is_empty()
    }

    /// Adds what another path has opened and sealed of the same flow.
    pub fn join(&mut self, other: &Progress) {
        join(&mut self.opened, &other.opened);
        join(&mut self.sealed, &other.sealed);
    }
}

fn join(mine: &mut Vec<SsrcState>, others: &[SsrcState]) {
    for other in others {
        match mine.iter_mut().find(|known| known.ssrc == other.ssrc) {
            Some(known) => *known = known.join(*other),
            None => mine.push(*other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_names_its_section() {
        let session = SessionId::new(7, 3, 12);
        assert_eq!(session.place(), (3, 12));
        assert_eq!(session.for_rtcp().place(), (3, 12));
        assert_ne!(session.for_rtcp(), session);
        assert_eq!(session.for_rtcp().of_section(), session);
        assert_ne!(SessionId::new(7, 3, 13), SessionId::new(7, 4, 12));
    }
}
