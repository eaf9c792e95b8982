//! Bodies that can be read and make no sense.

use super::{message, valid};
use crate::Dice;
use lab::{Value, call, ng};

const COMMANDS: &[&str] = &[
    "ping",
    "offer",
    "answer",
    "delete",
    "query",
    "list",
    "statistics",
    "start recording",
    "stop recording",
    "pause recording",
    "start forwarding",
    "block media",
    "unblock media",
    "block DTMF",
    "unblock DTMF",
    "silence media",
    "unsilence media",
    "play media",
    "stop media",
    "play DTMF",
    "publish",
    "subscribe request",
    "subscribe answer",
    "unsubscribe",
    "connect",
    "transform",
    "cli",
    "mesh",
    "create answer",
];
const KEYS: &[&str] = &[
    "call-id",
    "from-tag",
    "to-tag",
    "via-branch",
    "sdp",
    "flags",
    "replace",
    "direction",
    "address family",
    "rtcp-mux",
    "ICE",
    "DTLS",
    "transport-protocol",
    "media-address",
    "received from",
    "codec",
    "SDES",
    "OSRTP",
    "delete-delay",
    "limit",
    "label",
    "from-label",
    "metadata",
    "supports",
    "rtpp-flags",
    "TOS",
    "ptime",
    "endpoint-learning",
    "sdp-attr",
    "DTLS-fingerprint",
    "record call",
    "template",
    "interface",
    "body",
    "sdp-media-remove",
    "from-interface",
    "to-interface",
    "code",
    "duration",
    "file",
    "blob",
    "db-id",
    "address",
];

fn encoded(cookie: &str, body: &Value) -> Vec<u8> {
    message(cookie, &body.encode())
}

/// A value of no particular sense.
fn any_value(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 3 } else { 5 }) {
        0 => Value::Int(*dice.pick(&[0, 1, -1, 65_536, i64::MAX, i64::MIN, 1 << 40])),
        1 => {
            let length = dice.below(40);
            Value::Bytes(dice.bytes(length))
        }
        2 => Value::from(*dice.pick(&["", "yes", "-5", "IP4", "force", "99999999999999999999", "a b c"])),
        3 => Value::List((0..dice.below(6)).map(|_| any_value(dice, depth - 1)).collect()),
        _ => {
            let mut dict = Value::dict();
            for _ in 0..dice.below(5) {
                dict.set(dice.pick::<&str>(KEYS), any_value(dice, depth - 1));
            }
            dict
        }
    }
}

/// One entry of a dictionary is changed by `change`.
fn spoil(body: &mut Value, dice: &mut Dice, change: impl Fn(&mut Dice, Vec<u8>) -> Vec<u8>) {
    let Value::Dict(entries) = body else { return };
    let texts: Vec<usize> = (0..entries.len())
        .filter(|&at| matches!(&entries[at].1, Value::Bytes(_)) && entries[at].0 != b"command")
        .collect();
    let at = *dice.pick(&texts);
    if let Value::Bytes(text) = &mut entries[at].1 {
        *text = change(dice, std::mem::take(text));
    }
}

fn with_inserted(dice: &mut Dice, mut text: Vec<u8>, bytes: &[u8]) -> Vec<u8> {
    for _ in 0..dice.between(1, 5) {
        let at = dice.between(0, text.len());
        let byte = *dice.pick(bytes);
        text.insert(at, byte);
    }
    text
}

pub(super) fn nul_bytes(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let mut body = valid(dice);
    spoil(&mut body, dice, |dice, text| with_inserted(dice, text, &[0]));
    encoded(cookie, &body)
}

pub(super) fn not_utf8(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let mut body = valid(dice);
    spoil(&mut body, dice, |dice, text| with_inserted(dice, text, &[0xff, 0xc0, 0x80, 0xed, 0xf8]));
    encoded(cookie, &body)
}

