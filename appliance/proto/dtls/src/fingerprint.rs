use crate::Error;
use openssl::hash::MessageDigest;
use openssl::memcmp;
use openssl::x509::X509Ref;
use std::fmt;

/// A hash function of `a=fingerprint` (RFC 8122 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the function of that name; from weak to strong")]
pub enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// All of them, from weak to strong.
    pub const ALL: [Hash; 6] =
        [Hash::Md5, Hash::Sha1, Hash::Sha224, Hash::Sha256, Hash::Sha384, Hash::Sha512];

    /// Finds a function by name, case ignored.
    pub fn parse(name: &[u8]) -> Option<Hash> {
        Hash::ALL.into_iter().find(|hash| hash.as_str().as_bytes().eq_ignore_ascii_case(name))
    }

    /// Its name in SDP.
    pub fn as_str(self) -> &'static str {
        match self {
            Hash::Md5 => "md5",
            Hash::Sha1 => "sha-1",
            Hash::Sha224 => "sha-224",
            Hash::Sha256 => "sha-256",
            Hash::Sha384 => "sha-384",
            Hash::Sha512 => "sha-512",
        }
    }

    /// Bytes of its value.
    pub fn value_len(self) -> usize {
        match self {
            Hash::Md5 => 16,
            Hash::Sha1 => 20,
            Hash::Sha224 => 28,
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
            Hash::Sha512 => 64,
        }
    }

    fn function(self) -> Option<MessageDigest> {
        match self {
            Hash::Md5 => None,
            Hash::Sha1 => Some(MessageDigest::sha1()),
            Hash::Sha224 => Some(MessageDigest::sha224()),
            Hash::Sha256 => Some(MessageDigest::sha256()),
            Hash::Sha384 => Some(MessageDigest::sha384()),
            Hash::Sha512 => Some(MessageDigest::sha512()),
        }
    }
}

/// The hash of a certificate. `Display` writes the value of `a=fingerprint`: `sha-256 09:C7:…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    hash: Hash,
    /// The value; what is behind is zero.
    bytes: [u8; 64],
}

impl Fingerprint {
    /// Takes a value that is there as bytes.
    ///
    /// # Errors
    /// [`Error::Digest`] unless it is as long as the hash.
    pub fn new(hash: Hash, value: &[u8]) -> Result<Fingerprint, Error> {
        if value.len() != hash.value_len() {
            return Err(Error::Digest(hash.as_str()));
        }
        let mut bytes = [0; 64];
        bytes[..value.len()].copy_from_slice(value);
        Ok(Fingerprint { hash, bytes })
    }

    /// Reads the value of `a=fingerprint`, hex digits and hash in either case.
    ///
    /// # Errors
    /// [`Error::Hash`] and [`Error::Digest`].
    pub fn parse(text: &[u8]) -> Result<Fingerprint, Error> {
        let mut words = text.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let name = words.next().unwrap_or_default();
        let hash = Hash::parse(name)
            .ok_or_else(|| Error::Hash(String::from_utf8_lossy(name).chars().take(32).collect()))?;
        let bad = Error::Digest(hash.as_str());
        let (Some(value), None) = (words.next(), words.next()) else { return Err(bad) };
        let mut bytes = [0; 64];
        let mut len = 0;
        for pair in value.split(|byte| *byte == b':') {
            let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            let (Some(high), Some(low), 2, Some(place)) =
                (digit(0), digit(1), pair.len(), bytes.get_mut(len))
            else {
                return Err(bad);
            };
            *place = (high << 4 | low) as u8;
            len += 1;
        }
        if len != hash.value_len() { Err(bad) } else { Ok(Fingerprint { hash, bytes }) }
    }

    /// The hash function.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The value.
    pub fn value(&self) -> &[u8] {
        &self.bytes[..self.hash.value_len()]
    }

