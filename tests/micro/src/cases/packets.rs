//! Packets through the engine, in bursts of 64 if not said otherwise: looked up, opened, counted, sealed; without a backend.

use super::memory::Memory;
use engine::{Applied, Engine};
use flow::{
    BURST, Burst, Carries, Change, FlowKey, FlowSpec, Frame, Gate, Generation, Learning, Moment, Output,
    Protection, Security, SessionId, StreamId, Verdict,
};
use srtp::{MasterKey, Sealer, Setup, Suite};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// RTP header and 20 ms of G.711.
pub(super) const PACKET: usize = 172;
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));

/// The port of a flow: as many for each address as fit.
pub(super) fn key(number: u32) -> FlowKey {
    let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(192, 0, 2, 1)) + number / 20_000);
    FlowKey::new(address.into(), 20_000 + (number % 20_000) as u16 * 2)
}

pub(super) fn peer(number: u32) -> SocketAddr {
    SocketAddr::new(PEER, 10_000 + (number % 50_000) as u16)
}

/// Flow `number` leaves by `egress`.
fn spec(number: u32, egress: u32, security: Option<Security>) -> FlowSpec {
    FlowSpec {
        key: key(number),
        generation: Generation(1),
        stream: StreamId(u64::from(number)),
        carries: Carries::Rtp,
        peer: Some(peer(number)),
        confirmed: true,
        learning: Learning::Off,
        learn_until: Moment(0),
        gate: Gate::Strict,
        rtp: std::iter::once(Output::plain(key(egress))).collect(),
        rtcp: Default::default(),
        tos: 184,
        blocked: false,
        foreign: false,
        handshakes: false,
        security,
        one_way: false,
        reporting: Default::default(),
        parts: Vec::new(),
        via: None,
        traced: false,
        recorded: None,
    }
}

