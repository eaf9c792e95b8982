use lab::{LabError, Process, Result};
use std::time::{Duration, Instant};

/// Processor time of a process, from one moment on.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    since: Instant,
    used: Duration,
    pid: u32,
}

impl Cpu {
    /// From now on.
    pub fn of(process: &Process) -> Result<Cpu> {
        let pid = process.pid();
        Ok(Cpu { since: Instant::now(), used: used(pid)?, pid })
    }

    /// The share of one core that all its threads together took since then; 1.0 is all of it.
    pub fn share(&self) -> Result<f64> {
        let used = used(self.pid)?.saturating_sub(self.used);
        Ok(used.as_secs_f64() / self.since.elapsed().as_secs_f64())
    }
}

/// What all threads have run, as the scheduler counts it (nanoseconds, not ticks).
fn used(pid: u32) -> Result<Duration> {
    let tasks = format!("/proc/{pid}/task");
    let mut sum = Duration::ZERO;
    for task in std::fs::read_dir(&tasks).map_err(LabError::io(tasks.clone()))?.flatten() {
        // A thread that has just ended has nothing to tell.
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        let ns = text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0);
        sum += Duration::from_nanos(ns);
    }
    Ok(sum)
}
