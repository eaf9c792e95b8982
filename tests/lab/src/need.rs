//! Tests that cannot run here say so: on standard error, and in the file `tests/run` counts.

use crate::{LabError, Result};
use nix::fcntl::{Flock, FlockArg};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

/// Returns from the test, saying why, unless we are root with a working `ip netns`.
#[macro_export]
macro_rules! need_root {
    () => {
        if let Some(why) = $crate::missing_root() {
            $crate::skip!(why);
        }
    };
}

/// Returns from the test, saying why, unless we are root and the kernel module is loaded or can be.
#[macro_export]
macro_rules! need_module {
    () => {
        $crate::need_root!();
        if let Some(why) = $crate::missing_module() {
            $crate::skip!(why);
        }
    };
}

/// Returns from the test, saying why, unless these programs are installed.
#[macro_export]
macro_rules! need_tool {
    ($($tool:expr),+ $(,)?) => {
        $(if let Some(why) = $crate::missing_tool($tool) {
            $crate::skip!(why);
        })+
    };
}

/// Returns from the test, saying why.
#[macro_export]
macro_rules! skip {
    ($why:expr) => {{
        fn here() {}
        $crate::skip(::std::any::type_name_of_val(&here), &$why);
        return $crate::Skipped::skipped();
    }};
}

/// What a test may return: the macros return from tests of either kind.
pub trait Skipped {
    /// The value of a test that did nothing.
    fn skipped() -> Self;
}

impl Skipped for () {
    fn skipped() {}
}

impl<E> Skipped for std::result::Result<(), E> {
    fn skipped() -> Self {
        Ok(())
    }
}

/// Why we cannot make namespaces, if we cannot.
pub fn missing_root() -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        return Some("needs root (network namespaces)".into());
    }
    if let Some(why) = missing_tool("ip") {
        return Some(why);
    }
    // A container may have root and still not be allowed to; asking the kernel is the only sure way.
    let probe = std::thread::spawn(|| nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET)).join();
    match probe {
        Ok(Ok(())) => None,
        _ => Some("needs the right to make network namespaces (CAP_SYS_ADMIN)".into()),
    }
}

/// Why the kernel module `xt_RTPENGINE` is not there, if it is not and cannot be loaded.
pub fn missing_module() -> Option<String> {
    let there = || std::path::Path::new("/proc/rtpengine/control").exists();
    if !there() {
        // Whether it worked is seen below.
        let _ = std::process::Command::new("modprobe").arg("xt_RTPENGINE").output();
    }
    (!there()).then(|| "needs the kernel module xt_RTPENGINE (tests/vm/run)".to_owned())
}

/// Why `tool` cannot be run, if it cannot: it is in none of PATH and the sbin folders.
pub fn missing_tool(tool: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.iter().any(|folder| folder.join(tool).is_file());
    (!found).then(|| format!("needs the program `{tool}`"))
}

/// Notes that test `test` is skipped and why. `test` is a path as type names have it; the helper `here` at its end
/// is cut off.
#[allow(clippy::print_stderr, reason = "the reader of a test run is who must know")]
pub fn skip(test: &str, why: &str) {
    let test = test.trim_end_matches("::here");
    eprintln!("SKIPPED {test}: {why}");
    if let Some(file) = std::env::var_os("LAB_SKIPS") {
        // One write of one line, appended: tests run in parallel processes.
        let noted = OpenOptions::new().create(true).append(true).open(file);
        let _ = noted.and_then(|mut file| file.write_all(format!("{test}\t{why}\n").as_bytes()));
    }
}

/// Holds the machine for tests that measure time: while it lives, no other [`alone`] of any process returns.
#[derive(Debug)]
pub struct Alone {
    _lock: Flock<File>,
}

/// Waits until no other test holds the machine.
pub fn alone() -> Result<Alone> {
    let path = std::env::temp_dir().join("rtp-relay-lab.lock");
    let what = format!("opening {}", path.display());
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(LabError::io(what))?;
    let lock = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| LabError::Io {
        what: "waiting for the machine".into(),
        source: errno.into(),
    })?;
    Ok(Alone { _lock: lock })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_is_there_and_nonsense_is_not() {
        assert_eq!(missing_tool("sh"), None);
        assert!(missing_tool("no-such-program-anywhere").unwrap().contains("no-such-program"));
    }
}
