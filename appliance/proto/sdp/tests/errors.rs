//! Bodies with something wrong: what rtpengine 26 answers to each, asked from outside, and what we say for the log.

use sdp::{Error, Session};

const HEAD: &str = "v=0\no=a 1 1 IN IP4 198.51.100.20\ns=-\nc=IN IP4 198.51.100.20\nt=0 0\n";
const AUDIO: &str = "m=audio 4000 RTP/AVP 8\n";

const PARSE: &str = "Failed to parse SDP";
const INCOMPLETE: &str = "Incomplete SDP specification";
const REWRITE: &str = "Error rewriting SDP";

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn error(text: &str) -> Error {
    match Session::parse(&crlf(text)) {
        Err(e) => e,
        Ok(_) => panic!("accepted: {text}"),
    }
}

fn accepted(text: &str) {
    if let Err(e) = Session::parse(&crlf(text)) {
        panic!("{e}: {text}");
    }
}

/// `HEAD` with a line replaced, and an audio section.
fn head_with(old: &str, new: &str) -> String {
    assert!(HEAD.contains(old));
    HEAD.replace(old, new) + AUDIO
}

#[test]
fn bodies_without_media_cannot_be_rewritten() {
    for text in ["", "\n", "v=0", "v=0\n", "v", "v=0\nx", HEAD] {
        let e = error(text);
        assert_eq!(e.ng_text(), REWRITE, "{text}");
        assert!(e.replies_with_empty_sdp());
    }
    let blank_first = format!("\n{HEAD}{AUDIO}");
    assert_eq!(error(&blank_first), Error::Empty);
    let blank_before_media = format!("{HEAD}\n{AUDIO}");
    assert_eq!(error(&blank_before_media), Error::NoMedia);
}

#[test]
fn the_first_line_is_v_0() {
    for first in ["v=1", "v=", "v=00", "v=0 "] {
        assert_eq!(error(&head_with("v=0", first)), Error::NoVersion);
    }
    for text in ["x=0\n", "m=audio 4000 RTP/AVP 8\n", "v=\n"] {
        assert_eq!(error(text), Error::NoVersion);
        assert_eq!(error(text).ng_text(), PARSE);
    }
    assert_eq!(error("hello\n"), Error::NotALine { line: 1 });
}

#[test]
fn lines_of_unknown_form_or_type_are_refused() {
    for line in ["rubbish", "x=what", "a", " a=y", "=x", "==", "a =x", " ", "A=x", "y=x", "B=x", "1=x"] {
        for text in [format!("{HEAD}{AUDIO}{line}\nm=audio 1 RTP/AVP 0\n"), format!("{HEAD}{line}\n{AUDIO}")]
        {
            let e = error(&text);
            assert_eq!(e.ng_text(), PARSE, "{line}");
            assert!(!e.replies_with_empty_sdp());
        }
    }
    assert_eq!(error(&format!("{HEAD}{AUDIO}x=what\n")), Error::UnknownType { line: 7, kind: b'x' });
    let text = error(&format!("{HEAD}{AUDIO}x=what\n")).to_string();
    assert_eq!(text, "line 7: unknown line type 'x'");
}

#[test]
fn session_lines_do_not_stand_in_a_media_section() {
    for line in ["u=x", "t=1 2", "o=z 1 1 IN IP4 192.0.2.1", "s=z", "e=x", "p=1"] {
        let e = error(&format!("{HEAD}{AUDIO}{line}\n"));
        assert_eq!(e, Error::Misplaced { line: 7, kind: line.as_bytes()[0] });
        assert_eq!(e.ng_text(), PARSE);
    }
    for line in ["k=x", "r=7d 1h 0 25h", "z=0 0", "i=x", "b=AS:1", "c=IN IP4 192.0.2.1"] {
        accepted(&format!("{HEAD}{AUDIO}{line}\n"));
    }
}

