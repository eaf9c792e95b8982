//! What a process holds of the machine.

use crate::{LabError, Process, Result};
use std::path::PathBuf;

/// Memory and descriptors of a process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vitals {
    /// Resident memory, KiB.
    pub resident_kib: u64,
    /// Open descriptors.
    pub descriptors: usize,
    /// Threads.
    pub threads: u64,
}

impl Vitals {
    /// Takes them. Fails when the process is gone.
    pub fn of(process: &Process) -> Result<Vitals> {
        let folder = PathBuf::from(format!("/proc/{}", process.pid()));
        let status = folder.join("status");
        let text = std::fs::read_to_string(&status)
            .map_err(LabError::io(format!("reading {}", status.display())))?;
        let open = folder.join("fd");
        let descriptors =
            std::fs::read_dir(&open).map_err(LabError::io(format!("reading {}", open.display())))?.count();
        Ok(Vitals { resident_kib: number(&text, "VmRSS:"), descriptors, threads: number(&text, "Threads:") })
    }
}

/// The number after `key` in the text of `/proc/PID/status`; 0 when it is not there, as for an ended process.
fn number(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn a_shell_has_memory_a_thread_and_descriptors() {
        let mut command = Command::new("sh");
        command.args(["-c", "exec 7</dev/null; echo ready; exec sleep 60 7<&7"]);
        let mut process = Process::start("sh", command).unwrap();
        process.wait_for_log("ready", Duration::from_secs(5)).unwrap();
        // While `exec` replaces the shell there is hardly any memory, so the first look may come too early.
        let deadline = std::time::Instant::now() + Duration::from_secs(5);
        let mut vitals = Vitals::of(&process).unwrap();
        while vitals.resident_kib <= 100 && std::time::Instant::now() < deadline {
            std::thread::yield_now();
            vitals = Vitals::of(&process).unwrap();
        }
        assert!(vitals.resident_kib > 100 && vitals.descriptors >= 4, "{vitals:?}");
        assert_eq!(vitals.threads, 1);
    }

    #[test]
    fn numbers_are_found() {
        assert_eq!(number("Name:\tx\nVmRSS:\t  1234 kB\nThreads:\t3\n", "VmRSS:"), 1234);
        assert_eq!(number("Name:\tx\n", "VmRSS:"), 0);
    }
}
