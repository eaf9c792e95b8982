use crate::pipe::Pipe;
use crate::{Error, Fingerprint, Hash, Identity, Profile, Role};
use openssl::ssl::{
    Ssl, SslContext, SslMethod, SslMode, SslOptions, SslSessionCacheMode, SslStream, SslVerifyMode,
    SslVersion,
};
use std::fmt;
use std::sync::Arc;

/// What handshakes have in common besides the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// SRTP profiles to offer and to accept, best first.
    pub profiles: Vec<Profile>,
    /// Ciphers, as OpenSSL spells lists; `None` for what [`DEFAULT_CIPHERS`] says.
    pub ciphers: Option<String>,
    /// Bytes of the largest datagram to send, 228 to 16 384.
    pub mtu: u16,
    /// Microseconds after which a handshake that is not done is given up.
    pub give_up_us: u64,
}

/// `SSL_OP_NO_ENCRYPT_THEN_MAC`, for which the bindings have no name. With that extension (RFC 7366), OpenSSL 3.0 ends an
/// association at the first forged record; without it, forged records are ignored as RFC 6347 §4.1.2.7 wants.
const NO_ENCRYPT_THEN_MAC: u64 = 1 << 19;

/// The cipher list unless settings have one: what OpenSSL takes for good, without what authenticates nobody.
pub const DEFAULT_CIPHERS: &str = "DEFAULT:!aNULL:!eNULL:!PSK:!SRP";

impl Default for Settings {
    fn default() -> Settings {
        Settings { profiles: Profile::ALL.to_vec(), ciphers: None, mtu: 1200, give_up_us: 30_000_000 }
    }
}

/// Settings and identity, ready to make handshakes of. Cheap to clone; each thread may have one.
#[derive(Clone)]
pub struct Context {
    inner: SslContext,
    identity: Arc<Identity>,
    mtu: u16,
    give_up_us: u64,
}

impl Context {
    /// Checks the settings and gives them to OpenSSL.
    ///
    /// # Errors
    /// What is wrong with the settings, or [`Error::Library`].
    pub fn new(identity: Arc<Identity>, settings: &Settings) -> Result<Context, Error> {
        if settings.profiles.is_empty() {
            return Err(Error::NoProfiles);
        }
        // Below 228, OpenSSL takes its own smallest value; above 16 384 a record would not fit.
        if !(228..=16_384).contains(&settings.mtu) {
            return Err(Error::Mtu(settings.mtu));
        }
        let mut builder = SslContext::builder(SslMethod::dtls())?;
        builder.set_min_proto_version(Some(SslVersion::DTLS1_2))?;
        let ciphers = settings.ciphers.as_deref().unwrap_or(DEFAULT_CIPHERS);
        builder.set_cipher_list(ciphers).map_err(|_| Error::Ciphers(ciphers.into()))?;
        let names: Vec<&str> = settings.profiles.iter().map(|profile| profile.as_str()).collect();
        builder.set_tlsext_use_srtp(&names.join(":"))?;
        // Any issuer will do: the certificate is judged by its fingerprint when the handshake is done.
        builder.set_verify_callback(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT, |_, _| true);
        builder.set_options(
            SslOptions::NO_QUERY_MTU
                | SslOptions::NO_TICKET
                | SslOptions::NO_RENEGOTIATION
                | SslOptions::NO_COMPRESSION
                | SslOptions::CIPHER_SERVER_PREFERENCE
                | SslOptions::COOKIE_EXCHANGE
                | SslOptions::from_bits_retain(NO_ENCRYPT_THEN_MAC),
        );
        builder.set_session_cache_mode(SslSessionCacheMode::OFF);
        // A session of a call that goes on needs no buffers.
        builder.set_mode(SslMode::RELEASE_BUFFERS);
        // The gate has checked the real cookie before OpenSSL hears of it; what OpenSSL sends here is thrown away.
        builder.set_cookie_generate_cb(|_, cookie| {
            let Some(first) = cookie.first_mut() else { return Ok(0) };
            *first = 0;
            Ok(1)
        });
        builder.set_cookie_verify_cb(|_, _| true);
        builder.set_certificate(identity.certificate())?;
        builder.set_private_key(identity.key())?;
        builder.check_private_key()?;
        Ok(Context { inner: builder.build(), identity, mtu: settings.mtu, give_up_us: settings.give_up_us })
    }

    /// The certificate's fingerprint, for `a=fingerprint`.
    ///
    /// # Errors
    /// Those of [`Identity::fingerprint`].
    pub fn fingerprint(&self, hash: Hash) -> Result<Fingerprint, Error> {
        self.identity.fingerprint(hash)
    }

    pub(crate) fn give_up_us(&self) -> u64 {
        self.give_up_us
    }

    pub(crate) fn stream(&self, role: Role, pipe: Pipe) -> Result<SslStream<Pipe>, Error> {
        let mut ssl = Ssl::new(&self.inner)?;
        ssl.set_mtu(u32::from(self.mtu))?;
        match role {
            Role::Client => ssl.set_connect_state(),
            Role::Server => ssl.set_accept_state(),
        }
        Ok(SslStream::new(ssl, pipe)?)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("identity", &self.identity)
            .field("mtu", &self.mtu)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IdentityOptions;

    #[test]
    fn odd_settings_are_refused() {
        let identity = Arc::new(Identity::generate(&IdentityOptions::default(), 1_700_000_000).unwrap());
        let with = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            Context::new(identity.clone(), &settings).map(|_| ())
        };
        assert_eq!(with(|_| ()), Ok(()));
        assert_eq!(with(|s| s.profiles.clear()), Err(Error::NoProfiles));
        assert_eq!(with(|s| s.mtu = 100), Err(Error::Mtu(100)));
        assert_eq!(with(|s| s.mtu = 20_000), Err(Error::Mtu(20_000)));
        assert_eq!(with(|s| s.ciphers = Some("ROT13".into())), Err(Error::Ciphers("ROT13".into())));
    }
}
