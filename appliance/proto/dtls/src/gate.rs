use crate::record::{self, Hello};
use crate::{Error, Ignored};
use openssl::hash::MessageDigest;
use openssl::memcmp;
use openssl::pkey::{PKey, Private};
use openssl::rand;
use openssl::sign::Signer;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use zeroize::Zeroizing;

/// Bytes of a cookie. With it the HelloVerifyRequest is shorter than any ClientHello.
const COOKIE: usize = 16;

/// Microseconds for which cookies are made alike. One is good for this long at least, and for twice this at most.
const PERIOD_US: u64 = 30_000_000;

/// How often a client may be asked for a cookie before its ClientHello is too odd to go on with.
const MAX_ROUNDS: u16 = 4;

/// Makes and checks cookies (RFC 6347 §4.2.1). Remembers nothing of anybody: a cookie is a MAC of the client's address,
/// its random, and the time. One per process or thread; any may check what another with the same secret made.
pub struct Gate {
    secret: PKey<Private>,
}

/// What the gate says to a ClientHello.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Send this back, and forget it.
    Verify(Vec<u8>),
    /// The client is where it says it is.
    Admitted,
}

impl Gate {
    /// Makes a gate with a new secret.
    ///
    /// # Errors
    /// [`Error::Library`] if there is no randomness.
    pub fn new() -> Result<Gate, Error> {
        let mut secret = Zeroizing::new([0; 32]);
        rand::rand_bytes(&mut *secret)?;
        Ok(Gate { secret: PKey::hmac(&*secret)? })
    }

    /// Judges a ClientHello from `source`.
    pub(crate) fn judge(
        &self,
        source: SocketAddr,
        hello: &Hello<'_>,
        now_us: u64,
    ) -> Result<Admission, Ignored> {
        let period = now_us / PERIOD_US;
        let make = |period| self.cookie(source, &hello.random, period).map_err(|_| Ignored::BadCookie);
        let counted =
            (1..=MAX_ROUNDS).contains(&hello.message_seq) && hello.seq >= u64::from(hello.message_seq);
        if hello.cookie.len() == COOKIE && counted {
            for period in [Some(period), period.checked_sub(1)].into_iter().flatten() {
                if memcmp::eq(&make(period)?, hello.cookie) {
                    return Ok(Admission::Admitted);
                }
            }
        }
        if hello.message_seq >= MAX_ROUNDS {
            return Err(Ignored::BadCookie);
        }
        // A bad cookie is no cookie (RFC 6347 §4.2.1).
        Ok(Admission::Verify(record::hello_verify_request(hello, &make(period)?)))
    }

    fn cookie(&self, source: SocketAddr, random: &[u8; 32], period: u64) -> Result<[u8; COOKIE], Error> {
        let address = match source.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        let mut signer = Signer::new(MessageDigest::sha256(), &self.secret)?;
        signer.update(&period.to_be_bytes())?;
        signer.update(&address.octets())?;
        signer.update(&source.port().to_be_bytes())?;
        signer.update(random)?;
        let mut mac = [0; 32];
        signer.sign(&mut mac)?;
        let mut cookie = [0; COOKIE];
        cookie.copy_from_slice(&mac[..COOKIE]);
        Ok(cookie)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "192.0.2.1:4000";

    fn hello(random: u8, cookie: &[u8]) -> Hello<'_> {
        let message_seq = u16::from(!cookie.is_empty());
        Hello { seq: u64::from(message_seq), message_seq, random: [random; 32], cookie }
    }

    /// The cookie for `random` from `source` at `now_us`.
    fn ask(gate: &Gate, source: &str, random: u8, now_us: u64) -> Vec<u8> {
        match gate.judge(source.parse().unwrap(), &hello(random, &[]), now_us) {
            Ok(Admission::Verify(reply)) => reply[reply.len() - COOKIE..].to_vec(),
            other => panic!("{other:?}"),
        }
    }

    fn passes(gate: &Gate, source: &str, random: u8, cookie: &[u8], now_us: u64) -> bool {
        gate.judge(source.parse().unwrap(), &hello(random, cookie), now_us) == Ok(Admission::Admitted)
    }

    #[test]
    fn a_cookie_is_good_for_its_address_hello_and_time_only() {
        let gate = Gate::new().unwrap();
        let cookie = ask(&gate, A, 1, PERIOD_US);
        assert!(passes(&gate, A, 1, &cookie, PERIOD_US));
        assert!(passes(&gate, A, 1, &cookie, 3 * PERIOD_US - 1));
        assert!(!passes(&gate, A, 1, &cookie, 3 * PERIOD_US), "too old");
        assert!(!passes(&gate, A, 1, &cookie, 0), "of the future");
        assert!(!passes(&gate, A, 2, &cookie, PERIOD_US), "another random");
        for other in ["192.0.2.2:4000", "192.0.2.1:4001", "[2001:db8::1]:4000"] {
            assert!(!passes(&gate, other, 1, &cookie, PERIOD_US), "{other}");
        }
        assert!(
            passes(&gate, "[::ffff:192.0.2.1]:4000", 1, &cookie, PERIOD_US),
            "the same address, written otherwise"
        );
        assert!(!passes(&Gate::new().unwrap(), A, 1, &cookie, PERIOD_US), "another secret");
        for at in 0..COOKIE {
            let mut forged = cookie.clone();
            forged[at] ^= 1;
            assert!(!passes(&gate, A, 1, &forged, PERIOD_US));
        }
    }

    #[test]
    fn asking_ends() {
        let gate = Gate::new().unwrap();
        let judged = |message_seq| {
            let hello = Hello { message_seq, ..hello(1, &[9; COOKIE]) };
            gate.judge(A.parse().unwrap(), &hello, 0).map(|_| ())
        };
        assert_eq!(judged(MAX_ROUNDS - 1), Ok(()));
        assert_eq!(judged(MAX_ROUNDS), Err(Ignored::BadCookie));
        assert_eq!(judged(u16::MAX), Err(Ignored::BadCookie));
    }
}
