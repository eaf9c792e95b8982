//! The table of dictionary keys: which field each fills and how its value is read.

use std::borrow::Cow;
use std::net::IpAddr;

use super::member::{self, Member, Set};
use super::options::Switch;
use super::unknown::lossy;
use super::{Flag, Request, Text, Unknown, codec, into_text, nested, split_text, words};
use crate::Value;

/// How the value of a key is read, and into which field.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    /// One text.
    Text(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<Text<'a>>),
    /// A list of texts, or one text cut at commas.
    Texts(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Vec<Text<'a>>),
    /// As `Texts`, with `--` standing for `=` and `..` for a blank.
    Escaped(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Vec<Text<'a>>),
    /// Bytes, whatever they are.
    Bytes(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<Cow<'a, [u8]>>),
    /// A number.
    Int(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<i64>),
    /// An address.
    Ip(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<IpAddr>),
    /// Words of a closed list: a list, or one text cut at commas. False if the word is not in the list.
    Words(for<'r, 'a, 'w> fn(&'r mut Request<'a>, &'w [u8]) -> bool),
    /// A nested value, kept as it is.
    Tree(for<'r, 'a> fn(&'r mut Request<'a>) -> &'r mut Option<Value<'a>>),
    /// Anything else.
    Special(for<'r, 'a> fn(&'r mut Request<'a>, Value<'a>)),
}

use Slot::{Bytes, Escaped, Int, Ip, Special, Text as One, Texts, Tree, Words};

/// Every key, with its canonical name for warnings.
const KEYS: &[(&str, (&str, Slot))] = &member::sorted::<(&str, Slot), _>(concat_rows());

const ROWS: &[(&[&str], Slot)] = &[
    (&["call-id"], One(|r| &mut r.call_id)),
    (&["from-tag"], One(|r| &mut r.from_tag)),
    (&["to-tag"], One(|r| &mut r.to_tag)),
    (&["via-branch"], One(|r| &mut r.via_branch)),
    (&["sdp"], Bytes(|r| &mut r.sdp)),
    (&["flags"], Special(words::apply_list)),
    (&["rtpp-flags"], Special(words::apply_raw)),
    (&["template"], Texts(|r| &mut r.wanted_templates)),
    (&["label", "from-label"], One(|r| &mut r.parties.label)),
    (&["set-label"], One(|r| &mut r.parties.set_label)),
    (&["to-label"], One(|r| &mut r.parties.to_label)),
    (&["from-tags"], Texts(|r| &mut r.parties.from_tags)),
    (&["address"], Ip(|r| &mut r.parties.address)),
    (&["all"], Words(|r, w| choose(&mut r.parties.all, w))),
    (&["to-call-id"], One(|r| &mut r.parties.to_call_id)),
    (&["source-tag"], One(|r| &mut r.parties.source_tag)),
    (&["source-call-id"], One(|r| &mut r.parties.source_call_id)),
    (&["alias-key"], Words(|r, w| choose(&mut r.parties.alias_key, w))),
    (&["received-from"], Special(nested::received_from)),
    (&["media-address"], Ip(|r| &mut r.network.media_address)),
    (&["address-family"], Words(|r, w| choose(&mut r.network.address_family, w))),
    (&["direction"], Special(nested::direction)),
    (&["from-interface"], One(|r| &mut r.network.from_interface)),
    (&["to-interface"], One(|r| &mut r.network.to_interface)),
    (&["interface"], One(|r| &mut r.network.interface)),
    (&["peer"], Ip(|r| &mut r.network.peer)),
    (&["inbound-peer"], Ip(|r| &mut r.network.inbound_peer)),
    (&["outbound-peer"], Ip(|r| &mut r.network.outbound_peer)),
    (&["transport-protocol"], Words(words::transport)),
    (&["ice"], Words(words::ice)),
    (&["ice-lite"], Words(|r, w| choose(&mut r.ice.lite, w))),
    (&["dtls", "dtls-reverse"], Words(|r, w| choose(&mut r.security.dtls, w))),
    (&["dtls-fingerprint"], One(|r| &mut r.security.fingerprint)),
    (&["sdes"], Special(nested::sdes)),
    (&["osrtp"], Words(|r, w| add(&mut r.security.osrtp, w))),
    (&["rtcp-mux"], Words(|r, w| add(&mut r.rtcp.mux, w))),
    (&["generate-rtcp"], Words(|r, w| switch(&mut r.rtcp.generate, w))),
    (&["bundle"], Words(|r, w| add(&mut r.rtcp.bundle, w))),
    (&["codec"], Special(nested::codec)),
    (&["codec-strip"], Escaped(|r| &mut r.codecs.strip)),
    (&["codec-except"], Escaped(|r| &mut r.codecs.except)),
    (&["codec-offer"], Escaped(|r| &mut r.codecs.offer)),
    (&["codec-mask"], Escaped(|r| &mut r.codecs.mask)),
    (&["codec-transcode", "transcode"], Escaped(|r| &mut r.codecs.transcode)),
    (&["codec-consume"], Escaped(|r| &mut r.codecs.consume)),
    (&["codec-accept"], Escaped(|r| &mut r.codecs.accept)),
    (&["codec-ignore"], Escaped(|r| &mut r.codecs.ignore)),
    (&["codec-set"], Escaped(|r| &mut r.codecs.set)),
    (&["ptime"], Int(|r| &mut r.codecs.ptime_ms)),
    (&["ptime-reverse"], Int(|r| &mut r.codecs.ptime_reverse_ms)),
    (&["replace"], Words(|r, w| add(&mut r.edit.replace, w))),
    (&["sdp-attr"], Special(nested::sdp_attr)),
    (&["sdp-media-remove"], Texts(|r| &mut r.edit.media_remove)),
    (&["extmap"], Special(nested::extmap)),
    (&["endpoint-learning"], Words(|r, w| choose(&mut r.path.endpoint_learning, w))),
    (&["media-echo"], Words(|r, w| choose(&mut r.path.media_echo, w))),
    (&["drop-traffic"], Words(|r, w| choose(&mut r.path.drop_traffic, w))),
    (&["passthrough"], Words(|r, w| switch(&mut r.path.passthrough, w))),
    (&["delay-buffer"], Int(|r| &mut r.path.delay_buffer_ms)),
    (&["tos"], Int(|r| &mut r.path.tos)),
    (&["audio-player"], Words(|r, w| choose(&mut r.path.audio_player, w))),
    (&["t38"], Words(|r, w| add(&mut r.fax.options, w))),
    (&["t38-version"], Int(|r| &mut r.fax.version)),
    (&["dtmf-security"], Words(|r, w| choose(&mut r.dtmf.security, w))),
    (&["dtmf-security-trigger"], Words(|r, w| choose(&mut r.dtmf.security_trigger, w))),
    (&["dtmf-security-trigger-end"], Words(|r, w| choose(&mut r.dtmf.security_trigger_end, w))),
    (&["trigger"], One(|r| &mut r.dtmf.trigger)),
    (&["trigger-end", "end-trigger"], One(|r| &mut r.dtmf.trigger_end)),
    (&["trigger-end-time"], Int(|r| &mut r.dtmf.trigger_end_time_ms)),
    (&["trigger-end-digits"], Int(|r| &mut r.dtmf.trigger_end_digits)),
    (&["frequency", "frequencies"], Special(nested::frequencies)),
    (&["volume"], Int(|r| &mut r.dtmf.volume)),
    (&["digit", "code"], One(|r| &mut r.dtmf.digit)),
    (&["dtmf-delay"], Int(|r| &mut r.dtmf.delay_ms)),
    (&["dtmf-log-dest"], One(|r| &mut r.dtmf.log_destination)),
    (&["file"], One(|r| &mut r.playback.file)),
    (&["blob"], Bytes(|r| &mut r.playback.blob)),
    (&["blob64"], One(|r| &mut r.playback.blob64)),
    (&["db-id"], Int(|r| &mut r.playback.db_id)),
    (&["repeat-times"], Int(|r| &mut r.playback.repeat_times)),
    (&["repeat-duration"], Int(|r| &mut r.playback.repeat_duration_ms)),
    (&["start-pos"], Int(|r| &mut r.playback.start_pos_ms)),
    (&["duration"], Int(|r| &mut r.playback.duration_ms)),
    (&["pause"], Special(nested::pause)),
    (&["record-call"], Words(|r, w| choose(&mut r.recording.call, w))),
    (&["metadata"], One(|r| &mut r.recording.metadata)),
    (&["recording-file", "output-file"], One(|r| &mut r.recording.file)),
    (
        &[
            "recording-dir",
            "recording-directory",
            "recording-folder",
            "output-dir",
            "output-directory",
            "output-folder",
        ],
        One(|r| &mut r.recording.dir),
    ),
    (&["recording-pattern", "output-pattern"], One(|r| &mut r.recording.pattern)),
    (
        &["recording-path", "recording-destination", "output-path", "output-destination"],
        One(|r| &mut r.recording.path),
    ),
    (&["vsc-start-rec"], One(|r| &mut r.recording.vsc_start)),
    (&["vsc-stop-rec"], One(|r| &mut r.recording.vsc_stop)),
    (&["vsc-start-stop-rec"], One(|r| &mut r.recording.vsc_start_stop)),
    (&["vsc-pause-rec"], One(|r| &mut r.recording.vsc_pause)),
    (&["vsc-pause-resume-rec"], One(|r| &mut r.recording.vsc_pause_resume)),
    (&["vsc-start-pause-resume-rec"], One(|r| &mut r.recording.vsc_start_pause_resume)),
    (&["recording-media-slot-offer"], Int(|r| &mut r.recording.media_slot_offer)),
    (&["recording-media-slot-answer"], Int(|r| &mut r.recording.media_slot_answer)),
    (&["recording-media-slots"], Int(|r| &mut r.recording.media_slots)),
    (&["moh"], Special(nested::music)),
    (&["delete-delay"], Int(|r| &mut r.delete_delay)),
    (&["limit"], Int(|r| &mut r.limit)),
    (&["body"], One(|r| &mut r.body)),
    (&["supports"], Texts(|r| &mut r.supports)),
    (&["sip-message-type"], One(|r| &mut r.sip_message_type)),
    (&["sip-code"], Int(|r| &mut r.sip_code)),
    (&["xmlrpc-callback"], Ip(|r| &mut r.xmlrpc_callback)),
    (&["instance"], One(|r| &mut r.instance)),
    (&["medias"], Tree(|r| &mut r.trees.medias)),
    (&["codecs"], Tree(|r| &mut r.trees.codecs)),
    (&["media"], Tree(|r| &mut r.trees.media)),
    (&["calls"], Tree(|r| &mut r.trees.calls)),
    (&["tags"], Tree(|r| &mut r.trees.tags)),
];

/// How many spellings the rows hold.
const SPELLINGS: usize = {
    let (mut row, mut count) = (0, 0);
    while row < ROWS.len() {
        count += ROWS[row].0.len();
        row += 1;
    }
    count
};

/// One table entry per spelling.
const fn concat_rows() -> [(&'static str, (&'static str, Slot)); SPELLINGS] {
    let mut out = [("", ("", ROWS[0].1)); SPELLINGS];
    let (mut row, mut at) = (0, 0);
    while row < ROWS.len() {
        let mut name = 0;
        while name < ROWS[row].0.len() {
            out[at] = (ROWS[row].0[name], (ROWS[row].0[0], ROWS[row].1));
            at += 1;
            name += 1;
        }
        row += 1;
    }
    out
}

/// The slot of a key, with its canonical name.
pub(crate) fn slot(key: &[u8]) -> Option<(&'static str, Slot)> {
    member::find(KEYS, key)
}

/// Reads one dictionary pair. A flag may stand as a key too (`loop-protect: yes`).
pub(crate) fn apply<'a>(request: &mut Request<'a>, key: Cow<'a, [u8]>, value: Value<'a>) {
    if let Some((name, slot)) = slot(&key) {
        fill(request, name, slot, value);
    } else if !flag_as_key(request, &key, &value) {
        request.unknown.push(Unknown::Key(lossy(key), value));
    }
}

fn flag_as_key(request: &mut Request<'_>, key: &[u8], value: &Value<'_>) -> bool {
    let said = match value {
        Value::Int(number) => Some(*number != 0),
        Value::Bytes(word) => Switch::named(word).map(|switch| switch == Switch::On),
        _ => None,
    };
    match (Flag::named(key), said) {
        (Some(flag), Some(true)) => request.flags.insert(flag),
        (Some(flag), Some(false)) => request.flags.remove(flag),
        _ => return false,
    }
    true
}

/// Reads `value` the way `slot` wants it. What it does not take becomes an [`Unknown::Value`] under `name`.
pub(crate) fn fill<'a>(request: &mut Request<'a>, name: &'static str, slot: Slot, value: Value<'a>) {
    let refused = match (slot, value) {
        (One(field), value) => match into_text(value) {
            Ok(text) => {
                *field(request) = Some(text);
                None
            }
            Err(value) => Some(value),
        },
        (Texts(field), value) => append(field(request), value, |text| text),
        (Escaped(field), value) => append(field(request), value, unescape),
        (Bytes(field), Value::Bytes(bytes)) => {
            *field(request) = Some(bytes);
            None
        }
        (Int(field), value) => match value.as_int() {
            Some(number) => {
                *field(request) = Some(number);
                None
            }
            None => Some(value),
        },
        (Ip(field), value) => match value.as_text().and_then(parse_ip) {
            Some(address) => {
                *field(request) = Some(address);
                None
            }
            None => Some(value),
        },
        (Words(take), Value::List(words)) => {
            words.into_iter().for_each(|word| one_word(request, name, take, word));
            None
        }
        (Words(take), Value::Bytes(text)) if !text.contains(&b',') => {
            one_word(request, name, take, Value::Bytes(text));
            None
        }
        (Words(take), value) => match into_text(value) {
            Ok(text) => {
                split_text(text, ',').into_iter().for_each(|word| one_word(request, name, take, word.into()));
                None
            }
            Err(value) => Some(value),
        },
        (Tree(field), value) => {
            *field(request) = Some(value);
            None
        }
        (Special(read), value) => {
            read(request, value);
            None
        }
        (Bytes(_), value) => Some(value),
    };
    request.unknown.extend(refused.map(|value| Unknown::value(name, value)));
}

fn one_word<'a>(
    request: &mut Request<'a>,
    name: &'static str,
    take: for<'r, 'x, 'w> fn(&'r mut Request<'x>, &'w [u8]) -> bool,
    word: Value<'a>,
) {
    if !word.as_bytes().is_some_and(|word| take(request, word)) {
        request.unknown.push(Unknown::value(name, word));
    }
}

