//! What the figures were taken on.

use crate::{Profile, Role, stage};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// The machine, the kernel and the versions.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    kernel: String,
    load_before: String,
    commit: String,
    command: String,
    built: &'static str,
    /// What the daemons say they are, by subject.
    versions: BTreeMap<String, String>,
}

impl Machine {
    pub(crate) fn look(profile: &Profile) -> Machine {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let info = read("/proc/cpuinfo");
        let cpu = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let run = |program: &str, arguments: &[&str]| {
            let out = Command::new(program).args(arguments).output();
            out.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default()
        };
        let mut arguments: Vec<String> = std::env::args().collect();
        if let Some(program) = arguments.first_mut() {
            *program = "bench".to_owned();
        }
        Machine {
            cpu: cpu.trim_start_matches([' ', '\t', ':']).to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: read("/proc/sys/kernel/osrelease"),
            load_before: read("/proc/loadavg"),
            commit: run("git", &["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty"]),
            command: arguments.join(" "),
            versions: versions(profile),
            built: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }
}

fn versions(profile: &Profile) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    for subject in profile.subjects.iter().filter(|subject| subject.role == Role::Relay) {
        let Some(binary) = subject.binary.clone().or_else(|| stage::ours().ok()) else { continue };
        let Ok(out) = Command::new(binary).arg("--version").output() else { continue };
        // Some say it to the one, some to the other.
        let said = [out.stdout, out.stderr].concat();
        let first = String::from_utf8_lossy(&said).lines().next().unwrap_or_default().trim().to_owned();
        versions.insert(subject.name.clone(), first);
    }
    versions
}
