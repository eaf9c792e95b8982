//! Routes, neighbours, links and addresses change while media flows: it comes back to the sockets at once, with the reason,
//! and goes to the fast path again by itself.
#![allow(clippy::print_stdout, reason = "shown with the test's output")]

use appliance_lab::{Heard, PATIENCE, Stand, Tier, await_standing, while_talking};
use lab::{Call, Result, Topology, now_ns};
use std::time::{Duration, Instant};

/// A packet every 2 ms each way: ten times faster than speech.
const INTERVAL: Duration = Duration::from_millis(2);
/// How soon after an event media is back on the sockets.
const PROMISE: Duration = Duration::from_millis(200);
/// How often a thing happens. The middle one of the times counts: other programs run on this machine too.
const ROUNDS: usize = 5;

/// Something that happens to the callee's side while media flows.
struct Event<'a> {
    happen: &'a dyn Fn(&Topology) -> Result<()>,
    undo: &'a dyn Fn(&Topology) -> Result<()>,
    /// Why packets to the callee go through the sockets then.
    reason: &'a str,
    /// Packets from the callee are not touched by it.
    one_way: bool,
}

/// Lets it happen and pass, some times over.
fn comes_back(tier: Tier, event: &Event<'_>) -> Result<()> {
    lab::need_root!();
    let _alone = lab::alone()?;
    let mut stand = Stand::start(tier, "")?;
    let call = stand.call_on(tier, "call", 4000)?;
    let reason = format!("userspace {}", event.reason);
    let (mut took, mut counted) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let (back, heard) = while_talking(&call, INTERVAL, |live| {
            live.hear_both(50)?;
            let happened = Instant::now();
            (event.happen)(&stand.net)?;
            await_standing(&mut stand.client, &call.id, [&reason, ""], PATIENCE)?;
            took.push(happened.elapsed());
            let [all, _] = stand.relayed()?;
            assert!(all > counted, "{all} packets after {counted}");
            counted = all;
            (event.undo)(&stand.net)?;
            await_standing(&mut stand.client, &call.id, [tier.reached(); 2], PATIENCE)?;
            let back = now_ns();
            live.hear_both(50)?;
            Ok(back)
        })?;
        heard.iter().for_each(|heard| heard.assert_whole_since(back));
        heard.iter().for_each(Heard::assert_clean);
        if event.one_way {
            heard[1].assert_flawless();
        }
    }
    took.sort_unstable();
    println!("{}: back on the sockets after {took:?}", event.reason);
    assert!(took[ROUNDS / 2] < PROMISE, "{took:?}");
    ended_well(stand, call)
}

/// What arrived is what was counted, on whatever path.
fn ended_well(mut stand: Stand, call: Call) -> Result<()> {
    let [all, fast] = stand.relayed()?;
    assert!(fast > 0 && fast < all, "{fast} of {all} by the fast path");
    call.delete(&mut stand.client)?;
    let log = stand.stop()?;
    assert!(!log.contains("ERR"), "{log}");
    Ok(())
}

/// The callee does not answer when asked where it is.
fn neighbour_gone(tier: Tier) -> Result<()> {
    let silent = |net: &Topology| {
        net.callee.ns.set("ipv4/conf/eth0/arp_ignore", "8")?;
        // Asked at short intervals, so that it does not take seconds until it is found again.
        net.relay.set("ipv4/neigh/callee/retrans_time_ms", "100")?;
        net.relay.ip(&["neigh", "del", "203.0.113.10", "dev", "callee"]).map(drop)
    };
    let answers = |net: &Topology| net.callee.ns.set("ipv4/conf/eth0/arp_ignore", "0");
    comes_back(tier, &Event { happen: &silent, undo: &answers, reason: "no-neighbour", one_way: true })
}

#[test]
fn a_neighbour_goes_away_and_comes_back_in_the_driver() -> Result<()> {
    neighbour_gone(Tier::Driver)
}

