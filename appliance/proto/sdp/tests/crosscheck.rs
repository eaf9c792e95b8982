//! Another reader's opinion: what `sdp-types` sees in a body, before and after us.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use sdp::{Draft, Session};
use std::path::Path;

fn crlf(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bodies").join(name);
    std::fs::read_to_string(path).unwrap().replace('\n', "\r\n").into_bytes()
}

fn agree(body: &[u8]) {
    let ours = Session::parse(body).unwrap();
    let theirs = sdp_types::Session::parse(body).unwrap();
    let origin = ours.origin.unwrap();
    assert_eq!(origin.user.to_str_lossy(), theirs.origin.username.as_deref().unwrap_or("-"));
    assert_eq!(origin.id.to_str_lossy(), theirs.origin.sess_id);
    assert_eq!(origin.version.to_str_lossy(), theirs.origin.sess_version.to_string());
    assert_eq!(origin.address.to_str_lossy(), theirs.origin.unicast_address);
    assert_eq!(ours.name.unwrap().to_str_lossy(), theirs.session_name);
    assert_eq!(
        ours.connection.map(|c| c.address.to_string()),
        theirs.connection.as_ref().map(|c| c.connection_address.clone())
    );
    same_attributes(&ours.attributes, &theirs.attributes);
    assert_eq!(ours.media.len(), theirs.medias.len());
    for (m, t) in ours.media.iter().zip(&theirs.medias) {
        assert_eq!(m.kind.to_str_lossy(), t.media);
        assert_eq!(m.port, t.port);
        assert_eq!(m.port_count.map(u64::from), t.num_ports.map(u64::from));
        assert_eq!(m.protocol.to_str_lossy(), t.proto);
        assert_eq!(m.formats.to_str_lossy(), t.fmt);
        assert_eq!(
            m.connection.map(|c| c.address.to_string()),
            t.connections.first().map(|c| c.connection_address.clone())
        );
        same_attributes(&m.attributes, &t.attributes);
    }
}

fn same_attributes(ours: &[sdp::Attribute<'_>], theirs: &[sdp_types::Attribute]) {
    assert_eq!(ours.len(), theirs.len());
    for (a, t) in ours.iter().zip(theirs) {
        assert_eq!(a.name_text().to_str_lossy(), t.attribute);
        assert_eq!(a.value().to_str_lossy(), t.value.as_deref().unwrap_or(""));
    }
}

#[test]
fn both_readers_see_the_same() {
    for name in ["browser-a.sdp", "browser-b.sdp", "softphone.sdp", "pbx.sdp"] {
        let body = crlf(name);
        agree(&body);
        let session = Session::parse(&body).unwrap();
        let mut out = Vec::new();
        Draft::from_session(&session).write(&mut out);
        agree(&out);
    }
}

#[test]
fn what_we_write_the_other_reader_writes_unchanged() {
    for name in ["browser-a.out", "browser-b.out", "softphone.out", "pbx.out"] {
        let body = crlf(name);
        let theirs = sdp_types::Session::parse(&body).unwrap();
        let mut out = Vec::new();
        theirs.write(&mut out).unwrap();
        assert_eq!(out.escape_ascii().to_string(), body.escape_ascii().to_string(), "{name}");
    }
}
