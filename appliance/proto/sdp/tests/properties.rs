//! Promises for bodies nobody wrote by hand.

use proptest::prelude::*;
use sdp::{Draft, Field, Lines, Session};

/// A line that any section takes, mostly attributes we know, sometimes malformed.
fn attribute() -> impl Strategy<Value = String> {
    let pt = 0u8..=127;
    prop_oneof![
        (pt.clone(), "[A-Za-z0-9-]{1,8}", 1u32..100_000, 0u8..4)
            .prop_map(|(pt, name, clock, channels)| format!("rtpmap:{pt} {name}/{clock}/{channels}")),
        (pt.clone(), "[ -~]{0,20}").prop_map(|(pt, text)| format!("fmtp:{pt} {text}")),
        pt.prop_map(|pt| format!("rtcp-fb:{pt} nack pli")),
        (0u16..300, "[!-~]{1,12}").prop_map(|(id, uri)| format!("extmap:{id} {uri}")),
        "(sendrecv|sendonly|recvonly|inactive|rtcp-mux|rtcp-rsize|end-of-candidates|ice-lite)",
        "(ptime|maxptime):[0-9a-z ]{0,4}",
        "(mid|label|setup|ice-ufrag|ice-pwd|tls-id|rtcp|group|fingerprint|crypto|candidate):[ -~]{0,24}",
        "x-[a-z]{1,6}(:[ -~]{0,12})?",
        "(ssrc|ssrc-group|msid|tool|rtpmap|fmtp|rtcp-fb|extmap)(:[ -~]{0,12})?",
    ]
}

fn section() -> impl Strategy<Value = String> {
    let protocol = prop_oneof![
        3 => Just("RTP/AVP"),
        2 => Just("UDP/TLS/RTP/SAVPF"),
        1 => Just("rtp/savp"),
        1 => Just("udptl"),
        1 => Just("RTP/OTHER"),
    ];
    let formats = prop::collection::vec(0u8..=127, 1..6);
    let head = (prop_oneof![Just("audio"), Just("video"), Just("x")], any::<u16>(), protocol, formats);
    (head, prop::collection::vec(attribute(), 0..12)).prop_map(
        |((kind, port, protocol, formats), attributes)| {
            let formats: Vec<String> = formats.iter().map(u8::to_string).collect();
            let mut text = format!("m={kind} {port} {protocol} {}\r\n", formats.join(" "));
            attributes.iter().for_each(|a| text.push_str(&format!("a={a}\r\n")));
            text
        },
    )
}

fn body() -> impl Strategy<Value = String> {
    (prop::collection::vec(attribute(), 0..6), prop::collection::vec(section(), 1..5)).prop_map(
        |(attributes, sections)| {
            let mut text =
                String::from("v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n");
            attributes.iter().for_each(|a| text.push_str(&format!("a={a}\r\n")));
            sections.iter().for_each(|s| text.push_str(s));
            text
        },
    )
}

fn written(draft: &Draft<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    draft.write(&mut out);
    out
}

proptest! {
    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..400)) {
        sdp::fuzz::body(&data);
    }

    #[test]
    fn any_text_behind_a_good_head_is_survived(tail in "[ -~\r\n]{0,300}") {
        let head = "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4 RTP/AVP 8\r\n";
        sdp::fuzz::body(format!("{head}{tail}").as_bytes());
    }

    #[test]
    fn reading_and_writing_settles_at_once(text in body()) {
        Session::parse(text.as_bytes()).unwrap();
        sdp::fuzz::body(text.as_bytes());
    }

    #[test]
    fn attributes_that_are_nobodys_business_keep_their_order(text in body()) {
        let session = Session::parse(text.as_bytes()).unwrap();
        let out = written(&Draft::from_session(&session));
        let after = Session::parse(&out).unwrap();
        // A colon with nothing behind it goes.
        let parts = |a: &sdp::Attribute<'_>| (a.name_text().to_vec(), a.value().to_vec());
        let passing = |attributes: &[sdp::Attribute<'_>]| -> Vec<(Vec<u8>, Vec<u8>)> {
            attributes.iter().filter(|a| a.name.passes()).map(parts).collect()
        };
        prop_assert_eq!(passing(&session.attributes), passing(&after.attributes));
        for (before, after) in session.media.iter().zip(&after.media) {
            prop_assert_eq!(&before.kind, &after.kind);
            prop_assert_eq!(before.profile, after.profile);
            if !before.is_rejected() {
                prop_assert_eq!(passing(&before.attributes), passing(&after.attributes));
                prop_assert_eq!(before.codecs(), after.codecs());
            }
        }
    }

    #[test]
    fn an_owned_codec_is_the_same_codec(text in body()) {
        let session = Session::parse(text.as_bytes()).unwrap();
        for media in &session.media {
            let owned: Vec<_> = media.codecs().into_iter().map(sdp::Codec::into_owned).collect();
            prop_assert_eq!(media.codecs(), owned);
        }
    }

    #[test]
    fn lines_are_the_whole_body(data in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut rest = &data[..];
        for (at, line) in Lines::new(&data).enumerate() {
            prop_assert_eq!(line.number as usize, at + 1);
            prop_assert_eq!(&data[line.span.clone()], &rest[..line.span.len()]);
            rest = &rest[line.span.len()..];
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn no_field_makes_lines_of_its_own(evil in "[a-z\r\n=]{0,12}") {
        let text = "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4 RTP/AVP 8\r\n";
        let session = Session::parse(text.as_bytes()).unwrap();
        let mut draft = Draft::from_session(&session);
        let lines = Lines::new(&written(&draft)).count();
        let field = || Field::from(evil.as_str());
        draft.name = field();
        draft.origin.user = field();
        draft.media[0].attributes.push(field());
        draft.media[0].mid = Some(field());
        draft.edits.scope_mut("none").add.push(field());
        draft.edits.scope_mut("audio").substitute.push((Field::from("sendrecv"), field()));
        prop_assert_eq!(Lines::new(&written(&draft)).count(), lines + 3);
    }
}
