//! The tree both encodings share.

mod convert;
mod dict;

use std::borrow::Cow;

pub use dict::Dict;

/// One value of an ng message. Borrows from the datagram wherever the encoding allows.
///
/// bencode maps onto it one to one. From JSON, strings become [`Value::Bytes`], whole numbers [`Value::Int`],
/// booleans 1 or 0, other numbers their text; what is `null` counts as not being there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A whole number.
    Int(i64),
    /// A byte string; usually UTF-8 text, but nothing promises it.
    Bytes(Cow<'a, [u8]>),
    /// A list.
    List(Vec<Value<'a>>),
    /// A dictionary.
    Dict(Dict<'a>),
}

impl<'a> Value<'a> {
    /// An empty list.
    pub const fn list() -> Self {
        Value::List(Vec::new())
    }

    /// The bytes of a byte string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text of a byte string, if it is valid UTF-8. Nothing is replaced: other bytes give `None`.
    pub fn as_text(&self) -> Option<&str> {
        self.as_bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The number, also when it was written as a decimal string (clients do both). Blanks and a plus may stand in
    /// front of it, nothing may follow.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Bytes(_) => self.as_text()?.trim_ascii_start().parse().ok(),
            _ => None,
        }
    }

    /// The members of a list.
    pub fn as_list(&self) -> Option<&[Value<'a>]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The dictionary.
    pub fn as_dict(&self) -> Option<&Dict<'a>> {
        match self {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// A view of this value with borrowed texts. Copies no text; lists and dictionaries get a new spine.
    pub fn reborrow(&self) -> Value<'_> {
        match self {
            Value::Int(number) => Value::Int(*number),
            Value::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
            Value::List(list) => Value::List(list.iter().map(Value::reborrow).collect()),
            Value::Dict(dict) => Value::Dict(dict.reborrow()),
        }
    }

    /// The same value with nothing borrowed.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Int(number) => Value::Int(number),
            Value::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Value::List(list) => Value::List(list.into_iter().map(Value::into_owned).collect()),
            Value::Dict(dict) => Value::Dict(dict.into_owned()),
        }
    }
}
