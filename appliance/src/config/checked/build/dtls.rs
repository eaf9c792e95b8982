//! DTLS-SRTP.

use super::Builder;
use crate::config::checked::{Certificate, Dtls};
use crate::config::raw;

/// OpenSSL takes other sizes too, but these make no sense.
const RSA_BITS: std::ops::RangeInclusive<u32> = 1024..=8192;
/// Every path carries more than the first; a record does not get larger than the second.
const MTU: (u16, u16) = (576, 16_384);

impl Builder<'_> {
    /// `None` after a finding that leaves nothing to go on with.
    pub(super) fn dtls(&mut self, raw: &raw::Dtls) -> Option<Dtls> {
        let certificate = match raw.certificate.to_ascii_lowercase().as_str() {
            "prime256v1" => Some(Certificate::EcdsaP256),
            "rsa" => Some(Certificate::Rsa(raw.rsa_key_size)),
            other => {
                self.wrong_word("dtls.certificate", "a kind of certificate", other, &["prime256v1", "RSA"]);
                None
            }
        };
        let sha1_signature = match raw.signature.to_ascii_uppercase().as_str() {
            "SHA-256" => Some(false),
            "SHA-1" => Some(true),
            other => {
                self.wrong_word("dtls.signature", "a signature hash", other, &["SHA-256", "SHA-1"]);
                None
            }
        };
        if !RSA_BITS.contains(&raw.rsa_key_size) {
            let message = format!("an RSA key of {} bits is not made", raw.rsa_key_size);
            self.wrong("dtls.rsa-key-size", message, "1024 to 8192");
        }
        if raw.mtu < MTU.0 {
            let message = format!("{} bytes are too few for DTLS packets", raw.mtu);
            self.wrong("dtls.mtu", message, format!("{} at least", MTU.0));
        }
        Some(Dtls {
            passive: raw.passive,
            certificate: certificate?,
            sha1_signature: sha1_signature?,
            mtu: raw.mtu.min(MTU.1),
            ciphers: raw.ciphers.clone().filter(|list| !list.is_empty()),
        })
    }
}
