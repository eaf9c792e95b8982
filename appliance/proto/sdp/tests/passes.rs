//! Whole bodies and what becomes of them. Each `bodies/*.sdp` has an `*.out` with what rtpengine 26 made of the same
//! offer (ports replaced, ICE and SRTP refused by the request); regenerate by asking it, not by copying ours.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use sdp::{Draft, DraftMedia, Rtcp, Session};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

fn bodies() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bodies");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "sdp"))
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    found.sort();
    found
}

fn with_line_ends(text: &[u8], end: &str) -> Vec<u8> {
    String::from_utf8(text.to_vec()).unwrap().replace('\n', end).into_bytes()
}

/// What a caller does at the least: our address and ports.
fn place(media: &mut DraftMedia<'_>) {
    if media.port == 0 || media.protocol == "TCP/MSRP" {
        return;
    }
    media.address = match media.address {
        IpAddr::V4(_) => Ipv4Addr::new(198, 51, 100, 1).into(),
        IpAddr::V6(_) => "2001:db8:4321::1".parse().unwrap(),
    };
    media.port = 30000;
    if media.profile().is_rtp() {
        media.rtcp = Some(Rtcp { port: 30001, address: None });
    }
}

fn rewritten(body: &[u8]) -> String {
    let session = Session::parse(body).unwrap();
    let mut draft = Draft::from_session(&session);
    draft.media.iter_mut().for_each(place);
    let mut out = Vec::new();
    draft.write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn bodies_come_out_as_rtpengine_writes_them() {
    let bodies = bodies();
    assert!(bodies.len() >= 5);
    for (path, text) in bodies {
        let expected = std::fs::read_to_string(path.with_extension("out")).unwrap().replace('\n', "\r\n");
        assert_eq!(rewritten(&with_line_ends(&text, "\r\n")), expected, "{}", path.display());
    }
}

#[test]
fn line_ends_of_the_input_do_not_matter() {
    for (path, text) in bodies() {
        let crlf = with_line_ends(&text, "\r\n");
        let expected = rewritten(&crlf);
        assert_eq!(rewritten(&text), expected, "LF only: {}", path.display());
        assert_eq!(rewritten(text.trim_ascii_end()), expected, "no end: {}", path.display());
        assert_eq!(rewritten(&[crlf.as_slice(), b"\r\n\r\n"].concat()), expected, "empty lines behind");
        assert_eq!(rewritten(&[crlf.as_slice(), b"\0"].concat()), expected, "a NUL behind");
        let mut mixed = Vec::new();
        for (at, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
            let end: &[u8] = if at % 3 == 0 { b"\n" } else { b"\r\n" };
            mixed.extend_from_slice(line.strip_suffix(b"\n").unwrap());
            mixed.extend_from_slice(end);
        }
        assert_eq!(rewritten(&mixed), expected, "mixed: {}", path.display());
    }
}

#[test]
fn the_fuzz_body_holds_for_every_prefix_and_many_changes() {
    for (_, text) in bodies() {
        let body = with_line_ends(&text, "\r\n");
        for end in (0..=body.len()).step_by(7) {
            sdp::fuzz::body(&body[..end]);
        }
        for at in (0..body.len()).step_by(3) {
            for byte in [b' ', b'\n', b':', b'/', b'0', 0xff] {
                let mut changed = body.clone();
                changed[at] = byte;
                sdp::fuzz::body(&changed);
            }
        }
    }
}

#[test]
fn bytes_that_are_not_utf8_survive() {
    let head = b"v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=caf\xe9\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=x-\xff\xfe:\x80\r\n";
    let media = b"m=audio 4000 RTP/AVP 8\r\na=x-1\0y\ra=z\r\na=fmtp:8 \xc3\x28\r\n";
    let body = [&head[..], media].concat();
    let session = Session::parse(&body).unwrap();
    let mut out = Vec::new();
    Draft::from_session(&session).write(&mut out);
    for piece in
        [&b"s=caf\xe9\r\n"[..], b"a=x-\xff\xfe:\x80\r\n", b"a=x-1\0y\ra=z\r\n", b"a=fmtp:8 \xc3\x28\r\n"]
    {
        assert!(out.windows(piece.len()).any(|w| w == piece), "{}", piece.escape_ascii());
    }
}
