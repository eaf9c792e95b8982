//! The control side of a daemon: calls set up and ended per second, what that costs, and what a call takes in memory.

use crate::machine::Machine;
use crate::proxy::Proxy;
use crate::{BenchError, Profile, Role, Subject, stage};
use lab::Topology;
use serde::Serialize;
use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// Requests on their way at a time: as many as a busy proxy has.
pub const WINDOW: usize = 16;
/// Exchanges that nobody measures.
const WARM_UP: u32 = 500;
/// The kernel frees what it has for sockets in its own time: so long nothing more may have gone ...
const AT_REST: Duration = Duration::from_millis(300);
/// ... and after this it is taken as it is: somebody else is at work.
const NEVER_AT_REST: Duration = Duration::from_secs(5);

/// What was measured of one subject in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Control {
    /// Of whom.
    pub subject: String,
    /// Requests on their way at a time.
    pub window: usize,
    /// Calls per second, each offered, answered and deleted.
    pub calls_per_s: f64,
    /// Time of the daemon's threads for one such call, in microseconds.
    pub cpu_us: f64,
    /// Memory with calls up, the smallest number first.
    pub memory: Vec<Memory>,
    /// Why there are not more of them.
    pub ended: Option<String>,
}

/// What calls take, offered and answered, PCMU, with RTCP multiplexed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    /// Calls up.
    pub calls: u32,
    /// More than without calls in the daemon, in bytes for each.
    pub daemon: f64,
    /// More in the kernel's own memory for objects (sockets, files, maps), in bytes for each.
    pub kernel: f64,
}

/// Measures a daemon with `window` requests on their way at a time. `calls` are the numbers of calls at which memory is
/// looked at.
///
/// # Errors
/// When it cannot be started, or refuses calls before any could be measured.
pub fn measure(
    profile: &Profile,
    subject: &Subject,
    exchanges: u32,
    window: usize,
    calls: &[u32],
) -> Result<Control, BenchError> {
    if subject.role != Role::Relay {
        let what = "has no control side".to_owned();
        return Err(BenchError::Unfit { subject: subject.name.clone(), what });
    }
    let net = Topology::new()?;
    let mut rate = {
        let daemon = stage::daemon(profile, subject, &net)?;
        let mut proxy = Proxy::new(&daemon, &net, window)?;
        proxy.run(WARM_UP, true)?;
        let (before, began) = (run_time(daemon.pid())?, Instant::now());
        proxy.run(exchanges, true)?;
        let took = began.elapsed();
        let used = run_time(daemon.pid())?.saturating_sub(before);
        let each = |time: Duration| time.as_secs_f64() / f64::from(exchanges.max(1));
        Control {
            subject: subject.name.clone(),
            window,
            calls_per_s: 1.0 / each(took).max(f64::MIN_POSITIVE),
            cpu_us: each(used) * 1e6,
            memory: Vec::new(),
            ended: None,
        }
    };
    if calls.is_empty() {
        return Ok(rate);
    }
    // Another daemon, since this one has kept what it had.
    let daemon = stage::daemon(profile, subject, &net)?;
    let mut proxy = Proxy::new(&daemon, &net, window)?;
    let empty = Use::at_rest(daemon.pid())?;
    for wanted in calls {
        if let Err(error) = proxy.run(wanted.saturating_sub(proxy.up()), false) {
            rate.ended = Some(format!("at {} calls: {error}", proxy.up()));
            break;
        }
        // Nothing has ended meanwhile that would still have to go.
        let full = Use::of(daemon.pid())?;
        let each = |now: u64, then: u64| now.saturating_sub(then) as f64 / f64::from(*wanted.max(&1));
        let (in_daemon, kernel) = (each(full.daemon, empty.daemon), each(full.kernel, empty.kernel));
        rate.memory.push(Memory { calls: *wanted, daemon: in_daemon, kernel });
    }
    Ok(rate)
}

/// What was measured of the control side of several subjects.
#[derive(Clone, Debug, Serialize)]
pub struct Controls {
    machine: Machine,
    /// Every measurement.
    pub measured: Vec<Control>,
}

/// Measures subjects in turns with each of `windows`; memory is looked at with the first of them. `tell` hears of each.
///
/// # Errors
/// As [`measure`].
pub fn campaign(
    profile: &Profile,
    rounds: u32,
    exchanges: u32,
    windows: &[usize],
    calls: &[u32],
    mut tell: impl FnMut(&Control),
) -> Result<Controls, BenchError> {
    let machine = Machine::look(profile);
    let mut measured = Vec::new();
    for _ in 0..rounds {
        for (nth, window) in windows.iter().enumerate() {
            for subject in &profile.subjects {
                let calls = if nth == 0 { calls } else { &[] };
                let one = measure(profile, subject, exchanges, *window, calls)?;
                tell(&one);
                measured.push(one);
            }
        }
    }
    Ok(Controls { machine, measured })
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Control { subject, window, calls_per_s, cpu_us, memory, ended } = self;
        write!(
            f,
            "{subject:<10} window {window:>3}: {calls_per_s:>7.0} calls/s, {cpu_us:>6.1} us of CPU each"
        )?;
        for Memory { calls, daemon, kernel } in memory {
            write!(f, ", {calls} calls {daemon:.0} + {kernel:.0} bytes each")?;
        }
        ended.as_ref().map_or(Ok(()), |why| write!(f, "; {why}"))
    }
}

/// Memory in use, in bytes.
#[derive(Clone, Copy, Debug)]
struct Use {
    daemon: u64,
    kernel: u64,
}

impl Use {
    /// When the kernel has freed what it had for the daemon before.
    fn at_rest(pid: u32) -> Result<Use, BenchError> {
        let began = Instant::now();
        let (mut least, mut since) = (Use::of(pid)?, began);
        while since.elapsed() < AT_REST && began.elapsed() < NEVER_AT_REST {
            let now = Use::of(pid)?;
            if now.kernel < least.kernel {
                (least, since) = (now, Instant::now());
            }
        }
        Ok(least)
    }

    fn of(pid: u32) -> Result<Use, BenchError> {
        let daemon = kilobytes(&format!("/proc/{pid}/status"), "VmRSS:")?;
        let kernel = kilobytes("/proc/meminfo", "Slab:")? + kilobytes("/proc/meminfo", "Percpu:")?;
        Ok(Use { daemon: daemon * 1024, kernel: kernel * 1024 })
    }
}

fn kilobytes(path: &str, name: &str) -> Result<u64, BenchError> {
    let text = fs::read_to_string(path).map_err(BenchError::system(path))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| BenchError::Profile(format!("{path} has no {name}")))
}

fn run_time(pid: u32) -> Result<Duration, BenchError> {
    let staff = crate::cpu::Staff { process: Some(pid), kernel: Vec::new(), core: 0 };
    staff.process_time()
}
