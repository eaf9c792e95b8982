//! Buffers and rings, without a NIC: a burst received, given headers, sent and taken back; with and without an engine between.

use super::packets::{PACKET, key, media, peer, plain_engine};
use afxdp::Hop;
use afxdp::io::{Frames, MemoryQueue, Place, XskIo};
use flow::{BURST, Burst, Departure, FlowKey, Moment, PacketIo, Verdict};
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use wire::{Headers, Link, Mac, replace};

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

/// The same with all that a packet thread does for a packet in clear: each of a burst is of another flow. Its packets are
/// numbered before they arrive, which is counted, too, some 20 instructions.
pub(super) fn relay() -> Box<dyn FnMut()> {
    /// Where the sequence number stands, and the UDP checksum.
    const SEQUENCE: usize = 44;
    const CHECKSUM: usize = 40;
    let word = |packet: &[u8], at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    let mut engine = plain_engine(2 * BURST as u32);
    let frames = Frames::in_memory(1_024, 2_048);
    let mut io = XskIo::new(frames, vec![MemoryQueue::new(0, 10, 256), MemoryQueue::new(1, 11, 256)]);
    let link = Link { src_mac: Mac([2; 6]), dst_mac: Mac([4; 6]), tag: None };
    let mut packets = Vec::new();
    for number in (0..2 * BURST as u32).step_by(2) {
        assert!(io.set_exit(key(number + 1), peer(number + 1), Some(Hop { ifindex: 11, link })), "a way out");
        let headers = Headers::new(link, peer(number), key(number).into(), 0).expect("one family");
        let mut packet = vec![0; headers.len()];
        packet.extend(&media(number, 0)[..PACKET]);
        headers.write(&mut packet).expect("room");
        packets.push(packet);
    }
    let mut burst = Burst::new(BURST);
    let mut events = Vec::new();
    let mut now = Moment(0);
    Box::new(move || {
        for packet in &mut packets {
            let sequence = word(packet, SEQUENCE);
            let checksum = replace(word(packet, CHECKSUM), sequence, sequence.wrapping_add(1));
            packet[SEQUENCE..SEQUENCE + 2].copy_from_slice(&sequence.wrapping_add(1).to_be_bytes());
            packet[CHECKSUM..CHECKSUM + 2]
                .copy_from_slice(&(if checksum == 0 { 0xffff } else { checksum }).to_be_bytes());
            io.queues_mut()[0].arrive(packet.clone());
        }
        now.0 += 20_000;
        assert_eq!(io.receive(&mut burst), BURST);
        engine.run(&mut burst, &mut io, now, &mut events);
        let before = io.counters().sent;
        io.finish(&mut burst);
        engine.settle(&burst);
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