fn offer_of(dice: &mut Dice, sdp: Vec<u8>) -> Value {
    let id = format!("bad-{}", dice.word(8));
    call::offer(&id, ([198, 51, 100, 10], 20_000).into()).set("sdp", Value::Bytes(sdp)).body().clone()
}

/// As much SDP as a datagram holds: long lines, many lines, many sections that are all refused or a few that are not.
pub(super) fn long_sdp(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let mut sdp =
        String::from("v=0\r\no=x 1 1 IN IP4 198.51.100.10\r\ns=-\r\nc=IN IP4 198.51.100.10\r\nt=0 0\r\n");
    let room = dice.between(50_000, 65_400);
    match dice.below(6) {
        0 => sdp.push_str(&format!("a={}\r\nm=audio 20000 RTP/AVP 0\r\n", dice.word(room - 400))),
        1 => {
            sdp.push_str("m=audio 20000 RTP/AVP 0\r\n");
            while sdp.len() < room - 400 {
                let length = dice.between(1, 40);
                sdp.push_str(&format!("a={}:{}\r\n", dice.word(3), dice.word(length)));
            }
        }
        2 => {
            sdp.push_str("m=audio 20000 RTP/AVP");
            while sdp.len() < room - 400 {
                sdp.push_str(&format!(" {}", dice.below(300)));
            }
            sdp.push_str("\r\n");
        }
        3 => {
            while sdp.len() < room - 400 {
                sdp.push_str("m=audio 0 RTP/AVP 0\r\n");
            }
        }
        4 => {
            sdp.push_str("m=audio 20000 RTP/AVP 96\r\n");
            while sdp.len() < room - 400 {
                sdp.push_str(&format!("a=rtpmap:{} {}/8000\r\n", dice.below(140), dice.word(5)));
            }
        }
        _ => {
            let wanted = room - 400;
            sdp.push_str("m=audio 20000 RTP/AVP 0\r\n");
            sdp.extend(std::iter::repeat_n('\n', wanted - sdp.len()));
        }
    }
    let body = offer_of(dice, sdp.into_bytes());
    encoded(cookie, &body)
}

/// SDP of ordinary length whose lines are not what they should be.
pub(super) fn odd_sdp(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let lines = [
        "v=0",
        "v=1",
        "v=",
        "o=x 1 1 IN IP4 198.51.100.10",
        "o=x",
        "o= 1 1 IN IP4 x",
        "s=-",
        "s=",
        "c=IN IP4 198.51.100.10",
        "c=IN IP4 999.1.1.1",
        "c=IN IP6 ::1",
        "c=IN IP4 224.2.1.1/127/3",
        "c=IN",
        "t=0 0",
        "m=audio 20000 RTP/AVP 0 8",
        "m=audio 65535 RTP/AVP 0",
        "m=audio 99999 RTP/AVP 0",
        "m=audio -1 RTP/AVP 0",
        "m=audio 20000/65535 RTP/AVP 0",
        "m=audio",
        "m=",
        "m=video 20002 UDP/TLS/RTP/SAVPF 96",
        "m=x 9 y z",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:",
        "a=rtpmap:999 x",
        "a=rtpmap:0 /",
        "a=rtpmap:0 PCMU/0/0",
        "a=fmtp:0 ;;;=;=",
        "a=rtcp:99999",
        "a=rtcp:1 IN IP4 x",
        "a=rtcp-mux",
        "a=sendonly",
        "a=candidate:1 1 UDP",
        "a=candidate:1 99999 UDP 4294967296 1.2.3.4 99999 typ host",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        "a=fingerprint:sha-256 zz",
        "a=setup:nonsense",
        "a=group:BUNDLE 1 2 3",
        "a=mid:",
        "a=ptime:-5",
        "a=ptime:9e99",
        "a=ssrc:99999999999 cname:x",
        "b=AS:",
        "b=AS:99999999999999999999",
        "b=X:1",
        "z=",
        "=",
        "==",
        "a",
        "a=",
        " ",
        "",
        "\0",
        "k=clear:x",
        "r=",
        "i=",
        "a=ice-ufrag:",
        "a=end-of-candidates",
        "a=extmap:0 x",
        "a=T38FaxVersion:",
    ];
    let mut sdp = Vec::new();
    let fixed = ["v=0", "o=x 1 1 IN IP4 198.51.100.10", "s=-", "c=IN IP4 198.51.100.10", "t=0 0"];
    if dice.once_in(2) {
        fixed.iter().for_each(|line| sdp.extend(format!("{line}\r\n").bytes()));
    }
    for _ in 0..dice.between(1, 14) {
        sdp.extend(dice.pick(&lines).bytes());
        sdp.extend(dice.pick(&[&b"\r\n"[..], b"\n", b"\r", b""]).iter());
    }
    let body = offer_of(dice, sdp);
    encoded(cookie, &body)
}

