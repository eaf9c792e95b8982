use crate::sent::RtpSeen;
use flow::{Carries, DropReason, PuntReason};
use rtp::{Header, Kind};

/// What a packet is to the port it arrived at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// RTP, its header checked.
    Rtp(RtpSeen),
    /// RTCP.
    Rtcp,
    /// Anything at an opaque port, and STUN and DTLS, which the two ends speak with each other through us.
    Opaque,
    /// STUN or DTLS for the agents of the port.
    Handshake(PuntReason),
}

impl Class {
    /// True when the packet shows where the peer of such a port is. RTCP that strays to the RTP port does not:
    /// it may come from the peer's RTCP port.
    pub(crate) fn teaches(self, carries: Carries) -> bool {
        !(self == Class::Rtcp && carries.has_rtp())
    }
}

/// Whose STUN and DTLS are that arrive at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshakes {
    /// Nobody's.
    Nobodys,
    /// The two ends', who speak them with each other through us.
    Ends,
    /// Our agents'.
    Ours,
}

/// Tells what `payload` is at a port that `carries` this.
pub(crate) fn classify(
    payload: &[u8],
    carries: Carries,
    handshakes: Handshakes,
) -> Result<Class, DropReason> {
    let kind = Kind::of(payload);
    match (kind, handshakes) {
        (Kind::Stun, Handshakes::Ours) => return Ok(Class::Handshake(PuntReason::Stun)),
        (Kind::Dtls, Handshakes::Ours) => return Ok(Class::Handshake(PuntReason::Dtls)),
        _ if carries == Carries::Opaque => return Ok(Class::Opaque),
        _ => {}
    }
    match kind {
        Kind::Rtp if carries == Carries::Rtcp => Err(DropReason::NotMedia),
        Kind::Rtp => match Header::parse(payload) {
            Ok(header) => Ok(Class::Rtp(RtpSeen::of(&header))),
            Err(rtp::Error::TooShort { .. }) => Err(DropReason::TooShort),
            Err(_) => Err(DropReason::NotMedia),
        },
        // four bytes of header and an SSRC: all that SRTCP leaves readable (RFC 3711 §3.4)
        Kind::Rtcp if payload.len() < 8 => Err(DropReason::TooShort),
        Kind::Rtcp => Ok(Class::Rtcp),
        Kind::Stun | Kind::Dtls if handshakes == Handshakes::Ends => Ok(Class::Opaque),
        Kind::Stun | Kind::Dtls => Err(DropReason::NotMedia),
        Kind::Other if payload.len() < 2 => Err(DropReason::TooShort),
        Kind::Other => Err(DropReason::NotMedia),
    }
}
