//! How the value of a key is read into its field.

use std::borrow::Cow;
use std::net::IpAddr;

use super::member::{Member, Set};
use super::{Octets, Request, Text, Unknown};
use crate::Value;

/// How the value of a key is read, and into which field. A value of another kind is as if the key had come without one.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    /// One text.
    Text(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<Text<'a>>),
    /// One byte string, whatever it holds.
    Octets(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<Octets<'a>>),
    /// A list of texts, or one text cut at commas.
    Texts(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Vec<Text<'a>>),
    /// A number, or its text.
    Int(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<i64>),
    /// An address. A wrong one leaves an earlier one.
    Ip(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<IpAddr>),
    /// Words of a closed list: a list, or one text cut at commas. False if the word is not in the list.
    Words(for<'r, 'a, 'w> fn(&'r mut Request<'a>, &'w Octets<'a>) -> bool),
    /// One word of a closed list. False if it is not in the list.
    Choice(for<'r, 'a, 'w> fn(&'r mut Request<'a>, &'w [u8]) -> bool),
    /// A nested value, kept as it is.
    Tree(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<Value<'a>>),
    /// Anything else.
    Special(for<'r, 'a, 'v> fn(&'r mut Request<'a>, &'v Value<'a>)),
}

/// Reads `value` the way `slot` wants it. What it does not take becomes an [`Unknown::Value`] under `name`.
pub(crate) fn fill<'a>(request: &mut Request<'a>, name: &'static str, slot: Slot, value: &Value<'a>) {
    let taken = match slot {
        Slot::Text(field) => set(field(request), text(value)),
        Slot::Octets(field) => set(field(request), octets(value)),
        Slot::Int(field) => set(field(request), value.as_int()),
        Slot::Ip(field) => {
            let address = value.as_text().and_then(parse_ip);
            let field = field(request);
            *field = address.or(*field);
            address.is_some()
        }
        Slot::Texts(field) => append(field(request), value, |text| text),
        Slot::Words(take) => return each(request, name, value, take),
        Slot::Choice(take) => take(request, value.as_bytes().unwrap_or_default()),
        Slot::Tree(field) => set(field(request), Some(value.clone())),
        Slot::Special(read) => return read(request, value),
    };
    if !taken {
        request.unknown.push(Unknown::value(name, value));
    }
}

/// Reads the rest of a prefixed word: always one word, whatever commas it has. False if `slot` takes no such thing.
pub(crate) fn fill_one<'a>(request: &mut Request<'a>, slot: Slot, word: &Octets<'a>) -> bool {
    match slot {
        Slot::Words(take) => take(request, word),
        Slot::Texts(field) => match into_text(word.clone()) {
            Some(text) => {
                field(request).push(text);
                true
            }
            None => false,
        },
        _ => false,
    }
}

fn set<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    *field = value;
    field.is_some()
}

/// The bytes of a byte string; a copy only if the value itself is one.
pub(crate) fn octets<'a>(value: &Value<'a>) -> Option<Octets<'a>> {
    match value {
        Value::Bytes(bytes) => Some(bytes.clone()),
        _ => None,
    }
}

/// The text of a byte string that is one.
pub(crate) fn text<'a>(value: &Value<'a>) -> Option<Text<'a>> {
    octets(value).and_then(into_text)
}

/// Bytes as text, if they are UTF-8.
pub(crate) fn into_text(bytes: Octets<'_>) -> Option<Text<'_>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// Reads words: a list, or one text cut at commas. Nothing is trimmed: a blank after a comma belongs to the word, as
/// with rtpengine.
fn each<'a>(
    request: &mut Request<'a>,
    name: &'static str,
    value: &Value<'a>,
    take: for<'r, 'x, 'w> fn(&'r mut Request<'x>, &'w Octets<'x>) -> bool,
) {
    let mut unknown = Vec::new();
    let mut one = |word: &Octets<'a>| {
        if !take(request, word) {
            unknown.push(Unknown::word(name, word.clone()));
        }
    };
    let taken = members(value, &mut one);
    request.unknown.append(&mut unknown);
    if !taken {
        request.unknown.push(Unknown::value(name, value));
    }
}

/// Hands over the byte strings of a list, or the pieces of one text between commas. False if something else is there.
pub(crate) fn members<'a>(value: &Value<'a>, take: &mut dyn FnMut(&Octets<'a>)) -> bool {
    match value {
        Value::List(members) => members.iter().fold(true, |whole, member| match member {
            Value::Bytes(word) => {
                take(word);
                whole
            }
            _ => false,
        }),
        Value::Bytes(text) => {
            pieces(text, take);
            true
        }
        _ => false,
    }
}

/// The pieces of a text between commas, but for empty ones.
fn pieces<'a>(text: &Octets<'a>, take: &mut dyn FnMut(&Octets<'a>)) {
    let whole = |piece: &&[u8]| !piece.is_empty();
    let comma = |byte: &u8| *byte == b',';
    match text {
        Cow::Borrowed(text) => {
            let text: &'a [u8] = text;
            text.split(comma).filter(whole).for_each(|piece| take(&Cow::Borrowed(piece)));
        }
        Cow::Owned(text) => {
            text.split(comma).filter(whole).for_each(|piece| take(&Cow::Owned(piece.to_vec())))
        }
    }
}

/// Appends the texts of a list, or of one text cut at commas. False if something in it is no text.
pub(crate) fn append<'a>(
    list: &mut Vec<Text<'a>>,
    value: &Value<'a>,
    each: fn(Text<'a>) -> Text<'a>,
) -> bool {
    let mut whole = true;
    let strings = members(value, &mut |bytes| match into_text(bytes.clone()) {
        Some(text) => list.push(each(text)),
        None => whole = false,
    });
    strings && whole
}

/// `--` stands for `=` and `..` for a blank, because a SIP script cannot write those inside a flag.
pub(crate) fn unescape(text: Text<'_>) -> Text<'_> {
    if !text.contains("--") && !text.contains("..") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let doubled = matches!(char, '-' | '.') && chars.next_if_eq(&char).is_some();
        out.push(match char {
            '-' if doubled => '=',
            '.' if doubled => ' ',
            other => other,
        });
    }
    Cow::Owned(out)
}

/// An address, also in brackets.
pub(crate) fn parse_ip(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok()
}

/// Sets a field that holds one of a list.
pub(crate) fn choose<T: Member>(field: &mut Option<T>, word: &[u8]) -> bool {
    let named = T::named(word);
    *field = named.or(*field);
    named.is_some()
}

/// Adds to a field that holds several of a list.
pub(crate) fn add<T: Member>(field: &mut Set<T>, word: &[u8]) -> bool {
    T::named(word).map(|member| field.insert(member)).is_some()
}