pub(super) fn wrong_types(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let mut body = valid(dice);
    body.set("command", *dice.pick(COMMANDS));
    for _ in 0..dice.between(1, 5) {
        body.set(dice.pick::<&str>(KEYS), any_value(dice, 3));
    }
    if dice.once_in(20) {
        body.set("command", any_value(dice, 2));
    }
    encoded(cookie, &body)
}

pub(super) fn unknown_command(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let mut body = valid(dice);
    let length = dice.between(0, 30);
    let command = match dice.below(4) {
        0 => dice.word(length).into_bytes(),
        1 => dice.bytes(length + 1),
        2 => dice.pick(COMMANDS).to_uppercase().into_bytes(),
        _ => format!("{} {}", dice.pick(COMMANDS), dice.word(2)).into_bytes(),
    };
    body.set("command", Value::Bytes(command));
    encoded(cookie, &body)
}

pub(super) fn missing_keys(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let id = format!("bad-{}", dice.word(8));
    let peer = ([198, 51, 100, 10], 20_000).into();
    let (whole, needed): (ng::Request, &[&str]) = match dice.below(4) {
        0 => (call::offer(&id, peer), &["command", "call-id", "from-tag", "sdp"]),
        1 => (call::answer(&id, peer), &["command", "call-id", "from-tag", "to-tag", "sdp"]),
        2 => (call::delete(&id), &["command", "call-id"]),
        _ => (ng::request("query").set("call-id", id.as_str()), &["command", "call-id"]),
    };
    encoded(cookie, whole.without(dice.pick::<&str>(needed)).body())
}

/// Any of a request's keys a second time, with the same value or another; the order is the sender's choice.
pub(super) fn duplicate_keys(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let mut body = valid(dice);
    if let Value::Dict(entries) = &mut body {
        for _ in 0..dice.between(1, 4) {
            let (key, value) = dice.pick(entries).clone();
            let value = if dice.once_in(2) { value } else { any_value(dice, 1) };
            let at = dice.between(0, entries.len());
            entries.insert(at, (key, value));
        }
    }
    encoded(cookie, &body)
}

/// Flag texts and lists in the shapes that their reader has to take apart.
pub(super) fn odd_flags(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let pieces = [
        "[",
        "]",
        "=",
        "-",
        " ",
        "\t",
        ",",
        ";",
        "[[",
        "]]",
        "=[",
        "codec-strip-",
        "codec-",
        "sdp-attr=[audio=[add=[",
        "direction=[caller ",
        "SDES-",
        "rtcp-mux=[",
        "T.38=",
        "replace-",
        "sdp-attr-add-audio-",
        "a",
        "\u{fffd}",
        "trust-address",
        "delete-delay=",
        "-1",
        "99999999999999999999",
        "from-tag=",
        "to-tag=\"",
        "\\",
    ];
    let mut text = String::new();
    for _ in 0..dice.between(1, 60) {
        text.push_str(dice.pick::<&str>(&pieces));
    }
    let mut body = valid(dice);
    match dice.below(3) {
        0 => body.set("rtpp-flags", text),
        1 => body.set("flags", text),
        _ => body.set("flags", Value::list(text.split(' '))),
    }
    encoded(cookie, &body)
}
