//! Words: the members of `flags` and the tokens of `rtpp-flags`.

use std::borrow::Cow;

use super::keys::{self, Slot, add, choose};
use super::member::{self, Member};
use super::options::{IceLite, Profile, ProfilePart};
use super::{Flag, Request, Text, Unknown, nested, rtpp_flags, split_text};
use crate::{Dict, Value};

/// Words that are short for a key with a value.
const SHORTHANDS: &[(&str, &[(&str, &str)])] = &member::sorted::<&[(&str, &str)], _>([
    ("record-call", &[("record-call", "on")]),
    ("generate-rtcp", &[("generate-rtcp", "on")]),
    ("passthrough", &[("passthrough", "on")]),
    ("no-passthrough", &[("passthrough", "off")]),
    ("audio-player", &[("audio-player", "always")]),
    ("no-audio-player", &[("audio-player", "off")]),
    ("always-transcode", &[("codec-accept", "all")]),
    ("all", &[("all", "all")]),
    ("internal", &[("direction", "internal")]),
    ("external", &[("direction", "external")]),
    ("rtp", &[("transport-protocol", "RTP")]),
    ("srtp", &[("transport-protocol", "SRTP")]),
    ("avp", &[("transport-protocol", "AVP")]),
    ("avpf", &[("transport-protocol", "AVPF")]),
    ("dtls", &[("transport-protocol", "DTLS")]),
    ("rtp/avp", &[("transport-protocol", "RTP/AVP")]),
    ("rtp/savp", &[("transport-protocol", "RTP/SAVP")]),
    ("rtp/avpf", &[("transport-protocol", "RTP/AVPF")]),
    ("rtp/savpf", &[("transport-protocol", "RTP/SAVPF")]),
    ("udp/tls/rtp/savp", &[("transport-protocol", "UDP/TLS/RTP/SAVP")]),
    ("udp/tls/rtp/savpf", &[("transport-protocol", "UDP/TLS/RTP/SAVPF")]),
    (
        "webrtc",
        &[
            ("transport-protocol", "UDP/TLS/RTP/SAVPF"),
            ("ice", "force"),
            ("trickle-ice", "on"),
            ("rtcp-mux", "offer"),
            ("rtcp-mux", "require"),
            ("no-rtcp-attribute", "on"),
            ("sdes", "off"),
            ("generate-mid", "on"),
            ("bundle", "require"),
        ],
    ),
]);

/// Beginnings of words whose rest is a value of the key.
const PREFIXES: &[(&str, &str)] = &[
    ("rtcp-mux-", "rtcp-mux"),
    ("replace-", "replace"),
    ("sdes-", "sdes"),
    ("osrtp-", "osrtp"),
    ("bundle-", "bundle"),
    ("t38-", "t38"),
    ("t.38-", "t38"),
    ("endpoint-learning-", "endpoint-learning"),
    ("from-tags-", "from-tags"),
    ("codec-strip-", "codec-strip"),
    ("codec-except-", "codec-except"),
    ("codec-offer-", "codec-offer"),
    ("codec-mask-", "codec-mask"),
    ("codec-transcode-", "codec-transcode"),
    ("transcode-", "codec-transcode"),
    ("codec-consume-", "codec-consume"),
    ("codec-accept-", "codec-accept"),
    ("codec-ignore-", "codec-ignore"),
    ("codec-set-", "codec-set"),
    ("dtls-", "dtls"),
    ("ice-lite-", "ice-lite"),
    ("ice-", "ice"),
    ("media-echo-", "media-echo"),
    ("drop-traffic-", "drop-traffic"),
    ("sdp-media-remove-", "sdp-media-remove"),
];

/// Reads the value of `flags`: a list of words, or one text cut at commas.
pub(crate) fn apply_list<'a>(request: &mut Request<'a>, value: Value<'a>) {
    match value {
        Value::List(members) => members.into_iter().for_each(|member| match member {
            Value::Bytes(word) => apply_word(request, word),
            other => request.unknown.push(Unknown::value("flags", other)),
        }),
        Value::Bytes(Cow::Borrowed(text)) => {
            text.split(|byte| *byte == b',')
                .for_each(|word| apply_word(request, Cow::Borrowed(word.trim_ascii())));
        }
        Value::Bytes(Cow::Owned(text)) => text
            .split(|byte| *byte == b',')
            .for_each(|word| apply_word(request, Cow::Owned(word.trim_ascii().to_vec()))),
        other => request.unknown.push(Unknown::value("flags", other)),
    }
}

/// Reads the value of `rtpp-flags`.
pub(crate) fn apply_raw<'a>(request: &mut Request<'a>, value: Value<'a>) {
    match value {
        Value::Bytes(Cow::Borrowed(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => apply_text(request, text),
            Err(_) => apply_copied(request, bytes),
        },
        // Escapes in JSON made a copy; its pieces must be copied again to outlive it.
        Value::Bytes(Cow::Owned(bytes)) => apply_copied(request, &bytes),
        other => request.unknown.push(Unknown::value("rtpp-flags", other)),
    }
}

