//! A call's shape as flows, and where its ends and ports are.

use crate::phones::{own_key, relays_key};
use crate::{CallShape, End, Gate, Lane, Learning, Media, Party, Place, Port, Told};
use flow::srtp::Setup;
use flow::{Carries, FlowKey, FlowSpec, Generation, Micros, Moment, Output, Protection, Rewrite};
use flow::{Security, SessionId, StreamId};
use lab::Family;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Length of the learning window.
pub(super) const WINDOW: Micros = Micros::from_secs(3);

/// All ends a party can have.
pub(super) fn ends(shape: &CallShape) -> impl Iterator<Item = (End, SocketAddr)> {
    let lanes = [Lane::Rtp, Lane::Rtcp];
    let places = [Place::Told, Place::OtherPort, Place::OtherAddress, Place::Stranger];
    let all = [Party::A, Party::B, Party::C].into_iter().flat_map(move |party| {
        lanes.into_iter().flat_map(move |lane| places.map(|place| End { party, lane, place }))
    });
    all.map(|end| (end, address(shape, end)))
}

/// Where an end is.
pub(super) fn address(shape: &CallShape, end: End) -> SocketAddr {
    let elsewhere = matches!(end.place, Place::OtherAddress | Place::Stranger);
    let moved = matches!(end.place, Place::OtherPort | Place::Stranger);
    let side = if end.party == Party::A { 1 } else { 2 };
    let host = 10 + 2 * u8::from(end.party == Party::C) + u8::from(elsewhere);
    let port = 4000 + 6 * u16::from(moved) + u16::from(end.lane == Lane::Rtcp);
    SocketAddr::new(host_of(shape.leg(end.party).family, side, host), port)
}

/// The flow of one of our ports.
pub(super) fn key(shape: &CallShape, port: Port) -> FlowKey {
    let side = if port.facing == Party::A { 1 } else { 2 };
    let pair = if port.facing == Party::C { 30002 } else { 30000 };
    let number = pair + u16::from(port.lane == Lane::Rtcp);
    FlowKey::new(host_of(shape.leg(port.facing).family, side, 1), number)
}

fn host_of(family: Family, side: u8, host: u8) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(192, 0, side, host).into(),
        Family::V6 => Ipv6Addr::new(0x2001, 0xdb8, side.into(), 0, 0, 0, 0, host.into()).into(),
    }
}

/// The ports of the call.
pub(super) fn ports(shape: &CallShape) -> Vec<Port> {
    let mut ports = Vec::new();
    for party in parties(shape) {
        ports.push(Port::rtp(party));
        if shape.media == Media::Audio && !shape.leg(party).mux {
            ports.push(Port::rtcp(party));
        }
    }
    ports
}

fn parties(shape: &CallShape) -> Vec<Party> {
    let mut parties = vec![Party::A, Party::B];
    parties.extend(shape.copy.map(|_| Party::C));
    parties
}

/// What a call is besides its shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) blocked: bool,
    pub(super) generation: u64,
    /// When it was last signalled.
    pub(super) now: Moment,
    /// Version of the parties' keys.
    pub(super) keys: u8,
}

/// The flows of the call.
pub(super) fn flows(shape: &CallShape, state: State) -> Vec<FlowSpec> {
    ports(shape).into_iter().map(|port| flow(shape, port, state)).collect()
}

/// Both ports that face a party share a session.
fn security(shape: &CallShape, party: Party, version: u8) -> Option<Security> {
    let suite = shape.leg(party).suite?;
    let keys = |key| Protection::Srtp(Arc::new(Setup::new(key)));
    Some(Security {
        session: SessionId::new(1, party as usize, 0),
        arriving: keys(own_key(party, suite, version)),
        leaving: keys(relays_key(party, suite)),
    })
}

fn flow(shape: &CallShape, port: Port, state: State) -> FlowSpec {
    let State { blocked, generation, now, keys } = state;
    let leg = shape.leg(port.facing);
    let silent = !shape.answered && port.facing != Party::A;
    let told = address(shape, End { party: port.facing, lane: port.lane, place: Place::Told });
    let carries = match (shape.media, port.lane) {
        (Media::Opaque, _) => Carries::Opaque,
        (Media::Audio, Lane::Rtp) if leg.mux => Carries::RtpAndRtcp,
        (Media::Audio, Lane::Rtp) => Carries::Rtp,
        (Media::Audio, Lane::Rtcp) => Carries::Rtcp,
    };
    let key = key(shape, port);
    FlowSpec {
        key,
        generation: Generation(generation),
        stream: StreamId(key.port.into()),
        carries,
        peer: Some(told).filter(|_| !silent && leg.told == Told::Address),
        confirmed: false,
        learning: match leg.learning {
            Learning::Heuristic => flow::Learning::Heuristic,
            Learning::Immediate => flow::Learning::Immediate,
            Learning::Delayed => flow::Learning::Delayed,
            Learning::Off => flow::Learning::Off,
        },
        learn_until: now + WINDOW,
        gate: match leg.gate {
            Gate::Open => flow::Gate::Open,
            Gate::Strict => flow::Gate::Strict,
            Gate::Handover => flow::Gate::Handover,
        },
        // Direction and blocking are about media: RTCP goes on.
        rtp: outputs(shape, port, Lane::Rtp).into_iter().filter(|_| shape.active).collect(),
        rtcp: outputs(shape, port, Lane::Rtcp).into_iter().collect(),
        tos: 0,
        blocked,
        foreign: shape.secured,
        handshakes: false,
        security: security(shape, port.facing, keys),
        one_way: false,
        reporting: Default::default(),
        parts: Vec::new(),
        via: None,
        traced: false,
        recorded: None,
    }
}

/// Where packets of a lane that come to `port` go.
fn outputs(shape: &CallShape, port: Port, lane: Lane) -> Vec<Output> {
    if shape.media == Media::Opaque && lane == Lane::Rtcp {
        return Vec::new();
    }
    let towards = |party: Party| {
        let lane = if shape.leg(party).mux { Lane::Rtp } else { lane };
        key(shape, Port { facing: party, lane })
    };
    let changed = |party, rewrite| {
        let rewrite = if lane == Lane::Rtp { rewrite } else { Rewrite::default() };
        Output { rewrite, ..Output::plain(towards(party)) }
    };
    let held = |party: Party| lane == Lane::Rtp && shape.leg(party).told == Told::Hold;
    match port.facing {
        Party::B | Party::C if held(Party::A) => Vec::new(),
        Party::A if held(Party::B) => Vec::new(),
        Party::A => {
            let mut outputs = vec![changed(Party::B, shape.rewrite)];
            outputs.extend(shape.copy.map(|rewrite| changed(Party::C, rewrite)));
            outputs
        }
        Party::B | Party::C => vec![Output::plain(towards(Party::A))],
    }
}
