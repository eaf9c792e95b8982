//! What can be wrong with a message.

use thiserror::Error;

/// What was wrong with a request. The text is what the client gets as `error-reason`, letter by letter what
/// rtpengine says, because proxies and their operators match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no `command`, or it is not a string.
    #[error("Dictionary contains no key \"command\"")]
    NoCommand,
    /// The command is none of ours.
    #[error("Unrecognized command")]
    UnknownCommand,
    /// The verb needs `call-id`.
    #[error("No call-id in message")]
    NoCallId,
    /// The verb needs `from-tag`.
    #[error("No from-tag in message")]
    NoFromTag,
    /// The verb needs `to-tag`.
    #[error("No to-tag in message")]
    NoToTag,
    /// The verb needs `sdp`.
    #[error("No SDP body in message")]
    NoSdp,
    /// `cli` needs `body`.
    #[error("No 'body' in message")]
    NoBody,
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// No `COOKIE SP` at the start. Such a datagram gets no reply.
    #[error("no cookie in front of the message")]
    NoCookie,
    /// The body starts with neither `d` nor `{`.
    #[error("invalid NG data format")]
    UnknownEncoding,
    /// The body is not one well-formed dictionary.
    #[error("malformed dictionary: {0}")]
    Body(&'static str),
    /// The body nests deeper than [`crate::bencode::MAX_DEPTH`].
    #[error("dictionary nested too deeply")]
    TooDeep,
    /// The body is longer, or a stream's message grew longer, than the limit.
    #[error("message longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
}
