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

/// How a packet's checksum comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Came {
    Right,
    /// Over IPv4 only.
    Without,
    /// As a sender on this host leaves it.
    Unfinished,
    Wrong,
}

fn coming(how: Came, from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut frame = arriving(&from.to_string(), &to.to_string(), payload);
    let at = frame.len() - payload.len() - 2;
    let right = u16::from_be_bytes([frame[at], frame[at + 1]]);
    let udp_len = (payload.len() + 8) as u16;
    let unfinished = wire::Sum::default().address(from.ip()).address(to.ip()).word(17).word(udp_len).fold();
    let checksum = match how {
        Came::Right => right,
        Came::Without => 0,
        Came::Unfinished => unfinished,
        Came::Wrong => {
            let wrong = [1, 2, 4].map(|bit| right ^ bit);
            wrong.into_iter().find(|sum| ![0, unfinished].contains(sum)).unwrap()
        }
    };
    frame[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    frame
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let byte = || prop_oneof![4 => any::<u8>(), 1 => Just(0), 1 => Just(0xff)];
    prop_oneof![8 => prop::collection::vec(byte(), 0..400), 1 => prop::collection::vec(Just(0), 0..40), 1 => prop::collection::vec(Just(0xff), 0..40)]
}

proptest! {
    /// Whatever was done with a packet in between: it leaves as if all of it had been summed at the end, or not at all
    /// if it came damaged.
    #[test]
    fn what_leaves_is_summed_as_if_anew(
        payload in payload(), how in prop::sample::select(vec![Came::Right, Came::Without, Came::Unfinished, Came::Wrong]),
        v6: bool, to_v6: bool, change in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cut in prop::option::of(any::<prop::sample::Index>()), copied: bool, before: bool,
    ) {
        let ends = |v6| if v6 { ("[2001:db8::10]:4000", "[2001:db8::1]:5000") } else { ("192.0.2.10:4000", "192.0.2.1:5000") };
        prop_assume!(!(v6 && how == Came::Without));
        let (source, local) = ends(v6);
        let (to, from) = ends(to_v6);
        let mut io = io();
        assert!(io.set_exit(FlowKey::from(at(from)), at(to), Some(out(None))));
        io.queues_mut()[0].arrive(coming(how, at(source), at(local), &payload));
        let mut burst = Burst::new(4);
        let right = how != Came::Wrong;
        prop_assert_eq!(io.receive(&mut burst), usize::from(right));
        prop_assert_eq!(io.counters().bad_checksum, u64::from(!right));
        if !right {
            return Ok(());
        }
        let mut expected = payload;
        let mut frame = burst.frames()[0];
        let copy_of = |io: &mut XskIo<MemoryQueue>, frame: &Frame, burst: &mut Burst| {
            let copy = io.copy(frame).unwrap();
            burst.push(copy).unwrap();
        };
        let mut copies = Vec::new();
        if copied && before {
            copy_of(&mut io, &frame, &mut burst);
            copies.push(expected.clone());
        }
        if let Some((place, byte)) = change.filter(|_| !expected.is_empty()) {
            let place = place.index(expected.len());
            io.payload_mut(&frame)[place] = byte;
            expected[place] = byte;
        }
        if let Some(cut) = cut {
            expected.truncate(cut.index(expected.len() + 1));
            frame.len = expected.len() as u16;
        }
        burst.frames_mut()[0] = frame;
        if copied && !before {
            copy_of(&mut io, &frame, &mut burst);
            copies.push(expected.clone());
        }
        let forward = Verdict::Forward(Departure { from: FlowKey::from(at(from)), to: at(to), tos: 0x28 });
        burst.frames_mut().iter_mut().for_each(|frame| frame.verdict = forward);
        io.finish(&mut burst);
        let sent = io.queues_mut()[1].take_sent();
        let headers = Headers::new(out(None).link, at(from), at(to), 0x28).unwrap();
        let whole = |payload: &Vec<u8>| {
            let mut whole = vec![0; headers.len()];
            whole.extend(payload);
            headers.write(&mut whole).unwrap();
            whole
        };
        let all: Vec<Vec<u8>> = std::iter::once(&expected).chain(&copies).map(whole).collect();
        prop_assert_eq!(sent, all);
    }
}
