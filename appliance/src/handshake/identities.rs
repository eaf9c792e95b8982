use dtls::{Context, Error, Hash, IdentityOptions, Rollover, Settings};
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

/// Certificates that calls may still use. One is renewed at half of its validity, so that the third is over when a
/// fourth is made.
const KEPT: usize = 3;

type Written = Vec<(Hash, Box<str>)>;

/// The values of `a=fingerprint` of our newest certificate. Clones show the same: the desk reads what the thread
/// renews.
#[derive(Clone, Debug)]
pub struct Prints(Arc<RwLock<Written>>);

impl Prints {
    /// The value under the hash of that name; `None` if OpenSSL or we have no such hash.
    pub fn get(&self, hash: &str) -> Option<String> {
        let hash = Hash::parse(hash.as_bytes())?;
        let written = self.0.read().unwrap_or_else(PoisonError::into_inner);
        written.iter().find(|(of, _)| *of == hash).map(|(_, print)| print.to_string())
    }
}

/// Our certificate, and those before it for the calls that began with them.
#[derive(Debug)]
pub struct Identities {
    rollover: Rollover,
    settings: Settings,
    /// Newest first, with what SDPs say of them.
    contexts: VecDeque<(Context, Written)>,
    prints: Prints,
}

impl Identities {
    /// Makes the first certificate. `unix_s` are seconds since 1970.
    ///
    /// # Errors
    /// What is wrong with options or settings, or that OpenSSL failed.
    pub fn new(options: IdentityOptions, settings: Settings, unix_s: i64) -> Result<Identities, Error> {
        let rollover = Rollover::new(options, unix_s)?;
        let (context, written) = context(&rollover, &settings)?;
        let prints = Prints(Arc::new(RwLock::new(written.clone())));
        Ok(Identities { rollover, settings, contexts: [(context, written)].into(), prints })
    }

    /// What SDPs say of the newest certificate, now and later.
    pub fn prints(&self) -> Prints {
        self.prints.clone()
    }

    /// What handshakes are made of with the certificate that an SDP of ours spoke of; the newest if it did not, or if
    /// that one is long over.
    pub(super) fn context(&self, told: Option<&str>) -> &Context {
        let is_it = |written: &Written| {
            told.is_some_and(|told| written.iter().any(|(_, print)| print.eq_ignore_ascii_case(told)))
        };
        let known = self.contexts.iter().find(|(_, written)| is_it(written));
        &known.unwrap_or(&self.contexts[0]).0
    }

    /// Makes a new certificate if the newest has half of its time behind it, and says whether it did.
    ///
    /// # Errors
    /// OpenSSL failed; everything stays.
    pub(super) fn renew(&mut self, unix_s: i64) -> Result<bool, Error> {
        if !self.rollover.renew(unix_s)? {
            return Ok(false);
        }
        let (context, written) = context(&self.rollover, &self.settings)?;
        self.contexts.push_front((context, written.clone()));
        self.contexts.truncate(KEPT);
        // Last: what an SDP speaks of is there.
        *self.prints.0.write().unwrap_or_else(PoisonError::into_inner) = written;
        Ok(true)
    }
}

fn context(rollover: &Rollover, settings: &Settings) -> Result<(Context, Written), Error> {
    let identity = rollover.current();
    let written = Hash::ALL
        .into_iter()
        .filter_map(|hash| Some((hash, identity.fingerprint(hash).ok()?.to_string().into())));
    Ok((Context::new(Arc::clone(identity), settings)?, written.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;
    const HALF: i64 = 15 * 86_400;

    #[test]
    fn calls_keep_the_certificate_that_they_told_of() {
        let mut identities = Identities::new(IdentityOptions::default(), Settings::default(), NOW).unwrap();
        let prints = identities.prints();
        let first = prints.get("sha-256").unwrap();
        assert!(first.starts_with("sha-256 "));
        assert_eq!(prints.get("md5"), None);
        assert_eq!(prints.get("rot-13"), None);

        assert_eq!(identities.renew(NOW + HALF - 1), Ok(false));
        assert_eq!(prints.get("sha-256").unwrap(), first);
        assert_eq!(identities.renew(NOW + HALF), Ok(true));
        let second = prints.get("SHA-512").unwrap();
        let said = |identities: &Identities, told: Option<&str>| {
            identities.context(told).fingerprint(Hash::Sha256).unwrap().to_string()
        };
        assert_eq!(said(&identities, Some(&first.to_lowercase())), first);
        assert_ne!(said(&identities, None), first);
        assert_eq!(said(&identities, Some(&second)), said(&identities, None));

        for more in 2..4 {
            assert_eq!(identities.renew(NOW + more * HALF), Ok(true));
        }
        assert_eq!(said(&identities, Some(&first)), said(&identities, None), "it is over");
        assert_ne!(said(&identities, Some(&second)), said(&identities, None));
        assert_eq!(identities.contexts.len(), KEPT);
    }
}
