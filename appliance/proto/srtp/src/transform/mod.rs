//! Packets under one set of keys: where their parts lie, and what is done to them. Knows nothing of earlier packets.

mod rtcp;
mod rtp;
#[cfg(test)]
mod tests;

pub(crate) use rtcp::HEADER as RTCP_HEADER;
pub(crate) use rtp::RtpAt;

use crate::cipher::{Aead, Counter, Feedback, Gcm, Mac};
use crate::suite::Encryption;
use crate::{KeySet, Mki, Options, SessionKeys, Suite};
use zeroize::Zeroize;

/// All that one direction needs of its setup.
pub(crate) struct Transform {
    rtp: Side,
    rtcp: Side,
    suite: Suite,
    options: Options,
    mki: Mki,
}

/// Keyed state of SRTP or of SRTCP.
#[allow(clippy::large_enum_variant, reason = "a packet under the usual suites should not follow a pointer")]
enum Side {
    /// Encrypt, then authenticate (RFC 3711 §3.3).
    Mac { cipher: Cipher, mac: Mac },
    /// Both at once (RFC 7714).
    Aead { cipher: Gcm, salt: Salt },
}

#[allow(clippy::large_enum_variant, reason = "as above")]
enum Cipher {
    Null,
    Counter(Counter),
    /// Two key schedules, and rarely used: elsewhere.
    Feedback(Box<Feedback>),
}

/// The 96 bits that nonces of AEAD are mixed with.
struct Salt([u8; 12]);

impl Drop for Salt {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Transform {
    pub(crate) fn new(keys: &SessionKeys, options: Options, mki: Mki) -> Transform {
        Transform {
            rtp: Side::new(&keys.rtp),
            rtcp: Side::new(&keys.rtcp),
            suite: keys.rtp.suite(),
            options,
            mki,
        }
    }

    pub(crate) fn suite(&self) -> Suite {
        self.suite
    }

    /// SRTP packets carry a tag.
    pub(crate) fn authenticates_rtp(&self) -> bool {
        !self.options.unauthenticated_rtp
    }

    /// Bytes of that tag.
    pub(crate) fn rtp_tag_len(&self) -> usize {
        if self.authenticates_rtp() { self.suite.rtp_tag_len() } else { 0 }
    }

    /// Bytes that sealing adds to an RTP packet.
    pub(crate) fn rtp_overhead(&self) -> usize {
        self.rtp_tag_len() + self.mki.len()
    }

    /// Bytes that sealing adds to an RTCP packet.
    pub(crate) fn rtcp_overhead(&self) -> usize {
        self.suite.rtcp_tag_len() + 4 + self.mki.len()
    }
}

impl Side {
    fn new(keys: &KeySet) -> Side {
        let cipher = match keys.suite().encryption() {
            Encryption::Null => Cipher::Null,
            Encryption::Counter => Cipher::Counter(Counter::new(keys.cipher(), keys.salt())),
            Encryption::Feedback => Cipher::Feedback(Box::new(Feedback::new(keys.cipher(), keys.salt()))),
            Encryption::Gcm => {
                let mut salt = Salt([0; 12]);
                salt.0.copy_from_slice(keys.salt());
                return Side::Aead { cipher: Gcm::new(keys.cipher()), salt };
            }
        };
        Side::Mac { cipher, mac: Mac::new(keys.auth()) }
    }
}

impl Salt {
    /// `00 00 || SSRC || index in 48 bits`, mixed with the salt: of SRTP (RFC 7714 §8.1), and of SRTCP, whose index
    /// has zeroes in front (§9.1).
    fn nonce(&self, ssrc: u32, index: u64) -> [u8; 12] {
        let mut nonce = self.0;
        let varying = u128::from(ssrc) << 48 | u128::from(index);
        for (byte, varying) in nonce.iter_mut().zip(&varying.to_be_bytes()[4..]) {
            *byte ^= varying;
        }
        nonce
    }
}
