use std::io;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum MicroError {
    /// A file cannot be read or written.
    #[error("{what}: {source}")]
    File {
        /// Which, or what was done with it.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// The file of counts is none.
    #[error("{0}")]
    Counts(String),
    /// Valgrind did not count.
    #[error("counting {case}: {what}")]
    Counting {
        /// Which case.
        case: String,
        /// What it said.
        what: String,
    },
    /// No such case.
    #[error("there is no case {0}")]
    NoCase(String),
}

impl MicroError {
    pub(crate) fn file(what: impl Into<String>) -> impl FnOnce(io::Error) -> MicroError {
        let what = what.into();
        |source| MicroError::File { what, source }
    }
}
