//! Dictionaries into requests.

use ng::request::options::{AddressFamily, All, DtlsMode, IceMode, Profile, RecordCall, Replace};
use ng::request::options::{Bundle, MusicMode, RtcpMux, SdesOption, T38};
use ng::request::{Flag, Set, Unknown};
use ng::{Command, Dict, Error, Request, Value};
use proptest::prelude::*;

fn offer() -> Dict<'static> {
    Dict::new().with("command", "offer")
}

fn words(words: &[&'static str]) -> Value<'static> {
    words.iter().copied().collect()
}

#[test]
fn a_stock_kamailio_offer() {
    let dict = Dict::new()
        .with("sdp", "v=0\r\n")
        .with("replace", words(&["origin", "session-connection"]))
        .with("flags", words(&["SIP-source-address"]))
        .with("direction", words(&["pub", "priv"]))
        .with("rtcp-mux", words(&["offer", "demux"]))
        .with("SDES", words(&["off", "no-AES_CM_128_HMAC_SHA1_32"]))
        .with("ICE", "remove")
        .with("transport protocol", "RTP/AVP")
        .with("supports", words(&["load limit"]))
        .with("call-id", "abc@host")
        .with("via-branch", "z9hG4bK.1")
        .with("received from", words(&["IP4", "192.0.2.7"]))
        .with("from-tag", "ft")
        .with("to-tag", "tt")
        .with("codec", Dict::new().with("mask", words(&["all"])).with("transcode", words(&["PCMU", "PCMA"])))
        .with("command", "offer");
    let request = Request::parse(&dict).unwrap();
    assert_eq!(request.command, Command::Offer);
    assert_eq!(request.need_sdp(), Ok(b"v=0\r\n".as_slice()));
    assert_eq!(request.need_call_id(), Ok(b"abc@host".as_slice()));
    assert_eq!(request.need_from_tag(), Ok(b"ft".as_slice()));
    assert_eq!(request.need_to_tag(), Ok(b"tt".as_slice()));
    assert_eq!(request.via_branch.as_deref(), Some(b"z9hG4bK.1".as_slice()));
    assert_eq!(request.edit.replace, Set::from_iter([Replace::Origin, Replace::SessionConnection]));
    assert!(request.has(Flag::SipSourceAddress) && !request.has(Flag::TrustAddress));
    assert_eq!(request.network.from_interface.as_deref(), Some("pub"));
    assert_eq!(request.network.to_interface.as_deref(), Some("priv"));
    assert_eq!(request.network.received_from, Some([192, 0, 2, 7].into()));
    assert_eq!(request.rtcp.mux, Set::from_iter([RtcpMux::Offer, RtcpMux::Demux]));
    assert_eq!(request.security.sdes, Set::from_iter([SdesOption::Off]));
    assert_eq!(request.security.sdes_no, ["AES_CM_128_HMAC_SHA1_32"]);
    assert_eq!(request.ice.mode, Some(IceMode::Remove));
    assert_eq!(request.transport.profile, Some(Profile::Avp));
    assert_eq!(request.codecs.mask, ["all"]);
    assert_eq!(request.codecs.transcode, ["PCMU", "PCMA"]);
    assert!(request.supports_load_limit());
    assert!(request.unknown.is_empty(), "{:?}", request.unknown);
}

#[test]
fn missing_keys_have_their_errors() {
    assert_eq!(Request::parse(&Dict::new()).unwrap_err(), Error::NoCommand);
    let dict = Dict::new().with("command", "no such command");
    assert_eq!(Request::parse(&dict).unwrap_err(), Error::UnknownCommand);
    let dict = offer();
    let request = Request::parse(&dict).unwrap();
    assert_eq!(request.need_call_id(), Err(Error::NoCallId));
    assert_eq!(request.need_from_tag(), Err(Error::NoFromTag));
    assert_eq!(request.need_to_tag(), Err(Error::NoToTag));
    assert_eq!(request.need_sdp(), Err(Error::NoSdp));
    assert!(!request.supports_load_limit());
}

#[test]
fn prefixed_words_fill_the_field_of_their_key() {
    let flags = words(&[
        "codec-strip-PCMU",
        "transcode-opus/48000/2",
        "codec-accept-all",
        "always-transcode",
        "rtcp-mux-require",
        "replace-zero-address",
        "SDES-only-F8_128_HMAC_SHA1_80",
        "SDES-order:A;B",
        "SDES-off",
        "T.38-no-V.17",
        "T38-decode",
        "BUNDLE-strict",
        "OSRTP-accept-legacy",
        "endpoint-learning-off",
        "from-tags-x",
    ]);
    let dict = offer().with("flags", flags);
    let request = Request::parse(&dict).unwrap();
    assert!(request.unknown.is_empty(), "{:?}", request.unknown);
    assert_eq!(request.codecs.strip, ["PCMU"]);
    assert_eq!(request.codecs.transcode, ["opus/48000/2"]);
    assert_eq!(request.codecs.accept, ["all", "all"]);
    assert!(request.rtcp.mux.has(RtcpMux::Require));
    assert!(request.edit.replace.has(Replace::ZeroAddress));
    assert_eq!(request.security.sdes_only, ["F8_128_HMAC_SHA1_80"]);
    assert_eq!(request.security.sdes_order, ["A", "B"]);
    assert!(request.security.sdes.has(SdesOption::Off));
    assert_eq!(request.fax.options, Set::from_iter([T38::NoV17, T38::Decode]));
    assert!(request.rtcp.bundle.has(Bundle::Strict));
    assert_eq!(request.parties.from_tags, ["x"]);
}

#[test]
fn a_list_may_be_one_text_with_commas() {
    let dict = offer()
        .with("flags", "trust-address,loop-protect,,")
        .with("rtcp-mux", "offer,require")
        .with("codec", Dict::new().with("strip", "PCMU,PCMA"))
        .with("frequencies", "440, 880");
    let request = Request::parse(&dict).unwrap();
    assert!(request.has(Flag::TrustAddress) && request.has(Flag::LoopProtect));
    assert!(request.rtcp.mux.has(RtcpMux::Require));
    assert_eq!(request.codecs.strip, ["PCMU", "PCMA"]);
    assert_eq!(request.dtmf.frequencies, [440, 880]);
    assert!(request.unknown.is_empty());
}

#[test]
fn numbers_come_as_numbers_or_texts() {
    let dict = offer()
        .with("ptime", "30")
        .with("TOS", 184)
        .with("delete-delay", "-1")
        .with("code", 5)
        .with("delay buffer", " +7")
        .with("volume", "7 ")
        .with("T.38 version", "3")
        .with("frequency", vec![Value::Int(1), "2".into()]);
    let request = Request::parse(&dict).unwrap();
    assert_eq!(request.codecs.ptime_ms, Some(30));
    assert_eq!(request.path.tos, Some(184));
    assert_eq!(request.delete_delay, Some(-1));
    assert_eq!(request.dtmf.digit.as_deref(), Some("5"));
    assert_eq!((request.path.delay_buffer_ms, request.dtmf.volume), (Some(7), None));
    assert_eq!(request.fax.version, Some(3));
    assert_eq!(request.dtmf.frequencies, [1, 2]);
}

#[test]
fn webrtc_stands_for_all_it_implies() {
    let dict = offer().with("flags", words(&["WebRTC"]));
    let request = Request::parse(&dict).unwrap();
    assert!(request.unknown.is_empty(), "{:?}", request.unknown);
    assert_eq!(request.transport.profile, Some(Profile::DtlsSavpf));
    assert_eq!(request.ice.mode, Some(IceMode::Force));
    for flag in [Flag::WebRtc, Flag::TrickleIce, Flag::NoRtcpAttribute, Flag::GenerateMid] {
        assert!(request.has(flag), "{flag:?}");
    }
    assert!(request.rtcp.mux.has(RtcpMux::Offer) && request.rtcp.mux.has(RtcpMux::Require));
    assert!(request.security.sdes.has(SdesOption::Off) && request.rtcp.bundle.has(Bundle::Require));
}

#[test]
fn nested_dictionaries_are_read() {
    let dict = offer()
        .with(
            "moh",
            Dict::new()
                .with("mode", "sendonly")
                .with("file", "x.wav")
                .with("connection", "zero")
                .with("q", 1),
        )
        .with("extmap", Dict::new().with("strip", words(&["a"])).with("mask", "b").with("Strip", "c"))
        .with("media", vec![Value::from(Dict::new().with("type", "audio")), Value::Int(5)]);
    let request = Request::parse(&dict).unwrap();
    let music = request.music.as_ref().unwrap();
    assert_eq!((music.mode, music.zero_connection), (Some(MusicMode::SendOnly), true));
    assert_eq!(music.sound.file.as_deref(), Some("x.wav"));
    assert_eq!((request.edit.extmap_strip.len(), request.edit.extmap_mask.len()), (1, 1));
    let types: Vec<_> =
        ng::request::Trees::dicts(&request.trees.media).map(|dict| dict.text("type")).collect();
    assert_eq!(types, [Some("audio")]);
    let unknown = |key: &'static str, value: &'static str| Unknown::Value(key.into(), value.into());
    assert_eq!(request.unknown, [unknown("MOH", "q"), unknown("extmap", "Strip")]);
}

#[test]
fn other_options_land_in_their_fields() {
    let dict = offer()
        .with("media address", "2001:db8::1")
        .with("address family", "IP6")
        .with("record call", "yes")
        .with("generate RTCP", "on")
        .with("all", "offer-answer")
        .with("pause", "yes")
        .with("passthrough", "off")
        .with("DTLS-reverse", "passive")
        .with("blob", vec![0xff, 0]);
    let request = Request::parse(&dict).unwrap();
    assert!(request.unknown.is_empty(), "{:?}", request.unknown);
    assert_eq!(request.network.media_address, Some("2001:db8::1".parse().unwrap()));
    assert_eq!(request.network.address_family, Some(AddressFamily::Ip6));
    assert_eq!(request.recording.call, Some(RecordCall::On));
    assert_eq!(request.rtcp.generate, Some(true));
    assert_eq!(request.parties.all, Some(All::OfferAnswer));
    assert!(request.has(Flag::Pause));
    assert_eq!(request.path.passthrough, Some(false));
    assert_eq!(request.security.dtls, Some(DtlsMode::Passive));
    assert_eq!(request.playback.blob.as_deref(), Some([0xff, 0].as_slice()));
}

#[test]
fn the_unknown_is_kept_and_told_but_never_an_error() {
    let dict = offer()
        .with("flags", words(&["no-such-flag", "trust-address", "a=b"]))
        .with("colour", "blue")
        .with("ICE", "sideways")
        .with("rtcp-mux", words(&["perhaps"]))
        .with("media-address", "nowhere")
        .with("sdp", words(&["x"]))
        .with("loop-protect", "yes")
        .with("evil\nkey", "");
    let request = Request::parse(&dict).unwrap();
    assert!(request.has(Flag::TrustAddress));
    let told: Vec<_> = request.unknown.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "Unknown flag encountered: 'no-such-flag'",
            "Unknown flag encountered: 'a=b'",
            "Unknown dictionary key encountered: 'colour'",
            "Unknown 'ICE' flag encountered: 'sideways'",
            "Unknown 'rtcp-mux' flag encountered: 'perhaps'",
            "Unknown 'media address' flag encountered: 'nowhere'",
            "Key 'SDP' does not take a list or dictionary like this",
            "Unknown dictionary key encountered: 'loop-protect'",
            "Unknown dictionary key encountered: 'evil\\nkey'",
        ]
    );
    assert_eq!(request.unknown[2], Unknown::Key("colour".into(), "blue".into()));
}

