//! Buffers and rings, without a NIC: a burst received, given headers, sent and taken back.

use afxdp::Hop;
use afxdp::io::{Frames, MemoryQueue, Place, XskIo};
use flow::{BURST, Burst, Departure, FlowKey, PacketIo, Verdict};
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use wire::{Headers, Link, Mac};

const NEAR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const FAR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

/// A burst from ring to ring. What the rings in memory cost, which copy each packet twice, is in it.
pub(super) fn burst() -> Box<dyn FnMut()> {
    let frames = Frames::in_memory(1_024, 2_048);
    let mut io = XskIo::new(frames, vec![MemoryQueue::new(0, 10, 256), MemoryQueue::new(1, 11, 256)]);
    let link = Link { src_mac: Mac([2; 6]), dst_mac: Mac([4; 6]), tag: None };
    let from = FlowKey::new(NEAR.into(), 30_000);
    let to = SocketAddr::new(FAR.into(), 9_000);
    assert!(io.set_exit(from, to, Some(Hop { ifindex: 11, link })), "a way out");
    let headers = Headers::new(link, to, from.into(), 0).expect("one family");
    let mut packet = vec![0xd5; headers.len() + 172];
    headers.write(&mut packet).expect("room");
    let mut burst = Burst::new(BURST);
    Box::new(move || {
        for _ in 0..BURST {
            io.queues_mut()[0].arrive(packet.clone());
        }
        assert_eq!(io.receive(&mut burst), BURST);
        for frame in burst.frames_mut() {
            frame.verdict = Verdict::Forward(Departure { from, to, tos: 184 });
        }
        let before = io.counters().sent;
        io.finish(&mut burst);
        assert_eq!(io.counters().sent - before, BURST as u64);
        burst.clear();
        black_box(io.queues_mut()[1].take_sent());
    })
}

/// Buffers that are taken, handed over and taken back: four moves each.
pub(super) fn pool() -> Box<dyn FnMut()> {
    let mut frames = Frames::in_memory(1_024, 64);
    let mut taken = Vec::with_capacity(16);
    Box::new(move || {
        taken.extend((0..16).filter_map(|_| frames.take(Place::Filling(0))));
        assert_eq!(taken.len(), 16);
        for buffer in taken.drain(..) {
            let moved = frames.shift(buffer, Place::Filling(0), Place::Held)
                && frames.shift(buffer, Place::Held, Place::Sending(1))
                && frames.shift(buffer, Place::Sending(1), Place::Free);
            assert!(moved, "a buffer is where it was put");
        }
    })
}
