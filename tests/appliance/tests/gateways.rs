//! Peers behind routers: the route changes while media flows.

use appliance_lab::{Heard, PATIENCE, Stand, Tier, await_standing, while_talking};
use lab::{Family, Result, Topology};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

/// A packet every 2 ms each way.
const INTERVAL: Duration = Duration::from_millis(2);
/// How often the route changes.
const ROUNDS: usize = 6;

/// The callees' network and its two routers.
struct Behind {
    family: Family,
    network: &'static str,
    routers: [&'static str; 2],
}

const V4: Behind =
    Behind { family: Family::V4, network: "192.0.2.0/24", routers: ["203.0.113.10", "203.0.113.11"] };
const V6: Behind = Behind {
    family: Family::V6,
    network: "2001:db8:300::/64",
    routers: ["2001:db8:200::10", "2001:db8:200::11"],
};

/// The callees move behind routers. Both are the same namespace; the second has an Ethernet address of its own.
fn move_behind_routers(net: &mut Topology) -> Result<()> {
    let ns = &net.callee.ns;
    // Each answers for its own addresses only.
    ns.set("ipv4/conf/all/arp_ignore", "1")?;
    ns.ip(&["link", "add", "link", "eth0", "name", "second", "type", "macvlan", "mode", "bridge"])?;
    ns.ip(&["addr", "add", "203.0.113.11/24", "dev", "second"])?;
    ns.ip(&["addr", "add", "2001:db8:200::11/64", "dev", "second", "nodad"])?;
    ns.ip(&["link", "set", "second", "up"])?;
    ns.ip(&["addr", "add", "192.0.2.10/32", "dev", "lo"])?;
    ns.ip(&["addr", "add", "2001:db8:300::10/128", "dev", "lo", "nodad"])?;
    net.callee.peer_v4 = Ipv4Addr::new(192, 0, 2, 10);
    net.callee.peer_v6 = Ipv6Addr::new(0x2001, 0xdb8, 0x300, 0, 0, 0, 0, 0x10);
    [&V4, &V6].iter().try_for_each(|behind| route(net, behind, 0))?;
    // A kernel that has not made sure of its own link-local address does not ask for neighbours that nobody sends to.
    let start = Instant::now();
    while !net.relay.ip(&["-6", "addr", "show", "tentative"])?.is_empty() {
        assert!(start.elapsed() < PATIENCE, "addresses stay tentative");
    }
    Ok(())
}

fn route(net: &Topology, behind: &Behind, router: usize) -> Result<()> {
    net.relay.ip(&["route", "replace", behind.network, "via", behind.routers[router]]).map(drop)
}

/// Packets that the second router has received.
fn by_second(net: &Topology) -> Result<u64> {
    let text = net.callee.ns.run(&["cat", "/sys/class/net/second/statistics/rx_packets"])?;
    Ok(text.trim().parse().unwrap_or(0))
}

fn stand(tier: Tier) -> Result<Stand> {
    let mut net = Topology::new()?;
    move_behind_routers(&mut net)?;
    let config = [&net.caller, &net.callee].map(|leg| tier.interface(leg)).concat();
    Stand::on(net, &format!("{config}[threads]\nmedia = 1\n"))
}

fn gateway_changes(tier: Tier, behind: &Behind) -> Result<()> {
    lab::need_root!();
    let _alone = lab::alone()?;
    let mut stand = stand(tier)?;
    let spec = lab::CallSpec::new("call", 4000).families([behind.family; 2]);
    let call = stand.call_at(&spec, [tier.reached(); 2])?;
    let before = by_second(&stand.net)?;
    let ((), heard) = while_talking(&call, INTERVAL, |live| {
        for round in 1..=ROUNDS {
            live.hear_both(50)?;
            route(&stand.net, behind, round % 2)?;
            await_standing(&mut stand.client, &call.id, [tier.reached(); 2], PATIENCE)?;
            let taken = by_second(&stand.net)?;
            live.hear_both(50)?;
            let moved = by_second(&stand.net)? > taken + 40;
            assert_eq!(moved, round % 2 == 1, "round {round}: the second router has packets or not");
        }
        Ok(())
    })?;
    heard.iter().for_each(Heard::assert_flawless);
    assert!(by_second(&stand.net)? > before + 100);
    stand.stop()?;
    Ok(())
}

#[test]
fn another_gateway_costs_no_packet_in_the_driver() -> Result<()> {
    gateway_changes(Tier::Driver, &V4)
}

#[test]
fn another_gateway_costs_no_packet_on_a_packet_thread() -> Result<()> {
    gateway_changes(Tier::Worker, &V4)
}

#[test]
fn another_gateway_costs_no_packet_over_ipv6() -> Result<()> {
    gateway_changes(Tier::Driver, &V6)
}

fn route_gone(tier: Tier) -> Result<()> {
    lab::need_root!();
    let _alone = lab::alone()?;
    let mut stand = stand(tier)?;
    let call = stand.call_on(tier, "call", 4000)?;
    let (back, heard) = while_talking(&call, INTERVAL, |live| {
        live.hear_both(50)?;
        stand.net.relay.ip(&["route", "del", V4.network])?;
        let gone = ["userspace no-route", tier.reached()];
        await_standing(&mut stand.client, &call.id, gone, PATIENCE)?;
        live.hear(1, 50)?;
        route(&stand.net, &V4, 1)?;
        await_standing(&mut stand.client, &call.id, [tier.reached(); 2], PATIENCE)?;
        let back = lab::now_ns();
        live.hear_both(50)?;
        Ok(back)
    })?;
    heard[0].assert_whole_since(back);
    heard[0].assert_clean();
    heard[1].assert_flawless();
    stand.stop()?;
    Ok(())
}

#[test]
fn a_route_goes_and_comes_back_in_the_driver() -> Result<()> {
    route_gone(Tier::Driver)
}

#[test]
fn a_route_goes_and_comes_back_on_a_packet_thread() -> Result<()> {
    route_gone(Tier::Worker)
}
