//! What counts of the things a client can write in several ways, as rtpengine 26.0 was seen to count it.

use ng::request::options::{DtlsMode, Profile, RecordCall, T38};
use ng::request::{Flag, Unknown};
use ng::{Dict, Error, Request, Value};

fn offer() -> Dict<'static> {
    Dict::new().with("command", "offer")
}

fn words(words: &[&'static str]) -> Value<'static> {
    words.iter().copied().collect()
}

fn interfaces(dict: &Dict<'static>) -> [Option<String>; 2] {
    let network = Request::parse(dict).unwrap().network;
    [network.from_interface, network.to_interface].map(|name| name.map(String::from))
}

#[test]
fn a_prefixed_word_is_one_word_whatever_commas_it_has() {
    let dict =
        offer().with("flags", words(&["codec-strip-PCMU,PCMA", "rtcp-mux-offer,accept", "codec-strip-"]));
    let request = Request::parse(&dict).unwrap();
    assert_eq!(request.codecs.strip, ["PCMU,PCMA"]);
    assert_eq!(request.unknown, [Unknown::Value("rtcp-mux".into(), "offer,accept".into())]);
}

#[test]
fn what_only_an_offer_can_say_is_not_taken_from_an_answer() {
    let said = |command: &'static str| {
        let dict = Dict::new()
            .with("command", command)
            .with("flags", words(&["codec-mask-PCMA", "transcode-GSM", "T38-force", "codec-strip-PCMU"]))
            .with("ptime", 40);
        let request = Request::parse(&dict).unwrap();
        let codecs = request.codecs;
        assert_eq!(codecs.strip, ["PCMU"]);
        (codecs.mask.len(), codecs.transcode.len(), codecs.ptime_ms, request.fax.options.has(T38::Force))
    };
    for command in ["offer", "publish", "subscribe request"] {
        assert_eq!(said(command), (1, 1, Some(40), true), "{command}");
    }
    assert_eq!(said("answer"), (0, 0, None, false));
}

#[test]
fn commands_without_flags_know_one_spelling_and_the_first_of_two() {
    let dict = Dict::new()
        .with("command", "query")
        .with("call id", "x")
        .with("from-tag", "a")
        .with("from-tag", "b")
        .with("rtpp-flags", "to-tag=z")
        .with("flags", words(&["explain"]));
    let request = Request::parse_with(&dict, |_| Some("to-tag=y")).unwrap();
    assert_eq!(request.need_call_id(), Err(Error::NoCallId));
    assert_eq!(request.need_from_tag(), Ok(b"a".as_slice()));
    assert_eq!(request.to_tag, None);
    assert!(request.has(Flag::Explain) && request.unknown.is_empty());
    let dict = Dict::new().with("command", "list").with("limit", "7");
    assert_eq!(Request::parse(&dict).unwrap().limit, Some(7));
}

#[test]
fn the_last_of_several_counts() {
    let dict = offer()
        .with("call-id", "1")
        .with("call id", "2")
        .with("from-tag", "a")
        .with("from-tag", "b")
        .with("transport protocol", "RTP/SAVP")
        .with("transport-protocol", "rtp/Avpf")
        .with("ptime", 20)
        .with("ptime", "40ms")
        .with("address family", "IP6")
        .with("address-family", "ip4")
        .with("media address", "192.0.2.1")
        .with("media-address", "nowhere")
        .with("flags", words(&["trust-address", "SIP-source-address"]));
    let request = Request::parse(&dict).unwrap();
    assert_eq!(request.need_call_id(), Ok(b"2".as_slice()));
    assert_eq!(request.need_from_tag(), Ok(b"b".as_slice()));
    assert_eq!(request.transport.profile, Some(Profile::Avpf));
    assert_eq!((request.codecs.ptime_ms, request.network.address_family), (None, None));
    assert_eq!(request.network.media_address, Some([192, 0, 2, 1].into()));
    assert!(request.has(Flag::SipSourceAddress) && !request.has(Flag::TrustAddress));
}

#[test]
fn some_words_cannot_be_taken_back() {
    let dict = offer()
        .with("DTLS", words(&["off", "passive"]))
        .with("flags", words(&["record-call", "generate-RTCP"]))
        .with("record-call", "no")
        .with("generate RTCP", "off");
    let request = Request::parse(&dict).unwrap();
    assert_eq!(request.security.dtls, Some(DtlsMode::Off));
    assert_eq!(request.recording.call, Some(RecordCall::On));
    assert_eq!(request.rtcp.generate, Some(true));
    let dict = offer().with("record-call", "yes").with("record call", "perhaps").with("generate-RTCP", "yes");
    let request = Request::parse(&dict).unwrap();
    assert_eq!((request.recording.call, request.rtcp.generate), (None, Some(false)));
}

#[test]
fn tags_and_call_ids_are_bytes() {
    let (call, tag, label) = (b"c\xff".as_slice(), b"\xfe\0t".as_slice(), b"\xfdl".as_slice());
    let dict = offer()
        .with("call-id", call)
        .with("from-tag", tag)
        .with("label", label)
        .with("to-tag", 5)
        .with("via-branch", words(&["x"]));
    let request = Request::parse(&dict).unwrap();
    assert_eq!((request.need_call_id(), request.need_from_tag()), (Ok(call), Ok(tag)));
    assert_eq!(request.parties.label.as_deref(), Some(label));
    assert_eq!((&request.to_tag, &request.via_branch), (&None, &None), "numbers and lists are no tags");
    assert_eq!(request.shown_call_id(), "c\u{fffd}");
}

#[test]
fn interfaces_come_as_a_list_or_one_by_one() {
    let both = |from: &str, to: &str| [Some(from.to_owned()), Some(to.to_owned())];
    assert_eq!(interfaces(&offer().with("direction", words(&["a", "b", "c"]))), both("a", "b"));
    assert_eq!(interfaces(&offer().with("direction", words(&["a"]))), [Some("a".to_owned()), None]);
    assert_eq!(interfaces(&offer().with("direction", "a,b")), [None, None]);
    let list = || offer().with("direction", words(&["a", "b"]));
    assert_eq!(interfaces(&list().with("to-interface", "c")), both("a", "c"));
    assert_eq!(interfaces(&list().with("direction", words(&["c"]))), both("c", "b"));
    let late = offer().with("to-interface", "c").with("direction", words(&["a", "b"]));
    assert_eq!(interfaces(&late), both("a", "b"));
    let texts = ["direction=a x direction=b direction=c", "direction=[a b]"];
    for text in texts {
        assert_eq!(interfaces(&offer().with("rtpp-flags", text)), both("a", "b"), "{text}");
    }
}

#[test]
fn where_the_message_came_from() {
    let said = |value: Value<'static>| {
        let dict = offer().with("received-from", value);
        Request::parse(&dict).unwrap().network.received_from.map(|address| address.to_string())
    };
    for good in [words(&["IP4", "192.0.2.9"]), words(&["IP4", "192.0.2.9", "x"]), "192.0.2.9".into()] {
        assert_eq!(said(good.clone()).as_deref(), Some("192.0.2.9"), "{good:?}");
    }
    assert_eq!(said(words(&["IP6", "[2001:db8::1]"])).as_deref(), Some("2001:db8::1"));
    for bad in [
        words(&["192.0.2.9"]),
        words(&["ip4", "192.0.2.9"]),
        words(&["IP6", "192.0.2.9"]),
        "IP4 192.0.2.9".into(),
        " 192.0.2.9".into(),
        Value::Int(5),
    ] {
        assert_eq!(said(bad.clone()), None, "{bad:?}");
    }
}

