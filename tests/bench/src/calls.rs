//! Calls set up over ng, and the flows of packets that follow from them.

use crate::BenchError;
use crate::traffic::{Route, Turn, Way};
use lab::{Daemon, Topology, call, ng, sdp};
use std::net::{SocketAddr, SocketAddrV4};

/// The first port of the peers; each call takes the next even one.
pub(crate) const FIRST_PORT: u16 = 10_000;
/// As many calls as there are such ports.
pub(crate) const MOST: u32 = 25_000;

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
        there.push(Route { way: Way::There, from: caller, to: near, out: far, receiver: callee, turn: None });
        back.push(Route { way: Way::Back, from: callee, to: far, out: near, receiver: caller, turn: None });
    }
    there.append(&mut back);
    Ok(there)
}

/// Sets calls up whose packets are relayed twice: in clear to a port of the relay that seals them for somebody behind it,
/// from there back to another port, where they are opened, and in clear to a third one on the first side. So there are as
/// many packets sealed as opened, and nobody but the relay needs to know how. Only the flows of the callers are given.
pub(crate) fn set_up_sealed(
    daemon: &Daemon,
    net: &Topology,
    count: u32,
    suite: &str,
) -> Result<Vec<Route>, BenchError> {
    let mut client = daemon.ng()?;
    let mut routes = Vec::new();
    for number in 0..count.min(MOST) {
        let side = |leg: &lab::Leg, step| SocketAddrV4::new(leg.peer_v4, port(number) + step);
        let [from, receiver] = [0, 1].map(|step| side(&net.caller, step));
        let [at, sender] = [0, 1].map(|step| side(&net.callee, step));
        let one = sealed_call(&mut client, &format!("seal-{number}"), [from, at], suite, None)?;
        let other =
            sealed_call(&mut client, &format!("open-{number}"), [receiver, sender], suite, Some(&one.key))?;
        let turn = Turn { from: one.far, at, sender, to: other.far };
        let (to, out) = (one.near, other.near);
        routes.push(Route { way: Way::There, from, to, out, receiver, turn: Some(turn) });
    }
    Ok(routes)
}

/// A call of somebody in clear with somebody who has a key.
struct SealedCall {
    /// The relay's port on the clear side.
    near: SocketAddrV4,
    /// The other one.
    far: SocketAddrV4,
    /// What is sent from there is sealed with this key, as SDP writes it.
    key: String,
}

/// `key` is what the callee seals with; without it one that nobody uses.
fn sealed_call(
    client: &mut ng::Client,
    id: &str,
    [caller, callee]: [SocketAddrV4; 2],
    suite: &str,
    key: Option<&str>,
) -> Result<SealedCall, BenchError> {
    // Packets flow one way only, on either call.
    let wishes = |request: ng::Request| request.set("DTLS", "off").flags(&["unidirectional"]);
    let body = sdp::audio(caller.into()).line("a=rtcp-mux").text();
    let offer = wishes(call::offer(id, caller.into())).set("sdp", body).set("transport-protocol", "RTP/SAVP");
    let offered = client.ok(&offer)?;
    let text = offered.text("sdp").unwrap_or_default();
    let line = |value: &str| {
        let mut words = value.split(' ');
        let (tag, name, key) = (words.next()?, words.next()?, words.next()?);
        (name == suite).then(|| (tag.to_owned(), key.split('|').next().unwrap_or(key).to_owned()))
    };
    let found = sdp::read(text).iter().flat_map(|media| media.attributes("crypto")).find_map(line);
    let (tag, told_key) = found.ok_or_else(|| BenchError::Profile(format!("no {suite} in {text}")))?;
    let body = sdp::Builder::new((*callee.ip()).into())
        .media("audio", callee.port(), "RTP/SAVP")
        .codec(0, "PCMU/8000")
        .line("a=rtcp-mux")
        .line(format!("a=crypto:{tag} {suite} {}", key.unwrap_or(&told_key)))
        .text();
    let answered = client.ok(&wishes(call::answer(id, callee.into())).set("sdp", body))?;
    Ok(SealedCall { near: told(&answered)?, far: told(&offered)?, key: told_key })
}

/// The same flows over a forwarder that has the peers' ports itself, too.
pub(crate) fn mirrored(net: &Topology, count: u32) -> Vec<Route> {
    let route = |way, number| {
        let at = |address| SocketAddrV4::new(address, port(number));
        let [caller, callee] = [at(net.caller.peer_v4), at(net.callee.peer_v4)];
        let [near, far] = [at(net.caller.relay_v4), at(net.callee.relay_v4)];
        let (from, to, out, receiver) =
            if way == Way::There { (caller, near, far, callee) } else { (callee, far, near, caller) };
        Route { way, from, to, out, receiver, turn: None }
    };
    let all = |way| (0..count.min(MOST)).map(move |number| route(way, number));
    all(Way::There).chain(all(Way::Back)).collect()
}

/// The same flows when nobody changes addresses.
pub(crate) fn straight(net: &Topology, count: u32) -> Vec<Route> {
    let route = |way, number| {
        let caller = SocketAddrV4::new(net.caller.peer_v4, port(number));
        let callee = SocketAddrV4::new(net.callee.peer_v4, port(number));
        let (from, to) = if way == Way::There { (caller, callee) } else { (callee, caller) };
        Route { way, from, to, out: from, receiver: to, turn: None }
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
