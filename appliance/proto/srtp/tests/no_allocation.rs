//! Sessions allocate when they are made and never after: proved by an allocator that counts. What AWS-LC might ask of
//! the C library is not seen here.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod packet;

use packet::{Dice, rtcp, rtp, setup};
use srtp::{Opener, Options, Sealer, SsrcState, Suite};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is left to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: our caller promised what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Allocations and releases of this thread during `work`.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = CALLS.with(Cell::get);
    work();
    CALLS.with(Cell::get) - before
}

#[test]
fn the_count_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1u8; 100]))), 2);
}

#[test]
fn packets_allocate_nothing() {
    let mut dice = Dice(3);
    for suite in Suite::ALL {
        let mut setup = setup(&mut dice, suite, Options::default());
        setup.ssrcs = 4;
        let mut sealer = Sealer::new(&setup).unwrap();
        let mut opener = Opener::new(&setup).unwrap();
        let media: Vec<Vec<u8>> =
            (0..400u32).map(|at| rtp(&mut dice, at % 5, (65_300 + at) as u16)).collect();
        let reports: Vec<Vec<u8>> = (0..20).map(|at| rtcp(&mut dice, at % 5)).collect();
        let mut states = [SsrcState::new(0); 4];
        let mut buffer = [0; 2048];
        let (mut good, mut refused) = (0, 0);
        let count = allocations(|| {
            for packet in &media {
                buffer[..packet.len()].copy_from_slice(packet);
                let Ok(len) = sealer.seal_rtp(&mut buffer, packet.len()) else {
                    // The fifth source, for which there is no room.
                    refused += 1;
                    continue;
                };
                let copy = buffer;
                good += u32::from(opener.open_rtp(&mut buffer[..len]).is_ok());
                buffer = copy;
                refused += u32::from(opener.open_rtp(&mut buffer[..len]).is_err());
                buffer[len - 1] ^= 1;
                buffer[3] ^= 1;
                refused += u32::from(opener.open_rtp(&mut buffer[..len]).is_err());
            }
            for packet in &reports {
                buffer[..packet.len()].copy_from_slice(packet);
                let Ok(len) = sealer.seal_rtcp(&mut buffer, packet.len()) else { continue };
                good += u32::from(opener.open_rtcp(&mut buffer[..len]).is_ok());
            }
            for (to, from) in states.iter_mut().zip(opener.states()) {
                *to = from;
            }
            for state in &states {
                opener.restore(state).unwrap();
            }
        });
        assert_eq!((count, good, refused), (0, 320 + 16, 80 + 320 * 2), "{suite}");
    }
}
