//! The raw flag syntax, as rtpengine 26.0 was seen to read it.

use ng::request::{AttributeChange, Flag, Unknown, parse_rtpp_flags};
use ng::{Dict, Request, Value};

fn list(words: &[&'static str]) -> Value<'static> {
    words.iter().copied().collect()
}

fn request(text: &str, check: impl FnOnce(&Request<'_>)) {
    let dict = Dict::new().with("command", "offer").with("rtpp-flags", text);
    check(&Request::parse(&dict).unwrap());
}

#[test]
fn words_and_pairs() {
    let cases: &[(&str, Dict<'_>)] = &[
        ("", Dict::new()),
        ("  a  ", Dict::new().with("flags", list(&["a"]))),
        ("a b", Dict::new().with("flags", list(&["a", "b"]))),
        ("ICE=force", Dict::new().with("ICE", "force")),
        ("ICE=", Dict::new().with("flags", list(&["ICE"]))),
        ("ICE=x=y", Dict::new().with("ICE", "x=y")),
        ("ICE=a--b", Dict::new().with("ICE", "a--b")),
        ("ICE=x ICE=y", Dict::new().with("ICE", "x").with("ICE", "y")),
        ("ICE=x]", Dict::new().with("ICE", "x]")),
        ("[a b]", Dict::new().with("flags", list(&["[a", "b]"]))),
        ("a\tb\nc", Dict::new().with("flags", list(&["a\tb\nc"]))),
        ("a x=1 b", Dict::new().with("flags", list(&["a"])).with("x", "1").with("flags", list(&["b"]))),
    ];
    for (text, expected) in cases {
        assert_eq!(&parse_rtpp_flags(text), expected, "{text}");
    }
}

#[test]
fn brackets_are_lists_or_dictionaries() {
    let cases: &[(&str, Value<'_>)] = &[
        ("k=[]", Value::list()),
        ("k=[x y]", list(&["x", "y"])),
        ("k=[ x  y ]", list(&["x", "y"])),
        ("k=[x y", list(&["x", "y"])),
        ("k=[x y=z]", list(&["x", "y=z"])),
        ("k=[a=1 b=2]", Dict::new().with("a", "1").with("b", "2").into()),
        ("k=[a=[x y] b=z]", Dict::new().with("a", list(&["x", "y"])).with("b", "z").into()),
        ("k=[[a b] [c]]", Value::List(vec![list(&["a", "b"]), list(&["c"])])),
        (
            "k=[[t=a c=[x y]]]",
            Value::List(vec![Dict::new().with("t", "a").with("c", list(&["x", "y"])).into()]),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_rtpp_flags(text), Dict::new().with("k", expected.clone()), "{text}");
    }
    // A bracket in the middle of a word is a part of it.
    let expected = Dict::new().with("k", list(&["a]rest", "b"])).with("flags", list(&["c"]));
    assert_eq!(parse_rtpp_flags("k=[a]rest b] c"), expected);
}

#[test]
fn deep_brackets_end() {
    let text = format!("k={}", "[".repeat(100_000));
    assert_eq!(parse_rtpp_flags(&text).len(), 1);
}

#[test]
fn a_flag_text_is_a_request() {
    let text = "trust-address replace-origin ICE=force transport-protocol=RTP/SAVP \
                codec=[strip=[PCMA G722] transcode=opus] direction=[int ext] received-from=[IP4 192.0.2.1] made-up";
    request(text, |request| {
        assert!(request.has(Flag::TrustAddress));
        assert_eq!(request.codecs.strip, ["PCMA", "G722"]);
        assert_eq!(request.codecs.transcode, ["opus"]);
        assert_eq!(request.network.from_interface.as_deref(), Some("int"));
        assert_eq!(request.network.to_interface.as_deref(), Some("ext"));
        assert_eq!(request.network.received_from, Some([192, 0, 2, 1].into()));
        assert_eq!(request.unknown, [Unknown::Flag("made-up".into())]);
    });
}

#[test]
fn escapes_count_in_codecs_and_attributes_only() {
    request("codec-transcode=opus/48000/2///maxaveragebitrate--40000;cbr--1 metadata=a..b--c", |request| {
        assert_eq!(request.codecs.transcode, ["opus/48000/2///maxaveragebitrate=40000;cbr=1"]);
        assert_eq!(request.recording.metadata.as_deref(), Some(b"a..b--c".as_slice()));
    });
    request("sdp-attr=[audio=[add=[foo--bar..baz x...y....z a----b]]]", |request| {
        let texts: Vec<_> = request.edit.attributes.iter().map(|edit| &edit.change).collect();
        assert_eq!(
            texts,
            [
                &AttributeChange::Add("foo=bar baz".into()),
                &AttributeChange::Add("x .y  z".into()),
                &AttributeChange::Add("a==b".into()),
            ]
        );
    });
}

#[test]
fn attribute_changes_in_every_form() {
    let expect = |text: &str, scope: &str, change: AttributeChange<'_>| {
        request(text, |request| {
            let [edit] = request.edit.attributes.as_slice() else { panic!("{text}: {:?}", request.edit) };
            assert_eq!((edit.scope.as_ref(), &edit.change), (scope, &change), "{text}");
            assert!(request.unknown.is_empty(), "{text}: {:?}", request.unknown);
        });
    };
    let substitute = || AttributeChange::Substitute("sendrecv".into(), "foo bar".into());
    expect("sdp-attr=[none=[add=aa..bb]]", "none", AttributeChange::Add("aa bb".into()));
    expect("sdp-attr-add-audio-foo--bar..baz", "audio", AttributeChange::Add("foo=bar baz".into()));
    expect("sdp-attr-remove-video-rtcp-fb", "video", AttributeChange::Remove("rtcp-fb".into()));
    expect("sdp-attr=[audio=[substitute=[[sendrecv foo..bar]]]]", "audio", substitute());
    expect("sdp-attr=[audio=[substitute=[sendrecv>foo..bar]]]", "audio", substitute());
    expect("sdp-attr-substitute-audio-sendrecv>foo..bar", "audio", substitute());
}

#[test]
fn codec_operations_may_be_pairs() {
    request("codec-strip=PCMA,PCMU transcode=[GSM G722] codec-except=opus codec-consume=x", |request| {
        assert_eq!(request.codecs.strip, ["PCMA", "PCMU"]);
        assert_eq!(request.codecs.transcode, ["GSM", "G722"]);
        assert_eq!(request.codecs.except, ["opus"]);
        assert_eq!(request.unknown, [Unknown::Key("codec-consume".into(), "x".into())]);
    });
    // Elsewhere they are not.
    let dict = Dict::new().with("command", "offer").with("codec-strip", "PCMA");
    assert_eq!(Request::parse(&dict).unwrap().unknown.len(), 1);
}

#[test]
fn a_flag_text_inside_a_flag_text_is_refused() {
    request("rtpp-flags=[trust-address]", |request| {
        assert!(!request.has(Flag::TrustAddress));
        assert_eq!(request.unknown.len(), 1);
    });
}
