use super::*;
use crate::typed::CandidateKind;
use crate::{BandwidthKind, Lines};

const BODY: &str = "v=0\no=a 1 1 IN IP4 198.51.100.20\ns=-\nc=IN IP4 198.51.100.20\nb=AS:1\nt=0 0\na=x-sess:1\n\
    a=tool:t v\nm=audio 4000 RTP/AVP 8 96\ni=tt\nb=AS:9\na=rtpmap:96 opus/48000/2\na=fmtp:96 useinbandfec=1\n\
    a=x-1:a b\na=x-1:c\na=x-2\na=sendonly\na=ptime:20\na=mid:m1\na=msid:s t\nm=video 5000 RTP/AVP 97\n\
    a=rtpmap:97 H264/90000\na=x-1:v\nm=foo 6000 RTP/AVP 8\na=x-1:f\nm=image 7000 udptl t38\na=x-1:i\n";

fn lines(draft: &Draft<'_>) -> Vec<String> {
    let mut out = Vec::new();
    draft.write(&mut out);
    Lines::new(&out).map(|l| l.text.to_string()).collect()
}

/// The lines that edits take away from `BODY` and those they put there.
fn changes(edit: impl FnOnce(&mut AttributeEdits<'static>)) -> (Vec<String>, Vec<String>) {
    let session = Session::parse(BODY.as_bytes()).unwrap();
    let mut draft = Draft::from_session(&session);
    let before = lines(&draft);
    edit(&mut draft.edits);
    let after = lines(&draft);
    let only = |a: &[String], b: &[String]| a.iter().filter(|l| !b.contains(l)).cloned().collect();
    (only(&before, &after), only(&after, &before))
}

fn removed(scope: &'static str, what: &[&'static str]) -> Vec<String> {
    let (gone, new) = changes(|e| e.scope_mut(scope).remove = what.iter().map(|w| Field::from(*w)).collect());
    assert!(new.is_empty());
    gone
}

#[test]
fn every_line_has_its_place() {
    let mut audio = DraftMedia {
        port: 30000,
        title: Some("title".into()),
        address: Ipv4Addr::new(198, 51, 100, 1).into(),
        mid: Some("0".into()),
        label: Some("1".into()),
        extmap_allow_mixed: true,
        extmaps: vec![Extmap::new(1, "urn:x")],
        feedback: vec!["nack".into()],
        attributes: vec!["x-own:1".into()],
        direction: Some(Direction::Recvonly),
        rtcp: Some(Rtcp { port: 30001, address: Some(Ipv4Addr::new(198, 51, 100, 1).into()) }),
        rtcp_mux: true,
        cryptos: vec![Crypto {
            tag: 1,
            suite: "AES_CM_128_HMAC_SHA1_80".into(),
            key_params: "inline:KEY|2^31".into(),
            session_params: "UNENCRYPTED_SRTP".into(),
        }],
        setup: Some(Setup::Actpass),
        fingerprint: Some("sha-256 AA:BB".into()),
        tls_id: Some("0f".into()),
        ptime: Some(20),
        maxptime: Some(60),
        ice_ufrag: Some("ufrag".into()),
        ice_pwd: Some("pwd".into()),
        ice_options: Some("trickle".into()),
        candidates: vec![Candidate {
            foundation: "F".into(),
            component: 1,
            transport: "UDP".into(),
            priority: 2_130_706_431,
            address: "198.51.100.1".into(),
            port: 30000,
            kind: CandidateKind::Relay,
            related_address: Some("192.0.2.1".into()),
            related_port: Some(5),
            extensions: "generation 0".into(),
        }],
        end_of_candidates: true,
        ..DraftMedia::default()
    };
    for (kind, value) in [(BandwidthKind::Tias, 4), (BandwidthKind::Ct, 5), (BandwidthKind::As, 1)] {
        audio.bandwidth.set(kind, Some(value));
    }
    let mut opus = Codec::new(96, "opus", 48000, 2);
    opus.fmtp = Some("useinbandfec=1".into());
    opus.feedback = vec!["transport-cc".into()];
    audio.formats = Formats::Codecs(vec![Codec::new(8, "PCMA", 8000, 1), opus]);
    let draft = Draft {
        info: Some("info".into()),
        uri: Some("uri".into()),
        email: Some("email".into()),
        phone: Some("phone".into()),
        bandwidth: audio.bandwidth,
        loop_mark: Some("a1b2c3d4e5f6".into()),
        ice_lite: true,
        groups: vec!["BUNDLE 0".into()],
        attributes: vec!["tool:x".into()],
        media: vec![audio],
        ..Draft::default()
    };
    let expected = "v=0|o=- 0 0 IN IP4 0.0.0.0|s=|i=info|u=uri|e=email|p=phone|b=AS:1|b=CT:5|b=TIAS:4|t=0 0|\
        a=rtpengine:a1b2c3d4e5f6|a=ice-lite|a=group:BUNDLE 0|a=tool:x|m=audio 30000 RTP/AVP 8 96|i=title|\
        c=IN IP4 198.51.100.1|b=AS:1|b=CT:5|b=TIAS:4|a=mid:0|a=label:1|a=rtpmap:8 PCMA/8000|\
        a=rtpmap:96 opus/48000/2|a=fmtp:96 useinbandfec=1|a=rtcp-fb:96 transport-cc|a=extmap-allow-mixed|\
        a=extmap:1 urn:x|a=rtcp-fb:* nack|a=x-own:1|a=recvonly|a=rtcp:30001 IN IP4 198.51.100.1|a=rtcp-mux|\
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^31 UNENCRYPTED_SRTP|a=setup:actpass|\
        a=fingerprint:sha-256 AA:BB|a=tls-id:0f|a=ptime:20|a=maxptime:60|a=ice-ufrag:ufrag|a=ice-pwd:pwd|\
        a=ice-options:trickle|a=candidate:F 1 UDP 2130706431 198.51.100.1 30000 typ relay raddr 192.0.2.1 rport 5 \
        generation 0|a=end-of-candidates";
    assert_eq!(lines(&draft).join("|"), expected);
}

