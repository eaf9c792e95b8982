//! SRTCP: `header | body | E, index | MKI | tag` with HMAC (RFC 3711 §3.4), `header | body | tag | E, index | MKI` with
//! AEAD (RFC 7714 §9.2); there a packet in clear is all associated data (§9.3).

use super::{Cipher, Side, Transform};
use crate::cipher::{AEAD_TAG, Aead};
use crate::suite::Encryption;
use subtle::ConstantTimeEq;

/// Bytes at the head of a compound that are never encrypted: the first header and its SSRC.
pub(crate) const HEADER: usize = 8;
/// The bit before the index: the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

impl Transform {
    /// The index in a packet of at least header and overhead.
    pub(crate) fn rtcp_index(&self, packet: &[u8]) -> u32 {
        self.rtcp_word(packet) & !ENCRYPTED
    }

    fn rtcp_word(&self, packet: &[u8]) -> u32 {
        let behind = self.mki.len() + if self.suite.is_aead() { 0 } else { self.suite.rtcp_tag_len() };
        let at = packet.len() - behind - 4;
        u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]])
    }

    /// Opens a packet of at least header and overhead; its new length, or `None` if it is not authentic. Without
    /// AEAD, a packet that is not authentic stays as it was.
    pub(crate) fn open_rtcp(&self, packet: &mut [u8], ssrc: u32) -> Option<usize> {
        let end = packet.len() - self.rtcp_overhead();
        let word = self.rtcp_word(packet);
        let encrypted = word & ENCRYPTED != 0;
        match &self.rtcp {
            Side::Mac { cipher, mac } => {
                let (covered, trailer) = packet.split_at_mut(end + 4);
                let tag = mac.tag(covered, &[]);
                let theirs = &trailer[self.mki.len()..];
                if !bool::from(tag[..theirs.len()].ct_eq(theirs)) {
                    return None;
                }
                if encrypted {
                    cipher.apply_rtcp(&mut covered[..end], ssrc, word);
                }
            }
            Side::Aead { cipher, salt } => {
                let nonce = salt.nonce(ssrc, u64::from(word & !ENCRYPTED));
                let authentic = if encrypted {
                    let (header, rest) = packet[..end + AEAD_TAG].split_at_mut(HEADER);
                    cipher.open(nonce, &associated(header, word), rest)
                } else {
                    let mut tag = [0; AEAD_TAG];
                    tag.copy_from_slice(&packet[end..end + AEAD_TAG]);
                    packet[end..end + 4].copy_from_slice(&word.to_be_bytes());
                    cipher.open(nonce, &packet[..end + 4], &mut tag)
                };
                if !authentic {
                    return None;
                }
            }
        }
        Some(end)
    }

    /// Seals the first `len` bytes of a buffer that has room for the overhead, with a 31-bit index; the packet's new
    /// length.
    pub(crate) fn seal_rtcp(&self, buffer: &mut [u8], len: usize, ssrc: u32, index: u32) -> usize {
        let sealed = len + self.rtcp_overhead();
        let encrypted = !self.options.clear_rtcp && self.suite.encryption() != Encryption::Null;
        let word = if encrypted { index | ENCRYPTED } else { index };
        let buffer = &mut buffer[..sealed];
        match &self.rtcp {
            Side::Mac { cipher, mac } => {
                if encrypted {
                    cipher.apply_rtcp(&mut buffer[..len], ssrc, word);
                }
                buffer[len..len + 4].copy_from_slice(&word.to_be_bytes());
                let (covered, trailer) = buffer.split_at_mut(len + 4);
                let (mki, tag) = trailer.split_at_mut(self.mki.len());
                mki.copy_from_slice(self.mki.as_bytes());
                tag.copy_from_slice(&mac.tag(covered, &[])[..tag.len()]);
            }
            Side::Aead { cipher, salt } => {
                let nonce = salt.nonce(ssrc, u64::from(index));
                let tag = if encrypted {
                    let (header, body) = buffer[..len].split_at_mut(HEADER);
                    cipher.seal(nonce, &associated(header, word), body)
                } else {
                    buffer[len..len + 4].copy_from_slice(&word.to_be_bytes());
                    cipher.seal(nonce, &buffer[..len + 4], &mut [])
                };
                let trailer = &mut buffer[len..];
                trailer[..AEAD_TAG].copy_from_slice(&tag);
                trailer[AEAD_TAG..AEAD_TAG + 4].copy_from_slice(&word.to_be_bytes());
                trailer[AEAD_TAG + 4..].copy_from_slice(self.mki.as_bytes());
            }
        }
        sealed
    }
}

/// The associated data of an encrypted packet (RFC 7714 §9.2).
fn associated(header: &[u8], word: u32) -> [u8; HEADER + 4] {
    let mut data = [0; HEADER + 4];
    data[..HEADER].copy_from_slice(header);
    data[HEADER..].copy_from_slice(&word.to_be_bytes());
    data
}

impl Cipher {
    fn apply_rtcp(&self, packet: &mut [u8], ssrc: u32, word: u32) {
        let (header, body) = packet.split_at_mut(HEADER);
        match self {
            Cipher::Null => {}
            Cipher::Counter(counter) => counter.apply(ssrc, u64::from(word & !ENCRYPTED), body),
            Cipher::Feedback(feedback) => {
                // RFC 3711 §4.1.2.3: `00 00 00 00 || E || index || V, P, RC, PT, length, SSRC`.
                let mut iv = [0; 16];
                iv[4..8].copy_from_slice(&word.to_be_bytes());
                iv[8..].copy_from_slice(header);
                feedback.apply(u128::from_be_bytes(iv), body);
            }
        }
    }
}
