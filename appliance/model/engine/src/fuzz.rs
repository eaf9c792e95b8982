//! Body of the fuzz target: it panics when a promise about packets under keys is broken.

mod phone;
mod pool;

use crate::Engine;
use flow::{
    Burst, Carries, Change, DropReason, FlowKey, FlowSpec, Frame, Gate, Generation, Learning, Micros, Moment,
    Output, Progress, Protection, Security, SessionId, StreamId, Verdict,
};
use phone::{Phone, Spoken};
use pool::Pool;
use srtp::Suite;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Packets on their way, and packets that have been heard, that are remembered.
const REMEMBERED: usize = 48;
/// The most steps of a script.
const STEPS: usize = 3000;
/// A source whose last heard packet lies further back may be lost sight of.
const IN_SIGHT: u64 = 30_000;
/// Our ports: facing one phone under keys, another one, and somebody in clear.
const PORTS: [u16; 3] = [100, 200, 300];

/// A script: two bytes choose suites, one the first numbers, then a byte for each step and what it takes. Two phones talk
/// through two engines that hand their flows to and fro, a third party gets a copy of what the first says; the script
/// delays, repeats, forges and loses packets and changes keys. What is not authentic and new never passes and leaves no
/// trace; what passes is what was said, sealed so that its receiver opens it; and what comes in order does pass.
pub fn keys(data: &[u8]) {
    let &[one, other, first, ref script @ ..] = data else { return };
    let suite = |pick: u8| Suite::ALL[usize::from(pick) % Suite::ALL.len()];
    let first = u64::from(first) << 8;
    let phones = [Phone::new(suite(one), 1, first), Phone::new(suite(other), 2, first ^ 0x8000)];
    let mut world = World {
        paths: [(); 2].map(|()| Engine::new(4, 8)),
        on: 0,
        pool: Pool::new(8),
        burst: Burst::new(8),
        now: Moment(1_000_000),
        generation: 0,
        phones,
        spoken: Vec::new(),
        heard: Vec::new(),
    };
    world.install(true);
    let mut script = Script(script);
    for _ in 0..STEPS {
        let Some(step) = script.byte() else { break };
        world.step(step, &mut script);
    }
}

/// What is left of a script.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> usize {
        self.byte().unwrap_or_default().into()
    }

    fn bytes(&mut self, many: usize) -> &[u8] {
        let (bytes, rest) = self.0.split_at(many.min(self.0.len()));
        self.0 = rest;
        bytes
    }
}

/// What becomes of a packet.
struct Outcome {
    /// What is sent, and from which port.
    sent: Vec<(u16, Vec<u8>)>,
    /// Why it, or a copy of it, is not.
    dropped: Option<DropReason>,
}

struct World {
    paths: [Engine; 2],
    /// Which path has the flows.
    on: usize,
    pool: Pool,
    burst: Burst,
    now: Moment,
    generation: u64,
    phones: [Phone; 2],
    /// On their way: whose, and what.
    spoken: Vec<(usize, Spoken)>,
    /// Have been delivered once.
    heard: Vec<(usize, Spoken)>,
}

