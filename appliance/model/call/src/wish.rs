use flow::srtp::{self, Suite};

/// What is done about SDES keys (RFC 4568). In an offer it shapes what the receiver is offered and which of the
/// sender's lines may be answered; in an answer only the spelling and the negations matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SdesWish {
    /// Offer no keys.
    pub off: bool,
    /// Add no suites to those the sender offered.
    pub nonew: bool,
    /// Keep the suite in use although the sender now prefers another.
    pub keep: bool,
    /// Answer keys with keys although DTLS was offered too.
    pub prefer: bool,
    /// Write base64 with its padding.
    pub pad: bool,
    /// Write a lifetime of 2^31 packets.
    pub lifetime: bool,
    /// Suites that are neither offered nor accepted.
    pub without: Vec<Suite>,
    /// The only suites that are; `without` does not matter then.
    pub only: Vec<Suite>,
    /// Suites that stand first, in this order.
    pub order: Vec<Suite>,
    /// Suites the sender is answered with if it offered them, the best first.
    pub sender: Vec<Suite>,
    /// `UNENCRYPTED_SRTP` written or taken out.
    pub clear_rtp: Option<bool>,
    /// `UNENCRYPTED_SRTCP` likewise.
    pub clear_rtcp: Option<bool>,
    /// `UNAUTHENTICATED_SRTP` likewise.
    pub unauthenticated: Option<bool>,
}

impl SdesWish {
    /// Whether a suite may be used.
    pub(crate) fn allows(&self, suite: Suite) -> bool {
        if self.only.is_empty() { !self.without.contains(&suite) } else { self.only.contains(&suite) }
    }

    /// The session parameters of a line that is offered. What a suite cannot do is left away.
    pub(crate) fn offered(&self, suite: Suite, said: srtp::Options) -> srtp::Options {
        srtp::Options {
            clear_rtp: self.clear_rtp.unwrap_or(said.clear_rtp),
            clear_rtcp: self.clear_rtcp.unwrap_or(said.clear_rtcp),
            unauthenticated_rtp: !suite.is_aead() && self.unauthenticated.unwrap_or(said.unauthenticated_rtp),
            window_hint: None,
        }
    }

    /// The session parameters of a line that is answered: those of the offer, unless they are taken out.
    pub(crate) fn answered(&self, said: srtp::Options) -> srtp::Options {
        srtp::Options {
            clear_rtp: said.clear_rtp && self.clear_rtp != Some(false),
            clear_rtcp: said.clear_rtcp && self.clear_rtcp != Some(false),
            unauthenticated_rtp: said.unauthenticated_rtp && self.unauthenticated != Some(false),
            window_hint: None,
        }
    }
}

/// What is done about DTLS-SRTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DtlsWish<'a> {
    /// Do not offer it.
    pub off: bool,
    /// Where the sender leaves the role to us: wait for its handshake, or begin.
    pub passive: Option<bool>,
    /// Hash of our certificate that the receiver is told: `sha-1`, `sha-256`, ….
    pub fingerprint: Option<&'a str>,
    /// Neither write nor read `a=tls-id`.
    pub no_tls_id: bool,
}

/// What is done about best-effort SRTP (RFC 8643): keys under a plain profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OsrtpWish {
    /// Offer keys under the plain profile.
    pub offer: bool,
    /// Offer a plain section beside each secure one.
    pub offer_doubles: bool,
    /// Take a plain and a secure section side by side for one.
    pub accept_doubles: bool,
}
