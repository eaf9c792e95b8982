//! SRTP: `header | payload | MKI | tag` with HMAC (RFC 3711 §3.1), `header | payload | tag | MKI` with AEAD
//! (RFC 7714 §8.2).

use super::{Cipher, Side, Transform};
use crate::Tag;
use crate::cipher::{AEAD_TAG, Aead, Message};
use subtle::ConstantTimeEq;

/// What of an RTP packet its protection depends on. The header's length is proved.
#[derive(Clone, Copy)]
pub(crate) struct RtpAt {
    /// Bytes of header, sources and extension.
    pub(crate) header: usize,
    pub(crate) ssrc: u32,
    /// 48 bits.
    pub(crate) index: u64,
}

impl RtpAt {
    /// Rollover counter.
    pub(crate) fn roc(&self) -> u32 {
        (self.index >> 16) as u32
    }
}

impl Transform {
    /// What the tag of a packet under HMAC is made of: all before the identifier, and the rollover counter.
    pub(crate) fn rtp_message<'a>(&'a self, body: &'a [u8], roc: u32) -> Option<Message<'a>> {
        match &self.rtp {
            Side::Mac { mac, .. } => Some(Message { mac, data: body, suffix: roc.to_be_bytes() }),
            Side::Aead { .. } => None,
        }
    }

    /// Opens a packet of at least header and overhead; its new length, or `None` if it is not authentic. Without
    /// AEAD, a packet that is not authentic stays as it was. `tag` is what its tag ought to be, if that was made already.
    pub(crate) fn open_rtp(&self, packet: &mut [u8], at: RtpAt, tag: Option<&Tag>) -> Option<usize> {
        let end = packet.len() - self.rtp_overhead();
        match &self.rtp {
            Side::Mac { cipher, mac } => {
                let (body, trailer) = packet.split_at_mut(end);
                if self.authenticates_rtp() {
                    let tag = tag.map_or_else(|| mac.tag(body, &at.roc().to_be_bytes()), |tag| tag.0);
                    let theirs = &trailer[self.mki.len()..];
                    if !bool::from(tag[..theirs.len()].ct_eq(theirs)) {
                        return None;
                    }
                }
                if !self.options.clear_rtp {
                    cipher.apply_rtp(body, at);
                }
            }
            Side::Aead { cipher, salt } => {
                let split = self.associated_len(end, at);
                let (header, rest) = packet[..end + AEAD_TAG].split_at_mut(split);
                if !cipher.open(salt.nonce(at.ssrc, at.index), header, rest) {
                    return None;
                }
            }
        }
        Some(end)
    }

    /// Seals the first `len` bytes of a buffer that has room for the overhead; the packet's new length. Under HMAC its tag
    /// is still to be written.
    pub(crate) fn seal_rtp(&self, buffer: &mut [u8], len: usize, at: RtpAt) -> usize {
        let sealed = len + self.rtp_overhead();
        let (body, trailer) = buffer[..sealed].split_at_mut(len);
        match &self.rtp {
            Side::Mac { cipher, .. } => {
                if !self.options.clear_rtp {
                    cipher.apply_rtp(body, at);
                }
                trailer[..self.mki.len()].copy_from_slice(self.mki.as_bytes());
            }
            Side::Aead { cipher, salt } => {
                let (header, payload) = body.split_at_mut(self.associated_len(len, at));
                let (tag, mki) = trailer.split_at_mut(AEAD_TAG);
                tag.copy_from_slice(&cipher.seal(salt.nonce(at.ssrc, at.index), header, payload));
                mki.copy_from_slice(self.mki.as_bytes());
            }
        }
        sealed
    }
}

impl Transform {
    /// How many of the packet's `len` bytes AEAD authenticates without encrypting them.
    fn associated_len(&self, len: usize, at: RtpAt) -> usize {
        if self.options.clear_rtp { len } else { at.header }
    }
}

impl Cipher {
    fn apply_rtp(&self, body: &mut [u8], at: RtpAt) {
        match self {
            Cipher::Null => {}
            Cipher::Counter(counter) => counter.apply(at.ssrc, at.index, &mut body[at.header..]),
            Cipher::Feedback(feedback) => {
                // RFC 3711 §4.1.2.2: `00 || M || PT || SEQ || TS || SSRC || ROC`.
                let mut iv = [0; 16];
                iv[1..12].copy_from_slice(&body[1..12]);
                iv[12..].copy_from_slice(&at.roc().to_be_bytes());
                feedback.apply(u128::from_be_bytes(iv), &mut body[at.header..]);
            }
        }
    }
}
