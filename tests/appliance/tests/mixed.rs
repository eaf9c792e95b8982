//! Interfaces of different modes, families, addresses and port ranges in one daemon and one call.

use appliance_lab::{Heard, PATIENCE, Stand, Tier, await_standing, while_talking};
use lab::{CallSpec, Family, Pace, Result, RtpPeer, Topology, Value, call, ng, sdp};
use std::net::SocketAddr;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_millis(2);

#[test]
fn an_appliance_interface_beside_one_of_sockets_carries_both_ways() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let interfaces = Tier::Auto.interface(&net.caller) + &Tier::Sockets.interface(&net.callee);
    let mut stand = Stand::on(net, &format!("{interfaces}[threads]\nmedia = 1\n"))?;
    let halves = ["af-xdp egress-by-kernel", "userspace userspace-mode"];
    for (number, families) in
        [[Family::V4; 2], [Family::V6; 2], [Family::V4, Family::V6]].into_iter().enumerate()
    {
        let spec = CallSpec::new(format!("half-{number}"), 4000 + 10 * number as u16).families(families);
        let call = stand.call_at(&spec, halves)?;
        let ((), heard) = while_talking(&call, INTERVAL, |live| live.hear_both(200))?;
        heard.iter().for_each(Heard::assert_flawless);
        let sent: u32 = heard.iter().map(|heard| heard.sent).sum();
        let gone = call.delete(&mut stand.client)?;
        assert_eq!(gone.int("totals/RTP/packets"), Some(i64::from(sent + 10)), "{gone:?}");
    }
    let [all, fast] = stand.relayed()?;
    assert!(fast * 3 > all && fast < all, "{fast} of {all} by the fast path");
    stand.stop()?;
    Ok(())
}

#[test]
fn an_interface_for_the_driver_alone_leaves_to_sockets_what_it_cannot_send() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let interfaces = Tier::Driver.interface(&net.caller) + &Tier::Sockets.interface(&net.callee);
    let mut stand = Stand::on(net, &format!("{interfaces}[threads]\nmedia = 1\n"))?;
    let spec = CallSpec::new("sockets", 4000);
    let call = stand.call_at(&spec, ["userspace egress-not-reachable", "userspace userspace-mode"])?;
    let ((), heard) = while_talking(&call, INTERVAL, |live| live.hear_both(100))?;
    heard.iter().for_each(Heard::assert_flawless);
    stand.stop()?;
    Ok(())
}

fn both_families(tier: Tier) -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::start(tier, "")?;
    for (number, families) in [[Family::V4, Family::V6], [Family::V6, Family::V4]].into_iter().enumerate() {
        let spec = CallSpec::new(format!("both-{number}"), 4000 + 10 * number as u16).families(families);
        let call = stand.call_at(&spec, [tier.reached(); 2])?;
        let ((), heard) = while_talking(&call, INTERVAL, |live| live.hear_both(200))?;
        heard.iter().for_each(Heard::assert_flawless);
    }
    let log = stand.stop()?;
    assert!(!log.contains("ERR"), "{log}");
    Ok(())
}

#[test]
fn ipv4_to_ipv6_and_back_in_the_driver() -> Result<()> {
    both_families(Tier::Driver)
}

#[test]
fn ipv4_to_ipv6_and_back_on_a_packet_thread() -> Result<()> {
    both_families(Tier::Worker)
}

/// An interface of `tier` on a leg, with an address and a port range.
fn block(name: &str, address: &str, ports: &str, tier: Tier) -> String {
    format!(
        "[[interface]]\nname = \"{name}\"\naddress = [\"{address}\"]\nports = \"{ports}\"\n{}",
        tier.lines()
    )
}