impl World {
    fn step(&mut self, step: u8, script: &mut Script<'_>) {
        self.now = self.now + Micros::from_millis(20);
        let of = usize::from(step >> 7);
        match step % 12 {
            // Said and heard at once.
            0..=3 => {
                let said = self.phones[of].speaks(1, step & 0x10 != 0);
                self.deliver(of, said, true);
            }
            // Said, and on its way; some before it were never sent.
            4 => {
                let said = self.phones[of].speaks(1 + 16 * script.number() as u64, step & 0x10 != 0);
                self.spoken.push((of, said));
                let surplus = self.spoken.len().saturating_sub(REMEMBERED);
                self.spoken.drain(..surplus);
            }
            5 if !self.spoken.is_empty() => {
                let (of, said) = self.spoken.swap_remove(script.number() % self.spoken.len());
                self.deliver(of, said, false);
            }
            6 if !self.heard.is_empty() => {
                let (of, said) = &self.heard[script.number() % self.heard.len()];
                let (of, wire) = (*of, said.wire.clone());
                self.is_turned_away(of, &wire);
            }
            7 if !self.spoken.is_empty() => {
                let (of, said) = &self.spoken[script.number() % self.spoken.len()];
                let (of, mut wire) = (*of, said.wire.clone());
                let at = (script.number() << 8 | script.number()) % (wire.len() * 8);
                wire[at / 8] ^= 1 << (at % 8);
                self.is_turned_away(of, &wire);
            }
            8 => {
                let many = script.number();
                let wire = script.bytes(many).to_vec();
                self.is_turned_away(of, &wire);
            }
            9 => self.hand_over(),
            // New keys in the SDP: counters go on. Or a new association: they begin anew.
            10 => {
                self.phones[of].changes_keys(step & 0x10 != 0);
                self.forget(of);
                self.install(true);
            }
            11 => {
                self.install(false);
                let said = self.phones[of].speaks(1, false);
                self.is_turned_away(of, &said.wire);
                self.install(true);
            }
            _ => {}
        }
    }

    /// What was sealed with keys that are no more is as good as forged.
    fn forget(&mut self, of: usize) {
        for list in [&mut self.spoken, &mut self.heard] {
            list.retain(|(whose, _)| *whose != of);
        }
    }

    /// A packet comes to its port for the first time.
    fn deliver(&mut self, of: usize, said: Spoken, in_order: bool) {
        let expected = in_order && self.phones[of].is_in_sight(&said, IN_SIGHT);
        let Outcome { sent, dropped } = self.run(of, &said.wire);
        if let Some(reason) = dropped {
            assert!(!expected, "{reason:?}: {said:?} of phone {of} was to pass");
            // One that lies before all that its receiver knows cannot be sealed for it.
            assert!(matches!(reason, DropReason::Replayed | DropReason::Forged), "{reason:?}");
        } else {
            assert_eq!(sent.len(), 2 - of, "copies of {said:?}");
            self.phones[of].was_heard(&said);
        }
        for (from, wire) in sent {
            let clear = match PORTS.iter().position(|port| *port == from) {
                Some(2) => wire,
                Some(at) => self.phones[at].hears(wire),
                None => panic!("sent from {from}"),
            };
            assert_eq!(clear, said.clear, "from {from}");
        }
        self.heard.push((of, said));
        let surplus = self.heard.len().saturating_sub(REMEMBERED);
        self.heard.drain(..surplus);
    }

    /// A packet that must not pass, and of which nothing is remembered.
    fn is_turned_away(&mut self, of: usize, wire: &[u8]) {
        let before = self.known(of);
        let Outcome { sent, dropped } = self.run(of, wire);
        assert!(sent.is_empty() && dropped.is_some(), "{wire:02x?} passed");
        assert_eq!(self.known(of), before, "{wire:02x?} left a trace");
    }

    fn known(&self, of: usize) -> Progress {
        self.paths[self.on].snapshot(port(of)).expect("an installed flow").progress
    }

    /// What becomes of a packet from phone `of`.
    fn run(&mut self, of: usize, wire: &[u8]) -> Outcome {
        let frame = Frame { local: port(of), remote: peer(of), ..Frame::EMPTY };
        let frame = self.pool.fill(frame, wire);
        self.burst.push(frame).expect("an empty burst");
        let engine = &mut self.paths[self.on];
        engine.run(&mut self.burst, &mut self.pool, self.now, &mut Vec::new());
        engine.settle(&self.burst);
        let mut result = Outcome { sent: Vec::new(), dropped: None };
        for frame in self.burst.frames() {
            match frame.verdict {
                Verdict::Forward(departure) => {
                    let wire = flow::Buffers::payload(&self.pool, frame).to_vec();
                    result.sent.push((departure.from.port, wire));
                }
                Verdict::Drop(reason) => result.dropped = Some(reason),
                other => panic!("{other:?}"),
            }
            self.pool.give(frame.buffer);
        }
        self.burst.clear();
        assert!(self.pool.is_whole(), "a buffer was lost");
        result
    }

