//! `/proc/rtpengine`, read and written as scripts do it.

use std::fs::{OpenOptions, read_to_string};
use std::io::{self, Write};

/// Writes a line to the main control file: `add 42`, `del 42`.
pub fn say(line: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open("/proc/rtpengine/control")?.write_all(format!("{line}\n").as_bytes())
}

/// The numbers of all tables.
pub fn tables() -> Vec<u32> {
    let text = read_to_string("/proc/rtpengine/list").unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// What `status` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// `Control PID`.
    pub pid: u32,
    /// `Targets`.
    pub targets: u32,
}

/// `/proc/rtpengine/N/status`; `None` without such a table.
pub fn status(table: u32) -> Option<Status> {
    let text = read_to_string(format!("/proc/rtpengine/{table}/status")).ok()?;
    let number = |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
    Some(Status { pid: number("Control PID:")?, targets: number("Targets:")? })
}

/// Flows in a table; 0 without such a table.
pub fn targets(table: u32) -> u32 {
    status(table).map_or(0, |status| status.targets)
}

/// `/proc/rtpengine/N/list`.
pub fn list(table: u32) -> String {
    read_to_string(format!("/proc/rtpengine/{table}/list")).unwrap_or_default()
}

/// One line of `/proc/rtpengine/N/stats`; 0 without such a table.
pub fn stats(table: u32, name: &str) -> u64 {
    let text = read_to_string(format!("/proc/rtpengine/{table}/stats")).unwrap_or_default();
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok());
    found.unwrap_or(0)
}
