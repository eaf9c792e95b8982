//! The body of the fuzz target, kept here so that a plain test can run it over the corpus.

use crate::{Draft, Error, Lines, Name, Session, typed};

/// Reads any bytes. What can be read is written as a draft; reading that and writing it again must change nothing.
///
/// # Panics
/// If a promise of this crate is broken.
pub fn body(data: &[u8]) {
    let lines: usize = Lines::new(data).map(|l| l.span.len()).sum();
    assert!(lines == data.len(), "a line was lost");
    let _ = Session::parse_fragment(data);
    let Ok(session) = Session::parse(data) else { return };
    look(&session);
    let once = rewrite(&session);
    let again = match Session::parse(&once) {
        Ok(again) => again,
        // Static rtpmaps, inherited extmaps and repeated formats make a body longer.
        Err(Error::TooLarge { .. } | Error::TooMany { .. }) => return,
        Err(e) => panic!("what we write we cannot read: {e}"),
    };
    assert!(session.media.len() == again.media.len(), "the number of streams changed");
    // An RTP stream without formats is written as payload type 0, whose rtpmap only the second pass adds.
    if session.media.iter().all(|m| !m.formats.is_empty() || !m.profile.is_rtp()) {
        assert!(once == rewrite(&again), "a second pass changed the body");
    }
}

/// Reads every typed value there is.
fn look(session: &Session<'_>) {
    for line in session.lines() {
        assert!(session.span(line.text).is_some(), "a line is not in its body");
    }
    let _ = session.groups().map(|g| g.mids().count()).sum::<usize>();
    for section in session.sections() {
        let _ = (section.rtcp(), section.setup(), section.tls_id(), section.ice_ufrag(), section.ice_pwd());
        let _ = section.cryptos().map(|c| c.keys().count() + c.session_words().count()).sum::<usize>();
        let _ = section.fingerprints().filter_map(|f| f.decode(&mut [0; 64])).count();
        let _ = section.candidates().map(|c| c.extension_pairs().count()).sum::<usize>();
        for a in &section.attributes {
            match a.name {
                Name::Ssrc => drop(typed::SsrcAttribute::parse(a.value())),
                Name::SsrcGroup => drop(typed::SsrcGroup::parse(a.value()).map(|g| g.ssrcs().count())),
                Name::Msid => drop(typed::Msid::parse(a.value())),
                Name::RemoteCandidates => drop(typed::remote_candidates(a.value()).count()),
                _ => {}
            }
        }
    }
}

fn rewrite(session: &Session<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Draft::from_session(session).write(&mut out);
    out
}
