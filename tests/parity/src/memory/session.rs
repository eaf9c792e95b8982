use super::compile::{self, WINDOW};
use super::slots::Slots;
use crate::phones::{Phones, own_key, relays_key};
use crate::{Arrival, CallShape, Counts, End, Packet, Party, Port, Session, Signal, Target};
use engine::{Applied, Engine};
use flow::{BURST, Burst, Change, FlowKey, Frame, Micros, Moment, Verdict};
use lab::{LabError, Result};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// Room for fan-out copies beside a full burst.
const COPIES: usize = 64;

/// A call in an engine of its own.
pub(super) struct MemorySession {
    shape: CallShape,
    engine: Engine,
    slots: Slots,
    burst: Burst,
    now: Moment,
    signalled: Moment,
    generation: u64,
    blocked: bool,
    phones: Phones,
    keys: u8,
    ends: HashMap<SocketAddr, End>,
    arrived: Vec<Arrival>,
}

impl MemorySession {
    pub(super) fn new(shape: &CallShape) -> MemorySession {
        let mut session = MemorySession {
            engine: Engine::new(8, BURST + COPIES),
            slots: Slots::new((BURST + COPIES) as u32),
            burst: Burst::new(BURST + COPIES),
            now: Moment(1_000_000),
            signalled: Moment(1_000_000),
            generation: 0,
            blocked: false,
            phones: Phones::default(),
            keys: 1,
            ends: compile::ends(shape).map(|(end, at)| (at, end)).collect(),
            arrived: Vec::new(),
            shape: shape.clone(),
        };
        session.install();
        session
    }

    fn install(&mut self) {
        self.generation += 1;
        let state = compile::State {
            blocked: self.blocked,
            generation: self.generation,
            now: self.signalled,
            keys: self.keys,
        };
        for spec in compile::flows(&self.shape, state) {
            let applied = self.engine.apply(Change::Install(spec.into()), &mut Vec::new());
            assert_eq!(applied, Applied::Installed);
        }
        for party in [Party::A, Party::B] {
            if let Some(suite) = self.shape.leg(party).suite {
                self.phones.agree(party, own_key(party, suite, self.keys), relays_key(party, suite));
            }
        }
    }

    /// Lets the engine work on what has been sent, as a worker does in one turn.
    fn turn(&mut self) -> Result<()> {
        self.now = self.now + Micros::from_millis(20);
        let mut events = Vec::with_capacity(BURST);
        self.engine.run(&mut self.burst, &mut self.slots, self.now, &mut events);
        self.engine.settle(&self.burst);
        for frame in self.burst.frames() {
            match frame.verdict {
                Verdict::Forward(departure) => {
                    let at = self.ends.get(&departure.to).copied().ok_or_else(|| LabError::Io {
                        what: format!("{} sends to {}, where nobody is", departure.from, departure.to),
                        source: std::io::ErrorKind::AddrNotAvailable.into(),
                    })?;
                    let bytes = flow::Buffers::payload(&self.slots, frame).to_vec();
                    let bytes = self.phones.open(at.party, bytes);
                    let from = port_of(&self.shape, departure.from);
                    self.arrived.push(Arrival { at, from, bytes });
                }
                Verdict::Undecided => panic!("a frame was left undecided: {frame:?}"),
                Verdict::Consume | Verdict::Punt(_) | Verdict::Drop(_) => {}
            }
            self.slots.give(frame);
        }
        self.burst.clear();
        assert!(self.slots.whole(), "a buffer was lost");
        Ok(())
    }
}

fn port_of(shape: &CallShape, key: FlowKey) -> Option<Port> {
    compile::ports(shape).into_iter().find(|port| compile::key(shape, *port) == key)
}

impl Session for MemorySession {
    fn send(&mut self, packet: &Packet) -> Result<()> {
        let Packet { from, to, .. } = *packet;
        if self.burst.frames().len() == BURST {
            self.turn()?;
        }
        let local = match to {
            Target::Port(port) => compile::key(&self.shape, port),
            Target::Nobody => {
                let facing = compile::key(&self.shape, Port::rtp(from.party));
                FlowKey::new(facing.addr, 39_998)
            }
        };
        let bytes = self.phones.seal(from.party, &packet.bytes, packet.sealing);
        let buffer = self.slots.put(&bytes).expect("there are as many buffers as frames");
        let remote = compile::address(&self.shape, from);
        let frame = Frame { buffer, start: 0, len: bytes.len() as u16, local, remote, ..Frame::EMPTY };
        self.burst.push(frame).expect("a burst has room for as many frames as arrive");
        Ok(())
    }

    fn arrivals(&mut self, _: usize) -> Result<Vec<Arrival>> {
        self.turn()?;
        Ok(std::mem::take(&mut self.arrived))
    }

    fn end_learning(&mut self) -> Result<()> {
        self.now = self.now + WINDOW + Micros::from_millis(100);
        Ok(())
    }

    fn signal(&mut self, signal: Signal) -> Result<()> {
        match signal {
            // Each signalling message opens the learning window anew.
            Signal::Again => self.signalled = self.now,
            Signal::NewKeys => {
                self.signalled = self.now;
                self.keys += 1;
            }
            Signal::Block => self.blocked = true,
            Signal::Unblock => self.blocked = false,
        }
        self.install();
        Ok(())
    }

    fn counts(&mut self) -> Result<BTreeMap<Port, Counts>> {
        let counted = compile::ports(&self.shape).into_iter().filter_map(|port| {
            let counters = self.engine.snapshot(compile::key(&self.shape, port))?.counters;
            let counts = Counts {
                received_packets: counters.received.packets,
                received_bytes: counters.received.bytes,
                sent_packets: counters.sent.packets,
                sent_bytes: counters.sent.bytes,
                errors: counters.received.errors + counters.sent.errors,
            };
            Some((port, counts))
        });
        Ok(counted.collect())
    }
}
