//! Files of the host, below a root.

use std::path::{Path, PathBuf};

/// The host's files. Tests paint one in a folder.
#[derive(Debug, Clone)]
pub struct System {
    root: PathBuf,
}

impl System {
    /// The real host.
    #[must_use]
    pub fn real() -> System {
        System::at("/")
    }

    /// A host whose files stand below this folder.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> System {
        System { root: root.into() }
    }

    /// `path` below the root; it is written without a leading slash.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The text of a file; None if it is not there or cannot be read.
    pub(super) fn read(&self, path: &str) -> Option<String> {
        // what is not UTF-8 is nothing we look for
        std::fs::read(self.path(path)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The first line of a file, without blanks around it.
    pub(super) fn line(&self, path: &str) -> Option<String> {
        self.read(path).map(|text| text.lines().next().unwrap_or_default().trim().to_owned())
    }

    pub(super) fn number(&self, path: &str) -> Option<u64> {
        self.line(path)?.parse().ok()
    }

    /// Names in a folder; empty if it is not there.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(path)).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Whether this is the real host, so that programs may be asked too.
    pub(super) fn is_real(&self) -> bool {
        self.root == Path::new("/")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::System;

    /// A host with these files.
    pub(in crate::diagnose) fn painted(files: &[(&str, &str)]) -> (tempfile::TempDir, System) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let system = System::at(folder.path());
        (folder, system)
    }

    #[test]
    fn what_is_not_there_is_none() {
        let (_folder, system) = painted(&[("proc/a", " 17 \nnext"), ("proc/b", "many")]);
        assert_eq!(
            (system.number("proc/a"), system.number("proc/b"), system.number("proc/c")),
            (Some(17), None, None)
        );
        assert_eq!(system.line("proc/a").as_deref(), Some("17"));
        assert_eq!(system.names("proc").len(), 2);
        assert!(system.names("sys").is_empty() && !system.is_real());
    }
}
