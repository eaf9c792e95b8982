//! The files of the house.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One text file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path from the root of the house, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// A file made up by a test.
    pub fn new(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    /// The file's name without folders and without everything after the first dot.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    }

    /// The path ends so.
    pub fn is(&self, ending: &str) -> bool {
        self.path.ends_with(ending)
    }

    /// A file of tests: below a folder `tests`, or called `tests.rs`.
    pub fn is_test(&self) -> bool {
        let mut folders = self.path.split('/').rev();
        folders.next() == Some("tests.rs") || folders.any(|folder| folder == "tests")
    }
}

/// The root of the house.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Paths of all files that belong to the house: what git knows or would add; without git, everything but build
/// output.
pub fn paths(root: &Path) -> Vec<String> {
    let git = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    let mut found: Vec<String> = match git {
        Ok(out) if out.status.success() && !out.stdout.is_empty() => {
            let listed = String::from_utf8_lossy(&out.stdout).into_owned();
            listed.lines().filter(|path| root.join(path).is_file()).map(str::to_owned).collect()
        }
        _ => walk(root, root),
    };
    found.sort();
    found
}

fn walk(root: &Path, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !["target", ".git"].iter().any(|name| path.ends_with(name)) {
                found.extend(walk(root, &path));
            }
        } else if let Ok(inside) = path.strip_prefix(root) {
            found.push(inside.to_string_lossy().into_owned());
        }
    }
    found
}

/// All files that are UTF-8 text.
pub fn sources(root: &Path) -> Vec<Source> {
    let read = |path: String| {
        let text = std::fs::read_to_string(root.join(&path)).ok()?;
        Some(Source { path, text })
    };
    paths(root).into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_recognised() {
        for path in ["tests/lab/src/ng.rs", "appliance/model/call/src/offer/tests.rs", "a/tests/b.rs"] {
            assert!(Source::new(path, "").is_test(), "{path}");
        }
        for path in ["appliance/src/main.rs", "appliance/src/attests.rs"] {
            assert!(!Source::new(path, "").is_test(), "{path}");
        }
        assert_eq!(Source::new("a/steer.bpf.c", "").stem(), "steer");
    }

    #[test]
    fn this_file_is_found_with_and_without_git() {
        let here = "tests/house/src/tree.rs".to_owned();
        assert!(paths(&root()).contains(&here));
        assert!(walk(&root(), &root()).contains(&here));
    }
}
