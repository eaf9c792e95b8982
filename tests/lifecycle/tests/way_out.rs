//! What leaves the relay and what comes back to it: whichever way ports are open, packets are cut, marked, routed and
//! filtered as those of any program.

use lab::{Call, Daemon, Family, Leg, Namespace, Pace, RtpPeer, Topology, call, ng};
use lifecycle::{PATIENCE, line};
use std::time::{Duration, Instant};

const MANNERS: [&str; 2] = ["shared", "per-port"];
/// Of the hop that is too small, in bytes: what IPv6 must carry, and a little.
const SMALL: &str = "1300";
/// Payload that does not pass it in one piece.
const BIG: usize = 1400;

fn start(net: &Topology, manner: &str, more: &[&str]) -> lab::Result<Daemon> {
    let spec = Daemon::on(net).arg(format!("--media-sockets={manner}"));
    let spec = spec.arg("--port-min=30000").arg("--port-max=30999");
    let mut daemon = more.iter().fold(spec, |spec, arg| spec.arg(*arg)).start()?;
    daemon.process().wait_for_log(&format!("media ports: sockets {manner}"), PATIENCE)?;
    Ok(daemon)
}

/// How many packets the packet threads have dropped, or got back, for this reason.
fn dropped(client: &mut ng::Client, reason: &str) -> lab::Result<u64> {
    let page = line(client, "list streams")?;
    let this = format!("\"reason\":\"{reason}\"");
    // Objects without objects in them: what stands between two braces belongs together.
    let found =
        page.split(['{', '}']).find(|object| object.contains(&this) && object.contains("\"packets\":"));
    let digits = found.and_then(|object| object.split("\"packets\":").nth(1));
    let digits = digits.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    Ok(digits.and_then(|digits| digits.parse().ok()).unwrap_or_default())
}

fn wait_for_drops(client: &mut ng::Client, reason: &str) -> lab::Result<u64> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let count = dropped(client, reason)?;
        if count > 0 || Instant::now() > deadline {
            return Ok(count);
        }
    }
}

/// Behind the callee's host, which routes, over a wire that carries less than the others.
struct Behind {
    ns: Namespace,
}

impl Behind {
    const V4: [u8; 4] = [192, 0, 2, 10];
    const V6: [u16; 8] = [0x2001, 0xdb8, 0x300, 0, 0, 0, 0, 0x10];

    fn new(net: &Topology) -> lab::Result<Behind> {
        let (ns, router) = (Namespace::new("behind")?, &net.callee.ns);
        let far = ["link", "add", "hop", "mtu", SMALL, "type", "veth", "peer", "name", "eth0", "mtu", SMALL];
        router.ip(&[&far[..], &["netns", ns.name()]].concat())?;
        for (at, wire, v4, v6) in [
            (router, "hop", "192.0.2.1/24", "2001:db8:300::1/64"),
            (&ns, "eth0", "192.0.2.10/24", "2001:db8:300::10/64"),
        ] {
            at.ip(&["addr", "add", v4, "dev", wire])?;
            at.ip(&["addr", "add", v6, "dev", wire, "nodad"])?;
            at.ip(&["link", "set", wire, "up"])?;
        }
        router.set("ipv4/ip_forward", "1")?;
        router.set("ipv6/conf/all/forwarding", "1")?;
        ns.ip(&["route", "add", "default", "via", "192.0.2.1"])?;
        ns.ip(&["-6", "route", "add", "default", "via", "2001:db8:300::1"])?;
        let Leg { peer_v4, peer_v6, .. } = &net.callee;
        net.relay.ip(&["route", "add", "192.0.2.0/24", "via", &peer_v4.to_string()])?;
        net.relay.ip(&["-6", "route", "add", "2001:db8:300::/64", "via", &peer_v6.to_string()])?;
        Ok(Behind { ns })
    }

