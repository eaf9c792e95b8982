use super::*;

fn generation(relay: &mut Relay, number: u16, change: impl FnOnce(&mut FlowSpec)) {
    let (peer, egress) = if number == 100 { (A, 200) } else { (B, 100) };
    let mut next = spec(number, Some(peer), &[egress]);
    next.generation = Generation(relay.snapshot(number).generation.0 + 1);
    change(&mut next);
    assert_eq!(relay.install(next), crate::Applied::Installed);
}

#[test]
fn new_keys_in_mid_stream_keep_the_counters() {
    for (one, other) in
        [(CM, CM), (CM, Suite::AeadAes256Gcm), (Suite::AeadAes128Gcm, Suite::F8_128HmacSha1_80)]
    {
        let mut a = Phone::new(one, 1);
        let mut relay = secured(&a);
        for seq in 65_500..65_550u32 {
            relay.one(100, A, &a.seals(&rtp(7, seq as u16))).unwrap();
            let sealed = through(&mut relay, 200, B, &rtp(8, seq as u16));
            a.opens(&sealed);
        }
        let (out, back) = (keys(other, 9), keys(other, 10));
        a.sealer.rekey(&out).unwrap();
        a.opener.rekey(&back).unwrap();
        generation(&mut relay, 100, |spec| spec.security = both(TO_A, &out, &back));
        for seq in 65_550..65_600u32 {
            let clear = rtp(7, seq as u16);
            assert_eq!(through(&mut relay, 100, A, &a.seals(&clear)), clear);
            let sealed = through(&mut relay, 200, B, &rtp(8, seq as u16));
            assert_eq!(a.opens(&sealed), rtp(8, seq as u16));
        }
        let progress = relay.snapshot(100).progress;
        assert_eq!((progress.opened[0].rtp.roc(), progress.sealed[0].rtp.roc()), (1, 1));
    }
}

#[test]
fn a_peer_whose_counter_begins_anew_under_new_keys_is_followed() {
    let mut a = Phone::new(CM, 1);
    let mut relay = secured(&a);
    for seq in 65_500..65_600u32 {
        relay.one(100, A, &a.seals(&rtp(7, seq as u16))).unwrap();
    }
    let mut anew = Phone::new(CM, 20);
    generation(&mut relay, 100, |spec| spec.security = anew.security(TO_A));
    for seq in 64..90 {
        relay.one(100, A, &anew.seals(&rtp(7, seq))).unwrap();
    }
}

/// A setup in another crypto context.
fn in_context(setup: &Arc<Setup>, context: u32) -> Arc<Setup> {
    Arc::new(Setup { context, ..Setup::clone(setup) })
}

#[test]
fn keys_of_a_new_association_begin_anew_for_a_peer_that_does() {
    for suite in [CM, Suite::AeadAes128Gcm] {
        let mut a = Phone::new(suite, 1);
        let first = both(TO_A, &in_context(&a.out, 1), &in_context(&a.back, 1));
        let mut relay = Relay::pair(|spec| spec.security = first.clone());
        for seq in 65_400..65_600u32 {
            relay.one(100, A, &a.seals(&rtp(7, seq as u16))).unwrap();
            let sealed = through(&mut relay, 200, B, &rtp(8, seq as u16));
            a.opens(&sealed);
            a.opens(&through(&mut relay, 200, B, RTCP));
            relay.one(100, A, &a.seals(RTCP)).unwrap();
        }
        let before = relay.snapshot(100).progress;
        assert_eq!((before.opened[0].rtp.roc(), before.sealed[0].rtp.roc()), (1, 1));
        // A phone with another certificate: nothing of it remembers.
        let mut anew = Phone::new(suite, 20);
        generation(&mut relay, 100, |spec| {
            spec.security = both(TO_A, &in_context(&anew.out, 2), &in_context(&anew.back, 2));
        });
        assert!(relay.snapshot(100).progress.is_empty());
        // What a fast path tells of the former association comes late.
        let told = Change::Restore { key: port(100), generation: Generation(9), progress: Box::new(before) };
        relay.engine.apply(told, &mut Vec::new());
        for seq in 64..90 {
            let clear = rtp(7, seq);
            assert_eq!(through(&mut relay, 100, A, &anew.seals(&clear)), clear);
            let sealed = through(&mut relay, 200, B, &rtp(8, seq));
            assert_eq!(anew.opens(&sealed), rtp(8, seq));
            anew.opens(&through(&mut relay, 200, B, RTCP));
            relay.one(100, A, &anew.seals(RTCP)).unwrap();
        }
        assert_eq!(relay.snapshot(100).counters.received.errors, 0);
        assert_eq!(relay.engine.sessions.len(), 1);
    }
}

