//! Replies.

use std::borrow::Cow;

use crate::{Body, Encoding, Error, Value, bencode, json};

/// The value of `result` in a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Ok,
    /// Answer to `ping`.
    Pong,
    /// Not done; `error-reason` says why.
    Error,
    /// Refused for lack of capacity; the client should try another node.
    LoadLimit,
}

impl Outcome {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Pong => "pong",
            Outcome::Error => "error",
            Outcome::LoadLimit => "load limit",
        }
    }
}

/// A reply under construction: an outcome and the other keys.
///
/// `result` comes last after `ok` and first otherwise, as rtpengine writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    outcome: Outcome,
    body: Body,
}

impl Reply {
    /// `result: ok`.
    pub const fn ok() -> Self {
        Reply::saying(Body::new())
    }

    /// `result: ok` behind this.
    pub const fn saying(body: Body) -> Self {
        Reply { outcome: Outcome::Ok, body }
    }

    /// `result: pong`.
    pub const fn pong() -> Self {
        Reply { outcome: Outcome::Pong, body: Body::new() }
    }

    /// `result: error` with an `error-reason`.
    pub fn error(reason: impl Into<Cow<'static, str>>) -> Self {
        Reply { outcome: Outcome::Error, body: Body::new() }.with("error-reason", reason.into())
    }

    /// `result: load limit` with a `message`. Only for clients that list `load limit` in `supports`.
    pub fn load_limit(message: impl Into<Cow<'static, str>>) -> Self {
        Reply { outcome: Outcome::LoadLimit, body: Body::new() }.with("message", message.into())
    }

    /// The outcome.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Everything but `result`.
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// Appends a key.
    #[must_use]
    pub fn with<'v>(mut self, key: &'static str, value: impl Into<Value<'v>>) -> Self {
        self.body.value(key, &value.into());
        self
    }

    /// Adds `warning`.
    #[must_use]
    pub fn with_warning(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.with("warning", text.into())
    }

    /// Appends `COOKIE SP BODY` to `out`.
    pub fn encode(&self, cookie: &[u8], encoding: Encoding, out: &mut Vec<u8>) {
        out.extend_from_slice(cookie);
        out.push(b' ');
        self.encode_body(encoding, out);
    }

    /// Appends the body alone to `out` (HTTP `/ng-plain`).
    pub fn encode_body(&self, encoding: Encoding, out: &mut Vec<u8>) {
        let last = self.outcome == Outcome::Ok;
        match encoding {
            Encoding::Bencode => {
                let result = |out: &mut Vec<u8>| {
                    bencode::write_bytes(b"result", out);
                    bencode::write_bytes(self.outcome.as_str().as_bytes(), out);
                };
                out.reserve(self.body.pairs().len() + 32);
                out.push(b'd');
                if !last {
                    result(out);
                }
                out.extend_from_slice(self.body.pairs());
                if last {
                    result(out);
                }
                out.push(b'e');
            }
            Encoding::Json => {
                let (tree, result) = (self.body.tree(), Value::from(self.outcome.as_str()));
                let result = [(b"result".as_slice(), &result)];
                let (before, after) = if last { (&result[..0], &result[..]) } else { (&result[..], &[][..]) };
                json::write_pairs(
                    before.iter().copied().chain(tree.iter()).chain(after.iter().copied()),
                    out,
                );
            }
        }
    }

    /// Appends what a body that could not be read gets: the cookie and a space, nothing else.
    pub fn encode_malformed(cookie: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(cookie);
        out.push(b' ');
    }
}

impl From<Error> for Reply {
    fn from(error: Error) -> Self {
        Reply::error(error.to_string())
    }
}
