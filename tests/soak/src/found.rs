//! What a crowd of calls took of the machine, and how it is told.

use lab::{Histogram, LabError, Result, Vitals};
use std::time::Duration;

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Calls that were open at once.
    pub calls: u32,
    /// Offer and answer of a call, per second, 32 requests on the way at a time.
    pub begun_per_second: f64,
    /// Deletes per second, likewise.
    pub ended_per_second: f64,
    /// The daemon when empty, with all calls, after some have flowed, and when they are gone.
    pub vitals: [Vitals; 4],
    /// The daemon when one call had been up, had flowed and had ended: what that needs has been used once.
    pub used: Vitals,
    /// KiB of files, its own program most of all, that are in memory: when empty, when used, and when all calls are gone. The
    /// system drops such pages when it wants to.
    pub files: [u64; 3],
    /// Round trips of `ping` while calls flowed.
    pub pings: Histogram,
    /// Packets sent by the peers, and those that arrived.
    pub packets: [u64; 2],
    /// Between the last delete and the last look at memory.
    pub waited: Duration,
}

impl Found {
    /// Resident bytes of the daemon for each call.
    pub fn bytes_per_call(&self) -> u64 {
        self.vitals[1].resident_kib.saturating_sub(self.vitals[0].resident_kib) * 1024
            / u64::from(self.calls.max(1))
    }

    /// What is left when all calls are gone, as a part of what there was before.
    pub fn left_over(&self) -> f64 {
        self.vitals[3].resident_kib as f64 / self.vitals[0].resident_kib as f64
    }

    /// The same as a part of what there was when one call had come and gone.
    pub fn left_of_used(&self) -> f64 {
        self.vitals[3].resident_kib as f64 / self.used.resident_kib as f64
    }
}

/// KiB of files that a process has in memory.
///
/// # Errors
/// When it is gone.
pub(crate) fn files_kib(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).map_err(LabError::io(format!("reading {path}")))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssFile:"));
    Ok(line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0))
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [empty, full, flowing, gone] = self.vitals;
        writeln!(
            f,
            "{} calls: {:.0} begun and {:.0} ended per second",
            self.calls, self.begun_per_second, self.ended_per_second
        )?;
        writeln!(
            f,
            "memory {} KiB empty, {} full ({} bytes per call), {} after media, {} when gone ({:.2} of empty, after {} s)",
            empty.resident_kib,
            full.resident_kib,
            self.bytes_per_call(),
            flowing.resident_kib,
            gone.resident_kib,
            self.left_over(),
            self.waited.as_secs()
        )?;
        let [files_empty, files_used, files_gone] = self.files;
        writeln!(
            f,
            "of that files: {files_empty} KiB empty, {files_gone} when gone; after a first call {} KiB ({files_used} files): \
             {:.2} of these are left",
            self.used.resident_kib,
            self.left_of_used(),
        )?;
        writeln!(f, "descriptors {} empty, {} full", empty.descriptors, full.descriptors)?;
        writeln!(f, "{} packets sent, {} arrived", self.packets[0], self.packets[1])?;
        write!(
            f,
            "ping {} times: p50 {} us, p99 {} us, longest {} us",
            self.pings.count(),
            self.pings.p50().as_micros(),
            self.pings.p99().as_micros(),
            self.pings.longest().as_micros()
        )
    }
}
