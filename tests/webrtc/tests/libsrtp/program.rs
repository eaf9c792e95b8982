//! libsrtp as a program: the one that the room `srtp` compares itself with.

use lab::{LabError, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The program, built.
pub(crate) struct Program {
    folder: TempDir,
}

/// A master key with its salt, and how it is used.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The suite's name in SDP.
    pub(crate) suite: &'static str,
    /// Key and salt.
    pub(crate) secret: Vec<u8>,
    /// The master key identifier; mostly empty.
    pub(crate) mki: Vec<u8>,
}

/// Which protocol packets are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RTP, as SRTP.
    Rtp,
    /// RTCP, as SRTCP.
    Rtcp,
}

impl Program {
    /// Builds it; the inner `Err` says what is missing here.
    pub(crate) fn build() -> Result<std::result::Result<Program, String>> {
        let Ok(found) = Command::new("pkg-config").args(["--cflags", "--libs", "libsrtp2"]).output() else {
            return Ok(Err("needs the program `pkg-config`".into()));
        };
        if !found.status.success() {
            return Ok(Err("needs the package libsrtp2-dev".into()));
        }
        if let Some(why) = lab::missing_tool("cc") {
            return Ok(Err(why));
        }
        let folder = tempfile::tempdir().map_err(LabError::io("making a folder"))?;
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../appliance/proto/srtp/tests/libsrtp/peer.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-o"]).arg(folder.path().join("peer")).arg(source);
        compiler.args(String::from_utf8_lossy(&found.stdout).split_whitespace());
        let built = compiler.output().map_err(LabError::io("running cc"))?;
        match built.status.success() {
            true => Ok(Ok(Program { folder })),
            false => Err(LabError::Command {
                command: format!("{compiler:?}"),
                stderr: String::from_utf8_lossy(&built.stderr).into_owned(),
            }),
        }
    }

    /// Secures packets one after the other.
    pub(crate) fn seal(&self, key: &Key, kind: Kind, packets: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
        self.run("seal", key, kind, packets)?.into_iter().collect()
    }

    /// Opens packets one after the other; `Err` for those it does not take, with its status number.
    pub(crate) fn open(&self, key: &Key, kind: Kind, packets: &[Vec<u8>]) -> Result<Vec<Result<Vec<u8>>>> {
        self.run("open", key, kind, packets)
    }

    fn run(&self, verb: &str, key: &Key, kind: Kind, packets: &[Vec<u8>]) -> Result<Vec<Result<Vec<u8>>>> {
        let mki = if key.mki.is_empty() { "-".to_owned() } else { hex(&key.mki) };
        let mut lines = format!("session {} {} {mki} -\n", key.suite, hex(&key.secret));
        let what = if kind == Kind::Rtp { "rtp" } else { "rtcp" };
        for packet in packets {
            lines.push_str(&format!("{verb} {what} {}\n", hex(packet)));
        }
        let input: PathBuf = self.folder.path().join("lines");
        std::fs::write(&input, lines).map_err(LabError::io("writing lines for libsrtp"))?;
        let input = File::open(&input).map_err(LabError::io("opening lines for libsrtp"))?;
        let mut program = Command::new(self.folder.path().join("peer"));
        let out = program.stdin(input).output().map_err(LabError::io("running libsrtp"))?;
        if !out.status.success() {
            return Err(LabError::Command {
                command: format!("libsrtp, {verb} {}", key.suite),
                stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
            });
        }
        let text = String::from_utf8_lossy(&out.stdout);
        let answer = |line: &str| match line.strip_prefix("ok ") {
            Some(packet) => Ok(unhex(packet)),
            None => Err(LabError::Refused { command: format!("libsrtp, {verb}"), reply: line.to_owned() }),
        };
        Ok(text.lines().skip(1).map(answer).collect())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
