//! A relay of two parties in memory: what goes in at one port, what comes out where.

mod conservation;
mod counting;
mod crowd;
mod forwarding;
mod learning;
mod lifecycle;
mod memory;
mod offload;
mod parts;
mod relay;
mod reporting;
mod secure;

use flow::*;
use relay::{Relay, Sent};
use std::net::SocketAddr;

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Our port of that number.
fn port(number: u16) -> FlowKey {
    FlowKey::new("192.0.2.1".parse().unwrap(), number)
}

fn rtp(ssrc: u32, seq: u16) -> Vec<u8> {
    let mut bytes = vec![0x80, 8];
    bytes.extend(seq.to_be_bytes());
    bytes.extend((u32::from(seq) * 160).to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend([0xd5; 20]);
    bytes
}

const RTCP: &[u8] =
    &[0x80, 200, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const STUN: &[u8] = &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const DTLS: &[u8] = &[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1];

/// A port that faces `peer` and sends what arrives out through `egress`.
pub(crate) fn spec(number: u16, peer: Option<&str>, egress: &[u16]) -> FlowSpec {
    FlowSpec {
        key: port(number),
        generation: Generation(1),
        stream: StreamId(number.into()),
        carries: Carries::Rtp,
        peer: peer.map(at),
        confirmed: false,
        learning: Learning::Heuristic,
        learn_until: Moment(3_000_000),
        gate: Gate::Open,
        rtp: egress.iter().map(|&number| Output::plain(port(number))).collect(),
        rtcp: Default::default(),
        tos: 184,
        blocked: false,
        foreign: false,
        handshakes: false,
        security: None,
        one_way: false,
        reporting: Default::default(),
        parts: Vec::new(),
        via: None,
        traced: false,
        recorded: None,
    }
}

const A: &str = "198.51.100.20:4000";
const B: &str = "198.51.100.30:5000";
