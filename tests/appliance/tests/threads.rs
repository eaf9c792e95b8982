//! Two packet threads on network cards with two queues.

use appliance_lab::{PATIENCE, Stand, Tier, text_interface};
use lab::{Call, Pace, Result, RtpPeer, Stream, Topology, call, exchange};
use std::net::SocketAddr;

const CLI: &str = "127.0.0.1:2224";
/// Calls at a time.
const CALLS: u16 = 8;
/// Packets each way and call.
const PACKETS: u32 = 400;

fn stand(more: &str) -> Result<Stand> {
    let net = Topology::spec().queues(2).build()?;
    let interfaces = [&net.caller, &net.callee].map(|leg| Tier::Worker.interface(leg)).concat();
    Stand::on(net, &format!("{interfaces}[threads]\nmedia = 2\n[control]\nlisten-cli = [\"{CLI}\"]\n{more}"))
}

/// Ports in use on all addresses, as the text interface tells.
fn used(stand: &Stand) -> Result<u64> {
    let text = text_interface(&stand.daemon, CLI.parse().expect("an address"), "list interfaces")?;
    let used = text.lines().filter_map(|line| line.strip_prefix(" Ports used:"));
    let used = used.filter_map(|used| used.trim_start().split(' ').next()?.parse::<u64>().ok());
    let used: Vec<u64> = used.collect();
    assert_eq!(used.len(), 4, "{text}");
    Ok(used.iter().sum())
}

#[test]
fn calls_on_both_threads_lose_nothing() -> Result<()> {
    lab::need_root!();
    let mut stand = stand("")?;
    let log = stand.daemon.log();
    for queue in ["caller queue 0", "caller queue 1", "callee queue 0", "callee queue 1"] {
        assert!(log.contains(queue), "{log}");
    }
    let calls: Vec<Call> = (0..CALLS)
        .map(|number| stand.call_on(Tier::Worker, &format!("call-{number}"), 4000 + 10 * number))
        .collect::<Result<_>>()?;
    let streams: Vec<[Stream; 2]> = (0..u32::from(CALLS))
        .map(|number| [1000 + number, 2000 + number].map(|ssrc| Stream::new(ssrc, PACKETS)))
        .collect();
    let flows: Vec<(&RtpPeer, &RtpPeer, &Stream)> = calls
        .iter()
        .zip(&streams)
        .flat_map(|(call, [there, back])| [(&call.alice, &call.bob, there), (&call.bob, &call.alice, back)])
        .collect();
    for report in exchange(&flows, Pace::Every(std::time::Duration::from_millis(3)), PATIENCE)? {
        report.assert_perfect();
    }
    let mut before = 0;
    for call in calls {
        let gone = call.delete(&mut stand.client)?;
        assert_eq!(gone.int("totals/RTP/packets"), Some(i64::from(2 * PACKETS) + 10), "{gone:?}");
        assert_eq!(gone.int("totals/RTP/errors"), Some(0), "{gone:?}");
        // Totals never go back, although the threads tell of what has ended in their own time.
        for _ in 0..20 {
            let [all, _] = stand.relayed()?;
            assert!(all >= before, "{all} after {before}");
            before = all;
        }
    }
    let [all, fast] = stand.relayed()?;
    assert_eq!(all, i64::from(CALLS) * (i64::from(2 * PACKETS) + 10));
    assert!(fast >= i64::from(CALLS) * i64::from(2 * PACKETS), "{fast} of {all} by the fast path");
    stand.stop()?;
    Ok(())
}

/// A deleted call's ports are free at once, although its flows are given back by two threads in their own time.
#[test]
fn two_hundred_calls_on_two_pairs_of_ports() -> Result<()> {
    lab::need_root!();
    // Two streams' ports for each side.
    let mut stand = stand("[media]\nports = \"30000-30003\"\n")?;
    for number in 0..200u16 {
        let id = format!("call-{number}");
        let peer = |leg: &lab::Leg| SocketAddr::new(leg.peer_v4.into(), 4000 + number % 50 * 2);
        let [alice, bob] =
            [&stand.net.caller, &stand.net.callee].map(|leg| RtpPeer::bind(&leg.ns, peer(leg)));
        let (alice, bob) = (alice?, bob?);
        bob.aim(call::told(&stand.client.ok(&call::offer(&id, alice.local()))?)?);
        alice.aim(call::told(&stand.client.ok(&call::answer(&id, bob.local()))?)?);
        let streams = [Stream::new(1, 4), Stream::new(2, 4)];
        let flows = [(&alice, &bob, &streams[0]), (&bob, &alice, &streams[1])];
        for report in exchange(&flows, Pace::Unpaced, PATIENCE)? {
            assert!(report.complete(), "call {number}: {report}");
        }
        let gone = stand.client.ok(&call::delete(&id))?;
        assert_eq!(gone.int("totals/RTP/packets"), Some(8), "call {number}: {gone:?}");
    }
    let start = std::time::Instant::now();
    while used(&stand)? > 0 {
        assert!(start.elapsed() < PATIENCE, "{} ports stay in use", used(&stand)?);
    }
    stand.stop()?;
    Ok(())
}
