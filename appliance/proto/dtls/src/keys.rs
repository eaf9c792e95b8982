use crate::{Fingerprint, Profile, Role};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The longest master key with its salt, in bytes.
const MAX_SECRET: usize = 32 + 14;

/// Both directions at their longest, in bytes.
pub(crate) const MAX_EXPORT: usize = 2 * MAX_SECRET;

/// Master key and master salt of one direction. `Debug` shows nothing; wiped when dropped.
#[derive(Clone)]
pub struct Secret {
    /// Key, then salt; what is behind is zero.
    bytes: [u8; MAX_SECRET],
    key: usize,
    len: usize,
}

impl Secret {
    fn new(key: &[u8], salt: &[u8]) -> Secret {
        let mut secret = Secret { bytes: [0; MAX_SECRET], key: key.len(), len: key.len() + salt.len() };
        secret.bytes[..key.len()].copy_from_slice(key);
        secret.bytes[key.len()..][..salt.len()].copy_from_slice(salt);
        secret
    }

    /// The master key in clear. Not for logs.
    pub fn key(&self) -> &[u8] {
        &self.bytes[..self.key]
    }

    /// The master salt in clear. Not for logs.
    pub fn salt(&self) -> &[u8] {
        &self.bytes[self.key..self.len]
    }

    /// Key and salt, one behind the other as SDES has them, in clear. Not for logs.
    pub fn expose(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What a handshake is for: the keys of both directions, and who it was that we made them with.
#[derive(Clone, Debug)]
pub struct Keys {
    /// What both directions are protected with.
    pub profile: Profile,
    /// For what we send.
    pub local: Secret,
    /// For what the peer sends.
    pub remote: Secret,
    /// The peer's certificate; one of the fingerprints of the SDP.
    pub fingerprint: Fingerprint,
}

/// Bytes that the exporter must give for `profile`.
pub(crate) fn exported_len(profile: Profile) -> usize {
    2 * (profile.key_len() + profile.salt_len())
}

/// Splits what was exported (RFC 5764 §4.2: client key, server key, client salt, server salt) into local and remote,
/// `role` being ours.
pub(crate) fn split(profile: Profile, role: Role, exported: Zeroizing<[u8; MAX_EXPORT]>) -> [Secret; 2] {
    let (key, salt) = (profile.key_len(), profile.salt_len());
    let [client, server] =
        [0, 1].map(|at| Secret::new(&exported[at * key..][..key], &exported[2 * key + at * salt..][..salt]));
    match role {
        Role::Client => [client, server],
        Role::Server => [server, client],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exported_bytes_are_split_in_the_order_of_the_rfc() {
        for profile in Profile::ALL {
            let mut exported = Zeroizing::new([0; MAX_EXPORT]);
            for (at, byte) in exported.iter_mut().enumerate() {
                *byte = u8::try_from(at).unwrap();
            }
            let (key, salt) = (profile.key_len(), profile.salt_len());
            let [local, remote] = split(profile, Role::Client, exported.clone());
            assert_eq!(local.key(), &exported[..key]);
            assert_eq!(remote.key(), &exported[key..2 * key]);
            assert_eq!(local.salt(), &exported[2 * key..][..salt]);
            assert_eq!(remote.salt(), &exported[2 * key + salt..exported_len(profile)]);
            assert_eq!(local.expose(), [local.key(), local.salt()].concat());
            let [ours, theirs] = split(profile, Role::Server, exported);
            assert_eq!((ours.expose(), theirs.expose()), (remote.expose(), local.expose()));
        }
    }

    #[test]
    fn nothing_is_shown() {
        let secret = Secret::new(&[0xaa; 16], &[0xbb; 14]);
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
