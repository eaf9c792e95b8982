//! The per-packet law: receiving, copying and sending bursts makes no call to the allocator.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod lab;

use flow::*;
use lab::{io, open, peer, receive, shared};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;

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

#[test]
fn a_burst_over_sockets_calls_no_allocator() {
    let (mut io, mut burst) = io();
    let ports: Vec<FlowKey> = (0..10).map(|_| open(&mut io, "127.0.0.1")).collect();
    let (a, a_at) = peer("127.0.0.1");
    let mut sent = 0;
    for turn in 0..50u8 {
        for port in &ports {
            for _ in 0..1 + turn % 12 {
                a.send_to(&[turn; 40], SocketAddr::from(*port)).unwrap();
            }
        }
        let before = CALLS.get();
        receive(&mut io, &mut burst);
        for (n, frame) in burst.frames_mut().iter_mut().enumerate() {
            // one port for a run of frames, then another, then one that is not there
            let from = if n % 7 == 6 { FlowKey::new(ports[0].addr, 1) } else { ports[n / 3 % ports.len()] };
            frame.verdict = Verdict::Forward(Departure { from, to: a_at, tos: turn });
        }
        let copy = io.copy(&burst.frames()[0]).unwrap();
        burst.push(copy).unwrap();
        io.finish(&mut burst);
        assert_eq!(CALLS.get() - before, 0, "turn {turn}");
        sent += burst.frames().iter().filter(|frame| matches!(frame.verdict, Verdict::Forward(_))).count();
        burst.clear();
    }
    assert!(sent > 500, "the bursts did work: {sent}");
}

#[test]
fn a_burst_over_a_shared_socket_calls_no_allocator() {
    for ip in ["127.0.0.1", "::1"] {
        let Some((mut io, mut burst, _table, port)) = shared(ip) else { return };
        let free = io.free_buffers();
        let (a, a_at) = peer(ip);
        let mut sent = 0;
        for turn in 0..50u8 {
            for _ in 0..1 + turn {
                a.send_to(&[turn; 40], SocketAddr::from(port)).unwrap();
            }
            let before = CALLS.get();
            receive(&mut io, &mut burst);
            for (n, frame) in burst.frames_mut().iter_mut().enumerate() {
                // any port of ours will do, also one that nobody has opened
                let from = FlowKey::new(port.addr, 40_000 + n as u16);
                frame.verdict = Verdict::Forward(Departure { from, to: a_at, tos: turn });
            }
            let copy = io.copy(&burst.frames()[0]).unwrap();
            burst.push(copy).unwrap();
            io.finish(&mut burst);
            assert_eq!(CALLS.get() - before, 0, "turn {turn}");
            sent +=
                burst.frames().iter().filter(|frame| matches!(frame.verdict, Verdict::Forward(_))).count();
            burst.clear();
        }
        assert!(sent > 500, "the bursts did work: {sent}");
        assert_eq!(io.free_buffers(), free, "every buffer came back");
    }
}
