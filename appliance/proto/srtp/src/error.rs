use crate::Suite;

/// What was wrong with the parameters of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Key and salt together are not as long as the suite wants.
    #[error("{len} bytes of key and salt, but {suite} needs {needed}")]
    KeyLength {
        /// The suite.
        suite: Suite,
        /// Bytes there were.
        len: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// The text of an inline key is not base64 (RFC 4648 §4).
    #[error("the inline key is not base64")]
    NotBase64,
    /// A master key identifier has 1 to 128 bytes (RFC 4568 §6.1), and its value must fit in them.
    #[error("a master key identifier of {0} bytes")]
    MkiLength(usize),
    /// The value of a master key identifier is no decimal number or does not fit in its bytes.
    #[error("the master key identifier is no number of its length")]
    MkiValue,
    /// Keys that change with the packet index (RFC 3711 §4.3.1) are not supported.
    #[error("a key derivation rate of 2^{0}")]
    KeyDerivationRate(u8),
    /// A session parameter that must be understood and is not (RFC 4568 §6.3.7), or whose value is malformed.
    #[error("a session parameter that is unknown or malformed")]
    Parameter,
    /// A session parameter that contradicts the suite: AEAD cannot do without its tag.
    #[error("{0} must authenticate")]
    MustAuthenticate(Suite),
    /// A session tracks 1 to [`crate::MAX_SSRCS`] SSRCs.
    #[error("room for {0} SSRCs")]
    Ssrcs(usize),
    /// Every place for an SSRC is taken.
    #[error("no room for another SSRC")]
    TooManySsrcs,
    /// A state whose index is beyond the 48 bits of SRTP or the 31 bits of SRTCP, or a sealer's index that lies
    /// before one it has used under the same key.
    #[error("an index that is out of range or would be used again")]
    Index,
    /// A state of another crypto context.
    #[error("a state of another crypto context")]
    Context,
}

/// Why a packet was not opened. All of them are reasons to drop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The header does not fit or is not of version 2.
    #[error("header: {0}")]
    Header(#[from] rtp::Error),
    /// Fewer bytes than the shortest packet with its tag.
    #[error("{len} bytes, but the shortest packet has {needed}")]
    TooShort {
        /// Bytes there were.
        len: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// The authentication tag is not that of the packet.
    #[error("not authentic")]
    Unauthentic,
    /// A packet with this index was opened before.
    #[error("replayed")]
    Replayed,
    /// The index lies before the replay window, or before the stream's beginning.
    #[error("older than the replay window")]
    TooOld,
    /// A new SSRC, and every place for one is taken.
    #[error("no room for another SSRC")]
    TooManySsrcs,
    /// The index has run past 48 bits: the key must not be used any longer (RFC 3711 §9.2).
    #[error("the key has expired")]
    KeyExpired,
}

/// Why a packet was not sealed. Its bytes are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The header does not fit or is not of version 2.
    #[error("header: {0}")]
    Header(#[from] rtp::Error),
    /// The buffer ends before tag and identifier would.
    #[error("a buffer of {len} bytes, but the packet needs {needed}")]
    NoRoom {
        /// Bytes of the buffer.
        len: usize,
        /// Bytes of the sealed packet.
        needed: usize,
    },
    /// A packet with this index was sealed before; sealing another would show the key stream (RFC 3711 §9.1).
    #[error("sealed before")]
    Repeated,
    /// The index lies too far back to know whether it was used, or before the stream's beginning.
    #[error("older than the replay window")]
    TooOld,
    /// A new SSRC, and every place for one is taken.
    #[error("no room for another SSRC")]
    TooManySsrcs,
    /// The index has run past 48 bits of SRTP or 31 of SRTCP: the key must not be used any longer (RFC 3711 §9.2).
    #[error("the key has expired")]
    KeyExpired,
}