/// Each NIC has two addresses, each with ports of its own and a tier of its own.
#[test]
fn several_addresses_and_port_ranges_on_a_nic() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    net.relay.ip(&["addr", "add", "198.51.100.2/24", "dev", "caller"])?;
    net.relay.ip(&["addr", "add", "203.0.113.2/24", "dev", "callee"])?;
    let config = [
        block("in", "198.51.100.1", "30000-30099", Tier::Driver),
        block("in-too", "198.51.100.2", "30100-30199", Tier::Worker),
        block("out", "203.0.113.1", "40000-40099", Tier::Worker),
        block("out-too", "203.0.113.2", "30000-30099", Tier::Driver),
        "[threads]\nmedia = 1\n".to_owned(),
    ];
    let mut stand = Stand::on(net, &config.concat())?;
    let (driver, worker) = (Tier::Driver.reached(), Tier::Worker.reached());
    let calls = [
        (["in", "out"], ["198.51.100.1", "203.0.113.1"], [30_000..30_100, 40_000..40_100], [driver, worker]),
        (
            ["in-too", "out-too"],
            ["198.51.100.2", "203.0.113.2"],
            [30_100..30_200, 30_000..30_100],
            [worker, driver],
        ),
        (["in", "out-too"], ["198.51.100.1", "203.0.113.2"], [30_000..30_100, 30_000..30_100], [driver; 2]),
        (
            ["in", "in-too"],
            ["198.51.100.1", "198.51.100.2"],
            [30_000..30_100, 30_100..30_200],
            [driver, worker],
        ),
    ];
    for (number, (sides, addresses, ports, standing)) in calls.into_iter().enumerate() {
        let id = format!("call-{number}");
        let port = 4000 + 10 * number as u16;
        let far = if sides[1] == "in-too" { &stand.net.caller } else { &stand.net.callee };
        let alice = RtpPeer::bind(&stand.net.caller.ns, (stand.net.caller.peer_v4, port).into())?;
        let bob = RtpPeer::bind(&far.ns, (far.peer_v4, port + 2).into())?;
        let offer = call::offer(&id, alice.local()).set("direction", Value::list(sides));
        bob.aim(call::told(&stand.client.ok(&offer)?)?);
        alice.aim(call::told(&stand.client.ok(&call::answer(&id, bob.local()))?)?);
        for (peer, address, ports) in [(&alice, addresses[0], &ports[0]), (&bob, addresses[1], &ports[1])] {
            let told: SocketAddr = peer.remote().unwrap();
            assert_eq!(told.ip().to_string(), address);
            assert!(ports.contains(&told.port()), "{told}");
        }
        let streams = [lab::Stream::new(1, 300), lab::Stream::new(2, 300)];
        let flows = [(&alice, &bob, &streams[0]), (&bob, &alice, &streams[1])];
        for report in lab::exchange(&flows, Pace::BRISK, PATIENCE)? {
            report.assert_whole();
        }
        await_standing(&mut stand.client, &id, standing, PATIENCE)?;
        let more = [lab::Stream::new(3, 300), lab::Stream::new(4, 300)];
        let flows = [(&alice, &bob, &more[0]), (&bob, &alice, &more[1])];
        for report in lab::exchange(&flows, Pace::BRISK, PATIENCE)? {
            report.assert_perfect();
        }
        let gone = stand.client.ok(&call::delete(&id))?;
        assert_eq!(gone.int("totals/RTP/packets"), Some(1200), "{gone:?}");
    }
    let [all, fast] = stand.relayed()?;
    assert!(fast * 2 > all, "{fast} of {all} by fast paths");
    stand.stop()?;
    Ok(())
}

/// A peer that sits behind NAT is found by its packets, then forwarded to where it was found.
#[test]
fn a_learned_peer_is_served_by_the_fast_path() -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::start(Tier::Driver, "[media]\nendpoint-learning = \"immediate\"\n")?;
    let alice = RtpPeer::bind(&stand.net.caller.ns, (stand.net.caller.peer_v4, 4000).into())?;
    let bob = RtpPeer::bind(&stand.net.callee.ns, (stand.net.callee.peer_v4, 4444).into())?;
    // What the SDP says is the private address behind the NAT.
    let private: SocketAddr = ([10, 0, 0, 5], 9000).into();
    bob.aim(call::told(&stand.client.ok(&call::offer("nat", alice.local()))?)?);
    let answer = call::answer("nat", private).set("sdp", sdp::audio(private).text());
    alice.aim(call::told(&stand.client.ok(&answer)?)?);
    bob.send(&lab::Stream::new(1, 5), 0..5, Pace::BRISK)?;
    alice.send(&lab::Stream::new(2, 5), 0..5, Pace::BRISK)?;
    await_standing(&mut stand.client, "nat", [Tier::Driver.reached(); 2], PATIENCE)?;
    let (got, thrown) = (alice.discard()?, bob.discard()?);
    assert!(got > 0 && thrown > 0, "{got} and {thrown}");
    let streams = [lab::Stream::new(3, 300), lab::Stream::new(4, 300)];
    let flows = [(&alice, &bob, &streams[0]), (&bob, &alice, &streams[1])];
    for report in lab::exchange(&flows, Pace::BRISK, PATIENCE)? {
        report.assert_perfect();
    }
    let state = stand.client.ok(&ng::request("query").set("call-id", "nat"))?;
    assert_eq!(state.int("totals/RTP/packets"), Some(610), "{state:?}");
    stand.stop()?;
    Ok(())
}
