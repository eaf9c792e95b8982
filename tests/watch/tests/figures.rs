//! What the daemon takes of a machine, against the figures of the specification. Nothing here is about the clock: CPU time
//! is the process's own, so a busy machine does not make it larger.

use lab::{CallSpec, Daemon, LabError, Result, Topology, Vitals};
use std::time::{Duration, Instant};
use watch::Specification;

/// How long it is left alone.
const IDLE: Duration = Duration::from_secs(5);
const CALLS: u16 = 200;

/// Milliseconds of CPU that a process has had.
fn cpu_ms(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).map_err(LabError::io("reading stat"))?;
    // Fields 14 and 15, counted from the process's name in brackets, which is the second.
    let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks: u64 =
        rest.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("ticks")).sum();
    // USER_HZ is 100 on every machine that we run on.
    Ok(ticks as f64 * 10.0)
}

#[track_caller]
#[allow(clippy::print_stderr, reason = "the specification is written from it")]
fn judge(name: &str, test: &str, measured: f64) {
    let figure = Specification::read().figure(name);
    eprintln!("{name}: {measured:.1}, at most {}", figure.most);
    assert_eq!(figure.test, test, "the test of {name}");
    assert!(measured <= figure.most, "{name} is {measured}, and may be {} at most", figure.most);
}

#[test]
fn an_idle_daemon_costs_next_to_nothing() -> Result<()> {
    lab::need_root!();
    let test = "an_idle_daemon_costs_next_to_nothing";
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--num-threads=2").start()?;
    let started = cpu_ms(daemon.pid())?;
    judge("start-cpu", test, started);
    let Vitals { resident_kib, descriptors, threads } = daemon.vitals()?;
    judge("idle-memory", test, resident_kib as f64 / 1024.0);
    judge("idle-descriptors", test, descriptors as f64);
    judge("idle-threads", test, threads as f64);
    let before = cpu_ms(daemon.pid())?;
    let begun = Instant::now();
    while begun.elapsed() < IDLE {
        // It may return early.
        std::thread::park_timeout(IDLE.saturating_sub(begun.elapsed()));
    }
    let passed = begun.elapsed();
    let spent = cpu_ms(daemon.pid())? - before;
    judge("idle-cpu", test, 100.0 * spent / passed.as_millis() as f64);
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_call_takes_little_memory_and_its_sockets() -> Result<()> {
    lab::need_root!();
    let test = "a_call_takes_little_memory_and_its_sockets";
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--num-threads=2").start()?;
    let mut client = daemon.ng()?;
    let before = daemon.vitals()?;
    for number in 0..CALLS {
        CallSpec::new(format!("call-{number}"), 4000 + 2 * number).set_up(&mut client, &net)?;
    }
    let after = daemon.vitals()?;
    let per_call = |before: u64, after: u64| after.saturating_sub(before) as f64 / f64::from(CALLS);
    judge("call-memory", test, per_call(before.resident_kib, after.resident_kib));
    judge("call-descriptors", test, per_call(before.descriptors as u64, after.descriptors as u64));
    daemon.stop()?;
    Ok(())
}
