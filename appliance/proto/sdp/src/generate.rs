//! Identifiers we make up. Randomness is an argument: each function takes as many random bytes as it needs.

/// RFC 8839's `ice-char` without `+` and `/`, which some clients put into URIs unescaped.
const ICE: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const HEX: &[u8; 16] = b"0123456789abcdef";

fn ice_text<const N: usize>(random: [u8; N]) -> String {
    random.iter().map(|b| char::from(ICE[usize::from(b % 62)])).collect()
}

fn hex_text(random: &[u8]) -> String {
    random.iter().flat_map(|b| [b >> 4, b & 15]).map(|n| char::from(HEX[usize::from(n)])).collect()
}

/// `a=ice-ufrag`: 8 characters, a little under 48 bits.
pub fn ice_ufrag(random: [u8; 8]) -> String {
    ice_text(random)
}

/// `a=ice-pwd`: 26 characters, some 154 bits (RFC 8445 §5.3 wants 128).
pub fn ice_pwd(random: [u8; 26]) -> String {
    ice_text(random)
}

/// The foundation of a candidate: 16 characters.
pub fn foundation(random: [u8; 16]) -> String {
    ice_text(random)
}

/// `a=tls-id`: 32 hex digits (RFC 8842 §5).
pub fn tls_id(random: [u8; 16]) -> String {
    hex_text(&random)
}

/// The mark of `loop-protect`: 12 hex digits.
pub fn loop_mark(random: [u8; 6]) -> String {
    hex_text(&random)
}

/// The session id of an `o=` of our own: digits, at most 63 bits as clients with signed numbers can read.
pub fn session_id(random: [u8; 8]) -> String {
    (u64::from_be_bytes(random) >> 1).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_alphabets() {
        let bytes: [u8; 26] = std::array::from_fn(|i| (i * 37) as u8);
        let head: [u8; 16] = std::array::from_fn(|i| bytes[i]);
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        for (text, len) in [
            (ice_ufrag([255; 8]), 8),
            (ice_pwd(bytes), 26),
            (foundation(head), 16),
            (tls_id(head), 32),
            (loop_mark([0xa5; 6]), 12),
        ] {
            assert_eq!(text.len(), len, "{text}");
            assert!(plain(&text), "{text}");
        }
        assert_eq!(loop_mark([0xa5; 6]), "a5a5a5a5a5a5");
        assert_eq!(session_id([255; 8]), i64::MAX.to_string());
    }

    #[test]
    fn every_letter_can_be_chosen() {
        let all: std::collections::BTreeSet<char> =
            (0..=255u8).flat_map(|b| ice_ufrag([b; 8]).chars().collect::<Vec<_>>()).collect();
        assert_eq!(all.len(), 62);
    }
}
