//! Words: the members of `flags` and the tokens of `rtpp-flags`.

use std::borrow::Cow;

use super::codec::{IN_PAIRS, OPERATIONS, Pick};
use super::fill::{add, append, choose, fill_one, into_text, members, text, unescape};
use super::options::{IceLite, Profile};
use super::{Flag, Octets, Request, Text, Unknown, keys, member, nested, rtpp_flags, split_text};
use crate::request::member::Member;
use crate::{Dict, Value};

/// Beginnings of words whose rest is a value of the key. These count letter by letter.
const PREFIXES: &[(&[u8], &str)] = &[
    (b"rtcp-mux-", "rtcp-mux"),
    (b"replace-", "replace"),
    (b"SDES-", "SDES"),
    (b"OSRTP-", "OSRTP"),
    (b"BUNDLE-", "BUNDLE"),
    (b"endpoint-learning-", "endpoint-learning"),
    (b"from-tags-", "from-tags"),
];

/// Those that only a command that offers something takes.
const OFFER_PREFIXES: &[(&[u8], &str)] = &[(b"T38-", "T.38"), (b"T.38-", "T.38")];

/// Reads the value of `flags`: a list of words, or one text cut at commas.
pub(crate) fn apply_list<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    if !members(value, &mut |word| apply_word(request, word)) {
        request.unknown.push(Unknown::value("flags", value));
    }
}

/// Reads the value of `rtpp-flags`.
pub(crate) fn apply_raw<'a>(request: &mut Request<'a>, value: &Value<'a>) {
    match value {
        Value::Bytes(Cow::Borrowed(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => apply_text(request, text),
            Err(_) => apply_copied(request, bytes),
        },
        // Escapes in JSON made a copy; its pieces must be copied again to outlive it.
        Value::Bytes(Cow::Owned(bytes)) => apply_copied(request, bytes),
        other => request.unknown.push(Unknown::value("rtpp-flags", other)),
    }
}

fn apply_copied(request: &mut Request<'_>, bytes: &[u8]) {
    apply_parsed(request, rtpp_flags::parse(&String::from_utf8_lossy(bytes)).into_owned());
}

/// Reads a text in the syntax of `rtpp-flags`.
pub(crate) fn apply_text<'a>(request: &mut Request<'a>, text: &'a str) {
    apply_parsed(request, rtpp_flags::parse(text));
}

/// Reads a template.
pub(crate) fn apply_template<'a>(request: &mut Request<'a>, text: &'a str) {
    apply_parsed(request, rtpp_flags::parse_template(text));
}

fn apply_parsed<'a>(request: &mut Request<'a>, dict: Dict<'a>) {
    let mut sides = 0;
    for (key, value) in dict {
        match (key.as_ref(), &value) {
            // A raw text inside a raw text would let a few bytes ask for much work.
            (b"rtpp-flags" | b"rtpp_flags", _) => request.unknown.push(Unknown::value("rtpp-flags", &value)),
            // Here the two interfaces may come one by one.
            (b"direction", Value::Bytes(_)) => {
                match sides {
                    0 => request.network.from_interface = text(&value),
                    1 => request.network.to_interface = text(&value),
                    _ => request.unknown.push(Unknown::value("direction", &value)),
                }
                sides += 1;
            }
            (name, _) => match codec_pair(name) {
                Some(pick) => {
                    append(pick(&mut request.codecs), &value, unescape);
                }
                None => keys::apply(request, &key, &value),
            },
        }
    }
}

/// `codec-strip` and `transcode` in front of an equals sign.
fn codec_pair(key: &[u8]) -> Option<Pick> {
    let operation = key.strip_prefix(b"codec-").or((key == b"transcode").then_some(key))?;
    IN_PAIRS.contains(&operation).then(|| member::find(OPERATIONS, operation))?
}

