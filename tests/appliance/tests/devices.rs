//! Interfaces that are no NICs: a VLAN and a bond, with another of the same kind at the peers' end of the wire.
//!
//! Many kernels lack them; `tests/vm/run` runs this in guests that have them.

use appliance_lab::{Heard, PATIENCE, Stand, Tier, await_standing, while_talking};
use lab::{CallSpec, Leg, Namespace, Pace, Result, Topology, now_ns};
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(10);

/// Why the kernel cannot make a device, if it cannot: `kind` is the end of the line that would make it beside a veth.
fn missing(kind: &[&str]) -> Result<Option<String>> {
    let probe = Namespace::new("probe")?;
    probe.ip(&["link", "add", "one", "type", "veth", "peer", "name", "two"])?;
    let add = [&["link", "add", "name", "probe"], kind].concat();
    Ok(probe.ip(&add).is_err().then(|| format!("needs a kernel that makes devices: {}", kind.join(" "))))
}

/// Both addresses of an end of a leg move from one device to another, which comes up.
fn move_addresses(namespace: &Namespace, from: &str, to: &str, [v4, v6]: [String; 2]) -> Result<()> {
    namespace.ip(&["addr", "flush", "dev", from])?;
    namespace.ip(&["link", "set", to, "up"])?;
    namespace.ip(&["addr", "add", &v4, "dev", to])?;
    namespace.ip(&["addr", "add", &v6, "dev", to, "nodad"])?;
    Ok(())
}

/// The ends of a leg: namespace, device, addresses; the relay's first.
fn ends<'a>(net: &'a Topology, leg: &'a Leg) -> [(&'a Namespace, &'a str, [String; 2]); 2] {
    let addresses = |v4: std::net::Ipv4Addr, v6: std::net::Ipv6Addr| [format!("{v4}/24"), format!("{v6}/64")];
    [
        (&net.relay, leg.interface, addresses(leg.relay_v4, leg.relay_v6)),
        (&leg.ns, "eth0", addresses(leg.peer_v4, leg.peer_v6)),
    ]
}

/// The callee's side is the device that has its address, the caller's a plain NIC, both in one tier.
fn stand(net: Topology, tier: Tier) -> Result<Stand> {
    let interfaces = [&net.caller, &net.callee].map(|leg| tier.interface(leg)).concat();
    Stand::on(net, &format!("{interfaces}[threads]\nmedia = 1\n"))
}

/// A VLAN on the callee's wire.
fn over_a_vlan(tier: Tier) -> Result<()> {
    lab::need_root!();
    if let Some(why) = missing(&["link", "one", "type", "vlan", "id", "7"])? {
        lab::skip!(why);
    }
    let net = Topology::new()?;
    for (namespace, device, addresses) in ends(&net, &net.callee) {
        let vlan = format!("{device}.7");
        namespace.ip(&["link", "add", "link", device, "name", &vlan, "type", "vlan", "id", "7"])?;
        // As on the wires of the lab: what is seen of a raw frame has its checksum.
        namespace.run(&["ethtool", "-K", &vlan, "tx", "off"])?;
        move_addresses(namespace, device, &vlan, addresses)?;
    }
    let mut stand = stand(net, tier)?;
    let call = stand.call_at(&CallSpec::new("vlan", 4000), [tier.reached(); 2])?;
    let [before, fast_before] = stand.relayed()?;
    call.talk_perfectly(100, Pace::Every(INTERVAL), PATIENCE)?;
    let [all, fast] = stand.relayed()?;
    assert_eq!((all - before, fast - fast_before), (200, 200));
    call.delete(&mut stand.client)?;
    stand.stop()?;
    Ok(())
}

#[test]
fn a_vlan_is_served_in_the_driver() -> Result<()> {
    over_a_vlan(Tier::Driver)
}

#[test]
fn a_vlan_is_served_by_a_worker() -> Result<()> {
    over_a_vlan(Tier::Worker)
}

/// Waits until both ends of a bond send by these members.
fn await_active(net: &Topology, wanted: [&str; 2]) -> Result<()> {
    let start = Instant::now();
    for (namespace, wanted) in [&net.relay, &net.callee.ns].into_iter().zip(wanted) {
        while namespace.run(&["cat", "/sys/class/net/bond0/bonding/active_slave"])?.trim() != wanted {
            assert!(start.elapsed() < PATIENCE, "the bond does not send by {wanted}");
        }
    }
    Ok(())
}

/// A second wire on the callee's side; each end bonds its two, and sends by the second while that is up.
fn bond(net: &Topology) -> Result<()> {
    let peers = net.callee.ns.name();
    net.relay.ip(&["link", "add", "callee1", "type", "veth", "peer", "name", "eth1", "netns", peers])?;
    for (namespace, device, addresses) in ends(net, &net.callee) {
        let second = if device == "callee" { "callee1" } else { "eth1" };
        let kind = ["type", "bond", "mode", "active-backup", "miimon", "50"];
        namespace.ip(&[&["link", "add", "bond0"], &kind[..]].concat())?;
        for member in [device, second] {
            let _ = namespace.run(&["ethtool", "-K", member, "tx", "off"]);
            namespace.ip(&["link", "set", member, "down"])?;
            namespace.ip(&["link", "set", member, "master", "bond0"])?;
            namespace.ip(&["link", "set", member, "up"])?;
            let _ = namespace.run(&["ethtool", "-K", member, "gro", "on"]);
        }
        namespace.ip(&["link", "set", "bond0", "type", "bond", "primary", second])?;
        move_addresses(namespace, device, "bond0", addresses)?;
        namespace.run(&["ethtool", "-K", "bond0", "tx", "off"])?;
    }
    await_active(net, ["callee1", "eth1"])
}

/// Media leaves by the member that the bond sends by, and changes to the other when that is down.
fn over_a_bond(tier: Tier) -> Result<()> {
    lab::need_root!();
    if let Some(why) = missing(&["type", "bond"])? {
        lab::skip!(why);
    }
    let net = Topology::new()?;
    bond(&net)?;
    let mut stand = stand(net, tier)?;
    let wanted = [tier.reached(); 2];
    let call = stand.call_at(&CallSpec::new("bond", 4000), wanted)?;
    let (whole_since, heard) = while_talking(&call, INTERVAL, |live| {
        live.hear_both(50)?;
        // Both ends see the carrier go.
        stand.net.callee.ns.ip(&["link", "set", "eth1", "down"])?;
        await_active(&stand.net, ["callee", "eth0"])?;
        live.hear_both(50)?;
        await_standing(&mut stand.client, &call.id, wanted, PATIENCE)?;
        let since = now_ns();
        live.hear_both(50)?;
        Ok(since)
    })?;
    heard.iter().for_each(|heard| heard.assert_whole_since(whole_since));
    heard.iter().for_each(Heard::assert_clean);
    let [before, fast_before] = stand.relayed()?;
    call.talk_perfectly(50, Pace::Every(INTERVAL), PATIENCE)?;
    let [all, fast] = stand.relayed()?;
    assert_eq!((all - before, fast - fast_before), (100, 100));
    call.delete(&mut stand.client)?;
    stand.stop()?;
    Ok(())
}

#[test]
fn a_bond_is_its_members_in_the_driver() -> Result<()> {
    over_a_bond(Tier::Driver)
}

#[test]
fn a_bond_is_its_members_to_a_worker() -> Result<()> {
    over_a_bond(Tier::Worker)
}
