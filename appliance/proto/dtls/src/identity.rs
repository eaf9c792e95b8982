use crate::{Error, Fingerprint, Hash};
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Name, X509Ref};
use std::fmt;
use std::sync::Arc;

const DAY_S: i64 = 86_400;

/// The kind of key that a certificate is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA over P-256 (`prime256v1`). Cheap, and what browsers use.
    EcdsaP256,
    /// RSA of so many bits. Making one of 2 048 takes a tenth of a second and more.
    Rsa(u32),
}

/// How certificates are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityOptions {
    /// The key.
    pub key: KeyKind,
    /// The subject's common name, 1 to 64 bytes.
    pub common_name: String,
    /// Whether the certificate is signed with SHA-1 in place of SHA-256. For very old peers.
    pub sha1_signature: bool,
    /// Days of validity.
    pub days: u32,
}

impl Default for IdentityOptions {
    fn default() -> IdentityOptions {
        IdentityOptions {
            key: KeyKind::EcdsaP256,
            common_name: "rtpengine".into(),
            sha1_signature: false,
            days: 30,
        }
    }
}

/// A self-signed certificate with its key. Shared by all handshakes of its time through an [`Arc`]. `Debug` shows the
/// fingerprint only.
pub struct Identity {
    certificate: X509,
    key: PKey<Private>,
    made_s: i64,
    renew_s: i64,
}

impl Identity {
    /// Makes a key and a certificate that is valid from a day before `unix_s` (clocks differ) for as many days as the
    /// options say. `unix_s` are seconds since 1970.
    ///
    /// # Errors
    /// What is wrong with the options, or [`Error::Library`].
    pub fn generate(options: &IdentityOptions, unix_s: i64) -> Result<Identity, Error> {
        let name_len = options.common_name.len();
        if !(1..=64).contains(&name_len) {
            return Err(Error::CommonName(name_len));
        }
        let key = match options.key {
            KeyKind::EcdsaP256 => {
                let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
                PKey::from_ec_key(EcKey::generate(&group)?)?
            }
            KeyKind::Rsa(bits) if (1024..=8192).contains(&bits) => PKey::from_rsa(Rsa::generate(bits)?)?,
            KeyKind::Rsa(bits) => return Err(Error::RsaBits(bits)),
        };
        let validity_s = i64::from(options.days.max(1)) * DAY_S;
        let time = |at: Option<i64>| {
            at.filter(|at| *at >= 0).and_then(|at| Asn1Time::from_unix(at).ok()).ok_or(Error::Time(unix_s))
        };
        let mut name = X509Name::builder()?;
        name.append_entry_by_nid(Nid::COMMONNAME, &options.common_name)?;
        let name = name.build();
        let mut serial = BigNum::new()?;
        serial.rand(127, MsbOption::ONE, false)?;
        let mut builder = X509::builder()?;
        builder.set_version(2)?;
        builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
        builder.set_subject_name(&name)?;
        builder.set_issuer_name(&name)?;
        builder.set_not_before(&*time(unix_s.checked_sub(DAY_S))?)?;
        builder.set_not_after(&*time(unix_s.checked_add(validity_s))?)?;
        builder.set_pubkey(&key)?;
        let digest = if options.sha1_signature { MessageDigest::sha1() } else { MessageDigest::sha256() };
        builder.sign(&key, digest)?;
        Ok(Identity { certificate: builder.build(), key, made_s: unix_s, renew_s: unix_s + validity_s / 2 })
    }

    /// The certificate's fingerprint, for `a=fingerprint`.
    ///
    /// # Errors
    /// [`Error::Md5`]: we make none. [`Error::Library`] if OpenSSL lacks the hash (a FIPS build).
    pub fn fingerprint(&self, hash: Hash) -> Result<Fingerprint, Error> {
        Fingerprint::of(&self.certificate, hash)
    }

    /// Whether it is time for a new one: half of the validity is over, so that calls that begin now have the other
    /// half; or the clock was turned back to before the certificate was made.
    pub fn is_stale(&self, unix_s: i64) -> bool {
        unix_s >= self.renew_s || unix_s < self.made_s - DAY_S
    }

    pub(crate) fn certificate(&self) -> &X509Ref {
        &self.certificate
    }

