//! Framing: `COOKIE SP BODY`.

use crate::{Dict, Malformed, Value, bencode, json};

/// Longest cookie, in bytes. Clients use about twenty; a longer one is not a cookie.
const MAX_COOKIE: usize = 256;

/// The two encodings of a body. A reply uses the encoding of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// bencode; the body starts with `d`.
    Bencode,
    /// JSON; the body starts with `{`.
    Json,
}

impl Encoding {
    /// Tells the encoding by a body's first byte.
    pub fn detect(body: &[u8]) -> Option<Self> {
        match body.first() {
            Some(b'd') => Some(Encoding::Bencode),
            Some(b'{') => Some(Encoding::Json),
            _ => None,
        }
    }

    /// Appends `dict` to `out` in this encoding.
    pub fn write(self, dict: &Dict<'_>, out: &mut Vec<u8>) {
        self.write_pairs(dict.iter(), out);
    }

    /// Appends a dictionary of these pairs.
    pub(crate) fn write_pairs<'v, 'a: 'v>(
        self,
        pairs: impl Iterator<Item = (&'v [u8], &'v Value<'a>)>,
        out: &mut Vec<u8>,
    ) {
        match self {
            Encoding::Bencode => bencode::write_pairs(pairs, out),
            Encoding::Json => json::write_pairs(pairs, out),
        }
    }
}

/// A message as it came, split and decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming<'a> {
    /// What the reply must start with; the key of the retransmission cache.
    pub cookie: &'a [u8],
    /// How the body was encoded and the reply must be.
    pub encoding: Encoding,
    /// The body.
    pub dict: Dict<'a>,
}

impl<'a> Incoming<'a> {
    /// Decodes a whole message: one datagram, or what [`find_end`] cut from a stream.
    ///
    /// After a bencode dictionary anything may follow and is ignored, as rtpengine does.
    ///
    /// # Errors
    /// [`Malformed::NoCookie`] gets no reply. To everything else rtpengine replies with the cookie, a space and
    /// nothing more; take the cookie with [`Incoming::split`] and use [`crate::Reply::encode_malformed`].
    pub fn parse(message: &'a [u8]) -> Result<Self, Malformed> {
        let (cookie, body) = Self::split(message)?;
        let (encoding, dict) = Self::parse_body(body)?;
        Ok(Incoming { cookie, encoding, dict })
    }

    /// Splits a message into cookie and body without looking into the body.
    ///
    /// # Errors
    /// [`Malformed::NoCookie`].
    pub fn split(message: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Malformed> {
        let head = &message[..message.len().min(MAX_COOKIE + 1)];
        match head.iter().position(|byte| *byte == b' ') {
            None | Some(0) => Err(Malformed::NoCookie),
            Some(space) => Ok((&message[..space], &message[space + 1..])),
        }
    }

    /// Decodes a body that came without a cookie (HTTP `/ng-plain`).
    ///
    /// # Errors
    /// [`Malformed`], except [`Malformed::NoCookie`].
    pub fn parse_body(body: &'a [u8]) -> Result<(Encoding, Dict<'a>), Malformed> {
        let encoding = Encoding::detect(body).ok_or(Malformed::UnknownEncoding)?;
        let value = match encoding {
            Encoding::Bencode => bencode::parse(body)?.0,
            Encoding::Json => json::parse(body)?,
        };
        match value {
            Value::Dict(dict) => Ok((encoding, dict)),
            _ => Err(Malformed::Body("no dictionary")),
        }
    }
}

/// Progress of [`find_end`] through a message that arrives in pieces. Start every message with a new one.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    state: State,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Cookie,
    Bencode {
        body: usize,
        scanner: bencode::Scanner,
    },
    Json {
        body: usize,
        scanner: json::Scanner,
    },
}

/// Finds the end of the message at the start of `stream`, which holds everything received and not yet consumed.
/// There is no length prefix in the protocol, so the body itself is walked. `Ok(None)` means that more bytes are
/// needed. Walks no byte twice if `scan` is kept between calls.
///
/// # Errors
/// [`Malformed`]: the stream cannot be brought back into step, so the connection is lost.
pub fn find_end(scan: &mut Scan, stream: &[u8]) -> Result<Option<usize>, Malformed> {
    if let State::Cookie = scan.state {
        let head = &stream[..stream.len().min(MAX_COOKIE + 1)];
        let body = match head.iter().position(|byte| *byte == b' ') {
            Some(0) => return Err(Malformed::NoCookie),
            Some(space) => space + 1,
            None if head.len() > MAX_COOKIE => return Err(Malformed::NoCookie),
            None => return Ok(None),
        };
        if stream.len() == body {
            return Ok(None);
        }
        scan.state = match Encoding::detect(&stream[body..]).ok_or(Malformed::UnknownEncoding)? {
            Encoding::Bencode => State::Bencode { body, scanner: bencode::Scanner::default() },
            Encoding::Json => State::Json { body, scanner: json::Scanner::default() },
        };
    }
    let (body, end) = match &mut scan.state {
        State::Cookie => return Ok(None),
        State::Bencode { body, scanner } => (*body, scanner.scan(&stream[*body..])?),
        State::Json { body, scanner } => (*body, scanner.scan(&stream[*body..])?),
    };
    Ok(end.map(|end| body + end))
}
