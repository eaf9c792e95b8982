//! Keys in the base64 of SDES (RFC 4568 §6.1). One of our own, because it must wipe what it read.

use crate::key::MAX_MASTER;
use crate::{Error, MasterKey, Suite};
use zeroize::Zeroizing;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl MasterKey {
    /// Reads the base64 behind `inline:`, with or without padding.
    ///
    /// # Errors
    /// [`Error::NotBase64`]; [`Error::KeyLength`] when it is not as long as the suite wants.
    pub fn parse_inline(suite: Suite, text: &[u8]) -> Result<MasterKey, Error> {
        let padded = text.len();
        let text = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
        if padded != text.len() && !padded.is_multiple_of(4) {
            return Err(Error::NotBase64);
        }
        let needed = suite.key_len() + suite.salt_len();
        let len = text.len() * 3 / 4;
        if len > MAX_MASTER {
            return Err(Error::KeyLength { suite, len, needed });
        }
        let mut bytes = Zeroizing::new([0; MAX_MASTER]);
        let mut used = 0;
        for group in text.chunks(4) {
            let mut bits = 0;
            for &symbol in group {
                bits = bits << 6 | value(symbol)?;
            }
            let whole = match group.len() {
                4 => 3,
                3 => 2,
                2 => 1,
                _ => return Err(Error::NotBase64),
            };
            bits <<= 6 * (4 - group.len());
            // Bits of the last symbol that belong to no byte are left alone: clients do send them.
            bytes[used..used + whole].copy_from_slice(&bits.to_be_bytes()[1..1 + whole]);
            used += whole;
        }
        MasterKey::new(suite, &bytes[..used])
    }

    /// Key and salt in base64, as SDES has them behind `inline:`. Not for logs.
    pub fn expose_inline(&self, padded: bool) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(MAX_MASTER.div_ceil(3) * 4));
        for group in self.expose().chunks(3) {
            let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for at in 0..4 {
                if at <= group.len() {
                    text.push(char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63]));
                } else if padded {
                    text.push('=');
                }
            }
        }
        text
    }
}

fn value(symbol: u8) -> Result<u32, Error> {
    Ok(u32::from(match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return Err(Error::NotBase64),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_key_of_the_rfc_is_read() {
        // RFC 4568 §6.1: the example of AES_CM_128_HMAC_SHA1_80.
        let text = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
        let key = MasterKey::parse_inline(Suite::AesCm128HmacSha1_80, text.as_bytes()).unwrap();
        assert_eq!(key.expose(), b"wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#");
        assert_eq!(*key.expose_inline(false), text);
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        let suite = Suite::AeadAes128Gcm;
        let good = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(MasterKey::parse_inline(suite, good.as_bytes()).is_ok());
        assert!(MasterKey::parse_inline(suite, format!("{good}==").as_bytes()).is_ok());
        for bad in
            [format!("{good}="), format!("{good}==="), good.replacen('A', "-", 1), good.replace("AA", "A=")]
        {
            assert_eq!(MasterKey::parse_inline(suite, bad.as_bytes()), Err(Error::NotBase64), "{bad}");
        }
        for bad in ["", "AAAA", &"A".repeat(64), &"A".repeat(10_000)] {
            let got = MasterKey::parse_inline(suite, bad.as_bytes());
            assert!(matches!(got, Err(Error::KeyLength { .. })), "{got:?}");
        }
    }

    proptest! {
        #[test]
        fn every_key_is_found_again(pick in 0..Suite::ALL.len(), bytes: [u8; MAX_MASTER], padded: bool) {
            let suite = Suite::ALL[pick];
            let key = MasterKey::new(suite, &bytes[..suite.key_len() + suite.salt_len()]).unwrap();
            let text = key.expose_inline(padded);
            prop_assert!(!padded || text.len().is_multiple_of(4));
            prop_assert_eq!(MasterKey::parse_inline(suite, text.as_bytes()).unwrap(), key);
        }

        #[test]
        fn any_text_is_read_or_refused(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            for suite in Suite::ALL {
                let _ = MasterKey::parse_inline(suite, &text);
            }
        }
    }
}
