//! What can go wrong in a lab.

use std::io;

/// Result of everything in the lab.
pub type Result<T> = std::result::Result<T, LabError>;

/// Why a lab could not be set up or a question to the relay got no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A system call or file operation failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, for people.
        what: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A program was run and did not end with status 0.
    #[error("`{command}` failed: {stderr}")]
    Command {
        /// The command line.
        command: String,
        /// What it said on standard error.
        stderr: String,
    },
    /// Something did not happen before its deadline.
    #[error("{what} did not happen within {after_ms} ms{context}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long, milliseconds.
        after_ms: u128,
        /// More to read, for example the end of the daemon's log; empty or starting with a newline.
        context: String,
    },
    /// A process ended although it was needed.
    #[error("{name} ended early ({status})\n{log}")]
    Ended {
        /// The process.
        name: String,
        /// Its exit status.
        status: String,
        /// The end of its output.
        log: String,
    },
    /// Bytes that are not what their encoding promises.
    #[error("not valid {encoding} at byte {at}: {what}")]
    Malformed {
        /// `bencode`, `JSON`, `ng` …
        encoding: &'static str,
        /// Offset of the offence.
        at: usize,
        /// What was wrong.
        what: String,
    },
    /// The relay answered a request with something other than `ok` or `pong`.
    #[error("ng `{command}` refused: {reply}")]
    Refused {
        /// The command.
        command: String,
        /// The reply, rendered.
        reply: String,
    },
    /// The daemon's binary could not be found or built.
    #[error("no daemon to test: {0}")]
    NoDaemon(String),
}

impl LabError {
    /// Turns an I/O error into a lab error that says what was being done; for `map_err`.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> LabError {
        let what = what.into();
        move |source| LabError::Io { what, source }
    }
}
