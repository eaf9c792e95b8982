//! Why a start fails.

use std::io;
use std::path::PathBuf;

/// Why a start fails, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process may have far too few descriptors.
    #[error(
        "the limit of {limit} file descriptors does not even allow the listeners (set LimitNOFILE={needed} in the unit, or `ulimit -n {needed}`)"
    )]
    Descriptors {
        /// What it may have.
        limit: u64,
        /// What it should have.
        needed: u64,
    },
    /// The process cannot go to the background.
    #[error("cannot go to the background: {0} (--foreground stays in front)")]
    Background(io::Error),
    /// The process id cannot be written.
    #[error("pid file {}: {wrong}", .path.display())]
    PidFile {
        /// The file.
        path: PathBuf,
        /// Why.
        wrong: io::Error,
    },
    /// Another process holds the pid file.
    #[error("another rtpengine is running: process {pid} holds {} (stop it, or choose another --pidfile)", .path.display())]
    AlreadyRunning {
        /// The file.
        path: PathBuf,
        /// What is written in it.
        pid: String,
    },
    /// The system log cannot be reached.
    #[error("cannot reach the system log at {}: {wrong}", .path.display())]
    SystemLog {
        /// Its socket.
        path: PathBuf,
        /// Why.
        wrong: io::Error,
    },
    /// The log was set up before.
    #[error("the log is set up already")]
    LogTwice,
    /// Signals cannot be caught.
    #[error("cannot catch signals: {0}")]
    Signals(io::Error),
}