/// Reads one word.
fn apply_word<'a>(request: &mut Request<'a>, word: &Octets<'a>) {
    let Some(flag) = Flag::named(word) else {
        if !word.is_empty() && !apply_long_word(request, word) {
            request.unknown.push(Unknown::flag(word.clone()));
        }
        return;
    };
    request.flags.insert(flag);
    if let Some(opposite) = flag.opposite() {
        request.flags.remove(opposite);
    }
    if let Some(text) = flag.stands_for() {
        apply_text(request, text);
    }
}

/// A word with a value in it: `prefix-value`. False if it is not one.
fn apply_long_word<'a>(request: &mut Request<'a>, word: &Octets<'a>) -> bool {
    if codec_word(request, word) || nested::sdp_attr_word(request, word) {
        return true;
    }
    let offer = if request.command.offers() { OFFER_PREFIXES } else { &[] };
    let Some((prefix, key)) = PREFIXES.iter().chain(offer).find(|(prefix, _)| word.starts_with(prefix))
    else {
        return false;
    };
    let Some((name, slot)) = keys::slot(key.as_bytes()) else { return false };
    let rest = cut(word, prefix.len());
    if !fill_one(request, slot, &rest) {
        request.unknown.push(Unknown::word(name, rest));
    }
    true
}

/// `codec-OPERATION-NAME` or `transcode-NAME`.
fn codec_word<'a>(request: &mut Request<'a>, word: &Octets<'a>) -> bool {
    let start = if word.starts_with(b"codec-") { b"codec-".len() } else { 0 };
    let Some(end) = word[start..].iter().position(|byte| *byte == b'-').map(|at| start + at) else {
        return false;
    };
    let operation = &word[start..end];
    if start == 0 && operation != b"transcode" {
        return false;
    }
    let (Some(pick), Some(name)) = (member::find(OPERATIONS, operation), into_text(cut(word, end + 1)))
    else {
        return false;
    };
    if !name.is_empty() {
        pick(&mut request.codecs).push(unescape(name));
    }
    true
}

/// The rest of `word` from `at`, borrowed if the word is.
pub(crate) fn cut<'a>(word: &Octets<'a>, at: usize) -> Octets<'a> {
    match word {
        Cow::Borrowed(word) => Cow::Borrowed(&word[at..]),
        Cow::Owned(word) => Cow::Owned(word[at..].to_vec()),
    }
}

/// A value of `transport-protocol`. A wrong one takes back an earlier one.
pub(crate) fn transport(request: &mut Request<'_>, word: &[u8]) -> bool {
    let transport = &mut request.transport;
    transport.profile = Profile::in_any_case(word);
    transport.accept = word == b"accept";
    transport.profile.is_some() || transport.accept
}

/// A value of `ICE`.
pub(crate) fn ice(request: &mut Request<'_>, word: &[u8]) -> bool {
    if let Some(lite) = word.strip_prefix(b"lite-") {
        return choose::<IceLite>(&mut request.ice.lite, lite);
    }
    match word {
        b"trickle" => request.flags.insert(Flag::TrickleIce),
        b"reject" => request.flags.insert(Flag::RejectIce),
        b"ice2" => request.ice.ice2 = true,
        _ => return choose(&mut request.ice.mode, word),
    }
    true
}

/// A value of `SDES`.
pub(crate) fn sdes<'a>(request: &mut Request<'a>, word: &Octets<'a>) -> bool {
    let security = &mut request.security;
    if add(&mut security.sdes, word) {
        return true;
    }
    let lists: [(&[u8], &mut Vec<Text<'a>>); 4] = [
        (b"no-", &mut security.sdes_no),
        (b"only-", &mut security.sdes_only),
        (b"order:", &mut security.sdes_order),
        (b"offerer_pref:", &mut security.sdes_offerer_pref),
    ];
    let Some((prefix, list)) = lists.into_iter().find(|(prefix, _)| word.starts_with(prefix)) else {
        return false;
    };
    let Some(suites) = into_text(cut(word, prefix.len())) else { return false };
    match prefix.ends_with(b":") {
        true => list.extend(split_text(suites, ';')),
        false => list.push(suites),
    }
    true
}
