//! Framing and replies, byte for byte as rtpengine 26.0 answered them.

use ng::{Command, Dict, Encoding, Error, Incoming, Malformed, Outcome, Reply, Request, find_end};

/// What a daemon that only knows `ping` replies; `None` is silence.
fn answer(datagram: &[u8]) -> Option<String> {
    let mut out = Vec::new();
    match Incoming::parse(datagram) {
        Ok(incoming) => {
            let reply = match Request::parse(&incoming.dict) {
                Ok(request) if request.command == Command::Ping => Reply::pong(),
                Ok(_) => Reply::ok(),
                Err(error) => error.into(),
            };
            reply.encode(incoming.cookie, incoming.encoding, &mut out);
        }
        Err(Malformed::NoCookie) => return None,
        Err(_) => Reply::encode_malformed(Incoming::split(datagram).unwrap().0, &mut out),
    }
    Some(String::from_utf8(out).unwrap())
}

const PONG: &str = "c d6:result4:ponge";
const NO_COMMAND: &str = "c d6:result5:error12:error-reason36:Dictionary contains no key \"command\"e";
const UNKNOWN: &str = "c d6:result5:error12:error-reason20:Unrecognized commande";

#[test]
fn malformed_requests_get_what_rtpengine_gives_them() {
    let cases: &[(&str, Option<&str>)] = &[
        ("c d7:command4:pinge", Some(PONG)),
        ("c d7:command4:pinge extra", Some(PONG)),
        ("c d7:command4:ping", Some(PONG)),
        ("c d7:command4:ping1:xi+5ee", Some(PONG)),
        ("c d0:4:ping7:command4:pinge", Some(PONG)),
        ("c d7:command4:ping7:command5:offere", Some(PONG)),
        ("c d7:command4:pin", Some("c ")),
        ("c this is no dictionary", Some("c ")),
        ("c l4:pinge", Some("c ")),
        ("c ", Some("c ")),
        ("c  d7:command4:pinge", Some("c ")),
        ("c di5ei6e7:command4:pinge", Some("c ")),
        ("c d7:command4:ping1:x1:", Some("c ")),
        ("c {\"command\": \"ping\"", Some("c ")),
        ("c {\"command\": \"ping\"}x", Some("c ")),
        ("c [1]", Some("c ")),
        ("c de", Some(NO_COMMAND)),
        ("c d", Some(NO_COMMAND)),
        ("c d7:commandi5ee", Some(NO_COMMAND)),
        ("c d7:Command4:pinge", Some(NO_COMMAND)),
        ("c d7:command4:PINGe", Some(UNKNOWN)),
        ("c d7:command5:ping e", Some(UNKNOWN)),
        ("c {\"command\":\"ping\"} ", Some("c {\"result\":\"pong\"}")),
        ("c {}", Some(r#"c {"result":"error","error-reason":"Dictionary contains no key \"command\""}"#)),
        ("onlyacookie", None),
        ("d7:command4:pinge", None),
        (" d7:command4:pinge", None),
        ("c\td7:command4:pinge", None),
        ("", None),
    ];
    for (datagram, expected) in cases {
        assert_eq!(answer(datagram.as_bytes()).as_deref(), *expected, "{datagram}");
    }
}

#[test]
fn every_command_is_known_by_its_exact_name() {
    assert_eq!(Command::ALL.len(), 33);
    for command in Command::ALL {
        assert_eq!(Command::parse(command.as_str()), Some(*command));
    }
    assert_eq!(Command::parse("CLI"), Some(Command::Cli));
    for wrong in ["start-recording", "block dtmf", "PING", ""] {
        assert_eq!(Command::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn result_stands_where_rtpengine_puts_it() {
    let encoded = |reply: Reply| {
        let mut out = Vec::new();
        reply.encode(b"c", Encoding::Bencode, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(encoded(Reply::ok().with("sdp", "v=0")), "c d3:sdp3:v=06:result2:oke");
    assert_eq!(encoded(Reply::ok().with_warning("hm")), "c d7:warning2:hm6:result2:oke");
    assert_eq!(encoded(Reply::load_limit("full")), "c d6:result10:load limit7:message4:fulle");
    assert_eq!(encoded(Reply::error("no")), "c d6:result5:error12:error-reason2:noe");
    assert_eq!(encoded(Reply::pong()), PONG);
    assert_eq!(Reply::from(Error::NoSdp).body().tree().text("error-reason"), Some("No SDP body in message"));
    assert_eq!(Reply::from(Error::NoSdp).outcome(), Outcome::Error);
}

#[test]
fn error_texts_are_the_ones_proxies_know() {
    let texts = [Error::NoCallId, Error::NoFromTag, Error::NoToTag, Error::NoSdp, Error::NoBody]
        .map(|e| e.to_string());
    assert_eq!(
        texts,
        [
            "No call-id in message",
            "No from-tag in message",
            "No to-tag in message",
            "No SDP body in message",
            "No 'body' in message"
        ]
    );
}

#[test]
fn a_stream_is_cut_into_messages() {
    let stream = b"a d7:command4:pingeb {\"command\":\"ping\"}c d3:sdp3:e e7:command5:offere";
    let mut rest: &[u8] = stream;
    let mut cookies = Vec::new();
    while let Some(end) = find_end(&mut Default::default(), rest).unwrap() {
        let incoming = Incoming::parse(&rest[..end]).unwrap();
        cookies.push((incoming.cookie, incoming.dict.text("command").unwrap().to_owned()));
        rest = &rest[end..];
    }
    assert!(rest.is_empty());
    let expected: [(&[u8], String); 3] =
        [(b"a", "ping".into()), (b"b", "ping".into()), (b"c", "offer".into())];
    assert_eq!(cookies, expected);
}

#[test]
fn a_message_in_single_bytes_is_found_once() {
    let message = b"cookie d7:command5:offer3:sdp5:v=0\r\n5:flagsl1:aee";
    let mut scan = Default::default();
    for len in 0..message.len() {
        assert_eq!(find_end(&mut scan, &message[..len]), Ok(None), "{len}");
    }
    assert_eq!(find_end(&mut scan, message), Ok(Some(message.len())));
}

#[test]
fn a_stream_out_of_step_is_noticed_early() {
    let lost = |bytes: &[u8]| find_end(&mut Default::default(), bytes).unwrap_err();
    assert_eq!(lost(b"c xyz"), Malformed::UnknownEncoding);
    assert_eq!(lost(b" d"), Malformed::NoCookie);
    assert_eq!(lost(&[b'x'; 300]), Malformed::NoCookie);
    assert!(find_end(&mut Default::default(), &[b'x'; 200]).unwrap().is_none());
}

#[test]
fn bodies_without_cookie_can_be_read_and_written() {
    let (encoding, dict) = Incoming::parse_body(br#"{"command":"ping"}"#).unwrap();
    assert_eq!((encoding, dict.text("command")), (Encoding::Json, Some("ping")));
    let mut out = Vec::new();
    Reply::ok().with("calls", Dict::new()).encode_body(encoding, &mut out);
    assert_eq!(out, br#"{"calls":{},"result":"ok"}"#);
}
