//! What stands at the top, and what stands nowhere.

use crate::tree::Source;

/// Files and folders allowed at the root.
pub const TOP: &[&str] = &[
    // The rooms.
    "Cargo.toml",
    "Makefile",
    "appliance",
    "afxdp",
    "kmod",
    "compat-procfs",
    "configs",
    "packaging",
    "tests",
    // For people.
    "README.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "LICENSE-GPL-2.0",
    // For tools.
    ".ci",
    ".gitignore",
    "Cargo.lock",
    "clippy.toml",
    "deny.toml",
    "rustfmt.toml",
];

/// Texts that tie the house to one machine or name where packages come from. Written in halves, so that this file
/// is not its own finding.
pub const NOWHERE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("../sha", "red"),
    concat!("index.cra", "tes.io"),
    concat!("static.cra", "tes.io"),
    concat!("deb.deb", "ian.org"),
];

/// Generated files nobody writes by hand.
const EXEMPT: &[&str] = &["Cargo.lock"];

/// Entries at the root that are not allowed there.
pub fn strangers(paths: &[String]) -> Vec<String> {
    let mut found: Vec<&str> = paths.iter().filter_map(|path| path.split('/').next()).collect();
    found.sort_unstable();
    found.dedup();
    let strange = found.into_iter().filter(|entry| !TOP.contains(entry));
    strange.map(|entry| format!("{entry} does not belong at the root")).collect()
}

/// Lines that name this or that machine.
pub fn machine_names(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !EXEMPT.contains(&source.path.as_str())) {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(text) = NOWHERE.iter().find(|text| line.contains(**text)) {
                wrong.push(format!("{}:{}: names {text}", source.path, number + 1));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_noticed() {
        assert_eq!(strangers(&["Cargo.toml".into(), "tests/a.rs".into()]), [""; 0]);
        assert_eq!(strangers(&["scripts/a.sh".into(), "scripts/b.sh".into(), "x.deb".into()]).len(), 2);
    }

    #[test]
    fn machine_names_are_noticed() {
        let text = format!("fine\ncd {}main\n", concat!("/wo", "rk/"));
        assert_eq!(machine_names(&[Source::new("a.sh", &text)]), [format!("a.sh:2: names {}", NOWHERE[0])]);
        assert_eq!(machine_names(&[Source::new("a.sh", "cd /usr/share\n")]), [""; 0]);
    }
}
