//! A relay of two parties in memory: what goes in at one port, what comes out where.

mod conservation;
mod forwarding;
mod learning;
mod lifecycle;
mod memory;

use crate::Engine;
use flow::*;
use memory::Memory;
use std::net::SocketAddr;

const BUFFERS: u32 = 64;

/// An engine with buffers and the events it has raised.
struct Relay {
    engine: Engine,
    memory: Memory,
    burst: Burst,
    events: Vec<Event>,
    now: Moment,
}

/// What left.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    from: u16,
    to: SocketAddr,
    tos: u8,
    bytes: Vec<u8>,
}

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
fn spec(number: u16, peer: Option<&str>, egress: &[u16]) -> FlowSpec {
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
        one_way: false,
    }
}

const A: &str = "198.51.100.20:4000";
const B: &str = "198.51.100.30:5000";

impl Relay {
    fn new(specs: impl IntoIterator<Item = FlowSpec>) -> Relay {
        let mut relay = Relay {
            engine: Engine::new(16, 32),
            memory: Memory::new(BUFFERS),
            burst: Burst::new(32),
            events: Vec::with_capacity(16),
            now: Moment(1_000_000),
        };
        for spec in specs {
            assert_eq!(relay.install(spec), crate::Applied::Installed);
        }
        relay
    }

    /// Port 100 faces A, port 200 faces B; `change` is applied to A's.
    fn pair(change: impl FnOnce(&mut FlowSpec)) -> Relay {
        let mut a = spec(100, Some(A), &[200]);
        change(&mut a);
        Relay::new([a, spec(200, Some(B), &[100])])
    }

    fn install(&mut self, spec: FlowSpec) -> crate::Applied {
        self.engine.apply(Change::Install(Box::new(spec)), &mut self.events)
    }

    /// Runs one burst of (port, source, payload); returns the verdict of each and what left, in order.
    fn burst(&mut self, packets: &[(u16, &str, &[u8])]) -> (Vec<Verdict>, Vec<Sent>) {
        for (number, source, bytes) in packets {
            let frame = Frame { local: port(*number), remote: at(source), ..Frame::EMPTY };
            let frame = self.memory.fill(frame, bytes).unwrap();
            self.burst.push(frame).unwrap();
        }
        self.engine.run(&mut self.burst, &mut self.memory, self.now, &mut self.events);
        self.engine.settle(&self.burst);
        let mut sent = Vec::new();
        for frame in self.burst.frames() {
            if let Verdict::Forward(Departure { from, to, tos }) = frame.verdict {
                let bytes = self.memory.payload(frame).to_vec();
                sent.push(Sent { from: from.port, to, tos, bytes });
            }
            self.memory.give(frame);
        }
        let verdicts = self.burst.frames()[..packets.len()].iter().map(|frame| frame.verdict).collect();
        self.burst.clear();
        assert_eq!(self.memory.free(), BUFFERS as usize, "a buffer is missing");
        (verdicts, sent)
    }

    /// Sends one packet; returns where it went, or why it did not.
    fn one(&mut self, number: u16, source: &str, bytes: &[u8]) -> Result<SocketAddr, DropReason> {
        match self.burst(&[(number, source, bytes)]).0[0] {
            Verdict::Forward(departure) => Ok(departure.to),
            Verdict::Drop(reason) => Err(reason),
            other => panic!("{other:?}"),
        }
    }

    /// Where a packet for the peer of port 100 goes.
    fn peer_of_a(&mut self) -> SocketAddr {
        self.one(200, B, &rtp(9, 1)).unwrap()
    }

    fn learned(&mut self) -> Vec<(u16, SocketAddr)> {
        let events = self.events.drain(..).filter_map(|event| match event {
            Event::PeerLearned { key, peer, .. } => Some((key.port, peer)),
            Event::Withdrawn(_) => None,
        });
        events.collect()
    }

    fn snapshot(&self, number: u16) -> Snapshot {
        self.engine.snapshot(port(number)).unwrap()
    }
}