#[test]
fn origin_and_connection_stand_once() {
    for line in ["o=b 1 1 IN IP4 198.51.100.20", "c=IN IP4 198.51.100.21"] {
        let e = error(&format!("{HEAD}{line}\n{AUDIO}"));
        assert_eq!(e, Error::Repeated { line: 6, kind: line.as_bytes()[0] });
        assert_eq!(e.ng_text(), PARSE);
    }
    let twice = "c=IN IP4 198.51.100.21\nc=IN IP4 198.51.100.22\n";
    assert_eq!(error(&format!("{HEAD}{AUDIO}{twice}")), Error::Repeated { line: 8, kind: b'c' });
    accepted(&format!("{HEAD}s=two\nt=1 2\ni=1\ni=2\n{AUDIO}"));
}

#[test]
fn origin_has_six_fields() {
    let origin = "o=a 1 1 IN IP4 198.51.100.20";
    for bad in ["o=broken origin", "o=a 1 1 IN IP4", "o=a 1 1 IN IP4 ", "o="] {
        assert_eq!(error(&head_with(origin, bad)).ng_text(), PARSE, "{bad}");
    }
    assert_eq!(error(&head_with(origin, "o=broken origin")), Error::Origin { line: 2, fields: 2 });
    for good in [
        "o=a x y IN IP4 host.invalid",
        "o=a 99999999999999999999999 1 XX IP5 198.51.100.20",
        "o=a 1 1 IN IP4 198.51.100.20 extra",
    ] {
        accepted(&head_with(origin, good));
    }
    for (line, user, id, version) in [
        ("o= 1 2 IN IP4 192.0.2.1", "-", "1", "2"),
        ("o=a 1  IN IP4 192.0.2.1", "a", "1", "0"),
        ("o=a  2 IN IP4 192.0.2.1", "a", "0", "2"),
        ("o=a  1   2 IN  IP4 192.0.2.1", "a", "1", "2"),
        ("o=a 1 2 IN IP4  192.0.2.1", "a", "1", "2"),
    ] {
        let body = crlf(&head_with(origin, line));
        let o = Session::parse(&body).unwrap().origin.unwrap();
        assert_eq!((o.user, o.id, o.version), (user.into(), id.into(), version.into()), "{line}");
        assert_eq!(o.address, "192.0.2.1");
    }
}

#[test]
fn connection_is_an_address_of_its_family() {
    let c = "c=IN IP4 198.51.100.20";
    for bad in [
        "c=",
        "c=IN IP4",
        "c=IN IP4 198.51.100.999",
        "c=IN IP4 198.51.100.20/127",
        "c=IN IP4 224.2.1.1/127/3",
        "c=IN IP4 host.example.invalid",
        "c=IN IP4 010.1.2.3",
        "c=IN IP4 1.2.3",
        "c=IN IP6 198.51.100.20",
        "c=IN IP6 fe80::1%eth0",
        "c=IN IP6 ff15::1/3",
        "c=XX IP4 198.51.100.20",
        "c=in ip4 198.51.100.20",
        "c=IN  IP4  198.51.100.20",
        "c=IN IP4\t198.51.100.20",
    ] {
        let e = error(&head_with(c, bad));
        assert_eq!(e, Error::Connection { line: 4 }, "{bad}");
        assert_eq!(e.ng_text(), PARSE);
    }
    for good in [
        "c=IN IP4 198.51.100.20 ",
        "c=IN IP4 198.51.100.20 x",
        "c=IN IP6 ::ffff:198.51.100.20",
        "c=IN IP6 [::1]",
        "c=IN IP4 0.0.0.0",
    ] {
        accepted(&head_with(c, good));
    }
}

#[test]
fn media_has_a_kind_a_port_and_a_protocol() {
    for bad in [
        "",
        "audio",
        "audio 4000",
        "audio x RTP/AVP 8",
        "audio -1 RTP/AVP 8",
        "audio 65536 RTP/AVP 8",
        "audio 400000 RTP/AVP 8",
        "audio 99999999999999999999999 RTP/AVP 8",
        "audio 4000/0 RTP/AVP 8",
        "audio 4000/ RTP/AVP 8",
        "audio 4000/x RTP/AVP 8",
    ] {
        let e = error(&format!("{HEAD}m={bad}\n"));
        assert!(matches!(e, Error::Media { line: 6, .. }), "{bad}: {e}");
        assert_eq!(e.ng_text(), PARSE);
    }
    for good in [
        "audio 65535 RTP/AVP 8",
        "audio 4000/2/3 RTP/AVP 8",
        "audio 4000x RTP/AVP 8",
        "audio 4000 RTP/AVP",
        "image 4000 udptl",
        "audio  4000  RTP/AVP  8",
    ] {
        accepted(&format!("{HEAD}m={good}\n"));
    }
}

