//! Rooms have a size and a name.

use crate::source::lines_before_tests;
use crate::tree::Source;

/// Above this a file fails.
pub const TOO_LARGE: usize = 1000;
/// Above this a file is talked about.
pub const LARGE: usize = 600;
/// A floor plan (`lib.rs`, `mod.rs`) above this does more than name rooms.
pub const PLAN: usize = 150;
/// Names that say nothing.
pub const EMPTY_NAMES: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "misc", "manager", "base", "stuff"];

/// Lines that count: without unit tests for Rust, all for C.
fn lines(source: &Source) -> Option<usize> {
    if source.is(".rs") && !source.is_test() {
        return Some(lines_before_tests(&source.text));
    }
    // What only tests use is read by people all the same.
    if source.is(".rs") || source.is(".c") || source.is(".h") || source.is(".sh") {
        return Some(source.text.lines().count());
    }
    None
}

/// Files past the limit.
pub fn too_large(sources: &[Source]) -> Vec<String> {
    sized(sources, TOO_LARGE).map(|(source, lines)| format!("{} has {lines} lines", source.path)).collect()
}

/// Files that are allowed but should be looked at.
pub fn large(sources: &[Source]) -> Vec<String> {
    sized(sources, LARGE).map(|(source, lines)| format!("{} has {lines} lines", source.path)).collect()
}

fn sized(sources: &[Source], above: usize) -> impl Iterator<Item = (&Source, usize)> {
    sources.iter().filter_map(move |source| {
        let count = lines(source)?;
        (count > above).then_some((source, count))
    })
}

/// Floor plans that are too long to be floor plans.
pub fn thick_plans(sources: &[Source]) -> Vec<String> {
    let plan = |source: &&Source| source.is("/lib.rs") || source.is("/mod.rs");
    let thick = |source: &Source| {
        let count = lines_before_tests(&source.text);
        (count > PLAN).then(|| format!("{} has {count} lines; a floor plan has at most {PLAN}", source.path))
    };
    sources.iter().filter(plan).filter_map(thick).collect()
}

/// Files and folders whose name says nothing.
pub fn empty_names(sources: &[Source]) -> Vec<String> {
    let empty = |source: &&Source| {
        let parts = source.path.split('/').filter_map(|part| part.split('.').next());
        parts.into_iter().any(|part| EMPTY_NAMES.contains(&part.to_lowercase().as_str()))
    };
    sources.iter().filter(empty).map(|source| format!("{}: a name that says nothing", source.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, lines: usize) -> [Source; 1] {
        [Source::new(path, &"x\n".repeat(lines))]
    }

    #[test]
    fn size_is_noticed() {
        for path in ["a/call.rs", "kmod/main.c", "tests/lab/big.rs"] {
            assert_eq!(too_large(&file(path, 1001)).len(), 1, "{path}");
            assert_eq!(too_large(&file(path, 1000)).len(), 0, "{path}");
            assert_eq!(large(&file(path, 601)).len(), 1, "{path}");
        }
        assert_eq!(too_large(&file("Cargo.lock", 5000)).len(), 0);
    }

    #[test]
    fn unit_tests_do_not_count() {
        let text = format!("{}#[cfg(test)]\n{}", "x\n".repeat(900), "y\n".repeat(900));
        assert_eq!(too_large(&[Source::new("a/b.rs", &text)]).len(), 0);
    }

    #[test]
    fn plans_are_thin() {
        assert_eq!(thick_plans(&file("a/lib.rs", 151)).len(), 1);
        assert_eq!(thick_plans(&file("a/lib.rs", 150)).len(), 0);
        assert_eq!(thick_plans(&file("a/call.rs", 151)).len(), 0);
    }

    #[test]
    fn empty_names_are_noticed() {
        for path in ["a/util.rs", "a/common/x.rs", "kmod/helpers.h", "Misc.md"] {
            assert_eq!(empty_names(&file(path, 1)).len(), 1, "{path}");
        }
        assert_eq!(empty_names(&file("a/utility_room.rs", 1)).len(), 0);
    }
}
