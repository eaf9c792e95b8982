//! Who has used the relay's core, and how long.

use crate::BenchError;
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

/// A clock tick of /proc/stat.
const TICK: Duration = Duration::from_millis(10);

/// The threads that work for a relay.
#[derive(Clone, Debug, Default)]
pub(crate) struct Staff {
    /// The daemon; none when the kernel does it all.
    pub(crate) process: Option<u32>,
    /// The kernel's threads: NAPI of its wires, and the soft interrupts of its core.
    pub(crate) kernel: Vec<u32>,
    /// Their core.
    pub(crate) core: usize,
}

/// What was used up to one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    process: Duration,
    kernel: Duration,
    idle: Duration,
    steal: Duration,
    at: Instant,
}

/// What was used between two moments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub(crate) process: Duration,
    pub(crate) kernel: Duration,
    /// Share of the core that was not idle, 0 to 1.
    pub(crate) busy: f64,
    /// Share of the core that others used, as far as ticks can tell, 0 to 1.
    pub(crate) foreign: f64,
    /// Share of the core that the host did not give us, 0 to 1.
    pub(crate) steal: f64,
}

impl Staff {
    /// What the threads of the process have used.
    pub(crate) fn process_time(&self) -> Result<Duration, BenchError> {
        let mut process = Duration::ZERO;
        if let Some(pid) = self.process {
            let tasks = format!("/proc/{pid}/task");
            for task in fs::read_dir(&tasks).map_err(BenchError::system(tasks))?.flatten() {
                // A thread may just have ended.
                process += run_time(&task.path().join("schedstat").display().to_string()).unwrap_or_default();
            }
        }
        Ok(process)
    }

    pub(crate) fn spent(&self) -> Result<Spent, BenchError> {
        let process = self.process_time()?;
        let mut kernel = Duration::ZERO;
        for pid in &self.kernel {
            kernel += run_time(&format!("/proc/{pid}/schedstat"))?;
        }
        let (idle, steal) = idle(self.core)?;
        Ok(Spent { process, kernel, idle, steal, at: Instant::now() })
    }
}

impl Spent {
    pub(crate) fn until(&self, later: &Spent) -> Used {
        let wall = later.at.duration_since(self.at).as_secs_f64().max(1e-9);
        let process = later.process.saturating_sub(self.process);
        let kernel = later.kernel.saturating_sub(self.kernel);
        let busy = (1.0 - later.idle.saturating_sub(self.idle).as_secs_f64() / wall).clamp(0.0, 1.0);
        let own = (process + kernel).as_secs_f64() / wall;
        let steal = later.steal.saturating_sub(self.steal).as_secs_f64() / wall;
        Used { process, kernel, busy, foreign: (busy - own).max(0.0), steal }
    }
}

/// The first number: nanoseconds on a CPU.
fn run_time(path: &str) -> Result<Duration, BenchError> {
    let text = fs::read_to_string(path).map_err(BenchError::system(path))?;
    let first = text.split_whitespace().next().and_then(|number| number.parse().ok());
    first.map(Duration::from_nanos).ok_or_else(|| BenchError::Profile(format!("{path}: {text:?}")))
}

/// Idle and stolen time of a core since the start.
fn idle(core: usize) -> Result<(Duration, Duration), BenchError> {
    let path = "/proc/stat";
    let text = fs::read_to_string(path).map_err(BenchError::system(path))?;
    let name = format!("cpu{core} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    let line = line.ok_or_else(|| BenchError::Profile(format!("there is no core {core}")))?;
    // user nice system idle iowait irq softirq steal
    let ticks: Vec<u32> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let of = |place: usize| TICK * ticks.get(place).copied().unwrap_or(0);
    Ok((of(3) + of(4), of(7)))
}

/// Ids of the kernel threads whose name starts so.
pub(crate) fn kernel_threads(prefix: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name.starts_with(prefix)) {
            found.insert(pid);
        }
    }
    found
}
