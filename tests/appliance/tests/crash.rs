//! The daemon is killed in mid-call: the network cards are as if it had never been there, and the next one takes over.

use appliance_lab::{PATIENCE, Stand, Tier};
use lab::{Daemon, LabError, Namespace, Pace, Result};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many XDP programs there are on a namespace's devices.
fn programs(ns: &Namespace) -> Result<usize> {
    Ok(ns.ip(&["-j", "link", "show"])?.matches("\"xdp\":").count())
}

/// Waits until something is so.
fn until(what: &str, mut so: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !so()? {
        if start.elapsed() > PATIENCE {
            let after_ms = PATIENCE.as_millis();
            return Err(LabError::Timeout { what: what.to_owned(), after_ms, context: String::new() });
        }
    }
    Ok(())
}

/// True once the kernel says that nobody has the port.
fn refused(ns: &Namespace, from: SocketAddr, to: SocketAddr) -> Result<bool> {
    let socket = ns.udp(from)?;
    let failed = || LabError::io(format!("a socket towards {to}"));
    socket.connect(to).map_err(failed())?;
    socket.set_read_timeout(Some(Duration::from_millis(200))).map_err(failed())?;
    // RTP, as the program would take it.
    socket.send(&lab::Stream::new(1, 1).packet(0)).map_err(failed())?;
    let answer = socket.recv(&mut [0; 64]);
    Ok(answer.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused))
}

fn killed_in_mid_call(tier: Tier) -> Result<()> {
    lab::need_root!();
    let config = |net: &lab::Topology| {
        let interfaces = [&net.caller, &net.callee].map(|leg| tier.interface(leg)).concat();
        format!("{interfaces}[threads]\nmedia = 1\n")
    };
    let mut stand = Stand::start(tier, "")?;
    let call = stand.call_on(tier, "cut off", 4000)?;
    call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    assert_eq!(programs(&stand.net.relay)?, 2);

    let Stand { mut daemon, net, .. } = stand;
    daemon.process().kill();
    until("programs leave the NICs", || Ok(programs(&net.relay)? == 0))?;
    for (leg, peer) in [(&net.caller, &call.alice), (&net.callee, &call.bob)] {
        let to = peer.remote().expect("aimed at the relay");
        let from = SocketAddr::new(peer.local().ip(), 5555);
        until("the kernel answers for the port", || refused(&leg.ns, from, to))?;
    }
    drop((daemon, call));

    let daemon = Daemon::on(&net).config(&config(&net))?.start()?;
    let client = daemon.ng()?;
    let mut stand = Stand { daemon, client, net };
    let call = stand.call_on(tier, "the next", 4000)?;
    call.talk_perfectly(100, Pace::BRISK, PATIENCE)?;
    let [all, fast] = stand.relayed()?;
    assert!(fast >= 200, "{fast} of {all} by the fast path");
    call.delete(&mut stand.client)?;
    let relay = stand.net.relay.clone();
    stand.daemon.stop()?;
    assert_eq!(programs(&relay)?, 0, "nothing stays after a proper end");
    Ok(())
}

#[test]
fn killed_while_the_driver_forwards() -> Result<()> {
    killed_in_mid_call(Tier::Driver)
}

#[test]
fn killed_while_a_packet_thread_forwards() -> Result<()> {
    killed_in_mid_call(Tier::Worker)
}

/// A second daemon on the same NICs does not take them away from the first; it says so and serves by its sockets.
#[test]
fn a_second_daemon_leaves_the_first_in_place() -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::start(Tier::Driver, "")?;
    let call = stand.call_on(Tier::Driver, "first", 4000)?;
    let interfaces = [&stand.net.caller, &stand.net.callee].map(|leg| Tier::Driver.interface(leg)).concat();
    let ports = "[media]\nports = \"20000-20099\"\n";
    let other = Daemon::on(&stand.net).control(([127, 0, 0, 1], 2300).into());
    let other = other.config(&format!("{interfaces}{ports}"))?.start()?;
    assert!(other.log().contains("media goes through userspace"), "{}", other.log());
    call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    let second = lab::Call::set_up(&mut other.ng()?, &stand.net, "second", 4100)?;
    second.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    other.stop()?;
    call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    let [all, fast] = stand.relayed()?;
    assert!(fast >= 200, "{fast} of {all} by the fast path");
    stand.stop()?;
    Ok(())
}
