use crate::{Error, Suite};

/// Session parameters of SDES that change how packets are protected (RFC 4568 §6.3). The default protects everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `UNENCRYPTED_SRTP`: RTP is authenticated and not encrypted.
    pub clear_rtp: bool,
    /// `UNENCRYPTED_SRTCP`: RTCP is authenticated and not encrypted.
    pub clear_rtcp: bool,
    /// `UNAUTHENTICATED_SRTP`: RTP has no tag. Then anybody who can send packets to us can move its rollover counter.
    pub unauthenticated_rtp: bool,
    /// `WSH`: the replay window the peer suggests, in packets. Ours has 128 whatever it says.
    pub window_hint: Option<u64>,
}

impl Options {
    /// Reads the words behind the keys of an `a=crypto` line.
    ///
    /// `FEC_ORDER` is accepted and means nothing, as error correction is not carried here. A word with a hyphen in
    /// front may be left out by who does not know it (RFC 4568 §6.3.7).
    ///
    /// # Errors
    /// [`Error::KeyDerivationRate`] for a `KDR` other than zero; [`Error::Parameter`] for unknown or malformed words;
    /// what [`Options::check`] says.
    pub fn parse<'a>(suite: Suite, words: impl IntoIterator<Item = &'a [u8]>) -> Result<Options, Error> {
        let mut options = Options::default();
        for word in words {
            let (name, value) = match word.iter().position(|&byte| byte == b'=') {
                Some(at) => (&word[..at], Some(&word[at + 1..])),
                None => (word, None),
            };
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
            match value {
                None if is("UNENCRYPTED_SRTP") => options.clear_rtp = true,
                None if is("UNENCRYPTED_SRTCP") => options.clear_rtcp = true,
                None if is("UNAUTHENTICATED_SRTP") => options.unauthenticated_rtp = true,
                Some(value) if is("KDR") => match number(value).ok_or(Error::Parameter)? {
                    0 => {}
                    rate @ 1..=24 => return Err(Error::KeyDerivationRate(rate as u8)),
                    _ => return Err(Error::Parameter),
                },
                Some(b"FEC_SRTP" | b"SRTP_FEC" | b"SPLIT") if is("FEC_ORDER") => {}
                // Below 64 the hint is malformed (RFC 4568 §6.3.6), but no reason to refuse a call.
                Some(value) if is("WSH") => {
                    options.window_hint = Some(number(value).ok_or(Error::Parameter)?);
                }
                _ if name.starts_with(b"-") => {}
                _ => return Err(Error::Parameter),
            }
        }
        options.check(suite)?;
        Ok(options)
    }

    /// Whether `suite` can do this.
    ///
    /// # Errors
    /// [`Error::MustAuthenticate`] when RTP under an AEAD suite should have no tag (RFC 7714 §8). In clear it may be:
    /// then all of the packet is associated data (§16.1.3). rtpengine leaves the tag away as well in that case; we do
    /// not follow it, and who writes SDP should not offer the two together.
    pub fn check(&self, suite: Suite) -> Result<(), Error> {
        if suite.is_aead() && self.unauthenticated_rtp { Err(Error::MustAuthenticate(suite)) } else { Ok(()) }
    }
}

/// How many packets a master key may protect (RFC 4568 §6.1), as spelled in SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// In packets; never zero.
    pub packets: u64,
}

impl Lifetime {
    /// Reads `2^31` or a decimal number. `None` if it is neither, is zero, or is more than the 2^48 packets of any
    /// suite.
    pub fn parse(text: &[u8]) -> Option<Lifetime> {
        let packets = match text.strip_prefix(b"2^") {
            Some(power) => 1u64.checked_shl(u32::try_from(number(power)?).ok()?)?,
            None => number(text)?,
        };
        (1..=Suite::MAX_RTP_PACKETS).contains(&packets).then_some(Lifetime { packets })
    }
}

/// A decimal number of at most 18 digits.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    text.iter().try_fold(0u64, |sum, digit| match digit {
        b'0'..=b'9' => Some(sum * 10 + u64::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(suite: Suite, line: &str) -> Result<Options, Error> {
        Options::parse(suite, line.split_whitespace().map(str::as_bytes))
    }

    #[test]
    fn every_parameter_is_read() {
        let suite = Suite::AesCm128HmacSha1_80;
        assert_eq!(parse(suite, "").unwrap(), Options::default());
        let all =
            "UNENCRYPTED_SRTP unencrypted_srtcp UNAUTHENTICATED_SRTP KDR=0 FEC_ORDER=SRTP_FEC WSH=64 -X -Y=1";
        let read =
            Options { clear_rtp: true, clear_rtcp: true, unauthenticated_rtp: true, window_hint: Some(64) };
        assert_eq!(parse(suite, all).unwrap(), read);
    }

    #[test]
    fn what_must_be_understood_is_refused() {
        let suite = Suite::AesCm128HmacSha1_80;
        assert_eq!(parse(suite, "KDR=1"), Err(Error::KeyDerivationRate(1)));
        assert_eq!(parse(suite, "KDR=24"), Err(Error::KeyDerivationRate(24)));
        for word in [
            "KDR=25",
            "KDR",
            "KDR=",
            "KDR=x",
            "WSH",
            "WSH=x",
            "FEC_ORDER=X",
            "X",
            "X=1",
            "UNENCRYPTED_SRTP=1",
        ] {
            assert_eq!(parse(suite, word), Err(Error::Parameter), "{word}");
        }
    }

    #[test]
    fn aead_has_a_tag_always() {
        let suite = Suite::AeadAes128Gcm;
        assert_eq!(parse(suite, "UNAUTHENTICATED_SRTP"), Err(Error::MustAuthenticate(suite)));
        let clear = parse(suite, "UNENCRYPTED_SRTCP UNENCRYPTED_SRTP").unwrap();
        assert!(clear.clear_rtcp && clear.clear_rtp);
    }

    #[test]
    fn lifetimes_are_powers_or_numbers() {
        let packets = |text: &str| Lifetime::parse(text.as_bytes()).map(|lifetime| lifetime.packets);
        assert_eq!(packets("2^31"), Some(1 << 31));
        assert_eq!(packets("2^48"), Some(1 << 48));
        assert_eq!(packets("1000"), Some(1000));
        for text in ["", "0", "2^", "2^49", "2^64", "2^99999999999", "-1", "2^-1", "281474976710657"] {
            assert_eq!(packets(text), None, "{text}");
        }
    }
}
