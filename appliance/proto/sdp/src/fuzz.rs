//! The body of the fuzz target, kept here so that a plain test can run it over the corpus.

use crate::{Draft, Session};

/// Reads any bytes; what can be read must come out of the writer so that reading and writing it again changes nothing.
///
/// # Panics
/// If a promise of this crate is broken.
pub fn body(data: &[u8]) {
    let _ = Session::parse_fragment(data);
    let Ok(session) = Session::parse(data) else { return };
    let once = rewrite(&session);
    let again = Session::parse(&once).expect("what we write we can read");
    let twice = rewrite(&again);
    assert!(once == twice, "a second pass changed the body");
}

fn rewrite(session: &Session<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Draft::from_session(session).write(&mut out);
    out
}
