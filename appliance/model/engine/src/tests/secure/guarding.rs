use super::*;

const STRANGER: &str = "203.0.113.66:6666";

/// All that a packet from the peer could have changed.
fn trace(relay: &Relay) -> impl PartialEq + std::fmt::Debug + use<> {
    let seen = relay.snapshot(100);
    let (received, last) = (seen.counters.received, seen.counters.last_packet);
    (seen.peer, seen.confirmed, seen.ssrcs, seen.progress, (received.packets, received.bytes), last)
}

#[test]
fn a_forged_packet_teaches_nothing_counts_nowhere_and_keeps_nothing_alive() {
    for suite in [CM, Suite::AeadAes256Gcm, Suite::NullHmacSha1_80, Suite::F8_128HmacSha1_80] {
        let mut a = Phone::new(suite, 1);
        for learning in [Learning::Immediate, Learning::Delayed, Learning::Heuristic] {
            for gate in [Gate::Open, Gate::Strict, Gate::Handover] {
                let mut relay = Relay::pair(|spec| {
                    (spec.security, spec.learning, spec.gate) = (a.security(TO_A), learning, gate);
                });
                let untouched = trace(&relay);
                // In clear, under other keys, with a bit turned; RTP and RTCP.
                let mut other = Phone::new(suite, 77);
                let mut turned = a.seals(&rtp(7, 1));
                turned[13] ^= 1;
                let mut turned_rtcp = a.seals(RTCP);
                *turned_rtcp.last_mut().unwrap() ^= 0x80;
                for forged in [rtp(7, 1), other.seals(&rtp(7, 2)), other.seals(RTCP), turned, turned_rtcp] {
                    let reason = relay.one(100, STRANGER, &forged).unwrap_err();
                    assert!(matches!(reason, DropReason::Forged | DropReason::TooShort), "{reason:?}");
                }
                assert_eq!(trace(&relay), untouched);
                assert_eq!(relay.learned(), []);
                // From where the peer is said to be, too: only the tag counts.
                assert_eq!(relay.one(100, A, &rtp(7, 3)), Err(DropReason::Forged));
                assert_eq!(trace(&relay), untouched);
                relay.one(100, A, &a.seals(&rtp(7, 9))).unwrap();
                assert_eq!(relay.snapshot(100).peer, Some(at(A)));
                a = Phone::new(suite, 1);
            }
        }
    }
}

#[test]
fn a_packet_that_is_heard_again_is_dropped_wherever_it_comes_from() {
    let mut a = Phone::new(CM, 1);
    let mut relay = secured(&a);
    let sealed = a.seals(&rtp(7, 65_535));
    relay.one(100, A, &sealed).unwrap();
    for seq in 0..200 {
        relay.one(100, A, &a.seals(&rtp(7, seq))).unwrap();
    }
    relay.learned();
    let before = trace(&relay);
    for source in [A, STRANGER] {
        assert_eq!(relay.one(100, source, &sealed), Err(DropReason::Replayed));
    }
    assert_eq!(trace(&relay), before);
    assert_eq!(relay.snapshot(100).counters.received.errors, 2);
}

#[test]
fn a_strict_flow_does_not_open_packets_of_others() {
    let mut a = Phone::new(CM, 1);
    let mut relay = Relay::pair(|spec| {
        (spec.security, spec.gate, spec.learning) = (a.security(TO_A), Gate::Strict, Learning::Immediate);
    });
    relay.one(100, A, &a.seals(&rtp(7, 1))).unwrap();
    let sealed = a.seals(&rtp(7, 2));
    let before = relay.snapshot(100).progress;
    assert_eq!(relay.one(100, STRANGER, &sealed), Err(DropReason::UnknownSource));
    assert_eq!(relay.snapshot(100).progress, before);
    relay.one(100, A, &sealed).unwrap();
}

#[test]
fn an_authentic_packet_moves_a_peer_that_may_move() {
    let mut a = Phone::new(CM, 1);
    let mut relay = Relay::pair(|spec| (spec.security, spec.gate) = (a.security(TO_A), Gate::Handover));
    relay.one(100, A, &a.seals(&rtp(7, 1))).unwrap();
    relay.one(100, STRANGER, &a.seals(&rtp(7, 2))).unwrap();
    assert_eq!(relay.snapshot(100).peer, Some(at(STRANGER)));
    assert_eq!(relay.one(100, "203.0.113.67:1", &rtp(7, 3)), Err(DropReason::Forged));
    assert_eq!(relay.snapshot(100).peer, Some(at(STRANGER)));
}

#[test]
fn nothing_passes_while_keys_are_awaited_or_cannot_be_used() {
    let a = Phone::new(CM, 1);
    let unusable = Arc::new(Setup { ssrcs: 0, ..Setup::clone(&a.out) });
    let session = SessionId::new(1, 0, 0);
    for shut in [Protection::Awaited, Protection::Srtp(unusable)] {
        let mut relay = Relay::pair(|spec| {
            spec.security = Some(Security { session, arriving: shut.clone(), leaving: shut });
        });
        let untouched = trace(&relay);
        assert_eq!(relay.one(100, A, &rtp(7, 1)), Err(DropReason::NoKeys));
        assert_eq!(relay.one(100, A, RTCP), Err(DropReason::NoKeys));
        assert_eq!(trace(&relay), untouched);
        assert_eq!(relay.one(200, B, &rtp(7, 1)), Err(DropReason::NoKeys));
        assert_eq!(relay.one(200, B, RTCP), Err(DropReason::NoKeys));
        // The other side's packets did arrive.
        assert_eq!(relay.snapshot(200).counters.received.packets, 2);
    }
}

#[test]
fn stun_and_dtls_are_for_the_agents_where_there_are_some() {
    for carries in [Carries::Rtp, Carries::Rtcp, Carries::RtpAndRtcp, Carries::Opaque] {
        let mut relay = Relay::pair(|spec| {
            (spec.handshakes, spec.carries, spec.foreign, spec.gate) = (true, carries, true, Gate::Strict);
        });
        let (verdicts, sent) = relay.burst(&[(100, A, STUN), (100, STRANGER, DTLS), (200, B, STUN)]);
        assert_eq!(verdicts[..2], [Verdict::Punt(PuntReason::Stun), Verdict::Punt(PuntReason::Dtls)]);
        assert_eq!((verdicts[2], sent.len()), (Verdict::Drop(DropReason::NotMedia), 0));
        let seen = relay.snapshot(100);
        assert_eq!((seen.counters.received.packets, seen.confirmed), (0, false));
        assert_eq!(relay.engine.totals().punted, 2);
    }
}

#[test]
fn what_cannot_be_sealed_is_dropped_with_its_reason() {
    let mut a = Phone::new(CM, 1);
    let mut relay = secured(&a);
    let mut long = rtp(7, 1);
    // The buffers of the test have 512 bytes.
    long.resize(503, 0);
    assert_eq!(relay.one(200, B, &long), Err(DropReason::TooLong));
    long.truncate(502);
    assert_eq!(through(&mut relay, 200, B, &long).len(), 512);
    assert_eq!(relay.one(200, B, &long), Err(DropReason::Replayed), "an index is used once");
    for ssrc in 8..15 {
        relay.one(200, B, &rtp(ssrc, 1)).unwrap();
    }
    assert_eq!(relay.one(200, B, &rtp(15, 1)), Err(DropReason::TooManySources));
    let sealed = through(&mut relay, 200, B, &rtp(7, 2));
    assert_eq!(a.opens(&sealed), rtp(7, 2));
}
