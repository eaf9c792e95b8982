//! aiortc, a WebRTC stack in Python, in an environment of its own.

use crate::{Door, STRANGER_TONE, Stranger, wav};
use lab::{LabError, Namespace, Process, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment's Python.
#[derive(Debug)]
pub struct Aiortc {
    python: PathBuf,
}

impl Aiortc {
    /// Installs it below `folder` unless it is there. The inner `Err` says what is missing.
    pub fn install(folder: &Path) -> Result<std::result::Result<Aiortc, String>> {
        let folder = folder.join("aiortc");
        let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("aiortc/setup");
        let mut command = Command::new(setup);
        let out = command.arg(&folder).output().map_err(LabError::io("running aiortc/setup"))?;
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stderr);
            return Ok(Err(said.lines().last().unwrap_or("needs aiortc").to_owned()));
        }
        Ok(Ok(Aiortc { python: folder.join("bin/python3") }))
    }

    /// Starts a peer in `namespace`; it asks the test what to do.
    pub fn start(&self, namespace: &Namespace) -> Result<Stranger> {
        self.start_with(namespace, &[])
    }

    /// The same with sound and a picture, in one bundle.
    pub fn start_with_picture(&self, namespace: &Namespace) -> Result<Stranger> {
        self.start_with(namespace, &["picture"])
    }

    fn start_with(&self, namespace: &Namespace, more: &[&str]) -> Result<Stranger> {
        let folder = tempfile::tempdir().map_err(LabError::io("making a folder"))?;
        let microphone = folder.path().join("microphone.wav");
        std::fs::write(&microphone, wav(STRANGER_TONE, 5)).map_err(LabError::io("writing a WAV file"))?;
        let door = Door::open(namespace, "")?;
        let mut command = namespace.command(&self.python.to_string_lossy());
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("aiortc/peer.py"));
        command.arg(door.url()).arg(&microphone).args(more).env("PYTHONDONTWRITEBYTECODE", "1");
        let process = Process::start("aiortc", command)?;
        Ok(Stranger::new(door, process, folder))
    }
}
