//! RTP and RTCP header views, and the first-byte demultiplexing of RFC 7983.
//!
//! Views are made by one check of all lengths and read the caller's bytes in place; nothing is copied. What is not
//! here: statistics, SRTP, payload formats, writing whole packets.
#![forbid(unsafe_code)]

pub mod fuzz;
mod header;
mod kind;
pub mod rtcp;

pub use header::{Extension, Header, HeaderMut};
pub use kind::Kind;

/// What was wrong with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Fewer bytes than the header that they begin says.
    #[error("{len} bytes, but the header needs {needed}")]
    TooShort {
        /// Bytes there were.
        len: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// The version field is not 2 (RFC 3550 §5.1, §6.4.1).
    #[error("version {0} instead of 2")]
    Version(u8),
    /// The padding count is zero or larger than what it pads (RFC 3550 §5.1).
    #[error("padding of {padding} bytes in {room}")]
    Padding {
        /// The count in the last byte.
        padding: u8,
        /// Bytes that could be padding.
        room: usize,
    },
}
