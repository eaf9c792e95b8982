use crate::{Error, integrity};
use std::fmt;

/// A user fragment and its password (RFC 8445 §5.3). Whoever knows both speaks for the party.
///
/// Debug shows the fragment, which is no secret, and never the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    ufrag: Box<str>,
    pwd: Box<str>,
}

impl Credentials {
    /// Takes over what an SDP said, or what a caller made. More is let through than RFC 8839 §5.4 has: how long and of
    /// which signs the other party's are is its own business.
    ///
    /// # Errors
    /// [`Error::Ufrag`] and [`Error::Password`] unless they are 1 to 256 visible ASCII signs.
    pub fn new(ufrag: &str, pwd: &str) -> Result<Credentials, Error> {
        if !is_visible(ufrag, 256) {
            return Err(Error::Ufrag);
        }
        if !is_visible(pwd, 256) {
            return Err(Error::Password);
        }
        Ok(Credentials { ufrag: ufrag.into(), pwd: pwd.into() })
    }

    /// Makes new ones: 8 and 26 letters and digits (47 and 154 bits), the lengths rtpengine writes.
    ///
    /// `random` fills what it is given with unpredictable bytes; it is asked once.
    pub fn generate(random: impl FnOnce(&mut [u8])) -> Credentials {
        let mut bytes = [0; 68];
        random(&mut bytes);
        let (ufrag, pwd) = bytes.split_at(16);
        Credentials { ufrag: letters(ufrag).into(), pwd: letters(pwd).into() }
    }

    /// The value of `a=ice-ufrag`.
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// The value of `a=ice-pwd`.
    pub fn pwd(&self) -> &str {
        &self.pwd
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

/// At least one visible ASCII sign, and not more than so many. `ice-char` of RFC 8839 §5.1 is a part of these.
pub(crate) fn is_visible(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic())
}

/// One letter or digit per two bytes: with 16 bits each, the 62 signs differ in likelihood by 0.1 %.
pub(crate) fn letters(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    bytes
        .chunks_exact(2)
        .map(|pair| char::from(SIGNS[usize::from(u16::from_be_bytes([pair[0], pair[1]])) % SIGNS.len()]))
        .collect()
}

/// An unpredictable stream out of a seed: HMAC-SHA1 of a counter. Debug shows nothing.
pub(crate) struct Stream {
    seed: [u8; 32],
    counter: u64,
}

impl Stream {
    pub(crate) fn new(seed: [u8; 32]) -> Stream {
        Stream { seed, counter: 0 }
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= 20) }
        self.counter += 1;
        let block = integrity::hmac(&self.seed, &[&self.counter.to_be_bytes()]);
        let mut out = [0; N];
        out.copy_from_slice(&block[..N]);
        out
    }

    /// An evenly spread number below `end`; the lean of the remainder is below 1 in 2³².
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        u64::from_be_bytes(self.bytes()) % end.max(1)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_credentials_are_valid_and_of_the_usual_length() {
        let made = Credentials::generate(|bytes| {
            bytes.iter_mut().enumerate().for_each(|(i, b)| *b = (i as u8).wrapping_mul(37))
        });
        assert_eq!((made.ufrag().len(), made.pwd().len()), (8, 26));
        assert_eq!(Credentials::new(made.ufrag(), made.pwd()), Ok(made));
    }

    #[test]
    fn short_and_strange_ones_are_taken_and_senseless_ones_refused() {
        let pwd = "abcdefghijklmnopqrstuv";
        assert!(Credentials::new("a-_", "with=sign").is_ok());
        assert_eq!(Credentials::new("", pwd), Err(Error::Ufrag));
        assert_eq!(Credentials::new("ab d", pwd), Err(Error::Ufrag));
        assert_eq!(Credentials::new("abcd", ""), Err(Error::Password));
        assert_eq!(Credentials::new("abcd", "pass\u{e9}"), Err(Error::Password));
        assert_eq!(Credentials::new("abcd", &"x".repeat(257)), Err(Error::Password));
    }

    #[test]
    fn debug_hides_the_password_and_the_seed() {
        let made = Credentials::new("abcd", "secretsecretsecretsecret").unwrap();
        assert!(!format!("{made:?}").contains("secret"));
        assert!(!format!("{:?}", Stream::new([77; 32])).contains("77"));
    }

    #[test]
    fn the_stream_does_not_repeat() {
        let mut stream = Stream::new([1; 32]);
        let (a, b): ([u8; 12], [u8; 12]) = (stream.bytes(), stream.bytes());
        assert_ne!(a, b);
        assert!((0..1000).all(|_| stream.below(10) < 10));
    }
}
