//! The per-packet law: a burst is run and settled without a call to the allocator.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use engine::{Applied, Engine};
use flow::*;
use srtp::{MasterKey, Sealer, Setup, Suite};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

#[path = "../src/tests/memory.rs"]
mod memory;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting the calls of each thread.
struct Counting;

// SAFETY: all calls go to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promises are those that System asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promises are those that System asks for.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn calls(work: impl FnOnce()) -> usize {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

fn key(port: u16) -> FlowKey {
    FlowKey::new("192.0.2.1".parse().unwrap(), port)
}

fn spec(port: u16, egress: &[u16], gate: Gate) -> FlowSpec {
    FlowSpec {
        key: key(port),
        generation: Generation(1),
        stream: StreamId(0),
        carries: Carries::RtpAndRtcp,
        peer: None,
        confirmed: false,
        learning: Learning::Immediate,
        learn_until: Moment(0),
        gate,
        rtp: egress.iter().map(|&port| Output::plain(key(port))).collect(),
        rtcp: egress.iter().map(|&port| Output::plain(key(port))).collect(),
        tos: 0,
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

#[test]
fn the_count_can_fail() {
    assert!(calls(|| drop(Box::new(1))) >= 2);
}

#[test]
fn a_burst_calls_no_allocator() {
    let recorded = Some(Recorded { id: 7, arriving: true, leaving: true });
    let flows = [
        FlowSpec { traced: true, recorded, ..spec(100, &[200], Gate::Open) },
        spec(200, &[100, 300, 100], Gate::Handover),
        spec(300, &[100], Gate::Strict),
    ];
    let sent = bursts(&flows, |n, turn, bytes| {
        match n % 9 {
            0 => bytes[1] = 200,
            1 => bytes[0] = 0,
            2 => bytes[0] = 0xff,
            _ => {}
        }
        bytes[11] = n % 11;
        bytes[10] = turn as u8 % 20;
        17
    });
    assert!(sent > 1000, "the bursts did work: {sent}");
}

/// Under keys: what is opened, sealed, forged, replayed, of a source too many, too long; around a wrap.
#[test]
fn a_burst_under_keys_calls_no_allocator() {
    for (number, suite) in Suite::ALL.into_iter().enumerate() {
        let keys = |byte: u8| {
            let key = vec![byte; suite.key_len() + suite.salt_len()];
            Arc::new(Setup::new(MasterKey::new(suite, &key).unwrap()))
        };
        let security = |party, arriving: u8, leaving: u8| {
            let (arriving, leaving) = (Protection::Srtp(keys(arriving)), Protection::Srtp(keys(leaving)));
            Some(Security { session: SessionId::new(1, party, 0), arriving, leaving })
        };
        let flows = [
            FlowSpec { security: security(0, 1, 2), ..spec(100, &[200, 300], Gate::Open) },
            FlowSpec { security: security(1, 3, 4), ..spec(200, &[100], Gate::Open) },
            spec(300, &[100, 200], Gate::Open),
            FlowSpec { handshakes: true, ..spec(400, &[100], Gate::Open) },
        ];
        let mut sealers = [1, 3].map(|byte| Sealer::new(&keys(byte)).unwrap());
        let sent = bursts(&flows, |n, turn, bytes| {
            let seq = 65_000 + u32::try_from(turn).unwrap() * 64 + u32::from(n);
            bytes[2..4].copy_from_slice(&(seq as u16).to_be_bytes());
            bytes[11] = if n % 4 == 2 { n % 11 } else { n % 4 };
            if n % 8 == 0 {
                bytes[1..4].copy_from_slice(&[200, 0, 4]);
            }
            if n % 4 == 3 {
                bytes[0] = 0;
                return 17;
            }
            let len = if n % 16 == 14 { 512 } else { 32 };
            let Some(sealer) = sealers.get_mut(usize::from(n) % 4) else { return len };
            let sealed = match bytes[1] {
                200 => sealer.seal_rtcp(&mut bytes[..], 20),
                _ => sealer.seal_rtp(&mut bytes[..], 20),
            };
            if n == 5 {
                bytes[15] ^= 1;
            }
            sealed.unwrap()
        });
        assert!(sent > 1000, "suite {number}: the bursts did work: {sent}");
    }
}

/// Runs bursts of packets that `fill` writes (number in the burst, number of the burst; returns the length). Returns
/// how many frames were sent.
fn bursts(flows: &[FlowSpec], mut fill: impl FnMut(u8, u64, &mut [u8; 512]) -> usize) -> usize {
    let mut engine = Engine::new(8, 128);
    let mut memory = memory::Memory::new(128);
    let mut burst = Burst::new(128);
    let mut events = Vec::with_capacity(BURST);
    for spec in flows {
        assert_eq!(engine.apply(Change::Install(spec.clone().into()), &mut events), Applied::Installed);
    }
    let mut sent = 0;
    for turn in 0..50u64 {
        for n in 0..BURST as u8 {
            let local = key(100 * (1 + u16::from(n) % 4));
            let remote = format!("198.51.100.{}:{}", n % 7, 4000 + turn).parse().unwrap();
            let mut bytes = [0; 512];
            bytes[..17].copy_from_slice(&[0x80, 8, 0, n, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5]);
            let len = fill(n, turn, &mut bytes);
            let frame = memory.fill(Frame { local, remote, ..Frame::EMPTY }, &bytes[..len]).unwrap();
            burst.push(frame).unwrap();
        }
        let now = Moment(turn * 20_000);
        let made = calls(|| {
            engine.run(&mut burst, &mut memory, now, &mut events);
            engine.settle(&burst);
        });
        assert_eq!(made, 0, "turn {turn}");
        sent += burst.frames().iter().filter(|frame| matches!(frame.verdict, Verdict::Forward(_))).count();
        burst.frames().iter().for_each(|frame| memory.give(frame));
        burst.clear();
        events.clear();
    }
    assert_eq!(memory.free(), 128, "every buffer came back");
    sent
}
