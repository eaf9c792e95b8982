//! A fast path has the packets for a while: what the sockets' side counts, reports and takes over.

use super::*;
use proptest::prelude::*;

fn away(relay: &mut Relay, strays_from: Option<Moment>) {
    relay.engine.apply(Change::Away { key: port(100), strays_from }, &mut Vec::new());
}

/// What a fast path tells of a stream of numbers, none missing.
fn carried(first: u32, last: u32) -> Snapshot {
    let packets = u64::from(last - first + 1);
    let traffic = Traffic { packets, bytes: packets * 32, errors: 0 };
    let sender = SsrcCounters {
        ssrc: 7,
        traffic,
        first_seq: first,
        last_seq: last,
        last_timestamp: last * 160,
        last_pt: 8,
        lost: 0,
        duplicates: 0,
        reordered: 0,
        jitter: Micros(0),
    };
    let counters =
        Counters { received: traffic, last_packet: Some(Moment(2_000_000)), ..Counters::default() };
    Snapshot {
        heard: Default::default(),
        left: Default::default(),
        key: port(100),
        generation: Generation(1),
        stream: StreamId(100),
        peer: Some(at(A)),
        confirmed: true,
        counters,
        ssrcs: [sender].into_iter().collect(),
        sent_ssrcs: Default::default(),
        progress: Progress::default(),
    }
}

fn strays(relay: &mut Relay) -> usize {
    relay.events.drain(..).filter(|event| matches!(event, Event::Strayed { .. })).count()
}

#[test]
fn what_a_fast_path_took_is_no_loss_and_is_counted_when_it_comes_back() {
    let mut relay = Relay::pair(|_| {});
    for seq in 1..=10 {
        relay.one(100, A, &rtp(7, seq)).unwrap();
    }
    let soon = Moment(relay.now.0 + 500_000);
    away(&mut relay, Some(soon));
    // 11 still comes here, 5000 do not
    relay.one(100, A, &rtp(7, 11)).unwrap();
    relay.engine.apply(Change::Counted(Box::new(carried(12, 5011))), &mut Vec::new());
    away(&mut relay, None);
    assert_eq!(relay.snapshot(100).counters.last_packet, Some(Moment(2_000_000)));
    relay.one(100, A, &rtp(7, 5012)).unwrap();
    relay.one(100, A, &rtp(7, 5014)).unwrap();
    let seen = relay.snapshot(100);
    assert_eq!(seen.counters.received.packets, 5013);
    assert_eq!(seen.ssrcs.len(), 1);
    let sender = seen.ssrcs[0];
    assert_eq!((sender.traffic.packets, sender.lost, sender.reordered), (5013, 1, 0), "only 5013 is missing");
    assert_eq!((sender.last_seq, sender.duplicates), (5014, 0));
    assert_eq!(relay.engine.totals().received.packets, 5013);
}

#[test]
fn packets_that_come_back_before_their_counters_are_no_loss_either() {
    let mut relay = Relay::pair(|_| {});
    relay.one(100, A, &rtp(7, 1)).unwrap();
    away(&mut relay, Some(Moment(u64::MAX)));
    for seq in 4000..4010 {
        relay.one(100, A, &rtp(7, seq)).unwrap();
    }
    relay.engine.apply(Change::Counted(Box::new(carried(2, 3999))), &mut Vec::new());
    away(&mut relay, None);
    relay.one(100, A, &rtp(7, 4010)).unwrap();
    let sender = relay.snapshot(100).ssrcs[0];
    assert_eq!((sender.lost, sender.traffic.packets, sender.last_seq), (0, 1 + 3998 + 11, 4010));
}

#[test]
fn a_sender_that_only_the_fast_path_heard_is_known_afterwards() {
    let mut relay = Relay::pair(|_| {});
    relay.engine.apply(Change::Counted(Box::new(carried(70_000, 70_099))), &mut Vec::new());
    relay.one(100, A, &rtp(7, (70_100u32 & 0xffff) as u16)).unwrap();
    let sender = relay.snapshot(100).ssrcs[0];
    assert_eq!((sender.traffic.packets, sender.lost, sender.last_seq), (101, 0, 70_100));
    assert_eq!(sender.jitter, Micros(0), "the first packet here says nothing of jitter");
}

#[test]
fn rtp_of_the_peer_that_strays_here_is_reported_once_a_second() {
    let mut relay = Relay::pair(|_| {});
    relay.one(100, A, &rtp(7, 1)).unwrap();
    assert_eq!(strays(&mut relay), 0);
    let from = Moment(relay.now.0 + 500_000);
    away(&mut relay, Some(from));
    relay.one(100, A, &rtp(7, 2)).unwrap();
    assert_eq!(strays(&mut relay), 0, "a straggler of the hand-over");
    relay.now = from;
    relay.one(100, "203.0.113.9:9", &rtp(7, 3)).unwrap();
    relay.one(100, A, RTCP).unwrap();
    assert_eq!(strays(&mut relay), 0, "neither others' packets nor RTCP are the fast path's");
    for seq in 4..8 {
        relay.one(100, A, &rtp(7, seq)).unwrap();
    }
    assert_eq!(strays(&mut relay), 1);
    relay.now = from + Micros::from_secs(1);
    relay.one(100, A, &rtp(7, 8)).unwrap();
    assert_eq!(strays(&mut relay), 1);
    away(&mut relay, None);
    relay.now = from + Micros::from_secs(5);
    relay.one(100, A, &rtp(7, 9)).unwrap();
    assert_eq!(strays(&mut relay), 0);
}

#[test]
fn a_new_generation_of_a_known_peer_is_reported_again() {
    let mut relay = Relay::pair(|_| {});
    relay.one(100, A, &rtp(7, 1)).unwrap();
    assert_eq!(relay.learned(), [(100, at(A))]);
    let mut next = spec(100, Some(A), &[200]);
    next.generation = Generation(2);
    relay.install(next);
    relay.one(100, A, &rtp(7, 2)).unwrap();
    assert_eq!(relay.learned(), [(100, at(A))]);
}

proptest! {
    /// Whatever is carried by whom, a stream without gaps has no loss, and every packet is counted once.
    #[test]
    fn hand_overs_lose_no_count(turns in proptest::collection::vec((1u32..300, 1u32..70_000, any::<bool>()), 1..12)) {
        let mut relay = Relay::pair(|_| {});
        let mut next = 1u32;
        for (here, there, early) in turns {
            for _ in 0..here {
                relay.one(100, A, &rtp(7, next as u16)).unwrap();
                next += 1;
            }
            away(&mut relay, Some(Moment(u64::MAX)));
            let counted = Change::Counted(Box::new(carried(next, next + there - 1)));
            next += there;
            // The first packet back may be faster than the counters, as long as it is near.
            if early && there < 30_000 {
                relay.one(100, A, &rtp(7, next as u16)).unwrap();
                next += 1;
            }
            relay.engine.apply(counted, &mut Vec::new());
            away(&mut relay, None);
        }
        relay.one(100, A, &rtp(7, next as u16)).unwrap();
        let sender = relay.snapshot(100).ssrcs[0];
        prop_assert_eq!((sender.traffic.packets, sender.lost, sender.duplicates, sender.reordered), (u64::from(next), 0, 0, 0));
        prop_assert_eq!(sender.last_seq, next);
    }
}
