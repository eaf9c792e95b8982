//! What was wrong with a body, and what the proxy is told.

/// Why a body is refused. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The body has no bytes, or begins with an empty line.
    #[error("the body is empty")]
    Empty,
    /// There is no `m=` line before the end or the first empty line.
    #[error("there is no m= line")]
    NoMedia,
    /// Larger than [`Session::MAX_BODY`](crate::Session::MAX_BODY).
    #[error("the body has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// Size of the body, bytes.
        bytes: usize,
        /// The largest size taken, bytes.
        limit: usize,
    },
    /// More lines, media sections or formats than we take.
    #[error("line {line}: more than {limit} {what}")]
    TooMany {
        /// The line at which the count was exceeded.
        line: u32,
        /// What there was too much of.
        what: &'static str,
        /// The highest count taken.
        limit: usize,
    },
    /// The first line is not `v=0`.
    #[error("the first line is not v=0")]
    NoVersion,
    /// A line without `=` as its second byte.
    #[error("line {line}: not of the form letter=value")]
    NotALine {
        /// The line.
        line: u32,
    },
    /// A line type that RFC 8866 does not have.
    #[error("line {line}: unknown line type '{}'", char::from(*.kind))]
    UnknownType {
        /// The line.
        line: u32,
        /// The byte before `=`.
        kind: u8,
    },
    /// A line type that may stand once, again.
    #[error("line {line}: a second {}= line", char::from(*.kind))]
    Repeated {
        /// The line.
        line: u32,
        /// The byte before `=`.
        kind: u8,
    },
    /// A session-level line type inside a media section.
    #[error("line {line}: {}= cannot stand in a media section", char::from(*.kind))]
    Misplaced {
        /// The line.
        line: u32,
        /// The byte before `=`.
        kind: u8,
    },
    /// `o=` has fewer than six fields.
    #[error("line {line}: o= has {fields} fields, not 6")]
    Origin {
        /// The line.
        line: u32,
        /// How many fields there were.
        fields: usize,
    },
    /// `c=` is not `IN IP4 <IPv4 address>` or `IN IP6 <IPv6 address>`.
    #[error("line {line}: c= is not IN, IP4 or IP6, and an address of that family")]
    Connection {
        /// The line.
        line: u32,
    },
    /// `m=` is not `kind port protocol formats`, or its port is not one.
    #[error("line {line}: m= {problem}")]
    Media {
        /// The line.
        line: u32,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A media section has no `c=` and the session has none either.
    #[error("line {line}: this media section has no c= line, and the session has none")]
    NoConnection {
        /// The `m=` line.
        line: u32,
    },
    /// An RTP format that is not a number from 0 to 127.
    #[error("line {line}: format {number} of m= is not a payload type")]
    Format {
        /// The `m=` line.
        line: u32,
        /// Which format, counted from 1.
        number: usize,
    },
}

impl Error {
    /// The text proxies see as `error-reason`.
    pub fn ng_text(&self) -> &'static str {
        match self {
            Error::Empty | Error::NoMedia => "Error rewriting SDP",
            Error::NoConnection { .. } | Error::Format { .. } => "Incomplete SDP specification",
            _ => "Failed to parse SDP",
        }
    }

    /// Whether the error reply carries an empty `sdp` beside its reason, as rtpengine's does for these.
    pub fn replies_with_empty_sdp(&self) -> bool {
        matches!(self, Error::Empty | Error::NoMedia)
    }
}
