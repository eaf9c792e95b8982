//! Where log lines go.

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use tracing::Level;

use super::levels::number;
use super::line::stamp;
use crate::boot::error::Error;
use crate::config::checked::Facility;

/// The socket of the system log.
const SYSTEM_LOG: &str = "/dev/log";

pub(super) enum Sink {
    Stderr {
        timestamps: bool,
    },
    /// Standard error is a pipe to the journal: it has a clock of its own, and takes the level as `<N>` (sd-daemon(3)).
    Journal,
    SystemLog(SystemLog),
}

impl Sink {
    pub(super) fn stderr(timestamps: bool) -> Self {
        let journal = std::env::var("JOURNAL_STREAM").ok();
        match (journal, nix::sys::stat::fstat(std::io::stderr())) {
            (Some(named), Ok(stat)) if is_stream(&named, stat.st_dev, stat.st_ino) => Self::Journal,
            _ => Self::Stderr { timestamps },
        }
    }

    pub(super) fn system_log(facility: Facility, name: &str) -> Result<Self, Error> {
        SystemLog::open(Path::new(SYSTEM_LOG), facility, name).map(Self::SystemLog)
    }

    /// Writes one line. A log that cannot be written is no reason to stop relaying, so failures are let go.
    pub(super) fn write(&self, level: Level, line: &str) {
        match self {
            Self::Stderr { timestamps } => {
                let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
                let stamp = if *timestamps { stamp(since) } else { String::new() };
                // one write per line, so that lines of several threads do not mix
                let _ = std::io::stderr().lock().write_all(format!("{stamp}{line}\n").as_bytes());
            }
            Self::Journal => {
                let _ = std::io::stderr().lock().write_all(prioritised(level, line).as_bytes());
            }
            Self::SystemLog(log) => log.write(level, line),
        }
    }
}

/// Whether the journal's name for our stream, `DEVICE:INODE`, is that of this file.
fn is_stream(named: &str, device: u64, inode: u64) -> bool {
    named.split_once(':').is_some_and(|(d, i)| d.parse() == Ok(device) && i.parse() == Ok(inode))
}

/// A message for the journal, which takes every line for an entry.
fn prioritised(level: Level, text: &str) -> String {
    let severity = number(level).clamp(0, 7);
    text.lines().map(|line| format!("<{severity}>{line}\n")).collect()
}

/// The system log over its datagram socket, in the form of RFC 3164 as local programs use it: `<PRI>TAG[PID]: TEXT`,
/// the time being the receiver's.
pub(super) struct SystemLog {
    path: PathBuf,
    facility: Facility,
    tag: String,
    socket: Mutex<UnixDatagram>,
}

impl SystemLog {
    pub(super) fn open(path: &Path, facility: Facility, name: &str) -> Result<Self, Error> {
        let unreachable = |wrong| Error::SystemLog { path: path.to_owned(), wrong };
        let socket = connect(path).map_err(unreachable)?;
        let tag = format!("{name}[{}]", std::process::id());
        Ok(Self { path: path.to_owned(), facility, tag, socket: Mutex::new(socket) })
    }

    pub(super) fn write(&self, level: Level, line: &str) {
        let severity = number(level).clamp(0, 7).unsigned_abs();
        let priority = u16::from(self.facility.0) * 8 + u16::from(severity);
        let datagram = format!("<{priority}>{}: {line}", self.tag);
        let Ok(mut socket) = self.socket.lock() else { return };
        if let Err(wrong) = socket.send(datagram.as_bytes())
            && wrong.kind() != std::io::ErrorKind::WouldBlock
            && let Ok(fresh) = connect(&self.path)
        {
            // the log daemon was restarted: its socket is a new one
            *socket = fresh;
            let _ = socket.send(datagram.as_bytes());
        }
    }
}

fn connect(path: &Path) -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    // a stuck log daemon must not hold up signalling
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_gets_the_level_of_each_line() {
        assert_eq!(prioritised(Level::WARN, "one\ntwo"), "<4>one\n<4>two\n");
        assert_eq!(prioritised(Level::TRACE, "one"), "<7>one\n");
        assert!(is_stream("9:41", 9, 41));
        assert!(!is_stream("9:41", 9, 42) && !is_stream("9", 9, 41) && !is_stream("", 0, 0));
    }

    #[test]
    fn datagrams_carry_priority_and_tag() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let log = SystemLog::open(&path, Facility(3), "relay").unwrap();
        log.write(Level::WARN, "careful");
        let mut buffer = [0; 100];
        let length = receiver.recv(&mut buffer).unwrap();
        let want = format!("<28>relay[{}]: careful", std::process::id());
        assert_eq!(std::str::from_utf8(&buffer[..length]).unwrap(), want);
    }

    #[test]
    fn a_restarted_log_daemon_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let first = UnixDatagram::bind(&path).unwrap();
        let log = SystemLog::open(&path, Facility(16), "relay").unwrap();
        drop(first);
        std::fs::remove_file(&path).unwrap();
        log.write(Level::INFO, "lost");
        let second = UnixDatagram::bind(&path).unwrap();
        log.write(Level::INFO, "found");
        let mut buffer = [0; 100];
        let length = second.recv(&mut buffer).unwrap();
        assert!(buffer[..length].ends_with(b"found"));
    }

    #[test]
    fn no_log_daemon_is_an_error_with_its_path() {
        let wrong = SystemLog::open(Path::new("/nonexistent/log"), Facility(3), "relay").err().unwrap();
        assert_eq!(
            wrong.to_string(),
            "cannot reach the system log at /nonexistent/log: No such file or directory (os error 2)"
        );
    }
}