/// Appends a list, or one text cut at commas. Gives back what is neither.
pub(crate) fn append<'a>(
    list: &mut Vec<Text<'a>>,
    value: Value<'a>,
    each: fn(Text<'a>) -> Text<'a>,
) -> Option<Value<'a>> {
    match value {
        Value::List(members) => {
            let mut refused = Vec::new();
            for member in members {
                match into_text(member) {
                    Ok(text) => list.push(each(text)),
                    Err(value) => refused.push(value),
                }
            }
            (!refused.is_empty()).then_some(Value::List(refused))
        }
        value => match into_text(value) {
            Ok(text) if !text.contains(',') => {
                list.push(each(text));
                None
            }
            Ok(text) => {
                list.extend(split_text(text, ',').into_iter().map(each));
                None
            }
            Err(value) => Some(value),
        },
    }
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
    let text = text.trim();
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

fn switch(field: &mut Option<bool>, word: &[u8]) -> bool {
    Switch::named(word).map(|switch| *field = Some(switch == Switch::On)).is_some()
}

/// Reads one operation of `codec`.
pub(crate) fn codec_operation<'a>(
    request: &mut Request<'a>,
    pick: codec::Pick,
    value: Value<'a>,
) -> Option<Value<'a>> {
    append(pick(&mut request.codecs), value, unescape)
}
