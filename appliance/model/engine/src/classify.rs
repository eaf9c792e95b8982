use flow::{Carries, DropReason};
use rtp::{Header, Kind};

/// What a packet is to the port it arrived at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class<'a> {
    /// RTP, its header checked.
    Rtp(Header<'a>),
    /// RTCP.
    Rtcp,
    /// Anything at an opaque port, and STUN and DTLS, which the two ends speak with each other through us.
    Opaque,
}

impl Class<'_> {
    /// True when the packet shows where the peer of such a port is. RTCP that strays to the RTP port does not:
    /// it may come from the peer's RTCP port.
    pub(crate) fn teaches(self, carries: Carries) -> bool {
        !(self == Class::Rtcp && carries.has_rtp())
    }
}

/// Tells what `payload` is at a port that `carries` this. STUN and DTLS pass only if `foreign` packets may.
pub(crate) fn classify(payload: &[u8], carries: Carries, foreign: bool) -> Result<Class<'_>, DropReason> {
    if carries == Carries::Opaque {
        return Ok(Class::Opaque);
    }
    match Kind::of(payload) {
        Kind::Rtp if carries == Carries::Rtcp => Err(DropReason::NotMedia),
        Kind::Rtp => match Header::parse(payload) {
            Ok(header) => Ok(Class::Rtp(header)),
            Err(rtp::Error::TooShort { .. }) => Err(DropReason::TooShort),
            Err(_) => Err(DropReason::NotMedia),
        },
        // four bytes of header and an SSRC: all that SRTCP leaves readable (RFC 3711 §3.4)
        Kind::Rtcp if payload.len() < 8 => Err(DropReason::TooShort),
        Kind::Rtcp => Ok(Class::Rtcp),
        Kind::Stun | Kind::Dtls if foreign => Ok(Class::Opaque),
        Kind::Stun | Kind::Dtls => Err(DropReason::NotMedia),
        Kind::Other if payload.len() < 2 => Err(DropReason::TooShort),
        Kind::Other => Err(DropReason::NotMedia),
    }
}
