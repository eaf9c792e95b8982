//! Where ports come from, when there are none, and that they come back.

use lab::{Call, Daemon, LabError, Pace, Topology, Value, call, ng};
use lifecycle::{Figures, PATIENCE};
use std::net::{SocketAddr, UdpSocket};

fn limited(net: &Topology, low: u16, high: u16) -> lab::Result<Daemon> {
    Daemon::on(net).arg(format!("--port-min={low}")).arg(format!("--port-max={high}")).start()
}

/// The reply to an offer that must find no ports: what proxies match on, and what operators read.
#[track_caller]
fn out_of_ports(reply: &Value) -> String {
    assert_eq!(reply.text("result"), Some("error"), "{reply:?}");
    assert_eq!(reply.text("error-reason"), Some("Ran out of ports"), "{reply:?}");
    reply.text("message").unwrap_or_default().to_owned()
}

fn offer(number: u16) -> ng::Request {
    call::offer(&format!("call-{number}"), ([198, 51, 100, 10], 4000 + 2 * number).into())
}

#[test]
fn ports_that_others_hold_are_skipped() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = limited(&net, 30_000, 30_007)?;
    let mut client = daemon.ng()?;
    let foreign = |port: u16| -> lab::Result<UdpSocket> {
        net.relay.udp(SocketAddr::new(net.caller.relay_v4.into(), port))
    };
    // Of four pairs one is left: an even port, an odd one and a whole pair are taken.
    let mut held = vec![foreign(30_000)?, foreign(30_003)?, foreign(30_004)?, foreign(30_005)?];
    for round in 0..20 {
        let call = Call::set_up(&mut client, &net, &format!("squeezed-{round}"), 4000)?;
        assert_eq!(call.alice.remote().map(|at| at.port()), Some(30_006));
        if round == 0 {
            call.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
        }
        call.delete(&mut client)?;
    }
    held.push(foreign(30_006)?);
    let message = out_of_ports(&client.ask(&offer(0))?);
    assert!(message.contains("bind") || message.contains("bound"), "{message:?}");
    assert!(message.contains("198.51.100.1"), "{message:?}");
    drop(held);
    Call::set_up(&mut client, &net, "free again", 4000)?.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_full_range_is_told_apart() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = limited(&net, 30_000, 30_007)?;
    let mut client = daemon.ng()?;
    for number in 0..4 {
        client.ok(&offer(number))?;
    }
    let message = out_of_ports(&client.ask(&offer(4))?);
    assert!(message.contains("in use by calls"), "{message:?}");
    // The calls there are go on: a repeated offer needs no new port.
    client.ok(&offer(3))?;
    client.ok(&call::delete("call-0"))?;
    client.ok(&offer(4))?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_low_limit_of_descriptors_is_told_apart() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("prlimit");
    let net = Topology::new()?;
    // A shared socket has all ports of a packet thread: they take no descriptors.
    let mut daemon = Daemon::on(&net).arg("--media-sockets=per-port").start()?;
    let mut client = daemon.ng()?;
    let running = Call::set_up(&mut client, &net, "running", 5000)?;
    running.talk_perfectly(10, Pace::BRISK, PATIENCE)?;
    let pid = daemon.process().pid().to_string();
    let limit = |count: usize| -> lab::Result<()> {
        // The soft limit alone: raising the hard one again takes a right we may not have.
        let limit = format!("--nofile={count}:");
        net.relay.run(&["prlimit", "--pid", &pid, &limit]).map(drop)
    };
    let open = daemon.vitals()?.descriptors;
    limit(open + 2)?;
    let message = out_of_ports(&client.ask(&offer(0))?);
    assert!(message.contains("descriptor"), "{message:?}");
    assert!(message.contains(&(open + 2).to_string()), "{message:?}");
    assert_eq!(
        daemon.vitals_settled(open, PATIENCE)?.descriptors,
        open,
        "nothing is left open by what failed"
    );
    running.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    limit(open + 1000)?;
    client.ok(&offer(0))?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn one_pair_of_ports_serves_a_thousand_calls_in_turn() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = limited(&net, 30_000, 30_001)?;
    let mut client = daemon.ng()?;
    for number in 0..1000 {
        let id = format!("turn-{number}");
        let peer = |leg: &lab::Leg| SocketAddr::new(leg.peer_v4.into(), 4000);
        let reply = client.ask(&call::offer(&id, peer(&net.caller)))?;
        if reply.text("result") != Some("ok") {
            let why = format!("call {number} of a thousand: {reply:?}");
            return Err(LabError::Refused { command: "offer".into(), reply: why });
        }
        client.ok(&call::answer(&id, peer(&net.callee)))?;
        client.ok(&call::delete(&id))?;
    }
    let last = Call::set_up(&mut client, &net, "last", 4000)?;
    last.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    daemon.stop()?;
    Ok(())
}

/// Calls of a round.
const CALLS: u16 = 500;
/// Resident memory may differ by this much from round to round; the replies of the last minute are in it.
const MARGIN_KIB: u64 = 4 * 1024;

#[test]
fn five_hundred_calls_leave_nothing_behind() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--media-sockets=per-port").start()?;
    let mut client = daemon.ng()?;
    let idle = daemon.vitals()?;
    let mut round = |number: u16| -> lab::Result<lab::Vitals> {
        let id = |call: u16| format!("round-{number}-{call}");
        for call in 0..CALLS {
            let port = 4000 + 2 * call;
            client.ok(&call::offer(&id(call), ([198, 51, 100, 10], port).into()))?;
            client.ok(&call::answer(&id(call), ([203, 0, 113, 10], port).into()))?;
        }
        let busy = daemon.vitals()?;
        assert_eq!(busy.descriptors, idle.descriptors + 4 * usize::from(CALLS));
        for call in 0..CALLS {
            client.ok(&call::delete(&id(call)).flags(&["fast"]))?;
        }
        assert_eq!(Figures::of(&mut client)?.sessions(), 0);
        daemon.vitals_settled(idle.descriptors, PATIENCE)
    };
    round(0)?;
    let first = round(1)?;
    let last = round(2).and_then(|_| round(3))?;
    assert_eq!(first.descriptors, idle.descriptors, "descriptors");
    assert_eq!(last.descriptors, idle.descriptors, "descriptors");
    assert!(last.resident_kib <= first.resident_kib + MARGIN_KIB, "memory: {first:?} then {last:?}");
    daemon.stop()?;
    Ok(())
}
