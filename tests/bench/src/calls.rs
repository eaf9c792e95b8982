//! Calls set up over ng, and the flows of packets that follow from them.

use crate::BenchError;
use crate::traffic::{Route, Way};
use lab::{Daemon, Topology, call, ng, sdp};
use std::net::{SocketAddr, SocketAddrV4};

/// The first port of the peers; each call takes the next even one.
const FIRST_PORT: u16 = 10_000;
/// As many calls as there are such ports.
pub(crate) const MOST: u32 = 24_000;

fn port(number: u32) -> u16 {
    FIRST_PORT + 2 * number as u16
}

/// Sets calls up. First come the flows of all callers, then those of all callees.
pub(crate) fn set_up(daemon: &Daemon, net: &Topology, count: u32) -> Result<Vec<Route>, BenchError> {
    let mut client = daemon.ng()?;
    let mut there = Vec::new();
    let mut back = Vec::new();
    for number in 0..count.min(MOST) {
        let caller = SocketAddrV4::new(net.caller.peer_v4, port(number));
        let callee = SocketAddrV4::new(net.callee.peer_v4, port(number));
        let id = format!("bench-{number}");
        let body = |at: SocketAddrV4| sdp::audio(at.into()).line("a=rtcp-mux").text();
        let offered = client.ok(&call::offer(&id, caller.into()).set("sdp", body(caller)))?;
        let answered = client.ok(&call::answer(&id, callee.into()).set("sdp", body(callee)))?;
        let (near, far) = (told(&answered)?, told(&offered)?);
        there.push(Route { way: Way::There, from: caller, to: near, out: far, receiver: callee });
        back.push(Route { way: Way::Back, from: callee, to: far, out: near, receiver: caller });
    }
    there.append(&mut back);
    Ok(there)
}

/// The same flows when nobody changes addresses.
pub(crate) fn straight(net: &Topology, count: u32) -> Vec<Route> {
    let route = |way, number| {
        let caller = SocketAddrV4::new(net.caller.peer_v4, port(number));
        let callee = SocketAddrV4::new(net.callee.peer_v4, port(number));
        let (from, to) = if way == Way::There { (caller, callee) } else { (callee, caller) };
        Route { way, from, to, out: from, receiver: to }
    };
    let all = |way| (0..count.min(MOST)).map(move |number| route(way, number));
    all(Way::There).chain(all(Way::Back)).collect()
}

fn told(reply: &lab::Value) -> Result<SocketAddrV4, BenchError> {
    match call::told(reply)? {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(address) => Err(BenchError::Profile(format!("{address}, where IPv4 was asked for"))),
    }
}

/// Packets relayed in all, and by a fast path, as the daemon's statistics say.
pub(crate) fn relayed(daemon: &Daemon) -> Result<[u64; 2], BenchError> {
    let reply = daemon.ng()?.ok(&ng::request("statistics"))?;
    let number = |key: &str| reply.int(&format!("statistics/totalstatistics/{key}")).unwrap_or(0) as u64;
    Ok([number("relayedpackets"), number("relayedpackets_kernel")])
}
