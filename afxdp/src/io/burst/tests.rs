use super::*;
use crate::io::MemoryQueue;
use flow::FlowKey;
use proptest::prelude::*;
use wire::{Link, Mac, Tag};

proptest! {
    #[test]
    fn promises_of_the_fuzz_body_hold(data in prop::collection::vec(any::<u8>(), 0..1500)) {
        crate::fuzz::burst(&data);
    }
}

const OUT: u32 = 11;

fn io() -> XskIo<MemoryQueue> {
    XskIo::new(Frames::in_memory(32, 1024), vec![MemoryQueue::new(0, 10, 8), MemoryQueue::new(1, OUT, 8)])
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn arriving(from: &str, to: &str, payload: &[u8]) -> Vec<u8> {
    let link = Link { src_mac: Mac([2; 6]), dst_mac: Mac([4; 6]), tag: None };
    let headers = Headers::new(link, at(from), at(to), 0xb8).unwrap();
    let mut frame = vec![0; headers.len()];
    frame.extend(payload);
    headers.write(&mut frame).unwrap();
    frame
}

fn out(tag: Option<u16>) -> Hop {
    Hop { ifindex: OUT, link: Link { src_mac: Mac([6; 6]), dst_mac: Mac([8; 6]), tag: tag.map(Tag::vlan) } }
}

#[test]
fn a_packet_crosses_from_one_queue_to_another_with_new_headers() {
    let ends = [("192.0.2.10:4000", "192.0.2.1:5000"), ("[2001:db8::10]:4000", "[2001:db8::1]:5000")];
    for (source, local) in ends {
        for (to, from) in ends {
            for tag in [None, Some(3)] {
                let mut io = io();
                assert!(io.set_exit(FlowKey::from(at(from)), at(to), Some(out(tag))));
                io.queues_mut()[0].arrive(arriving(source, local, b"some payload"));
                let mut burst = Burst::new(8);
                assert_eq!(io.receive(&mut burst), 1);
                let frame = burst.frames()[0];
                assert_eq!(
                    (frame.remote, frame.local, frame.tos),
                    (at(source), FlowKey::from(at(local)), 0xb8)
                );
                assert_eq!(io.payload(&frame), b"some payload");
                io.payload_mut(&frame)[..4].copy_from_slice(b"SOME");
                let departure = Departure { from: FlowKey::from(at(from)), to: at(to), tos: 0x28 };
                burst.frames_mut()[0].verdict = Verdict::Forward(departure);
                io.finish(&mut burst);
                let [sent] = io.queues_mut()[1].take_sent().try_into().unwrap();
                let headers = Headers::new(out(tag).link, at(from), at(to), 0x28).unwrap();
                let mut expected = vec![0; headers.len()];
                expected.extend(b"SOME payload");
                headers.write(&mut expected).unwrap();
                assert_eq!(sent, expected, "{source} {local} {from} {to} {tag:?}");
                assert!(io.queues_mut()[0].take_sent().is_empty());
            }
        }
    }
}

#[test]
fn damaged_and_odd_packets_are_counted_and_not_seen() {
    let mut io = io();
    let mut damaged = arriving("192.0.2.10:4000", "192.0.2.1:5000", b"abc");
    *damaged.last_mut().unwrap() ^= 1;
    io.queues_mut()[0].arrive(damaged);
    let mut arp = arriving("192.0.2.10:4000", "192.0.2.1:5000", b"abc");
    arp[12..14].copy_from_slice(&[8, 6]);
    io.queues_mut()[0].arrive(arp);
    assert_eq!(io.receive(&mut Burst::new(8)), 0);
    // A sum of the pseudo header alone is a sender's on this host, and no damage.
    let mut partial = arriving("192.0.2.10:4000", "192.0.2.1:5000", b"abc");
    let sum = wire::Sum::default().bytes(&partial[26..34]).word(17).word(11).fold();
    partial[40..42].copy_from_slice(&sum.to_be_bytes());
    io.queues_mut()[0].arrive(partial);
    let mut burst = Burst::new(8);
    assert_eq!(io.receive(&mut burst), 1);
    burst.frames_mut()[0].verdict = Verdict::Consume;
    io.finish(&mut burst);
    assert_eq!((io.counters().bad_checksum, io.counters().odd[Reason::NotIp as usize]), (1, 1));
    assert_eq!(io.frames().pool().census(Place::Held), 0);
}

#[test]
fn a_frame_without_a_way_out_fails_and_a_full_ring_fails_the_rest() {
    let mut io = io();
    let (from, to) = (FlowKey::from(at("192.0.2.1:5000")), at("192.0.2.10:4000"));
    let forward = Verdict::Forward(Departure { from, to, tos: 0 });
    let failed = Verdict::Drop(DropReason::SendFailed);
    let mut burst = Burst::new(64);
    io.queues_mut()[0].arrive(arriving("192.0.2.10:4000", "192.0.2.1:5000", b"abc"));
    assert_eq!(io.receive(&mut burst), 1);
    burst.frames_mut()[0].verdict = forward;
    io.finish(&mut burst);
    assert_eq!(burst.frames()[0].verdict, failed);
    burst.clear();

    io.set_exit(from, to, Some(out(None)));
    io.queues_mut()[1].per_kick = 0;
    for _ in 0..2 {
        for _ in 0..8 {
            io.queues_mut()[0].arrive(arriving("192.0.2.10:4000", "192.0.2.1:5000", b"abc"));
        }
        assert_eq!(io.receive(&mut burst), 8);
        burst.frames_mut().iter_mut().for_each(|frame| frame.verdict = forward);
        io.finish(&mut burst);
        if io.counters().send_failed == 1 {
            assert!(burst.frames().iter().all(|frame| frame.verdict == forward));
            burst.clear();
        }
    }
    assert_eq!((io.counters().sent, io.counters().send_failed), (8, 9));
    assert!(burst.frames().iter().all(|frame| frame.verdict == failed));
}

#[test]
fn frames_that_lie_reach_nothing() {
    let mut io = io();
    let mut lie = Frame { buffer: 5, start: 0, len: 100, ..Frame::EMPTY };
    assert_eq!(io.payload(&lie), b"", "not held");
    assert!(io.copy(&lie).is_none());
    io.queues_mut()[0].arrive(arriving("192.0.2.10:4000", "192.0.2.1:5000", b"abc"));
    let mut burst = Burst::new(4);
    io.receive(&mut burst);
    lie.buffer = burst.frames()[0].buffer;
    lie.start = 1000;
    assert_eq!(io.payload(&lie), b"", "beyond the buffer");
    assert_eq!(io.payload_mut(&lie), b"");
    assert!(io.copy(&lie).is_none());
    burst.frames_mut()[0].verdict = Verdict::Consume;
    io.finish(&mut burst);
    assert_eq!(io.frames().pool().census(Place::Held), 0);
}

#[test]
fn a_hop_through_a_foreign_interface_is_left_to_the_kernel() {
    let mut io = io();
    let (from, to) = (FlowKey::from(at("192.0.2.1:5000")), at("192.0.2.10:4000"));
    let elsewhere = Hop { ifindex: 99, ..out(None) };
    assert!(!io.set_exit(from, to, Some(elsewhere)));
    assert!(!io.set_exit(from, to, None));
    assert!(!io.set_exit(from, at("[2001:db8::1]:1"), Some(out(None))), "families do not mix");
    assert!(io.set_exit(from, to, Some(out(None))));
    io.forget_exit(from, to);
    assert_eq!(io.exits(), 0);
}
