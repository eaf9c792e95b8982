//! SDES keys (RFC 4568).

use crate::{Field, Text};
use std::fmt;

/// `a=crypto`: `TAG SUITE KEY-PARAMS [SESSION-PARAMS]`. `Debug` does not show the keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Crypto<'a> {
    /// 1 to 9 digits.
    pub tag: u32,
    /// `AES_CM_128_HMAC_SHA1_80`, …, as spelled.
    pub suite: Field<'a>,
    /// One or more `inline:…` separated by semicolons.
    pub key_params: Field<'a>,
    /// What follows, words separated by a space; mostly empty.
    pub session_params: Field<'a>,
}

impl<'a> Crypto<'a> {
    /// Reads a value.
    pub fn parse(value: Text<'a>) -> Option<Crypto<'a>> {
        let (tag, rest) = cut(value)?;
        let (suite, rest) = cut(rest)?;
        let (keys, session) = cut(rest)?;
        Some(Crypto {
            tag: tag.number().filter(|&t: &u32| t < 1_000_000_000)?,
            suite: suite.into(),
            key_params: keys.into(),
            session_params: session.into(),
        })
    }

    /// The keys, in order; those of another method than `inline` are left out.
    pub fn keys(&self) -> impl Iterator<Item = InlineKey<'_>> {
        self.key_params.split(|&b| b == b';').filter_map(|k| InlineKey::parse(Text::new(k)))
    }

    /// The same, no longer borrowing from the body.
    pub fn into_owned(self) -> Crypto<'static> {
        Crypto {
            tag: self.tag,
            suite: self.suite.into_owned(),
            key_params: self.key_params.into_owned(),
            session_params: self.session_params.into_owned(),
        }
    }

    /// The session parameters, in order (`KDR=…`, `UNENCRYPTED_SRTP`, `WSH=…`, …).
    pub fn session_words(&self) -> impl Iterator<Item = Text<'_>> {
        self.session_params.as_text().words()
    }
}

impl fmt::Debug for Crypto<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crypto")
            .field("tag", &self.tag)
            .field("suite", &self.suite)
            .field("session_params", &self.session_params)
            .finish_non_exhaustive()
    }
}

fn cut(text: Text<'_>) -> Option<(Text<'_>, Text<'_>)> {
    let text = text.trimmed();
    (!text.is_empty()).then(|| text.split_once(b' ').unwrap_or((text, Text::default())))
}

/// One `inline:KEY[|LIFETIME][|MKI:LENGTH]`. `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InlineKey<'a> {
    /// Base64 of key and salt, padding as received.
    pub key: Text<'a>,
    /// Lifetime in packets as spelled (`2^31`).
    pub lifetime: Option<Text<'a>>,
    /// Master key identifier: value, and its length in bytes on the wire.
    pub mki: Option<(Text<'a>, u8)>,
}

impl<'a> InlineKey<'a> {
    /// Reads one key.
    pub fn parse(text: Text<'a>) -> Option<InlineKey<'a>> {
        let bare = Text::new(text.as_bytes().trim_ascii().strip_prefix(b"inline:")?);
        let mut parts = bare.as_bytes().split(|&b| b == b'|').map(Text::new);
        let key = parts.next().filter(|k| !k.is_empty())?;
        let (mut lifetime, mut mki) = (None, None);
        for part in parts {
            match part.split_once(b':') {
                Some((value, len)) => mki = Some((value, len.number().filter(|&n: &u8| n > 0 && n <= 128)?)),
                None if lifetime.is_none() && !part.is_empty() => lifetime = Some(part),
                None => return None,
            }
        }
        Some(InlineKey { key, lifetime, mki })
    }
}

impl fmt::Debug for InlineKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InlineKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetime_and_mki_are_told_apart() {
        let value =
            "2 AES_CM_128_HMAC_SHA1_32 inline:c2VjcmV0|2^31|7:4;inline:b3RoZXI=|12:2 KDR=1 UNENCRYPTED_SRTP";
        let crypto = Crypto::parse(value.into()).unwrap();
        assert_eq!(crypto.tag, 2);
        assert_eq!(crypto.suite, "AES_CM_128_HMAC_SHA1_32");
        let keys: Vec<_> = crypto.keys().collect();
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[0].key, "c2VjcmV0");
        assert_eq!(keys[0].lifetime.unwrap(), "2^31");
        assert_eq!(keys[0].mki, Some((Text::new(b"7"), 4)));
        assert_eq!(keys[1].key, "b3RoZXI=");
        assert_eq!((keys[1].lifetime, keys[1].mki), (None, Some((Text::new(b"12"), 2))));
        let words: Vec<_> = crypto.session_words().collect();
        assert_eq!(words, [Text::new(b"KDR=1"), Text::new(b"UNENCRYPTED_SRTP")]);
    }

    #[test]
    fn malformed_lines_are_none() {
        for value in ["", "1", "1 SUITE", "x SUITE inline:k", "1000000000 SUITE inline:k"] {
            assert!(Crypto::parse(value.into()).is_none(), "{value}");
        }
        for key in ["k", "inline:", "inline:k||", "inline:k|1:0", "inline:k|1:129", "inline:k|1|2"] {
            assert!(InlineKey::parse(key.into()).is_none(), "{key}");
        }
    }

    #[test]
    fn debug_does_not_tell_the_key() {
        let crypto = Crypto::parse("1 S inline:c2VjcmV0".into()).unwrap();
        let shown = format!("{crypto:?} {:?}", crypto.keys().next().unwrap());
        assert!(!shown.contains("c2VjcmV0"), "{shown}");
    }
}