#[test]
fn added_attributes_stand_last_in_their_scope() {
    let session = Session::parse(BODY.as_bytes()).unwrap();
    let mut draft = Draft::from_session(&session);
    draft.edits.scope_mut("none").add.push("new-1:x".into());
    draft.edits.scope_mut("global").add.push("new-2".into());
    draft.edits.scope_mut("audio").add.extend(["x-1:c".into(), "x-2".into()]);
    draft.edits.scope_mut("audio").remove.push("x-2".into());
    let text = lines(&draft).join("|");
    assert!(text.contains("|a=tool:t v|a=new-1:x|a=new-2|m=audio "), "{text}");
    assert!(text.contains("|a=sendonly|a=ptime:20|a=x-1:c|a=x-2|m=video "), "{text}");
}

#[test]
fn removal_is_by_name_by_tag_or_whole() {
    assert_eq!(
        removed("audio", &["x-1", "x-2", "sendonly"]),
        ["a=x-1:a b", "a=x-1:c", "a=x-2", "a=sendonly"]
    );
    assert_eq!(removed("audio", &["x-1:a b"]), ["a=x-1:a b"]);
    assert_eq!(removed("audio", &["X-2"]), ["a=x-2"]);
    assert_eq!(removed("audio", &["rtpmap:96", "FMTP:96", "mid", "ptime"]).len(), 4);
    assert_eq!(removed("audio", &["msid:S T"]), ["a=msid:s t"]);
    for nothing in ["x-1:a", "i", "b", "c", "label", "rtpmap:9", "AVP", "msid:s", ""] {
        assert!(removed("audio", &[nothing]).is_empty(), "{nothing}");
    }
    assert_eq!(removed("none", &["x-sess", "b"]), ["a=x-sess:1"]);
    assert!(removed("none", &["tool:t"]).is_empty());
    assert_eq!(removed("video", &["x-1"]), ["a=x-1:v"]);
    assert_eq!(removed("image", &["x-1"]), ["a=x-1:i"]);
    assert!(removed("nonsuch", &["x-1"]).is_empty());
}

