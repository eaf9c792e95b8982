//! The bencode subset of ng, and one tree for it and JSON.
//!
//! Deliberately not the product's codec: the lab must not share its mistakes.

use crate::{LabError, Result};
use std::fmt;

/// Deepest nesting we read.
const DEEPEST: usize = 64;

/// A value of an ng message. Dictionaries keep the order they came in.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A byte string; usually text.
    Bytes(Vec<u8>),
    /// A number.
    Int(i64),
    /// A list.
    List(Vec<Value>),
    /// A dictionary.
    Dict(Vec<(Vec<u8>, Value)>),
}

impl Value {
    /// An empty dictionary.
    pub fn dict() -> Value {
        Value::Dict(Vec::new())
    }

    /// A list of strings.
    pub fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }

    /// Sets a key of a dictionary, replacing an earlier value. Does nothing on other values.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        if let Value::Dict(entries) = self {
            let value = value.into();
            match entries.iter_mut().find(|(name, _)| name == key.as_bytes()) {
                Some((_, old)) => *old = value,
                None => entries.push((key.as_bytes().to_vec(), value)),
            }
        }
    }

    /// Takes a key out of a dictionary. Does nothing on other values.
    pub fn remove(&mut self, key: &str) {
        if let Value::Dict(entries) = self {
            entries.retain(|(name, _)| name != key.as_bytes());
        }
    }

    /// The value at `path`: keys and list positions joined by `/`, for example `tags/a/medias/0/streams/1`.
    /// Keys that contain a slash cannot be reached this way; use [`Value::key`].
    pub fn get(&self, path: &str) -> Option<&Value> {
        path.split('/').try_fold(self, |value, step| match value {
            Value::Dict(_) => value.key(step),
            Value::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// One key of a dictionary.
    pub fn key(&self, key: &str) -> Option<&Value> {
        self.entries().iter().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| value)
    }

    /// The text at `path`, if it is text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path)?.as_str()
    }

    /// The number at `path`; numbers written as text count too, as in ng.
    pub fn int(&self, path: &str) -> Option<i64> {
        self.get(path)?.as_int()
    }

    /// This value as text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// This value as a number.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => self.as_str()?.parse().ok(),
        }
    }

    /// The items of a list; empty for other values.
    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a dictionary in order; empty for other values.
    pub fn entries(&self) -> &[(Vec<u8>, Value)] {
        match self {
            Value::Dict(entries) => entries,
            _ => &[],
        }
    }

    /// Writes bencode.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_to(&mut out);
        out
    }

    fn encode_to(&self, out: &mut Vec<u8>) {
        match self {
            Value::Bytes(bytes) => encode_bytes(bytes, out),
            Value::Int(number) => out.extend(format!("i{number}e").bytes()),
            Value::List(items) => {
                out.push(b'l');
                items.iter().for_each(|item| item.encode_to(out));
                out.push(b'e');
            }
            Value::Dict(entries) => {
                out.push(b'd');
                for (key, value) in entries {
                    encode_bytes(key, out);
                    value.encode_to(out);
                }
                out.push(b'e');
            }
        }
    }

    /// Reads one value that fills `bytes` exactly.
    pub fn decode(bytes: &[u8]) -> Result<Value> {
        let (value, used) = Value::decode_prefix(bytes)?;
        if used < bytes.len() {
            return Err(malformed(used, "bytes after the value"));
        }
        Ok(value)
    }

    /// Reads one value from the start of `bytes`; also returns its length. For TCP, where ng has no other frame.
    pub fn decode_prefix(bytes: &[u8]) -> Result<(Value, usize)> {
        let mut reader = Reader { bytes, at: 0 };
        let value = reader.value(0)?;
        Ok((value, reader.at))
    }

    /// As JSON. Bytes that are not UTF-8 are replaced.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned().into(),
            Value::Int(number) => (*number).into(),
            Value::List(items) => items.iter().map(Value::to_json).collect::<Vec<_>>().into(),
            Value::Dict(entries) => serde_json::Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (String::from_utf8_lossy(key).into_owned(), value.to_json()))
                    .collect(),
            ),
        }
    }

    /// From JSON. Booleans become 0 and 1, fractions text, null empty text.
    pub fn from_json(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Bytes(Vec::new()),
            serde_json::Value::Bool(flag) => Value::Int((*flag).into()),
            serde_json::Value::Number(number) => {
                number.as_i64().map_or_else(|| number.to_string().into(), Value::Int)
            }
            serde_json::Value::String(text) => text.as_str().into(),
            serde_json::Value::Array(items) => Value::List(items.iter().map(Value::from_json).collect()),
            serde_json::Value::Object(map) => Value::Dict(
                map.iter().map(|(key, value)| (key.as_bytes().to_vec(), Value::from_json(value))).collect(),
            ),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Bytes(text.as_bytes().to_vec())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Bytes(text.into_bytes())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::from(text.as_str())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::List(items)
    }
}

