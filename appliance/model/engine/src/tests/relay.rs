use super::memory::Memory;
use super::*;
use crate::Engine;

const BUFFERS: u32 = 64;

/// An engine with buffers and the events it has raised.
pub(super) struct Relay {
    pub(super) engine: Engine,
    pub(super) memory: Memory,
    pub(super) burst: Burst,
    pub(super) events: Vec<Event>,
    pub(super) now: Moment,
}

/// What left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) from: u16,
    pub(super) to: SocketAddr,
    pub(super) tos: u8,
    pub(super) bytes: Vec<u8>,
}

impl Relay {
    pub(super) fn new(specs: impl IntoIterator<Item = FlowSpec>) -> Relay {
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
    pub(super) fn pair(change: impl FnOnce(&mut FlowSpec)) -> Relay {
        let mut a = spec(100, Some(A), &[200]);
        change(&mut a);
        Relay::new([a, spec(200, Some(B), &[100])])
    }

    pub(super) fn install(&mut self, spec: FlowSpec) -> crate::Applied {
        self.engine.apply(Change::Install(spec.into()), &mut self.events)
    }

    /// Runs one burst of (port, source, payload); returns the verdict of each and what left, in order.
    pub(super) fn burst(&mut self, packets: &[(u16, &str, &[u8])]) -> (Vec<Verdict>, Vec<Sent>) {
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
    pub(super) fn one(&mut self, number: u16, source: &str, bytes: &[u8]) -> Result<SocketAddr, DropReason> {
        match self.burst(&[(number, source, bytes)]).0[0] {
            Verdict::Forward(departure) => Ok(departure.to),
            Verdict::Drop(reason) => Err(reason),
            other => panic!("{other:?}"),
        }
    }

    /// Where a packet for the peer of port 100 goes.
    pub(super) fn peer_of_a(&mut self) -> SocketAddr {
        self.one(200, B, &rtp(9, 1)).unwrap()
    }

    pub(super) fn learned(&mut self) -> Vec<(u16, SocketAddr)> {
        let events = self.events.drain(..).filter_map(|event| match event {
            Event::PeerLearned { key, peer, .. } => Some((key.port, peer)),
            Event::Withdrawn(_) | Event::Strayed { .. } => None,
        });
        events.collect()
    }

    pub(super) fn snapshot(&self, number: u16) -> Snapshot {
        self.engine.snapshot(port(number)).unwrap()
    }
}
