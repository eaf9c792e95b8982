//! What is wrong with a configuration, where, and what to do about it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The daemon runs; the operator should know.
    Warning,
    /// The daemon does not start.
    Error,
}

/// Where the operator wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A position in a file; both numbers count from 1.
    Position {
        /// The file.
        file: PathBuf,
        /// Line.
        line: usize,
        /// Column in characters.
        column: usize,
    },
    /// A file as a whole.
    File(PathBuf),
    /// An option of the command line, as typed, for example `--table`.
    CommandLine(String),
    /// Nowhere: something is missing.
    Nowhere,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position { file, line, column } => write!(f, "{}:{line}:{column}: ", file.display()),
            Self::File(file) => write!(f, "{}: ", file.display()),
            Self::CommandLine(option) => write!(f, "{option}: "),
            Self::Nowhere => Ok(()),
        }
    }
}

/// One thing to tell the operator. Shown in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Where it was written.
    pub place: Place,
    /// What is wrong with it.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// Something that keeps the daemon from starting.
    #[must_use]
    pub fn error(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place, message: message.into(), hint: None }
    }

    /// Something the operator should know.
    #[must_use]
    pub fn warning(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, place, message: message.into(), hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // control characters of a hostile file must not reach a terminal or a log
        let clean = |text: &str| {
            text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect::<String>()
        };
        write!(f, "{}{}", self.place, clean(&self.message))?;
        match &self.hint {
            Some(hint) => write!(f, " ({})", clean(hint)),
            None => Ok(()),
        }
    }
}

/// Where every value of a configuration was written, by its path in the TOML form: `media.tos`,
/// `interface[1].address`.
#[derive(Debug, Clone, Default)]
pub struct Places {
    known: BTreeMap<String, Place>,
    /// The file everything comes from, for what has no place of its own.
    file: Option<PathBuf>,
}

impl Places {
    /// Places within one file, if there is one.
    #[must_use]
    pub fn new(file: Option<&Path>) -> Self {
        Self { known: BTreeMap::new(), file: file.map(Path::to_owned) }
    }

    /// Remembers where the value at `path` was written, in place of all that was known of it and what is below it.
    pub fn set(&mut self, path: &str, place: Place) {
        self.known.retain(|known, _| !is_below(known, path));
        self.known.insert(path.to_owned(), place);
    }

    /// Where the value at `path`, or the nearest thing around it, was written.
    #[must_use]
    pub fn find(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.known.get(path) {
                return place.clone();
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return self.file.clone().map_or(Place::Nowhere, Place::File),
            }
        }
    }

    /// The place of exactly this path.
    #[must_use]
    pub fn exact(&self, path: &str) -> Option<&Place> {
        self.known.get(path)
    }
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// Line and column (from 1, in characters) of a byte offset.
#[must_use]
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
