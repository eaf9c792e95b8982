use super::*;
use proptest::prelude::*;

/// Tells one engine how far the other has come with both ports.
fn carry(from: &Relay, to: &mut Relay) {
    for number in [100, 200] {
        let seen = from.snapshot(number);
        let (key, generation) = (seen.key, seen.generation);
        let change = Change::Restore { key, generation, progress: Box::new(seen.progress) };
        to.engine.apply(change, &mut Vec::new());
    }
}

fn two_paths(a: &Phone, b: &Phone) -> [Relay; 2] {
    [(), ()].map(|()| {
        Relay::new([
            FlowSpec { security: a.security(TO_A), ..spec(100, Some(A), &[200]) },
            FlowSpec { security: b.security(TO_B), ..spec(200, Some(B), &[100]) },
        ])
    })
}

proptest! {
    // Ciphers without optimisation take their time.
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A stream wanders between two paths, over many wraps: every packet gets through, none twice.
    #[test]
    fn a_stream_wanders_between_two_paths(
        start: u16,
        turns in proptest::collection::vec((1u64..200, 1u64..30_000), 1..8),
        suites in (0usize..12, 0usize..12),
    ) {
        let (mut a, mut b) = (Phone::new(Suite::ALL[suites.0], 1), Phone::new(Suite::ALL[suites.1], 5));
        let mut paths = two_paths(&a, &b);
        let mut next = u64::from(start);
        let mut on = 0;
        for (packets, skip) in turns {
            let mut last = Vec::new();
            for _ in 0..packets {
                let clear = rtp(7, next as u16);
                last = a.seals(&clear);
                let sealed = through(&mut paths[on], 100, A, &last);
                prop_assert_eq!(b.opens(&sealed), clear);
                let sealed = through(&mut paths[on], 200, B, &b.seals(&rtp(8, next as u16)));
                prop_assert_eq!(a.opens(&sealed), rtp(8, next as u16));
                next += 1;
            }
            // A long silence, whose packets the phones sealed and nobody heard.
            next += skip;
            let (one, other) = paths.split_at_mut(1);
            let (from, to) = if on == 0 { (&one[0], &mut other[0]) } else { (&other[0], &mut one[0]) };
            carry(from, to);
            on = 1 - on;
            prop_assert_eq!(paths[on].one(100, A, &last), Err(DropReason::Replayed));
        }
    }
}

#[test]
fn the_counter_goes_along_both_ways_around_a_wrap() {
    for far in [10u32, 65_530, 131_066] {
        let (mut a, mut b) = (Phone::new(CM, 1), Phone::new(Suite::AeadAes256Gcm, 5));
        let [mut learner, mut fast] = two_paths(&a, &b);
        let mut seqs = 0..;
        let mut send = |relay: &mut Relay, count: u32| {
            for seq in seqs.by_ref().take(count as usize) {
                let sealed = through(relay, 100, A, &a.seals(&rtp(7, seq as u16)));
                assert_eq!(b.opens(&sealed), rtp(7, seq as u16), "{seq}");
            }
        };
        send(&mut learner, 20);
        carry(&learner, &mut fast);
        send(&mut fast, far);
        carry(&fast, &mut learner);
        send(&mut learner, 10);
        carry(&learner, &mut fast);
        send(&mut fast, 10);
    }
}

#[test]
fn what_either_path_has_opened_is_a_replay_on_both() {
    let (mut a, b) = (Phone::new(CM, 1), Phone::new(CM, 5));
    let [mut learner, mut fast] = two_paths(&a, &b);
    let packets: Vec<_> = (0..100u16).map(|seq| a.seals(&rtp(7, seq))).collect();
    // Even ones here, odd ones there, as if they had crossed on the way.
    for (n, packet) in packets.iter().enumerate() {
        let path = if n % 2 == 0 { &mut learner } else { &mut fast };
        path.one(100, A, packet).unwrap();
    }
    carry(&fast, &mut learner);
    carry(&learner, &mut fast);
    for packet in &packets {
        assert_eq!(learner.one(100, A, packet), Err(DropReason::Replayed));
        assert_eq!(fast.one(100, A, packet), Err(DropReason::Replayed));
    }
    // Told again, later, nothing goes back.
    carry(&learner, &mut fast);
    assert_eq!(learner.snapshot(100).progress, fast.snapshot(100).progress);
}