#[test]
fn nothing_is_trimmed_and_a_list_member_is_not_cut() {
    let dict = offer()
        .with("flags", "trust-address, loop-protect")
        .with("rtcp-mux", words(&["offer,require"]))
        .with("sdp-media-remove", "video")
        .with("ICE", "force,remove");
    let request = Request::parse(&dict).unwrap();
    assert!(request.has(Flag::TrustAddress) && !request.has(Flag::LoopProtect));
    assert!(request.rtcp.mux.is_empty() && request.edit.media_remove.is_empty());
    assert_eq!(request.ice.mode, None);
    assert_eq!(request.unknown.len(), 4, "{:?}", request.unknown);
}

#[test]
fn transport_is_a_whole_profile_in_its_own_key() {
    let said = |dict: Dict<'static>| {
        let request = Request::parse(&dict).unwrap();
        (request.transport.profile, request.transport.accept, request.unknown.len())
    };
    let key = |profile: &'static str| said(offer().with("transport-protocol", profile));
    assert_eq!(key("udp/TLS/rtp/savpf"), (Some(Profile::DtlsSavpf), false, 0));
    assert_eq!(key("accept"), (None, true, 0));
    for bad in ["RTP/NONE", "AVPF", "SRTP", "RTP/AVPF "] {
        assert_eq!(key(bad), (None, false, 1), "{bad}");
    }
    let flags = words(&["RTP/SAVP", "AVPF", "transport-protocol=RTP/AVPF", "ICE=force"]);
    assert_eq!(said(offer().with("flags", flags)), (None, false, 4));
    let text = "RTP/AVPF transport-protocol=RTP/SAVP";
    assert_eq!(said(offer().with("rtpp-flags", text)), (Some(Profile::Savp), false, 1));
}

#[test]
fn media_types_and_scopes_are_a_closed_list() {
    let add = || Dict::new().with("add", "x,y");
    let dict = offer()
        .with("sdp-media-remove", words(&["video", "other", "Audio"]))
        .with("sdp-attr", Dict::new().with("audio", add()).with("Audio", add()).with("global", add()))
        .with("flags", words(&["sdp-attr-add-audio-z", "sdp-attr-add-session-z"]));
    let request = Request::parse(&dict).unwrap();
    assert_eq!(request.edit.media_remove, ["video", "other"]);
    let scopes: Vec<_> = request.edit.attributes.iter().map(|edit| &*edit.scope).collect();
    assert_eq!(scopes, ["audio", "audio", "global", "global", "audio"]);
    assert_eq!(request.unknown.len(), 3, "{:?}", request.unknown);
}
