//! Bad datagrams at media ports while calls run.

use hostile::{Siege, packets};
use lab::{Daemon, Pace, RtpPeer, Topology};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Datagrams of each kind.
const EACH: u32 = 1000;
/// Datagrams in a row before the attackers take breath, and how long. A media port is a socket with a queue; what does
/// not fit is lost to everybody, and that is tried by the flood, not here.
const SALVO: u32 = 8;
const BREATH: Duration = Duration::from_millis(1);
/// Resident memory may grow by this much.
const MARGIN_KIB: u64 = 4 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends `count` datagrams of every kind from each attacker in turn.
fn attack(attackers: &[RtpPeer], count: u32) -> lab::Result<()> {
    let start = Instant::now();
    let mut salvos = 0;
    for kind in packets::KINDS {
        for number in 0..count {
            attackers[number as usize % attackers.len()].send_bytes(&kind.datagram(number))?;
            if number % SALVO == 0 {
                salvos += 1;
                Pace::Every(BREATH).wait(start, salvos);
            }
        }
    }
    Ok(())
}

fn next(port: SocketAddr) -> SocketAddr {
    SocketAddr::new(port.ip(), port.port() + 1)
}

/// Strangers on both sides, aimed at the RTP and the RTCP port of a call.
fn strangers(net: &Topology, call: &lab::Call, first: u16) -> lab::Result<Vec<RtpPeer>> {
    let mut attackers = Vec::new();
    for (leg, peer, offset) in [(&net.caller, &call.alice, 0), (&net.callee, &call.bob, 2)] {
        let port = peer.remote().expect("the call is up");
        for (target, more) in [(port, 0), (next(port), 1)] {
            let attacker = RtpPeer::bind(&leg.ns, (leg.peer_v4, first + offset + more).into())?;
            attacker.aim(target);
            attackers.push(attacker);
        }
    }
    Ok(attackers)
}

#[test]
fn bad_packets_from_strangers_do_not_touch_the_calls() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    // Ports that stay open are seen by their descriptors.
    let daemon = Daemon::on(&net).arg("--media-sockets=per-port").arg("--delete-delay=0").start()?;
    let mut client = daemon.ng()?;
    let siege = Siege::begin(&daemon, &net, 4)?;
    let mut attackers = Vec::new();
    for (call, first) in siege.calls.iter().zip([6000, 6010, 6020, 6030]) {
        attackers.extend(strangers(&net, call, first)?);
    }
    attack(&attackers, 50)?;
    let before = daemon.vitals()?;
    // Each attacker sends EACH of every kind over the four calls together.
    siege.during(|| attack(&attackers, EACH))?;
    let after = daemon.vitals()?;
    assert_eq!((after.descriptors, after.threads), (before.descriptors, before.threads));
    assert!(after.resident_kib <= before.resident_kib + MARGIN_KIB, "memory: {before:?} then {after:?}");
    siege.end(&mut client)?;
    let without = before.descriptors - 4 * 4;
    assert_eq!(daemon.vitals_settled(without, PATIENCE)?.descriptors, without, "four calls of four ports");
    daemon.stop()?;
    Ok(())
}

#[test]
fn bad_packets_from_a_party_itself_harm_only_its_own_call() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--delete-delay=0").start()?;
    let mut client = daemon.ng()?;
    let siege = Siege::begin(&daemon, &net, 3)?;
    let victim = lab::Call::set_up(&mut client, &net, "victim", 5000)?;
    victim.talk_perfectly(5, Pace::BRISK, PATIENCE)?;
    let alice = std::slice::from_ref(&victim.alice);
    siege.during(|| attack(alice, EACH))?;
    // What could be relayed was; it is thrown away, and the call goes on.
    victim.bob.discard()?;
    victim.talk_perfectly(100, Pace::BRISK, PATIENCE)?;
    victim.delete(&mut client)?;
    siege.end(&mut client)?;
    daemon.stop()?;
    Ok(())
}

/// Datagrams of the flood.
const FLOOD: u32 = 20_000;

#[test]
fn a_flood_on_one_port_is_not_heard_in_other_calls() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--delete-delay=0").start()?;
    let mut client = daemon.ng()?;
    let siege = Siege::begin(&daemon, &net, 4)?;
    let victim = lab::CallSpec::new("victim", 5000).flag("strict-source").set_up(&mut client, &net)?;
    victim.talk_perfectly(5, Pace::BRISK, PATIENCE)?;
    let flood = RtpPeer::bind(&net.caller.ns, (net.caller.peer_v4, 6000).into())?;
    flood.aim(victim.alice.remote().expect("the call is up"));
    let garbage: Vec<Vec<u8>> = packets::KINDS
        .iter()
        .filter(|kind| kind.name != "nine-thousand-bytes")
        .flat_map(|kind| (0..50).map(|number| kind.datagram(number)))
        .collect();
    let before = daemon.vitals()?;
    siege.during(|| {
        (0..FLOOD).try_for_each(|number| flood.send_bytes(&garbage[number as usize % garbage.len()]))
    })?;
    // The victim's own packets may have been lost beside the flood; afterwards it talks as before.
    victim.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    let after = daemon.vitals()?;
    assert!(after.resident_kib <= before.resident_kib + MARGIN_KIB, "memory: {before:?} then {after:?}");
    victim.delete(&mut client)?;
    siege.end(&mut client)?;
    daemon.stop()?;
    Ok(())
}