#[test]
fn formats_of_rtp_are_payload_types() {
    for bad in [
        "audio 4000 RTP/AVP 0 250",
        "audio 4000 RTP/AVP x",
        "audio 4000 rtp/savpf 128",
        "video 1 RTP/AVPF -1",
    ] {
        assert_eq!(error(&format!("{HEAD}m={bad}\n")).ng_text(), INCOMPLETE, "{bad}");
    }
    let e = error(&format!("{HEAD}m=audio 4000 RTP/AVP 0 0 250 x\n"));
    assert_eq!(e, Error::Format { line: 6, number: 3 });
    for good in [
        "audio 4000 RTP/AVP 8x +9 08 127",
        "audio 4000 FOO x 300",
        "image 4000 udptl t38 x",
        "video 0 RTP/AVP 300 x",
    ] {
        accepted(&format!("{HEAD}m={good}\n"));
    }
}

#[test]
fn every_section_has_an_address() {
    let bare = "v=0\no=a 1 1 IN IP4 198.51.100.20\ns=-\nt=0 0\n";
    let own = "c=IN IP4 198.51.100.20\n";
    for text in [
        format!("{bare}{AUDIO}"),
        format!("{bare}{AUDIO}{own}m=video 5000 RTP/AVP 96\n"),
        format!("{bare}{AUDIO}{own}m=video 0 RTP/AVP 96\n"),
        format!("{bare}m=video 0 RTP/AVP 96\n{AUDIO}{own}"),
    ] {
        assert!(matches!(error(&text), Error::NoConnection { .. }), "{text}");
        assert_eq!(error(&text).ng_text(), INCOMPLETE);
    }
    accepted(&format!("v=0\n{AUDIO}{own}"));
}

#[test]
fn what_follows_an_empty_line_is_not_looked_at() {
    let text = format!("{HEAD}{AUDIO}\nfoo\na=x\n");
    let body = crlf(&text);
    let session = Session::parse(&body).unwrap();
    assert!(session.media[0].attributes.is_empty());
    assert_eq!(session.lines().count(), 9, "but it is still there");
}

#[test]
fn sizes_are_bounded() {
    let long = format!("{HEAD}{AUDIO}a=x-{}\n", "a".repeat(70_000));
    accepted(&long);
    let huge = format!("{HEAD}{AUDIO}a=x-{}\n", "a".repeat(Session::MAX_BODY));
    assert!(matches!(error(&huge), Error::TooLarge { .. }));
    let lines = format!("{HEAD}{AUDIO}{}", "a=\n".repeat(Session::MAX_LINES));
    assert!(matches!(error(&lines), Error::TooMany { what: "lines", .. }));
    let media = format!("{HEAD}{}", AUDIO.repeat(Session::MAX_MEDIA + 1));
    assert!(matches!(error(&media), Error::TooMany { what: "media sections", .. }));
    let formats = format!("{HEAD}m=audio 1 RTP/AVP{}\n", " 0".repeat(Session::MAX_FORMATS + 1));
    assert!(matches!(error(&formats), Error::TooMany { what: "formats", .. }));
}

#[test]
fn fragments_need_neither_v_nor_m() {
    let text = b"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\nm=audio 9 RTP/AVP 0\r\na=mid:1\r\n\
        a=candidate:1 1 UDP 1 192.0.2.1 5 typ host\r\na=end-of-candidates\r\n";
    let fragment = Session::parse_fragment(text).unwrap();
    let section = fragment.section(0).unwrap();
    assert_eq!(section.ice_ufrag().unwrap(), "abcd");
    assert_eq!(section.candidates().count(), 1);
    assert!(section.end_of_candidates());
    assert!(section.connection().is_none());
    assert!(Session::parse_fragment(b"a=ice-ufrag:abcd\r\n").unwrap().media.is_empty());
    assert_eq!(Session::parse_fragment(b"v=0\r\nrubbish\r\n").unwrap_err(), Error::NotALine { line: 2 });
}