#[test]
fn the_same_keys_in_a_re_invite_change_nothing() {
    let mut a = Phone::new(CM, 1);
    let mut relay = secured(&a);
    let sealed = a.seals(&rtp(7, 65_535));
    relay.one(100, A, &sealed).unwrap();
    let before = relay.snapshot(100).progress;
    // Equal keys in another allocation.
    generation(&mut relay, 100, |spec| spec.security = both(TO_A, &keys(CM, 1), &keys(CM, 2)));
    assert_eq!(relay.snapshot(100).progress, before);
    assert_eq!(relay.one(100, A, &sealed), Err(DropReason::Replayed));
    relay.one(100, A, &a.seals(&rtp(7, 0))).unwrap();
    assert_eq!(relay.engine.sessions.len(), 1);
}

#[test]
fn keys_that_are_taken_away_for_a_while_have_kept_their_place() {
    let mut a = Phone::new(CM, 1);
    let mut relay = secured(&a);
    for seq in 65_500..65_600u32 {
        relay.one(100, A, &a.seals(&rtp(7, seq as u16))).unwrap();
    }
    for protection in [Protection::Awaited, Protection::Plain] {
        generation(&mut relay, 100, |spec| {
            spec.security = Some(Security {
                session: SessionId::new(1, TO_A, 0),
                arriving: protection.clone(),
                leaving: protection,
            });
        });
    }
    generation(&mut relay, 100, |spec| spec.security = a.security(TO_A));
    relay.one(100, A, &a.seals(&rtp(7, 64))).unwrap();
}

#[test]
fn ports_that_face_one_party_share_a_session_and_the_last_takes_it_along() {
    let mut a = Phone::new(CM, 1);
    let mut relay = secured(&a);
    for seq in 65_500..65_600u32 {
        relay.one(100, A, &a.seals(&rtp(7, seq as u16))).unwrap();
        let sealed = through(&mut relay, 200, B, &rtp(8, seq as u16));
        a.opens(&sealed);
        a.opens(&through(&mut relay, 200, B, RTCP));
    }
    // Another pair of ports faces A from now on; the old one goes when the new one is there.
    relay.install(FlowSpec { security: a.security(TO_A), ..spec(102, Some(A), &[200]) });
    generation(&mut relay, 200, |spec| spec.rtp = [Output::plain(port(102))].into_iter().collect());
    assert_eq!(relay.engine.sessions.len(), 1);
    let withdraw = |number| Change::Withdraw { key: port(number), generation: Generation(9) };
    relay.engine.apply(withdraw(100), &mut Vec::new());
    relay.one(102, A, &a.seals(&rtp(7, 64))).unwrap();
    let sealed = through(&mut relay, 200, B, &rtp(8, 64));
    assert_eq!(a.opens(&sealed), rtp(8, 64));
    // No index of SRTCP is used twice.
    a.opens(&through(&mut relay, 200, B, RTCP));
    relay.engine.apply(withdraw(102), &mut Vec::new());
    assert_eq!(relay.engine.sessions.len(), 0);
}

#[test]
fn a_place_of_a_session_that_is_gone_is_used_again() {
    let a = Phone::new(CM, 1);
    let mut relay = secured(&a);
    for round in 0..5u16 {
        let number = 300 + round;
        let flow = FlowSpec { security: a.security(usize::from(round) + 5), ..spec(number, Some(A), &[200]) };
        relay.install(flow);
        assert_eq!(relay.engine.sessions.len(), 2);
        let change = Change::Withdraw { key: port(number), generation: Generation(9) };
        relay.engine.apply(change, &mut Vec::new());
    }
    assert_eq!(relay.engine.sessions.len(), 1);
}

#[test]
fn without_security_a_snapshot_tells_no_progress() {
    let mut relay = Relay::pair(|_| {});
    relay.one(100, A, &rtp(7, 1)).unwrap();
    assert_eq!(relay.snapshot(100).progress, Progress::default());
}
