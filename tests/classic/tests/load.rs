//! What three hundred calls cost, forwarded by sockets and by the module. Started by `tests/vm/load` in a guest whose
//! clock counts instructions; results are printed as lines of JSON.

use classic::{Host, PATIENCE, targets};
use lab::{Call, Daemon, Result, RtpPeer, Stream};
use std::time::{Duration, Instant};

const TABLE: u32 = 7;
const CALLS: u16 = 300;
/// Packets that are under way at a time: what 300 calls send in a millisecond (both sides, 50 packets per second each).
const AT_A_TIME: usize = 30;
/// How often each of the 600 flows has a packet; the first rounds are not counted.
const ROUNDS: u32 = 20;
const WARM: u32 = 3;

/// Every pair of who sends and who gets it.
fn ways(calls: &[Call]) -> Vec<(&RtpPeer, &RtpPeer)> {
    calls.iter().flat_map(|call| [(&call.alice, &call.bob), (&call.bob, &call.alice)]).collect()
}

/// Nanoseconds for each packet of a round, of everything in the guest and of the daemon's threads: the medians.
fn cost(calls: &[Call], stream: &Stream, first: u32, pid: u32, arrives: bool) -> Result<[u64; 2]> {
    let ways = ways(calls);
    let (mut all, mut own, mut buffer) = (Vec::new(), Vec::new(), [0; 2048]);
    for round in first..first + ROUNDS {
        let (start, before) = (Instant::now(), run_time(pid));
        for some in ways.chunks(AT_A_TIME) {
            for (from, _) in some {
                from.send_one(stream, round)?;
            }
            for (_, to) in some.iter().filter(|_| arrives) {
                let got = to.receive_into(&mut buffer, PATIENCE)?;
                assert!(got.is_some(), "a packet of round {round} has not arrived");
            }
        }
        all.push(start.elapsed().as_nanos() as u64 / ways.len() as u64);
        own.push((run_time(pid) - before) / ways.len() as u64);
    }
    Ok([all, own].map(|mut costs| {
        costs.drain(..WARM as usize);
        costs.sort_unstable();
        costs[costs.len() / 2]
    }))
}

/// Nanoseconds that a process has run, all threads.
fn run_time(pid: u32) -> u64 {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    let time = |task: std::fs::DirEntry| {
        std::fs::read_to_string(task.path().join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok()
    };
    tasks.flatten().filter_map(time).sum()
}

fn set_up(host: &Host, daemon: &Daemon) -> Result<Vec<Call>> {
    let mut client = daemon.ng()?;
    (0..CALLS)
        .map(|number| Call::set_up(&mut client, &host.net, &format!("load-{number}"), 4000 + 2 * number))
        .collect()
}

fn report(what: &str, [all, own]: [u64; 2]) {
    let line = serde_json::json!({
        "forwarded by": what, "calls": CALLS, "instructions_per_packet": all, "of the daemon": own,
    });
    // The result of the measurement.
    #[allow(clippy::print_stdout)]
    {
        println!("\nLOAD {line}");
    }
}

#[test]
#[ignore = "measures; started by tests/vm/load"]
fn three_hundred_calls() -> Result<()> {
    lab::need_module!();
    let host = Host::new(TABLE)?;
    let stream = Stream::new(7, 60_000);
    let daemon = Daemon::on(&host.net).arg("--num-threads=1").start()?;
    let calls = set_up(&host, &daemon)?;
    cost(&calls, &stream, 0, daemon.pid(), true)?;
    report("sockets", cost(&calls, &stream, ROUNDS, daemon.pid(), true)?);
    // What it costs to send: the same packets end where they come in.
    for device in ["caller", "callee"] {
        host.net.relay.run(&["iptables", "-I", "INPUT", "-i", device, "-p", "udp", "-j", "DROP"])?;
    }
    report("nobody", cost(&calls, &stream, 2 * ROUNDS, daemon.pid(), false)?);
    for device in ["caller", "callee"] {
        host.net.relay.run(&["iptables", "-D", "INPUT", "-i", device, "-p", "udp", "-j", "DROP"])?;
    }
    drop(calls);
    daemon.stop()?;

    let daemon = host.daemon().arg("--num-threads=1").start()?;
    let calls = set_up(&host, &daemon)?;
    let deadline = Instant::now() + 6 * PATIENCE;
    let mut round = 0;
    while targets(TABLE) != 2 * u32::from(CALLS) {
        assert!(Instant::now() < deadline, "{} flows in the table\n{}", targets(TABLE), daemon.log());
        for (from, _) in ways(&calls) {
            from.send_one(&stream, round)?;
        }
        round += 1;
        lab::Pace::Every(Duration::from_millis(200)).wait(Instant::now(), 1);
    }
    // What went through sockets before the flows were handed over.
    for (_, to) in ways(&calls) {
        to.discard()?;
    }
    cost(&calls, &stream, round, daemon.pid(), true)?;
    let before = classic::stats(TABLE, "packets_forwarded");
    report("the module", cost(&calls, &stream, round + ROUNDS, daemon.pid(), true)?);
    let forwarded = classic::stats(TABLE, "packets_forwarded") - before;
    assert_eq!(forwarded, u64::from(ROUNDS) * 2 * u64::from(CALLS), "all by the module");
    daemon.stop()?;
    Ok(())
}