impl fmt::Debug for Value {
    /// JSON: readable in the message of a failed test.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.to_json())
    }
}

fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(format!("{}:", bytes.len()).bytes());
    out.extend_from_slice(bytes);
}

fn malformed(at: usize, what: &str) -> LabError {
    LabError::Malformed { encoding: "bencode", at, what: what.to_owned() }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value> {
        if depth > DEEPEST {
            return Err(malformed(self.at, "nested too deep"));
        }
        match self.peek()? {
            b'i' => {
                self.at += 1;
                let text = self.until(b'e')?;
                text.parse().map(Value::Int).map_err(|_| malformed(self.at, "not a number"))
            }
            b'l' => {
                self.at += 1;
                let mut items = Vec::new();
                while !self.end()? {
                    items.push(self.value(depth + 1)?);
                }
                Ok(Value::List(items))
            }
            b'd' => {
                self.at += 1;
                let mut entries = Vec::new();
                while !self.end()? {
                    let key = self.string()?;
                    entries.push((key, self.value(depth + 1)?));
                }
                Ok(Value::Dict(entries))
            }
            _ => self.string().map(Value::Bytes),
        }
    }

    fn peek(&self) -> Result<u8> {
        self.bytes.get(self.at).copied().ok_or_else(|| malformed(self.at, "cut short"))
    }

    fn end(&mut self) -> Result<bool> {
        let end = self.peek()? == b'e';
        self.at += usize::from(end);
        Ok(end)
    }

    fn until(&mut self, stop: u8) -> Result<&str> {
        let rest = &self.bytes[self.at..];
        let length =
            rest.iter().position(|&byte| byte == stop).ok_or_else(|| malformed(self.at, "cut short"))?;
        let text = std::str::from_utf8(&rest[..length]).map_err(|_| malformed(self.at, "not text"))?;
        self.at += length + 1;
        Ok(text)
    }

    fn string(&mut self) -> Result<Vec<u8>> {
        let start = self.at;
        let length: usize = self.until(b':')?.parse().map_err(|_| malformed(start, "not a string length"))?;
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| malformed(self.at, "cut short"))?;
        let bytes = self.bytes[self.at..end].to_vec();
        self.at = end;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_keeps_order() {
        let text = b"d1:zi-7e1:al3:one0:d1:kl1:veeee";
        let value = Value::decode(text).unwrap();
        assert_eq!(value.int("z"), Some(-7));
        assert_eq!(value.text("a/0"), Some("one"));
        assert_eq!(value.text("a/2/k/0"), Some("v"));
        assert_eq!(value.encode(), text);
        assert_eq!(Value::from_json(&value.to_json()), value);
    }

    #[test]
    fn broken_input_is_an_error() {
        for bad in
            [&b""[..], b"d", b"i1", b"5:abc", b"99999999999999999999:a", b"d1:a", b"xx", b"i1ei2e", b"ie"]
        {
            assert!(Value::decode(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
        assert!(Value::decode(&b"l".repeat(10_000)).is_err());
    }

    #[test]
    fn prefix_tells_its_length() {
        assert_eq!(Value::decode_prefix(b"i5e rest").unwrap(), (Value::Int(5), 3));
    }
}