#[test]
fn a_neighbour_goes_away_and_comes_back_on_a_packet_thread() -> Result<()> {
    neighbour_gone(Tier::Worker)
}

/// `ip` in the relay's namespace.
fn ip<'a>(arguments: &'a [&'a str]) -> impl Fn(&Topology) -> Result<()> + 'a {
    |net| net.relay.ip(arguments).map(drop)
}

fn carrier_lost(tier: Tier) -> Result<()> {
    let off = |net: &Topology| net.callee.ns.ip(&["link", "set", "eth0", "down"]).map(drop);
    let on = |net: &Topology| {
        net.callee.ns.ip(&["link", "set", "eth0", "up"])?;
        // The peer has forgotten the relay; how soon its kernel finds it again is not the subject.
        let mac = net.relay.run(&["cat", "/sys/class/net/callee/address"])?;
        let known =
            ["neigh", "replace", "203.0.113.1", "lladdr", mac.trim(), "dev", "eth0", "nud", "permanent"];
        net.callee.ns.ip(&known).map(drop)
    };
    comes_back(tier, &Event { happen: &off, undo: &on, reason: "link-down", one_way: false })
}

#[test]
fn carrier_goes_and_comes_back_in_the_driver() -> Result<()> {
    carrier_lost(Tier::Driver)
}

#[test]
fn carrier_goes_and_comes_back_on_a_packet_thread() -> Result<()> {
    carrier_lost(Tier::Worker)
}

fn switched_off(tier: Tier) -> Result<()> {
    let off = ip(&["link", "set", "callee", "down"]);
    let on = ip(&["link", "set", "callee", "up"]);
    comes_back(tier, &Event { happen: &off, undo: &on, reason: "link-down", one_way: false })
}

#[test]
fn a_link_is_switched_off_and_on_in_the_driver() -> Result<()> {
    switched_off(Tier::Driver)
}

#[test]
fn a_link_is_switched_off_and_on_on_a_packet_thread() -> Result<()> {
    switched_off(Tier::Worker)
}

fn address_removed(tier: Tier) -> Result<()> {
    let off = ip(&["addr", "del", "203.0.113.1/24", "dev", "callee"]);
    let on = ip(&["addr", "add", "203.0.113.1/24", "dev", "callee"]);
    comes_back(tier, &Event { happen: &off, undo: &on, reason: "no-address", one_way: false })
}

#[test]
fn an_address_is_removed_and_added_in_the_driver() -> Result<()> {
    address_removed(Tier::Driver)
}

#[test]
fn an_address_is_removed_and_added_on_a_packet_thread() -> Result<()> {
    address_removed(Tier::Worker)
}

/// A neighbour that is only forgotten answers at once: nothing is lost, whoever sends meanwhile.
fn neighbour_forgotten(tier: Tier) -> Result<()> {
    lab::need_root!();
    let _alone = lab::alone()?;
    let mut stand = Stand::start(tier, "")?;
    let call = stand.call_on(tier, "call", 4000)?;
    let ((), heard) = while_talking(&call, INTERVAL, |live| {
        for _ in 0..ROUNDS {
            live.hear_both(50)?;
            stand.net.relay.ip(&["neigh", "del", "203.0.113.10", "dev", "callee"])?;
            live.hear_both(50)?;
            await_standing(&mut stand.client, &call.id, [tier.reached(); 2], PATIENCE)?;
        }
        live.hear_both(50)
    })?;
    heard.iter().for_each(Heard::assert_flawless);
    stand.stop()?;
    Ok(())
}

#[test]
fn a_forgotten_neighbour_costs_no_packet_in_the_driver() -> Result<()> {
    neighbour_forgotten(Tier::Driver)
}

#[test]
fn a_forgotten_neighbour_costs_no_packet_on_a_packet_thread() -> Result<()> {
    neighbour_forgotten(Tier::Worker)
}