fn apply_copied(request: &mut Request<'_>, bytes: &[u8]) {
    apply_parsed(request, rtpp_flags::parse(&String::from_utf8_lossy(bytes)).into_owned());
}

/// Reads a text in the syntax of `rtpp-flags`, which is also that of templates.
pub(crate) fn apply_text<'a>(request: &mut Request<'a>, text: &'a str) {
    apply_parsed(request, rtpp_flags::parse(text));
}

fn apply_parsed<'a>(request: &mut Request<'a>, dict: Dict<'a>) {
    for (key, value) in dict {
        if member::find(&[("rtpp-flags", ())], &key).is_some() {
            // A raw text inside a raw text would let a few bytes ask for much work.
            request.unknown.push(Unknown::value("rtpp-flags", value));
        } else {
            keys::apply(request, key, value);
        }
    }
}

/// Reads one word.
fn apply_word<'a>(request: &mut Request<'a>, word: Cow<'a, [u8]>) {
    if word.is_empty() {
        return;
    }
    if let Some(flag) = Flag::named(&word) {
        request.flags.insert(flag);
    }
    if let Some(pairs) = member::find(SHORTHANDS, &word) {
        for (key, value) in pairs {
            keys::apply(request, Cow::Borrowed(key.as_bytes()), (*value).into());
        }
    } else if Flag::named(&word).is_none() {
        apply_long_word(request, word);
    }
}

/// A word with a value in it: `key=value` or `prefix-value`.
fn apply_long_word<'a>(request: &mut Request<'a>, word: Cow<'a, [u8]>) {
    if nested::sdp_attr_word(request, &word) {
        return;
    }
    for (prefix, key) in PREFIXES {
        if let Some(rest) = member::strip_prefix(&word, prefix).filter(|rest| !rest.is_empty()) {
            let rest = cut(&word, word.len() - rest.len());
            return keys::apply(request, Cow::Borrowed(key.as_bytes()), Value::Bytes(rest));
        }
    }
    let equals = word.iter().position(|byte| *byte == b'=');
    match equals.and_then(|at| Some((at, keys::slot(&word[..at])?))) {
        Some((at, (name, slot))) if !matches!(slot, Slot::Tree(_)) && !recursive(name) => {
            keys::fill(request, name, slot, Value::Bytes(cut(&word, at + 1)));
        }
        _ => request.unknown.push(Unknown::flag(word)),
    }
}

/// Keys that hold words themselves: not inside a word.
fn recursive(key: &str) -> bool {
    matches!(key, "flags" | "rtpp-flags")
}

/// The rest of `word` from `at`, borrowed if the word is.
fn cut<'a>(word: &Cow<'a, [u8]>, at: usize) -> Cow<'a, [u8]> {
    match word {
        Cow::Borrowed(word) => Cow::Borrowed(&word[at..]),
        Cow::Owned(word) => Cow::Owned(word[at..].to_vec()),
    }
}

/// A value of `transport-protocol`. A later one replaces an earlier whole profile.
pub(crate) fn transport(request: &mut Request<'_>, word: &[u8]) -> bool {
    let transport = &mut request.transport;
    if word.eq_ignore_ascii_case(b"accept") {
        transport.accept = true;
    } else if let Some(part) = ProfilePart::named(word) {
        transport.parts.insert(part);
    } else if let Some(profile) = Profile::named(word) {
        transport.profile = Some(profile);
    } else {
        return false;
    }
    true
}

/// A value of `ICE`.
pub(crate) fn ice(request: &mut Request<'_>, word: &[u8]) -> bool {
    if let Some(lite) = member::strip_prefix(word, "lite-") {
        return choose::<IceLite>(&mut request.ice.lite, lite);
    }
    match word {
        b"trickle" => request.flags.insert(Flag::TrickleIce),
        b"reject" => request.flags.insert(Flag::RejectIce),
        b"ice2" | b"ICE2" => request.ice.ice2 = true,
        _ => return choose(&mut request.ice.mode, word),
    }
    true
}

/// A value of `SDES`.
pub(crate) fn sdes<'a>(request: &mut Request<'a>, word: Text<'a>) -> Option<Text<'a>> {
    let security = &mut request.security;
    if add(&mut security.sdes, word.as_bytes()) {
        return None;
    }
    let suite = |prefix: &str| {
        let rest = member::strip_prefix(word.as_bytes(), prefix)?;
        let at = word.len() - rest.len();
        Some(match &word {
            Cow::Borrowed(word) => Cow::Borrowed(&word[at..]),
            Cow::Owned(word) => Cow::Owned(word[at..].to_owned()),
        })
    };
    if let Some(suite) = suite("no-") {
        security.sdes_no.push(suite);
    } else if let Some(suite) = suite("only-") {
        security.sdes_only.push(suite);
    } else if let Some(suites) = suite("order:") {
        security.sdes_order.extend(split_text(suites, ';'));
    } else if let Some(suites) = suite("offerer-pref:") {
        security.sdes_offerer_pref.extend(split_text(suites, ';'));
    } else {
        return Some(word);
    }
    None
}