/// A packet of G.711 of the sender `number`, and room for a tag.
#[inline]
pub(super) fn media(number: u32, round: u32) -> [u8; PACKET + 16] {
    let mut packet = [0xd5; PACKET + 16];
    packet[..2].copy_from_slice(&[0x80, 8]);
    packet[2..4].copy_from_slice(&(round as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&(round * 160).to_be_bytes());
    packet[8..12].copy_from_slice(&number.to_be_bytes());
    packet
}

/// An engine with so many flows in pairs, in clear.
pub(super) fn plain_engine(flows: u32) -> Engine {
    engine_of(flows, (0..flows).map(|number| spec(number, number ^ 1, None)))
}

fn engine_of(flows: u32, specs: impl Iterator<Item = FlowSpec>) -> Engine {
    let mut engine = Engine::new(flows as usize, BURST);
    let mut events = Vec::new();
    for spec in specs {
        assert_eq!(engine.apply(Change::Install(spec.into()), &mut events), Applied::Installed);
    }
    engine
}

/// Flows in pairs, and a burst of packets that goes through them.
struct Relay {
    engine: Engine,
    memory: Memory,
    burst: Burst,
    flows: u32,
    /// From one packet to the next so many flows are passed by.
    step: u32,
    /// Packets in a burst.
    packets: u32,
    /// Packets so far.
    sent: u64,
    seal: Option<Sealer>,
}

impl Relay {
    fn new(flows: u32, step: u32, specs: impl Iterator<Item = FlowSpec>, seal: Option<Sealer>) -> Relay {
        let engine = engine_of(flows, specs);
        Relay {
            engine,
            memory: Memory::new(BURST),
            burst: Burst::new(BURST),
            flows,
            step,
            packets: BURST as u32,
            sent: 0,
            seal,
        }
    }

    /// With so many packets in a burst.
    fn with(self, packets: u32) -> Relay {
        Relay { packets, ..self }
    }

    /// Writes the next burst. What this costs is counted too, and is the same for all cases without keys.
    fn fill(&mut self) {
        self.burst.clear();
        for buffer in 0..self.packets {
            let number = (self.sent * u64::from(self.step) % u64::from(self.flows)) as u32;
            let round = self.round();
            self.sent += 1;
            let mut packet = media(number, round);
            let len = match &mut self.seal {
                Some(sealer) => sealer.seal_rtp(&mut packet, PACKET).expect("a packet"),
                None => PACKET,
            };
            self.memory.fill(buffer, &packet[..len]);
            let frame = Frame {
                buffer,
                start: 0,
                len: len as u16,
                local: key(number),
                remote: peer(number),
                tos: 0,
                verdict: Verdict::Undecided,
            };
            assert!(self.burst.push(frame).is_ok(), "a burst has room for 64");
        }
    }

    /// How often all flows have had a packet.
    fn round(&self) -> u32 {
        (self.sent / u64::from(self.flows)) as u32
    }

    fn run(&mut self, events: &mut Vec<flow::Event>) {
        self.fill();
        self.work(events);
    }

    fn work(&mut self, events: &mut Vec<flow::Event>) {
        let now = Moment(u64::from(self.round()) * 20_000);
        self.engine.run(&mut self.burst, &mut self.memory, now, events);
        self.engine.settle(&self.burst);
        let last = self.burst.frames().last().map(|frame| frame.verdict);
        assert!(matches!(last, Some(Verdict::Forward(_))), "the packet goes on: {last:?}");
    }

    fn boxed(mut self) -> Box<dyn FnMut()> {
        let mut events = Vec::new();
        Box::new(move || self.run(&mut events))
    }
}

fn setup(suite: Suite, byte: u8) -> Arc<Setup> {
    let key = vec![byte; suite.key_len() + suite.salt_len()];
    Arc::new(Setup::new(MasterKey::new(suite, &key).expect("a key of the right length")))
}

fn security(arriving: Protection, leaving: Protection) -> Option<Security> {
    Some(Security { session: SessionId::new(1, 0, 0), arriving, leaving })
}

/// From a flow in clear to another one.
pub(super) fn plain() -> Box<dyn FnMut()> {
    Relay::new(1, 1, [spec(0, 1, None), spec(1, 0, None)].into_iter(), None).boxed()
}

fn seal(suite: Suite) -> Relay {
    let keys = security(Protection::Srtp(setup(suite, 1)), Protection::Srtp(setup(suite, 2)));
    Relay::new(1, 1, [spec(0, 1, None), spec(1, 0, keys)].into_iter(), None)
}

/// The packets are sealed first, one by one, which is counted too: what opening costs is the difference to `recipe-seal`
/// of a burst of one.
fn open(suite: Suite) -> Relay {
    let arriving = setup(suite, 1);
    let sealer = Sealer::new(&arriving).expect("keys");
    let keys = security(Protection::Srtp(arriving), Protection::Srtp(setup(suite, 2)));
    Relay::new(1, 1, [spec(0, 1, keys), spec(1, 0, None)].into_iter(), Some(sealer))
}

/// Sealed with AES-CM and HMAC-SHA1-80, so many packets in a burst.
pub(super) fn seal_cm<const MANY: u32>() -> Box<dyn FnMut()> {
    seal(Suite::AesCm128HmacSha1_80).with(MANY).boxed()
}

/// Opened, likewise.
pub(super) fn open_cm<const MANY: u32>() -> Box<dyn FnMut()> {
    open(Suite::AesCm128HmacSha1_80).with(MANY).boxed()
}

/// Sealed with AES-GCM.
pub(super) fn seal_gcm() -> Box<dyn FnMut()> {
    seal(Suite::AeadAes128Gcm).boxed()
}

/// Opened, likewise.
pub(super) fn open_gcm() -> Box<dyn FnMut()> {
    open(Suite::AeadAes128Gcm).boxed()
}

/// Packets that each belong to another of so many flows.
pub(super) fn flows<const FLOWS: u32>() -> Box<dyn FnMut()> {
    scattered(FLOWS).boxed()
}

fn scattered(flows: u32) -> Relay {
    // A step that comes by every flow, and never by a neighbour.
    let step = if flows < 100 { 3 } else { 7_919 % flows };
    Relay::new(flows, step, (0..flows).map(|number| spec(number, number ^ 1, None)), None)
}

/// Bursts of so many packets, each of another of so many flows. What is returned works on a burst, and says how long that
/// took.
pub(super) fn paced(flows: u32, packets: u32) -> impl FnMut() -> Duration {
    let mut relay = Relay { packets: packets.min(BURST as u32), ..scattered(flows) };
    let mut events = Vec::new();
    move || {
        relay.fill();
        let begin = Instant::now();
        relay.work(&mut events);
        begin.elapsed()
    }
}