    fn peer(&self, family: Family) -> lab::Result<RtpPeer> {
        match family {
            Family::V4 => RtpPeer::bind(&self.ns, (Behind::V4, 4000).into()),
            Family::V6 => RtpPeer::bind(&self.ns, (Behind::V6, 4000).into()),
        }
    }
}

/// An RTP packet that is not like the one before it.
fn big(number: u16) -> Vec<u8> {
    let mut packet = vec![number as u8; BIG];
    packet[..2].copy_from_slice(&[0x80, 0]);
    packet[2..4].copy_from_slice(&number.to_be_bytes());
    packet[4..12].copy_from_slice(&[0, 0, 0, number as u8, 9, 9, 9, 9]);
    packet
}

/// Waits for a packet. Those before it may have waited long on the way until neighbours were found.
fn hears(peer: &RtpPeer, packet: &[u8]) -> lab::Result<bool> {
    while let Some((bytes, _)) = peer.receive_bytes(PATIENCE)? {
        if bytes == packet {
            return Ok(true);
        }
    }
    Ok(false)
}

#[test]
fn what_is_too_long_for_a_hop_is_cut_after_the_first() -> lab::Result<()> {
    lab::need_root!();
    for manner in MANNERS {
        for family in [Family::V4, Family::V6] {
            let net = Topology::new()?;
            let behind = Behind::new(&net)?;
            let daemon = start(&net, manner, &[])?;
            let mut client = daemon.ng()?;
            let alice = RtpPeer::bind(&net.caller.ns, (net.caller.peer(family), 4000).into())?;
            let bob = behind.peer(family)?;
            client.ok(&call::offer("wide", alice.local()))?;
            alice.aim(call::told(&client.ok(&call::answer("wide", bob.local()))?)?);
            // The first does not arrive; it teaches the way's width. Those that are sent before that is known are lost, too.
            let deadline = Instant::now() + PATIENCE;
            let mut number = 0;
            loop {
                number += 1;
                alice.send_bytes(&big(number))?;
                if let Some((bytes, _)) = bob.receive_bytes(Duration::from_millis(100))? {
                    assert_eq!(bytes.len(), BIG);
                    break;
                }
                assert!(Instant::now() < deadline, "{manner} {family:?}: nothing passes\n{}", daemon.log());
            }
            assert!(number > 1, "the first passed: the hop is not small");
            for number in number + 1..number + 20 {
                alice.send_bytes(&big(number))?;
                assert!(hears(&bob, &big(number))?, "{manner} {family:?}: packet {number} was not cut");
            }
            if manner == "shared" {
                assert!(wait_for_drops(&mut client, "path-mtu")? > 0, "{family:?}: nobody counted it");
            }
            daemon.stop()?;
        }
    }
    Ok(())
}

#[test]
fn a_peer_that_has_gone_is_counted_and_the_call_goes_on() -> lab::Result<()> {
    lab::need_root!();
    for family in [Family::V4, Family::V6] {
        let net = Topology::new()?;
        let daemon = start(&net, "shared", &[])?;
        let mut client = daemon.ng()?;
        let call = lab::CallSpec::new("alone", 4000).families([family; 2]).set_up(&mut client, &net)?;
        call.talk_perfectly(10, Pace::BRISK, PATIENCE)?;
        let Call { alice, bob, .. } = call;
        let (at, aim) = (bob.local(), bob.remote().expect("it was aimed"));
        drop(bob);
        // Hosts limit how many such answers they give, so it is asked again.
        let deadline = Instant::now() + PATIENCE;
        let mut number = 0;
        while dropped(&mut client, "peer-unreachable")? == 0 && Instant::now() < deadline {
            number += 1;
            alice.send_bytes(&big(number)[..172])?;
        }
        assert!(dropped(&mut client, "peer-unreachable")? > 0, "{family:?}: nobody counted it");
        let bob = RtpPeer::bind(&net.callee.ns, at)?;
        bob.aim(aim);
        for number in 0..20 {
            alice.send_bytes(&big(number)[..172])?;
            assert!(bob.receive_bytes(PATIENCE)?.is_some(), "{family:?}");
            bob.send_bytes(&big(number)[..172])?;
            assert!(alice.receive_bytes(PATIENCE)?.is_some(), "{family:?}");
        }
        daemon.stop()?;
    }
    Ok(())
}

