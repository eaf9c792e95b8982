//! Keys whose values are dictionaries, or whose reading fits no table.

use std::borrow::Cow;

use super::codec::OPERATIONS;
use super::keys::{append, choose, codec_operation, parse_ip, unescape};
use super::member::{self, Member};
use super::options::Switch;
use super::parts::{AttributeChange, AttributeEdit, Music};
use super::unknown::lossy;
use super::{Flag, Request, Text, Unknown, into_text, split_text, words};
use crate::{Dict, Value};

/// `received from`: `[IP4, 192.0.2.1]` or just the address.
pub(crate) fn received_from<'a>(request: &mut Request<'a>, value: Value<'a>) {
    let address = match &value {
        Value::List(members) => members.iter().rev().find_map(|member| member.as_text().and_then(parse_ip)),
        other => other.as_text().and_then(|text| text.rsplit([',', ' ']).find_map(parse_ip)),
    };
    match address {
        Some(address) => request.network.received_from = Some(address),
        None => request.unknown.push(Unknown::value("received-from", value)),
    }
}

/// `direction`: two interfaces, also said one by one. A third starts anew, so that a message overrides a template.
pub(crate) fn direction<'a>(request: &mut Request<'a>, value: Value<'a>) {
    let mut names = Vec::new();
    let refused = append(&mut names, value, |text| text);
    request.unknown.extend(refused.map(|value| Unknown::value("direction", value)));
    for name in names {
        let direction = &mut request.network.direction;
        if direction.len() >= 2 {
            direction.clear();
        }
        direction.push(name);
    }
}

/// `SDES`.
pub(crate) fn sdes<'a>(request: &mut Request<'a>, value: Value<'a>) {
    let mut names = Vec::new();
    let refused = append(&mut names, value, |text| text);
    request.unknown.extend(refused.map(|value| Unknown::value("SDES", value)));
    for name in names {
        if let Some(name) = words::sdes(request, name) {
            request.unknown.push(Unknown::value("SDES", name.into()));
        }
    }
}

/// `codec`: a dictionary of operations.
pub(crate) fn codec<'a>(request: &mut Request<'a>, value: Value<'a>) {
    let Value::Dict(dict) = value else {
        return request.unknown.push(Unknown::value("codec", value));
    };
    for (key, value) in dict {
        let refused = match member::find(OPERATIONS, &key) {
            Some(pick) => codec_operation(request, pick, value),
            None => Some(Value::Bytes(key)),
        };
        request.unknown.extend(refused.map(|value| Unknown::value("codec", value)));
    }
}

/// `extmap`: a dictionary of `strip` and `mask`.
pub(crate) fn extmap<'a>(request: &mut Request<'a>, value: Value<'a>) {
    let Value::Dict(dict) = value else {
        return request.unknown.push(Unknown::value("extmap", value));
    };
    for (key, value) in dict {
        let refused = match key.as_ref() {
            b"strip" => append(&mut request.edit.extmap_strip, value, unescape),
            b"mask" => append(&mut request.edit.extmap_mask, value, unescape),
            _ => Some(Value::Bytes(key)),
        };
        request.unknown.extend(refused.map(|value| Unknown::value("extmap", value)));
    }
}

/// `frequency`: a number, a list of numbers, or a text cut at commas.
pub(crate) fn frequencies<'a>(request: &mut Request<'a>, value: Value<'a>) {
    let members = match value {
        Value::List(members) => members,
        value => match into_text(value) {
            Ok(text) => split_text(text, ',').into_iter().map(Value::from).collect(),
            Err(value) => vec![value],
        },
    };
    for member in members {
        match member.as_int() {
            Some(hz) => request.dtmf.frequencies.push(hz),
            None => request.unknown.push(Unknown::value("frequency", member)),
        }
    }
}