#[test]
fn templates_apply_before_the_message() {
    let dict = offer().with("ICE", "remove").with("template", "extra").with("direction", words(&["c", "d"]));
    let templates = |name: &str| match name {
        "default" => Some("ICE=force direction=[a b] trust-address"),
        "offer" => Some("loop-protect template=nested"),
        "extra" => Some("DTLS=off\n\ttemplate=extra"),
        "nested" => Some("generate-mid"),
        _ => None,
    };
    let request = Request::parse_with(&dict, templates).unwrap();
    assert_eq!(request.ice.mode, Some(IceMode::Remove));
    assert_eq!(request.network.from_interface.as_deref(), Some("c"));
    assert_eq!(request.network.to_interface.as_deref(), Some("d"));
    assert_eq!(request.security.dtls, Some(DtlsMode::Off));
    for flag in [Flag::TrustAddress, Flag::LoopProtect, Flag::GenerateMid] {
        assert!(request.has(flag), "{flag:?}");
    }
    assert_eq!(request.unknown.len(), 1, "the loop of `extra` is cut and told: {:?}", request.unknown);
}

#[test]
fn every_name_in_every_table_leads_back_to_its_member() {
    use ng::request::member::Member;
    fn check<T: Member + PartialEq>() {
        for (_, name, member) in T::NAMES {
            assert_eq!(T::named(name.as_bytes()), Some(*member), "{name}");
            assert_eq!(T::named(name.replace(' ', "-").as_bytes()), Some(*member), "{name}");
            assert_eq!(T::named(name.to_lowercase().as_bytes()), Some(*member), "{name}");
            assert!(member.index() < 128);
        }
    }
    check::<Flag>();
    check::<Profile>();
    check::<SdesOption>();
    check::<T38>();
    check::<Replace>();
}

proptest! {
    #[test]
    fn any_flag_is_survived(words in proptest::collection::vec("[a-zA-Z0-9=,.:;/> _-]{0,60}", 0..20)) {
        let dict = offer().with("flags", words.iter().map(String::as_str).collect::<Value<'_>>());
        let request = Request::parse(&dict).unwrap();
        prop_assert!(request.unknown.len() <= words.iter().map(String::len).sum());
    }
}