#[test]
fn the_indices_of_rtcp_stay_with_whom_sends_it() {
    let (a, mut b) = (Phone::new(CM, 1), Phone::new(CM, 5));
    let [mut learner, mut fast] = two_paths(&a, &b);
    let mut a = a;
    for seq in 0..10 {
        let sealed = through(&mut learner, 100, A, &a.seals(RTCP));
        b.opens(&sealed);
        relay_one(&mut fast, &mut a, &mut b, seq);
        carry(&fast, &mut learner);
    }
    assert_eq!(learner.snapshot(200).progress.sealed.len(), 2, "one source of RTP, one of RTCP");
}

fn relay_one(path: &mut Relay, a: &mut Phone, b: &mut Phone, seq: u16) {
    let sealed = through(path, 100, A, &a.seals(&rtp(7, seq)));
    assert_eq!(b.opens(&sealed), rtp(7, seq));
}

#[test]
fn progress_under_former_keys_is_not_taken_over() {
    let mut a = Phone::new(CM, 1);
    let [mut learner, mut fast] = [secured(&a), secured(&a)];
    for seq in 65_500..65_600u32 {
        fast.one(100, A, &a.seals(&rtp(7, seq as u16))).unwrap();
    }
    // New keys at the learner, and a peer that begins anew with them, before the fast path's last word comes.
    let mut anew = Phone::new(CM, 20);
    let next =
        FlowSpec { security: anew.security(TO_A), generation: Generation(2), ..spec(100, Some(A), &[200]) };
    learner.install(next);
    learner.one(100, A, &anew.seals(&rtp(7, 1))).unwrap();
    learner.engine.apply(Change::Counted(Box::new(fast.snapshot(100))), &mut Vec::new());
    learner.one(100, A, &anew.seals(&rtp(7, 2))).unwrap();
    assert_eq!(learner.snapshot(100).counters.received.packets, 102);
}

#[test]
fn strays_are_reported_and_those_to_be_sealed_are_not_sent() {
    let (mut a, b) = (Phone::new(CM, 1), Phone::new(CM, 5));
    let mut relay = Relay::new([
        FlowSpec { security: a.security(TO_A), ..spec(100, Some(A), &[200, 300]) },
        FlowSpec { security: b.security(TO_B), ..spec(200, Some(B), &[100]) },
        spec(300, Some("198.51.100.40:1"), &[]),
    ]);
    relay.one(100, A, &a.seals(&rtp(7, 1))).unwrap();
    let from = Moment(relay.now.0 + 500_000);
    relay.engine.apply(Change::Away { key: port(100), strays_from: Some(from) }, &mut Vec::new());
    relay.one(100, A, &a.seals(&rtp(7, 2))).unwrap();
    relay.events.clear();
    // A little later how far the fast path has come can still be told.
    relay.now = from;
    assert_eq!(relay.burst(&[(100, A, &a.seals(&rtp(7, 3)))]).1.len(), 2);
    relay.now = from + Micros::from_secs(1);
    for seq in 4..7 {
        let (verdicts, sent) = relay.burst(&[(100, A, &a.seals(&rtp(7, seq)))]);
        assert_eq!(verdicts, [Verdict::Drop(DropReason::SealedElsewhere)]);
        assert_eq!((sent.len(), sent[0].from), (1, 300), "what leaves in clear goes on");
        assert_eq!(sent[0].bytes, rtp(7, seq));
        // A fast path knows nothing of RTCP.
        assert_eq!(relay.burst(&[(100, A, &a.seals(RTCP))]).1.len(), 2);
    }
    let reports = relay.events.iter().filter(|event| matches!(event, Event::Strayed { .. })).count();
    assert_eq!(reports, 2);
    // Who hears of it says how far it has come, and that strays are on their way for a while.
    let from = relay.now + Micros::from_secs(1);
    relay.engine.apply(Change::Away { key: port(100), strays_from: Some(from) }, &mut Vec::new());
    assert_eq!(relay.burst(&[(100, A, &a.seals(&rtp(7, 7)))]).1.len(), 2);
    relay.now = from + Micros::from_secs(5);
    assert_eq!(relay.burst(&[(100, A, &a.seals(&rtp(7, 8)))]).1.len(), 1);
    relay.engine.apply(Change::Away { key: port(100), strays_from: None }, &mut Vec::new());
    assert_eq!(relay.burst(&[(100, A, &a.seals(&rtp(7, 9)))]).1.len(), 2);
}
