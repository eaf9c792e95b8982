//! What a reply says, written as it is said.

use crate::bencode::{self, push_decimal, write_bytes};
use crate::{Dict, Value};
use std::io::Write;
use std::net::IpAddr;

/// The pairs of a dictionary, in bencode from the beginning: a reply about a call has a hundred of them, and each would be an
/// allocation or two as a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    bytes: Vec<u8>,
}

/// The members of a list.
#[derive(Debug)]
pub struct List<'b>(&'b mut Body);

impl Body {
    /// No pair.
    pub const fn new() -> Body {
        Body { bytes: Vec::new() }
    }

    /// No pair, and room for so many bytes.
    pub fn with_room(bytes: usize) -> Body {
        Body { bytes: Vec::with_capacity(bytes) }
    }

    /// A number; what is too large for the protocol is the largest there is.
    pub fn int(&mut self, key: &str, number: u64) {
        self.key(key.as_bytes());
        self.put_int(number);
    }

    /// A text.
    pub fn text(&mut self, key: &str, text: &str) {
        self.bytes(key, text.as_bytes());
    }

    /// A byte string, whatever it holds.
    pub fn bytes(&mut self, key: &str, bytes: &[u8]) {
        self.key(key.as_bytes());
        write_bytes(bytes, &mut self.bytes);
    }

    /// An address as a text.
    pub fn address(&mut self, key: &str, address: IpAddr) {
        self.key(key.as_bytes());
        // The longest there is: "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".
        let mut text = [0; 48];
        let len = match address {
            IpAddr::V4(v4) => dotted(v4.octets(), &mut text),
            IpAddr::V6(v6) => {
                let mut rest = &mut text[..];
                // It has room for all there are.
                let _ = write!(rest, "{v6}");
                let left = rest.len();
                text.len() - left
            }
        };
        write_bytes(&text[..len], &mut self.bytes);
    }

    /// Anything.
    pub fn value(&mut self, key: &str, value: &Value<'_>) {
        if let Value::Bytes(bytes) = value {
            // An SDP body; with both lengths, in one piece from the beginning.
            self.bytes.reserve(key.len() + bytes.len() + 16);
        }
        self.key(key.as_bytes());
        bencode::write(value, &mut self.bytes);
    }

    /// A dictionary with what `fill` says.
    pub fn dict(&mut self, key: &str, fill: impl FnOnce(&mut Body)) {
        self.dict_of(key.as_bytes(), fill);
    }

    /// The same under a key that need not be text.
    pub fn dict_of(&mut self, key: &[u8], fill: impl FnOnce(&mut Body)) {
        self.key(key);
        self.put_dict(fill);
    }

    /// A list of what `fill` says.
    pub fn list(&mut self, key: &str, fill: impl FnOnce(&mut List<'_>)) {
        self.key(key.as_bytes());
        self.bytes.push(b'l');
        fill(&mut List(self));
        self.bytes.push(b'e');
    }

    /// All of it as a tree.
    pub fn tree(&self) -> Dict<'_> {
        // What was written above can be read, however deep: only we nest.
        bencode::parse_pairs(&self.bytes).unwrap_or_default()
    }

    /// The pairs, as they stand in a dictionary.
    pub(crate) fn pairs(&self) -> &[u8] {
        &self.bytes
    }

    fn key(&mut self, key: &[u8]) {
        write_bytes(key, &mut self.bytes);
    }

    fn put_int(&mut self, number: u64) {
        self.bytes.push(b'i');
        push_decimal(i64::try_from(number).unwrap_or(i64::MAX), &mut self.bytes);
        self.bytes.push(b'e');
    }

    fn put_dict(&mut self, fill: impl FnOnce(&mut Body)) {
        self.bytes.push(b'd');
        fill(self);
        self.bytes.push(b'e');
    }
}

impl List<'_> {
    /// A text.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) {
        write_bytes(bytes, &mut self.0.bytes);
    }

    /// A dictionary with what `fill` says.
    pub fn dict(&mut self, fill: impl FnOnce(&mut Body)) {
        self.0.put_dict(fill);
    }
}

/// Writes four numbers with points between them; returns how long that is.
fn dotted(octets: [u8; 4], text: &mut [u8; 48]) -> usize {
    let mut at = 0;
    let mut put = |byte: u8| {
        text[at] = byte;
        at += 1;
    };
    for (nth, octet) in octets.into_iter().enumerate() {
        if nth > 0 {
            put(b'.');
        }
        if octet >= 100 {
            put(b'0' + octet / 100);
        }
        if octet >= 10 {
            put(b'0' + octet / 10 % 10);
        }
        put(b'0' + octet % 10);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_reads_as_the_tree_it_stands_for() {
        let mut body = Body::new();
        body.int("number", u64::MAX);
        body.bytes("bytes", b"\xff\0");
        body.dict_of(b"a tag\xfe", |tag| tag.list("list", |list| list.text("one")));
        body.list("dicts", |list| {
            list.dict(|one| one.text("k", "v"));
            list.dict(|_| {});
        });
        body.value("value", &Value::Int(-5));
        let mut tag = Dict::new();
        tag.push("list", Value::List(vec!["one".into()]));
        let mut want = Dict::new().with("number", Value::Int(i64::MAX)).with("bytes", &b"\xff\0"[..]);
        want.push_bytes(&b"a tag\xfe"[..], Value::Dict(tag));
        let dicts = vec![Value::Dict(Dict::new().with("k", "v")), Value::Dict(Dict::new())];
        let want = want.with("dicts", Value::List(dicts)).with("value", Value::Int(-5));
        assert_eq!(body.tree(), want);
        assert_eq!(Body::new().tree(), Dict::new());
    }

    #[test]
    fn addresses_are_written_as_everybody_writes_them() {
        for text in [
            "0.0.0.0",
            "1.20.100.255",
            "198.51.100.7",
            "::",
            "2001:db8::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "::ffff:192.168.100.200",
        ] {
            let mut body = Body::new();
            body.address("a", text.parse().unwrap());
            assert_eq!(body.tree().text("a"), Some(text));
        }
    }
}