/// `pause`: yes or no for `stop recording`, milliseconds for `play DTMF`.
pub(crate) fn pause<'a>(request: &mut Request<'a>, value: Value<'a>) {
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
pub(crate) fn music<'a>(request: &mut Request<'a>, value: Value<'a>) {
    let Value::Dict(dict) = value else {
        return request.unknown.push(Unknown::value("moh", value));
    };
    let mut music = Music::default();
    for (key, value) in dict {
        let refused = match key.as_ref() {
            b"mode" => (!value.as_bytes().is_some_and(|word| choose(&mut music.mode, word))).then_some(value),
            b"connection" => {
                music.zero_connection = value.as_bytes() == Some(b"zero");
                (!music.zero_connection).then_some(value)
            }
            b"file" => into_text(value).map(|file| music.sound.file = Some(file)).err(),
            b"db-id" => {
                music.sound.db_id = value.as_int();
                music.sound.db_id.is_none().then_some(value)
            }
            b"blob" => match value {
                Value::Bytes(blob) => {
                    music.sound.blob = Some(blob);
                    None
                }
                other => Some(other),
            },
            b"blob64" => into_text(value).map(|blob| music.sound.blob64 = Some(blob)).err(),
            _ => Some(Value::Bytes(key)),
        };
        request.unknown.extend(refused.map(|value| Unknown::value("moh", value)));
    }
    request.music = Some(music);
}

/// `sdp-attr`: scope → operation → texts.
pub(crate) fn sdp_attr<'a>(request: &mut Request<'a>, value: Value<'a>) {
    let Value::Dict(scopes) = value else {
        return request.unknown.push(Unknown::value("sdp-attr", value));
    };
    for (scope, value) in scopes {
        let scope = lossy(scope);
        match value {
            Value::Dict(operations) => sdp_attr_scope(request, &scope, operations),
            other => request.unknown.push(Unknown::value("sdp-attr", other)),
        }
    }
}

fn sdp_attr_scope<'a>(request: &mut Request<'a>, scope: &Text<'a>, operations: Dict<'a>) {
    for (operation, value) in operations {
        let members = match value {
            Value::List(members) => members,
            one => vec![one],
        };
        for member in members {
            match attribute_change(&operation, member) {
                Ok(change) => request.edit.attributes.push(AttributeEdit { scope: scope.clone(), change }),
                Err(member) => request.unknown.push(Unknown::value("sdp-attr", member)),
            }
        }
    }
}

fn attribute_change<'a>(operation: &[u8], member: Value<'a>) -> Result<AttributeChange<'a>, Value<'a>> {
    if operation == b"substitute" {
        return substitution(member);
    }
    let text = unescape(into_text(member)?);
    match operation {
        b"add" => Ok(AttributeChange::Add(text)),
        b"remove" => Ok(AttributeChange::Remove(text)),
        _ => Err(text.into()),
    }
}

/// `[from, to]` or `from>to`.
fn substitution(member: Value<'_>) -> Result<AttributeChange<'_>, Value<'_>> {
    let (from, to) = match member {
        Value::List(pair) => {
            let [from, to] = <[Value<'_>; 2]>::try_from(pair).map_err(Value::List)?;
            (into_text(from)?, into_text(to)?)
        }
        other => {
            let text = into_text(other)?;
            match text.split_once('>') {
                Some((from, to)) => (Cow::Owned(from.to_owned()), Cow::Owned(to.to_owned())),
                None => return Err(text.into()),
            }
        }
    };
    Ok(AttributeChange::Substitute(unescape(from), unescape(to)))
}

/// `sdp-attr-OPERATION-SCOPE-TEXT` as a word. False if it is not one.
pub(crate) fn sdp_attr_word(request: &mut Request<'_>, word: &[u8]) -> bool {
    let operations =
        [("sdp-attr-add-", "add"), ("sdp-attr-remove-", "remove"), ("sdp-attr-substitute-", "substitute")];
    let found = operations.iter().find_map(|(prefix, operation)| {
        Some((operation, std::str::from_utf8(member::strip_prefix(word, prefix)?).ok()?))
    });
    let Some((operation, (scope, text))) =
        found.and_then(|(operation, rest)| Some((operation, rest.split_once('-')?)))
    else {
        return false;
    };
    let scope = Cow::Owned(scope.to_owned());
    match attribute_change(operation.as_bytes(), Value::from(text.to_owned())) {
        Ok(change) => request.edit.attributes.push(AttributeEdit { scope, change }),
        Err(member) => request.unknown.push(Unknown::value("sdp-attr", member)),
    }
    true
}
