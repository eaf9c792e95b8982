//! Each file under its licence: Rust MIT or Apache-2.0, the kernel's side GPL-2.0.

use crate::tree::Source;

/// Files that run in the kernel or belong to its module.
fn is_kernel_side(source: &Source) -> bool {
    let c = source.is(".c") || source.is(".h");
    source.is(".bpf.c") || (c && source.path.starts_with("kmod/"))
}

/// Kernel-side files whose first lines do not say GPL-2.0-only, and others that do say GPL.
pub fn check(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let tag = source.text.lines().take(3).find_map(|line| line.split_once("SPDX-License-Identifier:"));
        let licence = tag.map(|(_, rest)| rest.trim().trim_end_matches("*/").trim());
        if is_kernel_side(source) {
            // Headers that programs include may add the kernel's own exception.
            let fine = matches!(licence, Some("GPL-2.0-only" | "GPL-2.0-only WITH Linux-syscall-note"));
            if !fine {
                wrong.push(format!("{}: must say SPDX-License-Identifier: GPL-2.0-only", source.path));
            }
        } else if source.is(".rs") && licence.is_some_and(|licence| licence.contains("GPL")) {
            wrong.push(format!("{}: Rust of this house is MIT OR Apache-2.0", source.path));
        }
    }
    wrong
}

/// Manifests that do not take the workspace's licence.
pub fn manifests(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.is("/Cargo.toml") && source.text.contains("[package]"))
        .filter(|source| !source.text.contains("license.workspace = true"))
        .map(|source| format!("{}: license.workspace = true is missing", source.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(path: &str, text: &str) -> usize {
        check(&[Source::new(path, text)]).len()
    }

    #[test]
    fn kernel_side_is_gpl() {
        let good = "// SPDX-License-Identifier: GPL-2.0-only\n";
        assert_eq!(wrong("afxdp/bpf/steer.bpf.c", good), 0);
        assert_eq!(wrong("kmod/main.h", "/* SPDX-License-Identifier: GPL-2.0-only */\n"), 0);
        assert_eq!(wrong("afxdp/bpf/steer.bpf.c", ""), 1);
        assert_eq!(wrong("kmod/main.c", "// SPDX-License-Identifier: MIT\n"), 1);
        assert_eq!(wrong("appliance/src/main.rs", good), 1);
        assert_eq!(wrong("appliance/src/main.rs", ""), 0);
    }

    #[test]
    fn manifests_take_the_workspace_licence() {
        let file = |text| manifests(&[Source::new("a/Cargo.toml", text)]).len();
        assert_eq!(file("[package]\nlicense.workspace = true\n"), 0);
        assert_eq!(file("[package]\nlicense = \"MIT\"\n"), 1);
    }
}
