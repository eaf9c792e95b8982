//! JSON through serde_json, into and out of the same tree.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::{Dict, Malformed, Value};

/// Reads one JSON value that fills `input` but for white space. Strings without escapes are borrowed.
///
/// # Errors
/// [`Malformed::Body`]; also for nesting deeper than serde_json's own limit of 128.
pub fn parse(input: &[u8]) -> Result<Value<'_>, Malformed> {
    match serde_json::from_slice::<Option<Value<'_>>>(input) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(Malformed::Body("null")),
        Err(_) => Err(Malformed::Body("invalid JSON")),
    }
}

/// Appends `dict` to `out` as compact JSON. Bytes that are not UTF-8 become U+FFFD: JSON has no way to carry them.
pub fn write_dict(dict: &Dict<'_>, out: &mut Vec<u8>) {
    write_pairs(dict.iter(), out);
}

/// Appends a dictionary of these pairs.
pub(crate) fn write_pairs<'v, 'a: 'v>(
    pairs: impl Iterator<Item = (&'v [u8], &'v Value<'a>)>,
    out: &mut Vec<u8>,
) {
    serde_json::Serializer::new(out)
        .collect_map(pairs.map(|(key, value)| (String::from_utf8_lossy(key), value)))
        .expect("a vector takes every byte and the tree has no failing part");
}

/// Finds where a JSON dictionary ends in a stream that arrives in pieces, by matching braces outside strings.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    at: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scanner {
    /// Looks at all of `input` received so far (always from the first byte) and returns the length of the
    /// dictionary or list once it is closed.
    ///
    /// # Errors
    /// [`Malformed::TooDeep`] past 128 levels; [`Malformed::Body`] if it does not start with a bracket.
    pub fn scan(&mut self, input: &[u8]) -> Result<Option<usize>, Malformed> {
        while let Some(byte) = input.get(self.at) {
            self.at += 1;
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'{' | b'[' => self.depth += 1,
                _ if self.depth == 0 => return Err(Malformed::Body("no dictionary")),
                b'}' | b']' => self.depth -= 1,
                b'"' => self.in_string = true,
                _ => {}
            }
            if self.depth > 128 {
                return Err(Malformed::TooDeep);
            }
            if self.depth == 0 {
                return Ok(Some(self.at));
            }
        }
        Ok(None)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Self::Value, E> {
        Ok(Value::Int(i64::from(yes)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| number.to_string().into(), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(number.to_string().into())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(text.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.to_owned().into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(member) = seq.next_element::<Option<Value<'de>>>()? {
            list.extend(member);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut dict = Dict::new();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            // A key with null is a key that is not there.
            if let Some(value) = map.next_value::<Option<Value<'de>>>()? {
                match key.0 {
                    Cow::Borrowed(text) => dict.push(text, value),
                    Cow::Owned(text) => dict.push(text, value),
                }
            }
        }
        Ok(Value::Dict(dict))
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

/// A key, borrowed when it has no escapes (serde's own `Cow` always copies).
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Bytes(bytes) => serializer.serialize_str(&String::from_utf8_lossy(bytes)),
            Value::List(list) => serializer.collect_seq(list),
            Value::Dict(dict) => dict.serialize(serializer),
        }
    }
}

impl Serialize for Dict<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            map.serialize_entry(&String::from_utf8_lossy(key), value)?;
        }
        map.end()
    }
}
