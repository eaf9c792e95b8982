//! Two agents over a scripted network.

mod connect;
mod consent;
mod hostile;
mod lite;
mod nat;
mod network;
mod properties;
mod restart;
mod roles;
mod strangers;
mod trickle;

use crate::{
    Agent, Component, Config, Credentials, Event, LocalAddress, Remote, Role, Standing, Timing,
    local_candidates,
};
use network::Network;
use std::net::SocketAddr;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Credentials that differ by number.
fn credentials(number: u8) -> Credentials {
    Credentials::generate(|bytes| {
        bytes.iter_mut().enumerate().for_each(|(i, b)| *b = number.wrapping_mul(31) ^ i as u8)
    })
}

/// An agent with these RTP sockets; RTCP on the next ports if `rtcp`.
fn config(role: Role, number: u8, rtp: &[&str], rtcp: bool) -> Config {
    let addresses: Vec<_> = rtp
        .iter()
        .map(|text| {
            let rtp = at(text);
            let rtcp = rtcp.then(|| SocketAddr::new(rtp.ip(), rtp.port() + 1));
            LocalAddress { rtp, rtcp, advertised: None }
        })
        .collect();
    Config {
        role,
        lite: false,
        credentials: credentials(number),
        candidates: local_candidates(&addresses, Standing::First),
        seed: [number; 32],
        timing: Timing::default(),
    }
}

fn full(role: Role, number: u8, rtp: &[&str], rtcp: bool) -> Agent {
    Agent::new(config(role, number, rtp, rtcp)).unwrap()
}

/// What an agent's SDP says.
fn said(agent: &Agent) -> Remote {
    Remote {
        credentials: agent.credentials().clone(),
        candidates: agent.local_candidates().iter().map(|local| local.candidate).collect(),
        end_of_candidates: true,
        lite: agent.lite,
    }
}

/// Caller (controlling) and callee, one address each.
fn plain_pair(rtcp: bool) -> Network {
    Network::new(
        full(Role::Controlling, 1, &["192.0.2.1:4000"], rtcp),
        full(Role::Controlled, 2, &["198.51.100.2:5000"], rtcp),
    )
}

/// The events of one agent, without times.
fn events(net: &Network, who: usize) -> Vec<Event> {
    net.events[who].iter().map(|(_, event)| *event).collect()
}

fn nominated(net: &Network, who: usize, component: Component) -> Vec<(SocketAddr, SocketAddr)> {
    events(net, who)
        .into_iter()
        .filter_map(|event| match event {
            Event::NominatedPair { component: c, local, remote } if c == component => Some((local, remote)),
            _ => None,
        })
        .collect()
}
