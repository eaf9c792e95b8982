//! DTLS-SRTP parameters (RFC 8122, RFC 8842).

use crate::Text;

/// `a=setup` (RFC 4145): who opens the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the role of that name")]
pub enum Setup {
    Active,
    Passive,
    Actpass,
    Holdconn,
}

impl Setup {
    /// Reads a role, case ignored.
    pub fn parse(value: Text<'_>) -> Option<Setup> {
        [Setup::Active, Setup::Passive, Setup::Actpass, Setup::Holdconn]
            .into_iter()
            .find(|s| value.same(s.as_str()))
    }

    /// The role's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Setup::Active => "active",
            Setup::Passive => "passive",
            Setup::Actpass => "actpass",
            Setup::Holdconn => "holdconn",
        }
    }
}

/// `a=fingerprint`: hash name and hash of the peer's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint<'a> {
    /// `sha-256`, …, as spelled; hash names ignore case.
    pub hash: Text<'a>,
    /// Two hex digits per byte with colons between, as spelled.
    pub digest: Text<'a>,
}

impl<'a> Fingerprint<'a> {
    /// Reads `HASH DIGEST`. The digest's length is not compared with the hash.
    pub fn parse(value: Text<'a>) -> Option<Fingerprint<'a>> {
        let mut words = value.words();
        let (hash, digest) = (words.next()?, words.next()?);
        (words.next().is_none() && digest.iter().all(|b| b.is_ascii_hexdigit() || *b == b':'))
            .then_some(Fingerprint { hash, digest })
    }

    /// Decodes the digest into `out` and gives its length in bytes; `None` if it is not pairs of hex digits with
    /// colons between or does not fit.
    pub fn decode(&self, out: &mut [u8]) -> Option<usize> {
        let mut len = 0;
        for pair in self.digest.as_bytes().split(|&b| b == b':') {
            let pair = std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?;
            *out.get_mut(len)? = u8::from_str_radix(pair, 16).ok()?;
            len += 1;
        }
        Some(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_decode() {
        let f = Fingerprint::parse("SHA-1 0A:ff:10".into()).unwrap();
        let mut out = [0; 4];
        assert!(f.hash.same("sha-1"));
        assert_eq!(f.decode(&mut out), Some(3));
        assert_eq!(out, [0x0a, 0xff, 0x10, 0]);
        assert_eq!(f.decode(&mut [0; 2]), None, "too long for the place");
        for value in ["", "sha-256", "sha-256 GG:00", "sha-256 AA BB"] {
            assert_eq!(Fingerprint::parse(value.into()), None, "{value}");
        }
        assert_eq!(Fingerprint::parse("sha-256 A:BB".into()).unwrap().decode(&mut out), None);
    }

    #[test]
    fn setup_roles() {
        for role in [Setup::Active, Setup::Passive, Setup::Actpass, Setup::Holdconn] {
            assert_eq!(Setup::parse(role.as_str().to_uppercase().as_str().into()), Some(role));
        }
        assert_eq!(Setup::parse("foo".into()), None);
    }
}
