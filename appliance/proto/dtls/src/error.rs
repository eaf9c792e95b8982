use std::fmt;

/// What was wrong with settings or with text of an SDP.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No SRTP profile is left to offer.
    #[error("no SRTP profile to negotiate")]
    NoProfiles,
    /// OpenSSL takes nothing from this cipher list.
    #[error("cipher list {0:?} names nothing usable")]
    Ciphers(String),
    /// A datagram size outside of 228 to 16 384 bytes.
    #[error("largest datagram of {0} bytes, but it must be 228 to 16384")]
    Mtu(u16),
    /// An RSA key size outside of 1 024 to 8 192 bits.
    #[error("RSA key of {0} bits, but it must be 1024 to 8192")]
    RsaBits(u32),
    /// A common name that no certificate can carry: 1 to 64 bytes.
    #[error("common name of {0} bytes, but it must be 1 to 64")]
    CommonName(usize),
    /// A point in time that no certificate can carry.
    #[error("no certificate can begin at {0} seconds after 1970")]
    Time(i64),
    /// The hash function of a fingerprint is none of RFC 8122 §5.
    #[error("unknown hash function {0:?}")]
    Hash(String),
    /// The value of a fingerprint is not pairs of hex digits with colons between, as many as its hash has bytes.
    #[error("not a {0} fingerprint")]
    Digest(&'static str),
    /// MD5 is read in an SDP (RFC 8122 §5), but certificates are not judged by it.
    #[error("md5 fingerprints are not made")]
    Md5,
    /// OpenSSL refused; its own words.
    #[error("OpenSSL: {0}")]
    Library(String),
}

impl From<openssl::error::ErrorStack> for Error {
    fn from(stack: openssl::error::ErrorStack) -> Error {
        Error::Library(stack.to_string())
    }
}

/// Why a handshake came to nothing. The texts are stable: counters and logs use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The peer did not answer in time.
    TimedOut,
    /// The peer's certificate has none of the fingerprints of the SDP.
    WrongFingerprint,
    /// The two sides have no SRTP profile in common.
    NoProfile,
    /// The peer gave up, with this alert (RFC 5246 §7.2).
    Alert(u8),
    /// The peer broke the protocol, or has no cipher or certificate that we can use.
    Protocol,
    /// OpenSSL failed at something that is not the peer's fault.
    Internal,
}

impl Reason {
    /// The name of this reason in counters and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::TimedOut => "timed-out",
            Reason::WrongFingerprint => "wrong-fingerprint",
            Reason::NoProfile => "no-srtp-profile",
            Reason::Alert(_) => "peer-alert",
            Reason::Protocol => "protocol",
            Reason::Internal => "internal",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Alert(number) => write!(f, "peer-alert {number}"),
            other => f.write_str(other.as_str()),
        }
    }
}

/// Why a datagram was left alone. Each is a counter; none is worth a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Ignored {
    /// Not one or more whole DTLS records.
    #[error("malformed")]
    Malformed,
    /// Records that this role never gets, or a handshake message of more than 16 384 bytes.
    #[error("implausible")]
    Implausible,
    /// From an address nobody shakes hands with, and no ClientHello.
    #[error("unknown-source")]
    UnknownSource,
    /// A ClientHello with a cookie that we did not give to this address, or too long ago; or so odd that cookies
    /// cannot work.
    #[error("bad-cookie")]
    BadCookie,
    /// More datagrams than a handshake can need.
    #[error("too-many")]
    TooMany,
    /// A good cookie, but all places are taken by handshakes that are just as young.
    #[error("no-room")]
    NoRoom,
    /// Nothing is expected: closed, failed, or not begun.
    #[error("idle")]
    Idle,
}
