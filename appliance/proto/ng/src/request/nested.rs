//! Keys whose values are dictionaries, or whose reading fits no table.

use std::borrow::Cow;
use std::net::IpAddr;

use super::codec::OPERATIONS;
use super::fill::{append, choose, into_text, octets, parse_ip, text, unescape};
use super::member::{self, Member};
use super::options::Switch;
use super::parts::{AttributeChange, AttributeEdit, Music};
use super::words::{self, cut};
use super::{Flag, Octets, Request, Text, Unknown};
use crate::{Dict, Value};

/// Media types that `sdp-attr` and `sdp-media-remove` know.
const MEDIA: &[&str] = &["audio", "video", "image", "text", "application", "message"];

/// `received from`: `[IP4, 192.0.2.1]` or just the address.
pub(crate) fn received_from<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    let address = match value {
        Value::List(members) => match &members[..] {
            [family, address, ..] => match (family.as_bytes(), address.as_text().and_then(parse_ip)) {
                (Some(b"IP4"), Some(address @ IpAddr::V4(_))) => Some(address),
                (Some(b"IP6"), Some(address @ IpAddr::V6(_))) => Some(address),
                _ => None,
            },
            _ => None,
        },
        other => other.as_text().and_then(parse_ip),
    };
    request.network.received_from = address;
    if address.is_none() {
        request.unknown.push(Unknown::value("received from", value));
    }
}

/// `direction`: a list of the interfaces towards sender and receiver. It says the same as `from-interface` and
/// `to-interface`, and what comes later counts.
pub(crate) fn direction<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    let network = &mut request.network;
    let Value::List(names) = value else {
        return request.unknown.push(Unknown::value("direction", value));
    };
    for (name, side) in names.iter().zip([&mut network.from_interface, &mut network.to_interface]) {
        match text(name) {
            Some(name) => *side = Some(name),
            None => request.unknown.push(Unknown::value("direction", name)),
        }
    }
}

/// `ICE`: one word, or a list of them.
pub(crate) fn ice<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    let words = match value {
        Value::List(words) => &words[..],
        one => std::slice::from_ref(one),
    };
    for word in words {
        if !word.as_bytes().is_some_and(|word| words::ice(request, word)) {
            request.unknown.push(Unknown::value("ICE", word));
        }
    }
}

/// `codec`: a dictionary of operations.
pub(crate) fn codec<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    let Value::Dict(dict) = value else {
        return request.unknown.push(Unknown::value("codec", value));
    };
    for (key, value) in dict.pairs() {
        match member::find(OPERATIONS, key) {
            Some(pick) if append(pick(&mut request.codecs), value, unescape) => {}
            Some(_) => request.unknown.push(Unknown::value("codec", value)),
            None => request.unknown.push(Unknown::word("codec", key.clone())),
        }
    }
}

/// `extmap`: a dictionary of `strip` and `mask`.
pub(crate) fn extmap<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    let Value::Dict(dict) = value else {
        return request.unknown.push(Unknown::value("extmap", value));
    };
    for (key, value) in dict.pairs() {
        let list = match key.as_ref() {
            b"strip" => &mut request.edit.extmap_strip,
            b"mask" => &mut request.edit.extmap_mask,
            _ => {
                request.unknown.push(Unknown::word("extmap", key.clone()));
                continue;
            }
        };
        if !append(list, value, |text| text) {
            request.unknown.push(Unknown::value("extmap", value));
        }
    }
}

/// `frequency`: a number, a list of numbers, or a text cut at commas.
pub(crate) fn frequencies<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    let numbers: Vec<Option<i64>> = match value {
        Value::List(members) => members.iter().map(Value::as_int).collect(),
        Value::Bytes(_) => {
            let text = value.as_text().unwrap_or_default();
            text.split(',').map(|piece| Value::from(piece).as_int()).collect()
        }
        other => vec![other.as_int()],
    };
    let taken = numbers.iter().all(Option::is_some);
    request.dtmf.frequencies.extend(numbers.into_iter().flatten());
    if !taken {
        request.unknown.push(Unknown::value("frequency", value));
    }
}

/// `digit`: a character, also as a number.
pub(crate) fn digit<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    request.dtmf.digit = match value {
        Value::Int(number) => Some(Cow::Owned(number.to_string())),
        other => text(other),
    };
    if request.dtmf.digit.is_none() {
        request.unknown.push(Unknown::value("digit", value));
    }
}

/// `pause`: yes or no for `stop recording`, milliseconds for `play DTMF`.
pub(crate) fn pause<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    if let Some(number) = value.as_int() {
        request.playback.pause_ms = Some(number);
    } else {
        match value.as_bytes().and_then(Switch::named) {
            Some(Switch::On) => request.flags.insert(Flag::Pause),
            Some(Switch::Off) => request.flags.remove(Flag::Pause),
            None => request.unknown.push(Unknown::value("pause", value)),
        }
    }
}

