//! The two seals of a STUN message: HMAC-SHA1 with the password, CRC-32 without (RFC 8489 §14.5, §14.7).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// HMAC-SHA1 over the parts one after another.
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Whether `seal` is the HMAC-SHA1 over the parts; takes equally long for every wrong one.
pub(crate) fn is_hmac(key: &[u8], parts: &[&[u8]], seal: &[u8]) -> bool {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(seal).is_ok()
}

fn keyed(key: &[u8]) -> Hmac<Sha1> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// The FINGERPRINT over the parts.
pub(crate) fn fingerprint(parts: &[&[u8]]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    for part in parts {
        crc.update(part);
    }
    crc.finalize() ^ 0x5354_554e
}
