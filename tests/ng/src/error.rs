//! What can go wrong before a script has an outcome.

use lab::LabError;

/// Result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a script could not be read or played. A daemon that answers differently is not an error but a verdict.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A script, a transcript or the table of scripts for later is not as its format says.
    #[error("{file}: {what}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong in it.
        what: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The namespace, the daemon or a socket failed.
    #[error(transparent)]
    Lab(#[from] LabError),
}

impl Error {
    /// For files that do not keep to their format.
    pub fn malformed(file: impl Into<String>, what: impl Into<String>) -> Error {
        Error::Malformed { file: file.into(), what: what.into() }
    }

    /// For `map_err` around file operations.
    pub fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.display().to_string();
        move |source| Error::File { path, source }
    }
}
