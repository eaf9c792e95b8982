//! Where scripts and transcripts lie.

use crate::script::Script;
use crate::transcript::Transcript;
use crate::{Error, Result, toml_order};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of a source tree.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// The root of the source tree.
    pub root: PathBuf,
}

/// Whose transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// What rtpengine answers: `NAME.txt`.
    Rtpengine,
    /// What we answer where we differ on purpose: `NAME.ours.txt`.
    Ours,
}

impl Shelf {
    /// The tree this crate was built in.
    pub fn here() -> Shelf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
        Shelf { root: root.to_owned() }
    }

    /// All scripts, by name.
    ///
    /// # Errors
    /// A script that cannot be read.
    pub fn scripts(&self) -> Result<Vec<Script>> {
        let names = self.names("tests/oracle", ".toml")?;
        names.iter().map(|name| Script::load(&self.root.join(format!("tests/oracle/{name}.toml")))).collect()
    }

    /// Names of the scripts that have a transcript of this kind.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn recorded(&self, whose: Whose) -> Result<Vec<String>> {
        let ours = self.names("tests/ng/transcripts", ".ours.txt")?;
        if whose == Whose::Ours {
            return Ok(ours);
        }
        let all = self.names("tests/ng/transcripts", ".txt")?;
        Ok(all.into_iter().filter(|name| !name.ends_with(".ours")).collect())
    }

    /// A stored transcript, if there is one.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn transcript(&self, name: &str, whose: Whose) -> Result<Option<Transcript>> {
        let path = self.transcript_path(name, whose);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(Error::file(&path))?;
        Transcript::parse(&path.display().to_string(), &text).map(Some)
    }

    /// Stores a transcript.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn store(&self, name: &str, whose: Whose, transcript: &Transcript) -> Result<()> {
        let path = self.transcript_path(name, whose);
        std::fs::write(&path, transcript.text()).map_err(Error::file(&path))
    }

    /// Removes a transcript, if there is one.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn remove(&self, name: &str, whose: Whose) -> Result<()> {
        let path = self.transcript_path(name, whose);
        if path.exists() { std::fs::remove_file(&path).map_err(Error::file(&path)) } else { Ok(()) }
    }

    fn transcript_path(&self, name: &str, whose: Whose) -> PathBuf {
        let end = if whose == Whose::Ours { "ours.txt" } else { "txt" };
        self.root.join(format!("tests/ng/transcripts/{name}.{end}"))
    }

    /// `tests/ng/not-yet.toml`: scripts that need something this build does not have, with what they need.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn not_yet(&self) -> Result<BTreeMap<String, String>> {
        let path = self.root.join("tests/ng/not-yet.toml");
        let text = std::fs::read_to_string(&path).map_err(Error::file(&path))?;
        let name = path.display().to_string();
        let table = toml_order::read(&text).map_err(|what| Error::malformed(&name, what))?;
        let mut reasons = BTreeMap::new();
        for (script, reason) in table.entries() {
            let script = String::from_utf8_lossy(script).into_owned();
            let reason = reason.as_str().filter(|reason| reason.starts_with("needs "));
            let reason =
                reason.ok_or_else(|| Error::malformed(&name, format!("{script}: must say what it needs")))?;
            reasons.insert(script, reason.to_owned());
        }
        Ok(reasons)
    }

    /// `appliance/docs/differences.md`: where we differ on purpose, for people.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn differences(&self) -> Result<String> {
        let path = self.root.join("appliance/docs/differences.md");
        std::fs::read_to_string(&path).map_err(Error::file(&path))
    }

    fn names(&self, folder: &str, end: &str) -> Result<Vec<String>> {
        let path = self.root.join(folder);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(Error::file(&path))? {
            let name = entry.map_err(Error::file(&path))?.file_name();
            names.extend(name.to_string_lossy().strip_suffix(end).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }
}
