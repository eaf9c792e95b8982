//! What a client wrote and we do not know.

use std::borrow::Cow;
use std::fmt;

use super::{Octets, Text};
use crate::Value;

/// Something a client wrote and we do not know. Its `Display` is a warning for the log, worded as rtpengine's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown<'a> {
    /// A word in `flags` or `rtpp-flags`.
    Flag(Text<'a>),
    /// A dictionary key, with its value.
    Key(Text<'a>, Value<'a>),
    /// A value that the known key does not take.
    Value(Text<'a>, Value<'a>),
}

impl<'a> Unknown<'a> {
    /// A value that `key` does not take.
    pub(crate) fn value(key: &'static str, value: &Value<'a>) -> Self {
        Unknown::Value(key.into(), value.clone())
    }

    /// A word that `key` does not take.
    pub(crate) fn word(key: &'static str, word: Octets<'a>) -> Self {
        Unknown::Value(key.into(), Value::Bytes(word))
    }

    /// A word that is no flag.
    pub(crate) fn flag(word: Octets<'a>) -> Self {
        Unknown::Flag(lossy(word))
    }
}

/// Bytes as text for a warning; what is not UTF-8 is replaced.
pub(crate) fn lossy(bytes: Octets<'_>) -> Text<'_> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// How much of a text a warning shows, in characters.
const SHOWN: usize = 80;

impl fmt::Display for Unknown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown::Flag(word) => write!(out, "Unknown flag encountered: '{}'", Shown(word)),
            Unknown::Key(key, _) => write!(out, "Unknown dictionary key encountered: '{}'", Shown(key)),
            Unknown::Value(key, Value::Bytes(bytes)) => {
                write!(out, "Unknown '{key}' flag encountered: '{}'", Shown(&String::from_utf8_lossy(bytes)))
            }
            Unknown::Value(key, Value::Int(number)) => {
                write!(out, "Unknown '{key}' flag encountered: '{number}'")
            }
            Unknown::Value(key, _) => write!(out, "Key '{key}' does not take a list or dictionary like this"),
        }
    }
}

/// A client's text made safe for one line of a log.
struct Shown<'t>(&'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars().take(SHOWN) {
            match char.is_control() {
                true => write!(out, "{}", char.escape_default())?,
                false => write!(out, "{char}")?,
            }
        }
        Ok(())
    }
}
