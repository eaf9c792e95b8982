//! The module's packet path and control file, built as an ordinary program with sanitizers and fed with noise
//! (`kmod/fuzz`). MODULE_FUZZ_SECONDS says how long [2]; the guests' fuzzers (`guest/hostile.rs`) try the rest of it.

#![allow(clippy::unwrap_used)] // a test

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

#[test]
fn noise_neither_breaks_the_module_nor_passes_it_changed() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kmod/fuzz");
    let built = Command::new("make").arg("-C").arg(&sources).arg("fuzz").env("OUT", folder.path()).output();
    let built = built.expect("make is installed");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let seconds = std::env::var("MODULE_FUZZ_SECONDS").unwrap_or_else(|_| "2".into());
    let ran = Command::new(folder.path().join("fuzz")).args([&seconds, "1"]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));

    // It got everywhere: requests were taken and refused, packets opened, sent, and ended in every way there is.
    let text = String::from_utf8(ran.stdout).unwrap();
    let counts: BTreeMap<&str, u64> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, n)| (name, n.parse().unwrap()))
        .collect();
    let count = |name: &str| counts.get(name).copied().unwrap_or(0);
    assert!(count("taken") > 1000 && count("taken") < count("requests"), "{text}");
    assert!(count("received") > 1000 && count("sent") > 1000 && count("opened") > 50, "{text}");
    for fate in 0..compat_procfs::abi::FATES {
        assert!(count(&format!("fate{fate}")) > 10, "no packet ended as {fate}:\n{text}");
    }
}