/// Lets a namespace count what its rule matches.
fn count(ns: &Namespace, hook: &str, rule: &str) -> lab::Result<()> {
    let table = format!(
        "table inet watched {{ chain seen {{ type filter hook {hook} priority 0; {rule} counter; }}; }}"
    );
    ns.run(&["nft", &table]).map(drop)
}

fn counted(ns: &Namespace) -> lab::Result<u64> {
    let rules = ns.run(&["nft", "list", "table", "inet", "watched"])?;
    let packets =
        rules.split("counter packets ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    Ok(packets.expect("a counter"))
}

#[test]
fn headers_are_those_of_any_socket() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("nft");
    for manner in MANNERS {
        let net = Topology::new()?;
        let daemon = start(&net, manner, &["--tos=184"])?;
        let mut client = daemon.ng()?;
        count(
            &net.callee.ns,
            "input",
            "ip saddr 203.0.113.1 udp sport 30000-30999 udp dport 4000 ip ttl 64 ip dscp 46 ip frag-off & 0x4000 == 0x4000",
        )?;
        let call = Call::set_up(&mut client, &net, "marked", 4000)?;
        call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
        assert_eq!(counted(&net.callee.ns)?, 50, "{manner}: time to live, class, do not fragment");
        daemon.stop()?;
    }
    Ok(())
}

#[test]
fn rules_of_the_host_see_what_leaves() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("nft");
    for manner in MANNERS {
        let net = Topology::new()?;
        let daemon = start(&net, manner, &[])?;
        let mut client = daemon.ng()?;
        count(&net.relay, "output", "ip saddr 203.0.113.1 udp sport 30000-30999 udp dport 4000")?;
        let call = Call::set_up(&mut client, &net, "watched", 4000)?;
        call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
        assert_eq!(counted(&net.relay)?, 50, "{manner}");
        net.relay.run(&["nft", "add", "rule", "inet", "watched", "seen", "udp", "dport", "4000", "drop"])?;
        call.alice.send_bytes(&big(1)[..172])?;
        assert!(wait_for_drops(&mut client, "send-failed")? > 0, "{manner}: the sender is told");
        assert!(
            call.bob.receive_bytes(Duration::from_millis(50))?.is_none(),
            "{manner}: it was to be dropped"
        );
        net.relay.run(&["nft", "delete", "table", "inet", "watched"])?;
        call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
        daemon.stop()?;
    }
    Ok(())
}

#[test]
fn routes_by_source_address_are_taken() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("nft");
    for manner in MANNERS {
        let net = Topology::new()?;
        let peer = net.callee.peer_v4.to_string();
        let (relay, callee) = (&net.relay, &net.callee.ns);
        // A second wire to the callee, for who sends from our address there.
        relay.ip(&[
            "link",
            "add",
            "detour",
            "type",
            "veth",
            "peer",
            "name",
            "detour",
            "netns",
            callee.name(),
        ])?;
        for path in ["ipv4/conf/all/rp_filter", "ipv4/conf/detour/rp_filter"] {
            callee.set(path, "0")?;
        }
        relay.ip(&["link", "set", "detour", "up"])?;
        callee.ip(&["link", "set", "detour", "up"])?;
        relay.ip(&["route", "add", &peer, "dev", "detour", "table", "77"])?;
        relay.ip(&["rule", "add", "from", "203.0.113.1", "lookup", "77"])?;
        count(callee, "input", "iifname \"detour\" udp sport 30000-30999 udp dport 4000")?;
        let daemon = start(&net, manner, &[])?;
        let call = Call::set_up(&mut daemon.ng()?, &net, "round about", 4000)?;
        call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
        assert_eq!(counted(callee)?, 50, "{manner}");
        daemon.stop()?;
    }
    Ok(())
}