    pub(crate) fn of(certificate: &X509Ref, hash: Hash) -> Result<Fingerprint, Error> {
        let digest = certificate.digest(hash.function().ok_or(Error::Md5)?)?;
        Fingerprint::new(hash, &digest)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hash.as_str())?;
        for (at, byte) in self.value().iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { ' ' } else { ':' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Judges a certificate by the fingerprints of an SDP: of those in the strongest hash that is there, one must match
/// (RFC 8122 §5). MD5 never does. Gives the one that matched.
pub(crate) fn judge(certificate: &X509Ref, expected: &[Fingerprint]) -> Option<Fingerprint> {
    let hash = expected.iter().map(|one| one.hash).max()?;
    let actual = Fingerprint::of(certificate, hash).ok()?;
    expected.iter().any(|one| one.hash == hash && memcmp::eq(one.value(), actual.value())).then_some(actual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, IdentityOptions};

    #[test]
    fn what_is_written_is_read() {
        let identity = Identity::generate(&IdentityOptions::default(), 1_700_000_000).unwrap();
        for hash in Hash::ALL {
            if hash == Hash::Md5 {
                assert_eq!(identity.fingerprint(hash), Err(Error::Md5));
                continue;
            }
            let fingerprint = identity.fingerprint(hash).unwrap();
            let text = fingerprint.to_string();
            assert_eq!(text.len(), hash.as_str().len() + 3 * hash.value_len());
            assert_eq!(Fingerprint::parse(text.as_bytes()), Ok(fingerprint));
            assert_eq!(Fingerprint::parse(text.to_lowercase().as_bytes()), Ok(fingerprint));
            assert_eq!(Fingerprint::parse(text.to_uppercase().as_bytes()), Ok(fingerprint));
        }
        assert!(Fingerprint::parse(b"MD5 00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0F").is_ok());
    }

    #[test]
    fn what_is_odd_is_refused() {
        let sha1 = "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0F:10:11:12";
        for text in [
            "sha-1".to_owned(),
            format!("sha-1 {sha1}"),
            format!("sha-1 {sha1}:13:14"),
            format!("sha-1 {sha1}:"),
            format!("sha-1 {sha1}:1"),
            format!("sha-1 {sha1}:+3"),
            format!("sha-1 {sha1}:gg"),
            format!("sha-1 {sha1}:13 x"),
        ] {
            assert_eq!(Fingerprint::parse(text.as_bytes()), Err(Error::Digest("sha-1")), "{text}");
        }
        assert_eq!(Fingerprint::parse(b""), Err(Error::Hash(String::new())));
        assert_eq!(Fingerprint::parse(b"sha-3 00"), Err(Error::Hash("sha-3".into())));
        assert!(Fingerprint::new(Hash::Sha1, &[0; 21]).is_err());
    }

    #[test]
    fn the_strongest_hash_decides() {
        let [ours, other] =
            [1, 2].map(|_| Identity::generate(&IdentityOptions::default(), 1_700_000_000).unwrap());
        let print = |identity: &Identity, hash| identity.fingerprint(hash).unwrap();
        let judged = |expected: &[Fingerprint]| judge(ours.certificate(), expected).map(|one| one.hash());
        let weak = print(&ours, Hash::Sha1);
        let strong = print(&ours, Hash::Sha256);
        assert_eq!(judged(&[weak]), Some(Hash::Sha1));
        assert_eq!(judged(&[strong, weak]), Some(Hash::Sha256));
        assert_eq!(
            judged(&[print(&other, Hash::Sha256), strong]),
            Some(Hash::Sha256),
            "several certificates"
        );
        assert_eq!(judged(&[weak, print(&other, Hash::Sha512)]), None, "the weak one does not save it");
        assert_eq!(judged(&[]), None);
        let md5 = Fingerprint::new(Hash::Md5, &[0; 16]).unwrap();
        assert_eq!(judged(&[md5]), None);
        assert_eq!(judged(&[md5, weak]), Some(Hash::Sha1));
    }
}