#[test]
fn substitution_is_not_repeated() {
    let swap = |a: &'static str, b: &'static str| (Field::from(a), Field::from(b));
    let (gone, new) = changes(|e| {
        e.scope_mut("audio").substitute = vec![
            swap("x-1:c", "y:z"),
            swap("sendonly", "recvonly"),
            swap("ptime:20", "ptime:30"),
            swap("y:z", "no"),
        ];
    });
    assert_eq!(gone, ["a=x-1:c", "a=sendonly", "a=ptime:20"]);
    assert_eq!(new, ["a=y:z", "a=recvonly", "a=ptime:30"]);
    let (gone, new) = changes(|e| {
        e.scope_mut("audio").remove.push("x-2".into());
        e.scope_mut("audio").substitute.push(swap("x-1:c", "x-2"));
    });
    assert_eq!((gone, new), (vec!["a=x-1:c".to_owned()], vec![]), "the old x-2 goes, the new one stays");
}

#[test]
fn whole_sections_are_removed_by_kind() {
    let session = Session::parse(BODY.as_bytes()).unwrap();
    for (kinds, gone) in [
        (&["video"][..], &[1][..]),
        (&["other"], &[2]),
        (&["audio", "image"], &[0, 3]),
        (&["VIDEO", "foo", "nonsuch"], &[]),
        (&["audio", "video", "image", "other"], &[0, 1, 2, 3]),
    ] {
        let mut draft = Draft::from_session(&session);
        assert_eq!(draft.remove_media(kinds), gone, "{kinds:?}");
        assert_eq!(draft.media.len(), 4 - gone.len());
    }
}

#[test]
fn a_rejected_stream_is_bare() {
    let session = Session::parse(BODY.as_bytes()).unwrap();
    let mut draft = Draft::from_session(&session);
    draft.media.iter_mut().for_each(DraftMedia::reject);
    let text = lines(&draft).join("|");
    let expected = "|m=audio 0 RTP/AVP 8 96|i=tt|c=IN IP4 0.0.0.0|b=AS:9|a=mid:m1|m=video 0 RTP/AVP 97|\
        c=IN IP4 0.0.0.0|m=foo 0 RTP/AVP 8|c=IN IP4 0.0.0.0|m=image 0 udptl t38|c=IN IP4 0.0.0.0|a=x-1:i";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn streams_refused_by_the_peer_keep_their_formats_whatever_they_are() {
    let head = "v=0\no=a 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n";
    let body = format!(
        "{head}m=video 0 RTP/AVP 96 xx\na=label:l\na=mid:m\na=x-1\na=inactive\nm=audio 0 RTP/AVP\n\
        m=image 0 UDPTL t38\na=mid:g\na=T38FaxVersion:1\nm=message 0 TCP/MSRP *\na=path:x\n"
    );
    let session = Session::parse(body.as_bytes()).unwrap();
    let text = lines(&Draft::from_session(&session)).join("|");
    let expected = "|m=video 0 RTP/AVP 96 xx|c=IN IP4 0.0.0.0|a=mid:m|a=label:l|m=audio 0 RTP/AVP 0|c=IN IP4 0.0.0.0|\
        m=image 0 udptl t38|c=IN IP4 0.0.0.0|a=mid:g|a=T38FaxVersion:1|m=message 0 TCP/MSRP *|c=IN IP4 0.0.0.0|a=path:x";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn a_raw_section_keeps_everything_in_order() {
    let body = "v=0\no=a 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/SAVPF 8\na=ptime:20\n\
        a=rtpmap:8 PCMA/8000\na=sendonly\na=end-of-candidates\na=crypto:x\na=candidate:1 1 UDP 1 192.0.2.1 5 typ host\n\
        a=rtcp:4001\nb=AS:3\n";
    let session = Session::parse(body.as_bytes()).unwrap();
    let media = DraftMedia::from_media_raw(&session, &session.media[0]);
    let text = lines(&Draft { media: vec![media], ..Draft::default() }).join("|");
    let expected = "|m=audio 4000 RTP/SAVPF 8|c=IN IP4 192.0.2.1|b=AS:3|a=ptime:20|a=rtpmap:8 PCMA/8000|a=sendonly|\
        a=candidate:1 1 UDP 1 192.0.2.1 5 typ host|a=rtcp:4001|a=end-of-candidates";
    assert!(text.ends_with(expected), "{text}");
}