/// `moh`.
pub(crate) fn music<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    let Value::Dict(dict) = value else {
        return request.unknown.push(Unknown::value("MOH", value));
    };
    let mut music = Music::default();
    let sound = &mut music.sound;
    for (key, value) in dict.pairs() {
        let taken = match key.as_ref() {
            b"mode" => value.as_bytes().is_some_and(|word| choose(&mut music.mode, word)),
            b"connection" => {
                music.zero_connection = value.as_bytes() == Some(b"zero");
                music.zero_connection
            }
            b"file" => {
                sound.file = text(value);
                sound.file.is_some()
            }
            b"db-id" => {
                sound.db_id = value.as_int();
                sound.db_id.is_some()
            }
            b"blob" => {
                sound.blob = octets(value);
                sound.blob.is_some()
            }
            b"blob64" => {
                sound.blob64 = text(value);
                sound.blob64.is_some()
            }
            _ => {
                request.unknown.push(Unknown::word("MOH", key.clone()));
                continue;
            }
        };
        if !taken {
            request.unknown.push(Unknown::value("MOH", value));
        }
    }
    request.music = Some(music);
}

/// `sdp-media-remove`: a list of media types, nothing else.
pub(crate) fn media_remove<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    let Value::List(kinds) = value else {
        return request.unknown.push(Unknown::value("sdp-media-remove", value));
    };
    for kind in kinds {
        match text(kind).filter(|kind| MEDIA.contains(&&**kind) || kind == "other") {
            Some(kind) => request.edit.media_remove.push(kind),
            None => request.unknown.push(Unknown::value("sdp-media-remove", kind)),
        }
    }
}

/// `sdp-attr`: scope → operation → texts.
pub(crate) fn sdp_attr<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    let Value::Dict(scopes) = value else {
        return request.unknown.push(Unknown::value("sdp-attr", value));
    };
    for (scope, value) in scopes.pairs() {
        match (attribute_scope(scope), value) {
            (Some(scope), Value::Dict(operations)) => sdp_attr_scope(request, &scope, operations),
            (None, _) => request.unknown.push(Unknown::word("sdp-attr", scope.clone())),
            (_, other) => request.unknown.push(Unknown::value("sdp-attr", other)),
        }
    }
}

/// The session level has two names.
fn attribute_scope<'a>(scope: &Octets<'a>) -> Option<Text<'a>> {
    into_text(scope.clone())
        .filter(|scope| ["none", "global"].iter().chain(MEDIA).any(|known| known == scope))
}

fn sdp_attr_scope<'a>(request: &mut Request<'a>, scope: &Text<'a>, operations: &Dict<'a>) {
    for (operation, value) in operations.pairs() {
        let mut one = |member: &Value<'a>| match attribute_change(operation, member) {
            Some(change) => request.edit.attributes.push(AttributeEdit { scope: scope.clone(), change }),
            None => request.unknown.push(Unknown::value("sdp-attr", member)),
        };
        match value {
            Value::List(members) => members.iter().for_each(one),
            Value::Bytes(Cow::Borrowed(text)) => {
                let text: &'a [u8] = text;
                text.split(|byte| *byte == b',').for_each(|piece| one(&piece.into()));
            }
            Value::Bytes(Cow::Owned(text)) => {
                text.split(|byte| *byte == b',').for_each(|piece| one(&piece.to_vec().into()));
            }
            other => request.unknown.push(Unknown::value("sdp-attr", other)),
        }
    }
}

fn attribute_change<'a>(operation: &[u8], member: &Value<'a>) -> Option<AttributeChange<'a>> {
    let whole = || text(member).map(unescape);
    match operation {
        b"add" => whole().map(AttributeChange::Add),
        b"remove" => whole().map(AttributeChange::Remove),
        b"substitute" => substitution(member),
        _ => None,
    }
}

/// `[from, to]` or `from>to`.
fn substitution<'a>(member: &Value<'a>) -> Option<AttributeChange<'a>> {
    let (from, to) = match member {
        Value::List(pair) => match &pair[..] {
            [from, to, ..] => (text(from)?, text(to)?),
            _ => return None,
        },
        other => {
            let whole = octets(other)?;
            let at = whole.iter().position(|byte| *byte == b'>')?;
            let to = into_text(cut(&whole, at + 1))?;
            let from = match whole {
                Cow::Borrowed(whole) => Cow::Borrowed(&whole[..at]),
                Cow::Owned(mut whole) => {
                    whole.truncate(at);
                    Cow::Owned(whole)
                }
            };
            (into_text(from)?, to)
        }
    };
    Some(AttributeChange::Substitute(unescape(from), unescape(to)))
}

/// `sdp-attr-OPERATION-SCOPE-TEXT` as a word. False if it is not one.
pub(crate) fn sdp_attr_word<'a>(request: &mut Request<'a>, word: &Octets<'a>) -> bool {
    const OPERATIONS: [(&[u8], &[u8]); 3] = [
        (b"sdp-attr-add-", b"add"),
        (b"sdp-attr-remove-", b"remove"),
        (b"sdp-attr-substitute-", b"substitute"),
    ];
    let Some((prefix, operation)) = OPERATIONS.iter().find(|(prefix, _)| word.starts_with(prefix)) else {
        return false;
    };
    let rest = cut(word, prefix.len());
    let change = rest.iter().position(|byte| *byte == b'-').and_then(|at| {
        let scope = attribute_scope(&rest[..at].to_vec().into())?;
        let change = attribute_change(operation, &Value::Bytes(cut(&rest, at + 1)))?;
        Some(AttributeEdit { scope, change })
    });
    match change {
        Some(edit) => request.edit.attributes.push(edit),
        None => request.unknown.push(Unknown::word("sdp-attr", rest)),
    }
    true
}