    /// The other path gets the flows, with how far they have come.
    fn hand_over(&mut self) {
        for of in 0..PORTS.len() {
            let copy = self.paths[self.on].snapshot(port(of)).expect("an installed flow");
            let (key, generation) = (copy.key, copy.generation);
            let told = Change::Restore { key, generation, progress: Box::new(copy.progress) };
            self.paths[1 - self.on].apply(told, &mut Vec::new());
        }
        self.on = 1 - self.on;
    }

    /// Both paths are told what the phones' SDPs say; or that their keys are awaited.
    fn install(&mut self, keyed: bool) {
        self.generation += 1;
        for engine in &mut self.paths {
            for (of, number) in PORTS.into_iter().enumerate() {
                let spec = self.phones.get(of).map_or_else(
                    || spec(of, &[100], None, self.generation),
                    |phone| {
                        let keys = |setup: &std::sync::Arc<srtp::Setup>| match keyed {
                            true => Protection::Srtp(setup.clone()),
                            false => Protection::Awaited,
                        };
                        let session = SessionId::new(1, of, 0);
                        let (arriving, leaving) = (keys(&phone.out), keys(&phone.back));
                        let to: &[u16] = if of == 0 { &[200, 300] } else { &[100] };
                        spec(of, to, Some(Security { session, arriving, leaving }), self.generation)
                    },
                );
                debug_assert_eq!(spec.key.port, number);
                engine.apply(Change::Install(spec.into()), &mut Vec::new());
            }
        }
    }
}

fn port(of: usize) -> FlowKey {
    FlowKey::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), PORTS[of])
}

fn peer(of: usize) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1 + of as u8)), 4000)
}

fn spec(of: usize, to: &[u16], security: Option<Security>, generation: u64) -> FlowSpec {
    let outputs = |ports: &[u16]| {
        ports.iter().map(|number| Output::plain(FlowKey { port: *number, ..port(of) })).collect()
    };
    FlowSpec {
        key: port(of),
        generation: Generation(generation),
        stream: StreamId(of as u64),
        carries: Carries::RtpAndRtcp,
        peer: Some(peer(of)),
        confirmed: true,
        learning: Learning::Off,
        learn_until: Moment(0),
        gate: Gate::Open,
        rtp: outputs(to),
        rtcp: outputs(to),
        tos: 0,
        blocked: false,
        foreign: false,
        handshakes: false,
        security,
        one_way: false,
        traced: false,
        recorded: None,
        reporting: Default::default(),
        parts: Vec::new(),
        via: None,
    }
}

#[cfg(test)]
mod tests {
    use super::phone::is_rtcp;
    use proptest::prelude::*;

    /// Steps as a fuzzer would find them after a while: mostly talk, now and then something else.
    fn any_script() -> impl Strategy<Value = Vec<u8>> {
        let step = prop_oneof![
            4 => (any::<bool>(), 0u8..28).prop_map(|(other, step)| vec![if other { 132 } else { 0 } + step]),
            3 => any::<[u8; 4]>().prop_map(Vec::from),
            2 => (any::<[u8; 2]>()).prop_map(|[at, of]| vec![4 + 12 * (of % 20), at, 5, at]),
        ];
        (any::<[u8; 3]>(), proptest::collection::vec(step, 0..300))
            .prop_map(|(head, steps)| [head.to_vec(), steps.concat()].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn nothing_passes_but_what_was_said(script in any_script()) {
            super::keys(&script);
        }
    }

    #[test]
    fn any_bytes_are_a_script() {
        for fill in 0..=255u8 {
            super::keys(&[fill; 64]);
        }
        assert!(is_rtcp(&[0x80, 200]) && !is_rtcp(&[0x80, 0]));
    }
}