    pub(crate) fn key(&self) -> &PKeyRef<Private> {
        &self.key
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let print = self.fingerprint(Hash::Sha256).map(|print| print.to_string()).unwrap_or_default();
        f.debug_tuple("Identity").field(&print).finish()
    }
}

/// The identity of the day. Calls keep the one they began with; new calls get a new one once the old one is stale.
#[derive(Debug)]
pub struct Rollover {
    options: IdentityOptions,
    current: Arc<Identity>,
}

impl Rollover {
    /// Makes the first identity. `unix_s` as in [`Identity::generate`].
    ///
    /// # Errors
    /// Those of [`Identity::generate`].
    pub fn new(options: IdentityOptions, unix_s: i64) -> Result<Rollover, Error> {
        let current = Arc::new(Identity::generate(&options, unix_s)?);
        Ok(Rollover { options, current })
    }

    /// The identity for what begins now.
    pub fn current(&self) -> &Arc<Identity> {
        &self.current
    }

    /// Makes a new identity if the current one is stale, and says whether it did. To be called now and then, by
    /// somebody who may be busy for a moment.
    ///
    /// # Errors
    /// Those of [`Identity::generate`]; the old identity stays.
    pub fn renew(&mut self, unix_s: i64) -> Result<bool, Error> {
        if !self.current.is_stale(unix_s) {
            return Ok(false);
        }
        self.current = Arc::new(Identity::generate(&self.options, unix_s)?);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    #[test]
    fn certificates_are_what_was_asked_for() {
        let rsa = IdentityOptions {
            key: KeyKind::Rsa(2048),
            common_name: "relay.example".into(),
            sha1_signature: true,
            days: 10,
        };
        for options in [IdentityOptions::default(), rsa] {
            let identity = Identity::generate(&options, NOW).unwrap();
            let certificate = identity.certificate();
            assert!(certificate.verify(identity.key()).unwrap(), "signed by itself");
            let name = certificate.subject_name().entries().next().unwrap().data().to_string().unwrap();
            assert_eq!(name, options.common_name);
            let edge = |at: i64| Asn1Time::from_unix(at).unwrap();
            assert!(certificate.not_before() == edge(NOW - DAY_S));
            assert!(certificate.not_after() == edge(NOW + i64::from(options.days) * DAY_S));
            let nid = certificate.signature_algorithm().object().nid();
            assert_eq!(nid == Nid::SHA1WITHRSAENCRYPTION, options.sha1_signature);
            assert!(format!("{identity:?}").starts_with("Identity(\"sha-256 "));
        }
    }

    #[test]
    fn odd_options_are_refused() {
        let with = |change: fn(&mut IdentityOptions)| {
            let mut options = IdentityOptions::default();
            change(&mut options);
            Identity::generate(&options, NOW).map(|_| ())
        };
        assert_eq!(with(|o| o.key = KeyKind::Rsa(512)), Err(Error::RsaBits(512)));
        assert_eq!(with(|o| o.key = KeyKind::Rsa(1 << 20)), Err(Error::RsaBits(1 << 20)));
        assert_eq!(with(|o| o.common_name.clear()), Err(Error::CommonName(0)));
        assert_eq!(with(|o| o.common_name = "x".repeat(65)), Err(Error::CommonName(65)));
        for at in [0, -5, i64::MIN, i64::MAX] {
            assert_eq!(Identity::generate(&IdentityOptions::default(), at).err(), Some(Error::Time(at)));
        }
    }

    #[test]
    fn a_new_one_comes_at_half_time() {
        let mut rollover = Rollover::new(IdentityOptions::default(), NOW).unwrap();
        let first = rollover.current().clone();
        assert_eq!(rollover.renew(NOW + 15 * DAY_S - 1), Ok(false));
        assert!(Arc::ptr_eq(&first, rollover.current()));
        assert_eq!(rollover.renew(NOW + 15 * DAY_S), Ok(true));
        assert_ne!(first.fingerprint(Hash::Sha256), rollover.current().fingerprint(Hash::Sha256));
        assert_eq!(rollover.renew(NOW + 15 * DAY_S), Ok(false));
        assert_eq!(rollover.renew(NOW), Ok(true), "the clock was turned back");
    }
}
