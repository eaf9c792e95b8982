//! Bodies of the fuzz targets: they panic when a promise of this crate is broken.

use crate::Hop;
use crate::io::{Frames, MemoryQueue, Place, XskIo};
use flow::{Buffers, Burst, Departure, DropReason, FlowKey, Frame, PacketIo, PuntReason, Verdict};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use wire::{Headers, Link, Mac, Packet, Tag};

const BUFFERS: u32 = 64;
const SIZE: usize = 512;

/// Reads the input as choices; zeros at its end.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn below(&mut self, bound: u8) -> u8 {
        self.next() % bound
    }
}

fn address(v6: bool, last: u8) -> IpAddr {
    if v6 {
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)).into()
    } else {
        Ipv4Addr::new(192, 0, 2, last).into()
    }
}

fn arriving(choices: &mut Choices<'_>) -> Vec<u8> {
    let v6 = choices.below(2) == 1;
    let tag = (choices.below(4) == 0).then(|| Tag::vlan(9));
    let link = Link { src_mac: Mac([2; 6]), dst_mac: Mac([4; 6]), tag };
    let headers =
        Headers::new(link, SocketAddr::new(address(v6, 1), 1000), SocketAddr::new(address(v6, 2), 2000), 0)
            .expect("one family");
    let mut frame = vec![choices.next(); headers.len() + usize::from(choices.next())];
    headers.write(&mut frame).expect("room");
    // Some arrive damaged: in a header, in the payload, or cut off.
    match choices.below(8) {
        0 => {
            let at = usize::from(choices.next()) % frame.len();
            frame[at] ^= 1 << choices.below(8);
        }
        1 => frame.truncate(usize::from(choices.next()) % frame.len()),
        _ => {}
    }
    frame
}

/// Bursts of whatever arrives, with whatever verdicts and copies, over rings of every fullness: every buffer is
/// always at one place, none stays in our hands after a burst, and what is sent is whole.
pub fn burst(data: &[u8]) {
    let mut choices = Choices(data.iter());
    let capacity = 4 + usize::from(choices.below(20));
    let frames = Frames::in_memory(BUFFERS, SIZE);
    let mut io =
        XskIo::new(frames, vec![MemoryQueue::new(0, 10, capacity), MemoryQueue::new(1, 11, capacity)]);
    let hop = |ifindex, tag| Hop { ifindex, link: Link { src_mac: Mac([6; 6]), dst_mac: Mac([8; 6]), tag } };
    let to = |v6| SocketAddr::new(address(v6, 9), 9000);
    let from = |v6| FlowKey::new(address(v6, 3), 3000);
    io.set_exit(from(false), to(false), Some(hop(10, None)));
    io.set_exit(from(true), to(true), Some(hop(11, Some(Tag::vlan(5)))));
    let mut burst = Burst::new(16 + usize::from(choices.below(32)));
    let mut expected_sent = 0;
    for _ in 0..8 {
        let queue = usize::from(choices.below(2));
        for _ in 0..choices.below(40) {
            let frame = arriving(&mut choices);
            io.queues_mut()[queue].arrive(frame);
        }
        io.queues_mut()[queue].per_kick = usize::from(choices.below(30));
        io.receive(&mut burst);
        for place in 0..burst.frames().len() {
            let frame = burst.frames()[place];
            assert_eq!(io.payload(&frame).len(), usize::from(frame.len));
            io.payload_mut(&frame).fill(place as u8);
            if choices.below(4) == 0
                && let Some(copy) = io.copy(&frame)
            {
                assert_eq!(io.payload(&copy), io.payload(&frame));
                if let Err(copy) = burst.push(copy) {
                    let mut lonely = Burst::new(1);
                    let kept = lonely.push(Frame { verdict: Verdict::Consume, ..copy });
                    assert!(kept.is_ok());
                    let before = io.counters().sent;
                    io.finish(&mut lonely);
                    assert_eq!(io.counters().sent, before);
                }
            }
        }
        let mut forwards = 0;
        for frame in burst.frames_mut() {
            let v6 = choices.below(2) == 1;
            frame.verdict = match choices.below(6) {
                0 => Verdict::Consume,
                1 => Verdict::Drop(DropReason::NotMedia),
                2 => Verdict::Punt(PuntReason::UnknownFlow),
                3 => Verdict::Forward(Departure { from: from(v6), to: to(!v6), tos: 0 }),
                _ => Verdict::Forward(Departure { from: from(v6), to: to(v6), tos: choices.next() }),
            };
            forwards += u64::from(matches!(frame.verdict, Verdict::Forward(_)));
        }
        let before = *io.counters();
        io.finish(&mut burst);
        let still: u64 =
            burst.frames().iter().map(|f| u64::from(matches!(f.verdict, Verdict::Forward(_)))).sum();
        let (sent, failed) =
            (io.counters().sent - before.sent, io.counters().send_failed - before.send_failed);
        assert_eq!((sent, failed), (still, forwards - still), "every frame ends once");
        expected_sent += sent;
        burst.clear();
        conserved(&io);
    }
    let sent: Vec<Vec<u8>> = io.queues_mut().iter_mut().flat_map(MemoryQueue::take_sent).collect();
    assert_eq!(sent.len() as u64, expected_sent);
    for frame in sent {
        let packet = Packet::parse(&frame).expect("what leaves is plain");
        assert!(packet.checksum_holds(&frame));
        assert_eq!((packet.src.port(), packet.dst.port(), packet.ttl), (3000, 9000, 64));
        assert_eq!(packet.headers_len() + packet.payload_len(), frame.len());
        let mut payload = packet.payload(&frame).iter();
        let first = payload.next();
        assert!(payload.all(|byte| Some(byte) == first), "a payload is never two packets'");
    }
    // When all has been sent, all of the transmit side is free again.
    for queue in io.queues_mut() {
        queue.per_kick = usize::MAX;
    }
    io.tidy();
    io.tidy();
    conserved(&io);
    for queue in [0, 1] {
        assert_eq!(io.frames().pool().census(Place::Sending(queue)), 0);
    }
}

fn conserved(io: &XskIo<MemoryQueue>) {
    let pool = io.frames().pool();
    let kernel: usize = [0, 1]
        .iter()
        .map(|&queue| pool.census(Place::Filling(queue)) + pool.census(Place::Sending(queue)))
        .sum();
    assert_eq!(pool.census(Place::Held), 0, "a burst kept a buffer");
    assert_eq!(pool.free() + kernel, pool.count(), "a buffer is lost");
}
