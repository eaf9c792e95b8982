//! The relay under the proxies people use: Kamailio in the middle, sipp on both sides.
//!
//! The recipes are the ones people have in their configurations. What is not here: the product's own code; the relay
//! is a process like the others.

mod phones;
mod proxy;

pub use phones::{Callee, Caller, Figures, SIP_PORT};
pub use proxy::{Proxy, Recipe};

use lab::LabError;
use std::path::{Path, PathBuf};

/// A file of this room, its words between @ signs replaced, written into `folder`. An unknown word left over is an
/// error, so that a renamed one does not pass silently.
fn fill(template: &str, words: &[(&str, &str)], folder: &Path) -> lab::Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(template);
    let mut text = std::fs::read_to_string(&source).map_err(LabError::io(source.display().to_string()))?;
    for (word, value) in words {
        text = text.replace(&format!("@{word}@"), value);
    }
    if let Some(left) = text.split('@').find(|part| part.len() > 2 && is_word(part)) {
        return Err(LabError::Malformed {
            encoding: "template",
            at: 0,
            what: format!("@{left}@ in {template}"),
        });
    }
    let name = source.file_name().unwrap_or_default();
    let filled = folder.join(name);
    std::fs::write(&filled, text).map_err(LabError::io(filled.display().to_string()))?;
    Ok(filled)
}

fn is_word(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_given() {
        let folder = tempfile::tempdir().unwrap();
        let words = [("SPEECH", "/x"), ("TALK_MS", "100")];
        let filled = fill("sipp/caller.xml", &words, folder.path()).unwrap();
        assert!(std::fs::read_to_string(filled).unwrap().contains("rtp_stream=\"/x,1,0\""));
        fill("sipp/caller.xml", &words[..1], folder.path()).expect_err("TALK_MS is missing");
    }
}
