use crate::{Error, Suite, derive};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The longest master key with its salt, in bytes.
pub(crate) const MAX_MASTER: usize = 32 + 14;

/// Master key and master salt of one direction, with their suite. `Debug` tells the suite only; wiped when dropped.
#[derive(Clone)]
pub struct MasterKey {
    suite: Suite,
    /// Key, then salt; what is behind is zero.
    bytes: [u8; MAX_MASTER],
}

impl MasterKey {
    /// Takes key and salt, one behind the other as SDES has them.
    ///
    /// # Errors
    /// [`Error::KeyLength`] unless they are exactly as long as the suite wants.
    pub fn new(suite: Suite, key_and_salt: &[u8]) -> Result<MasterKey, Error> {
        let needed = suite.key_len() + suite.salt_len();
        if key_and_salt.len() != needed {
            return Err(Error::KeyLength { suite, len: key_and_salt.len(), needed });
        }
        let mut key = MasterKey { suite, bytes: [0; MAX_MASTER] };
        key.bytes[..needed].copy_from_slice(key_and_salt);
        Ok(key)
    }

    /// A new key and salt. `fill` writes random bytes fit for keys over all it is given.
    pub fn generate(suite: Suite, fill: impl FnOnce(&mut [u8])) -> MasterKey {
        let mut key = MasterKey { suite, bytes: [0; MAX_MASTER] };
        fill(&mut key.bytes[..suite.key_len() + suite.salt_len()]);
        key
    }

    /// Cuts what a DTLS handshake exported (RFC 5764 §4.2) into the keys of client and server, in this order: what
    /// each of them sends with.
    ///
    /// # Errors
    /// [`Error::KeyLength`] unless there are exactly two keys and two salts.
    pub fn of_dtls(suite: Suite, exported: &[u8]) -> Result<[MasterKey; 2], Error> {
        let (key, salt) = (suite.key_len(), suite.salt_len());
        let needed = 2 * (key + salt);
        if exported.len() != needed {
            return Err(Error::KeyLength { suite, len: exported.len(), needed });
        }
        let side = |at: usize| {
            let mut one = MasterKey { suite, bytes: [0; MAX_MASTER] };
            one.bytes[..key].copy_from_slice(&exported[at * key..][..key]);
            one.bytes[key..][..salt].copy_from_slice(&exported[2 * key + at * salt..][..salt]);
            one
        };
        Ok([side(0), side(1)])
    }

    /// Its suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Key and salt in clear, to be written into SDP or a store. Not for logs.
    pub fn expose(&self) -> &[u8] {
        &self.bytes[..self.suite.key_len() + self.suite.salt_len()]
    }

    /// The session keys, for a path that encrypts by itself, as the kernel does (RFC 3711 §4.3, RFC 6188 §3,
    /// RFC 7714 §11).
    pub fn derive(&self) -> SessionKeys {
        derive::session_keys(self)
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.bytes[..self.suite.key_len()]
    }

    pub(crate) fn salt(&self) -> &[u8] {
        &self.bytes[self.suite.key_len()..][..self.suite.salt_len()]
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for MasterKey {}

impl PartialEq for MasterKey {
    /// Compares in constant time.
    fn eq(&self, other: &MasterKey) -> bool {
        use subtle::ConstantTimeEq;
        self.suite == other.suite && bool::from(self.bytes.ct_eq(&other.bytes))
    }
}

impl Eq for MasterKey {}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// The keys that packets of one direction are protected with. `Debug` shows none; wiped when dropped.
#[derive(Clone, Debug)]
pub struct SessionKeys {
    /// For SRTP.
    pub rtp: KeySet,
    /// For SRTCP.
    pub rtcp: KeySet,
}

/// Session keys of SRTP or of SRTCP. `Debug` tells the suite only; wiped when dropped.
#[derive(Clone)]
pub struct KeySet {
    pub(crate) suite: Suite,
    pub(crate) cipher: [u8; 32],
    pub(crate) auth: [u8; 20],
    pub(crate) salt: [u8; 14],
}

impl KeySet {
    /// The suite they are for.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Encryption key: 16, 24 or 32 bytes.
    pub fn cipher(&self) -> &[u8] {
        &self.cipher[..self.suite.key_len()]
    }

    /// Authentication key: 20 bytes, none for AEAD.
    pub fn auth(&self) -> &[u8] {
        &self.auth[..self.suite.auth_len()]
    }

    /// Salt: 14 bytes, 12 for AEAD.
    pub fn salt(&self) -> &[u8] {
        &self.salt[..self.suite.salt_len()]
    }
}

impl Drop for KeySet {
    fn drop(&mut self) {
        self.cipher.zeroize();
        self.auth.zeroize();
        self.salt.zeroize();
    }
}

impl ZeroizeOnDrop for KeySet {}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet").field("suite", &self.suite).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_must_be_exact() {
        for suite in Suite::ALL {
            let needed = suite.key_len() + suite.salt_len();
            assert_eq!(MasterKey::new(suite, &vec![7; needed]).unwrap().expose(), vec![7; needed]);
            for len in [0, needed - 1, needed + 1] {
                let wrong = Error::KeyLength { suite, len, needed };
                assert_eq!(MasterKey::new(suite, &vec![7; len]), Err(wrong));
            }
        }
    }

    #[test]
    fn dtls_exports_keys_before_salts() {
        let suite = Suite::AeadAes128Gcm;
        let exported = [[1; 16].as_slice(), &[2; 16], &[3; 12], &[4; 12]].concat();
        let [client, server] = MasterKey::of_dtls(suite, &exported).unwrap();
        assert_eq!((client.key(), client.salt()), ([1; 16].as_slice(), [3; 12].as_slice()));
        assert_eq!((server.key(), server.salt()), ([2; 16].as_slice(), [4; 12].as_slice()));
        assert!(MasterKey::of_dtls(suite, &exported[1..]).is_err());
    }

    #[test]
    fn debug_tells_no_key() {
        let key = MasterKey::new(Suite::AesCm128HmacSha1_80, &[0xab; 30]).unwrap();
        let shown = format!("{key:?} {:?}", key.derive());
        assert!(shown.contains("AesCm128HmacSha1_80"), "{shown}");
        for secret in ["ab", "171", "[", "cipher"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
