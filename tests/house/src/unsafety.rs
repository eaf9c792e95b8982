//! Where `unsafe` may stand, and where it is forbidden by the compiler.

use crate::source::{code, has_word};
use crate::tree::Source;

/// The inventory: one line per file, path and reason separated by spaces; `#` starts a comment.
pub const INVENTORY: &str = "tests/house/unsafe.txt";

/// Differences between the files that contain `unsafe` and the inventory.
pub fn check(sources: &[Source], inventory: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut listed = Vec::new();
    for line in inventory.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(' ') {
            Some((path, reason)) if !reason.trim().is_empty() => listed.push(path),
            _ => wrong.push(format!("{INVENTORY}: {line}: a reason is missing")),
        }
    }
    let found: Vec<&str> = sources
        .iter()
        .filter(|source| source.is(".rs") && has_word(&code(&source.text), "unsafe"))
        .map(|source| source.path.as_str())
        .collect();
    let extra = found.iter().filter(|path| !listed.contains(path));
    wrong.extend(extra.map(|path| format!("{path} contains unsafe and is not in {INVENTORY}")));
    let stale = listed.iter().filter(|path| !found.contains(path));
    wrong.extend(stale.map(|path| format!("{INVENTORY}: {path} contains no unsafe (any more)")));
    wrong
}

/// Crate roots of the pure floors that do not forbid unsafe code.
pub fn unforbidden(sources: &[Source]) -> Vec<String> {
    let pure = |source: &&Source| {
        let floor =
            source.path.starts_with("appliance/proto/") || source.path.starts_with("appliance/model/");
        floor && source.is("/src/lib.rs")
    };
    sources
        .iter()
        .filter(pure)
        .filter(|source| !code(&source.text).contains("#![forbid(unsafe_code)]"))
        .map(|source| format!("{}: #![forbid(unsafe_code)] is missing", source.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inventory_must_fit_both_ways() {
        let sources = [Source::new("a.rs", "unsafe { x() }"), Source::new("b.rs", "// unsafe")];
        assert_eq!(check(&sources, "# files\na.rs  ring arithmetic\n"), [""; 0]);
        assert_eq!(check(&sources, "").len(), 1);
        assert_eq!(check(&sources, "a.rs why\nb.rs why\n").len(), 1);
        assert_eq!(check(&sources, "a.rs\n").len(), 2);
    }

    #[test]
    fn pure_floors_forbid() {
        let file = |path, text| unforbidden(&[Source::new(path, text)]).len();
        assert_eq!(file("appliance/proto/ng/src/lib.rs", "#![forbid(unsafe_code)]"), 0);
        assert_eq!(file("appliance/proto/ng/src/lib.rs", "// #![forbid(unsafe_code)]"), 1);
        assert_eq!(file("appliance/io/udp/src/lib.rs", ""), 0);
    }
}
