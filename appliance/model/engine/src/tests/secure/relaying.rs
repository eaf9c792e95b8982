use super::*;

#[test]
fn every_suite_is_opened_to_clear_and_sealed_from_clear_across_a_wrap() {
    for suite in Suite::ALL {
        let mut a = Phone::new(suite, 1);
        let mut relay = secured(&a);
        for n in 0..20u16 {
            let clear = rtp(7, 65_525u16.wrapping_add(n));
            let sealed = a.seals(&clear);
            assert_eq!(through(&mut relay, 100, A, &sealed), clear, "{} packet {n}", suite.name());
            let answer = rtp(8, 65_530u16.wrapping_add(n));
            let sealed = through(&mut relay, 200, B, &answer);
            assert!(sealed.len() > answer.len());
            assert_eq!(a.opens(&sealed), answer, "{} packet {n}", suite.name());
        }
        let seen = relay.snapshot(100);
        let on_wire = 32 + suite.rtp_tag_len() as u64;
        assert_eq!(seen.counters.received, Traffic { packets: 20, bytes: 20 * on_wire, errors: 0 });
        assert_eq!(seen.counters.sent, Traffic { packets: 20, bytes: 20 * on_wire, errors: 0 });
        assert_eq!((seen.ssrcs[0].last_seq, seen.ssrcs[0].lost), (65_544, 0));
        assert_eq!(seen.progress.opened[0].rtp.index, 65_544);
        assert_eq!(seen.progress.sealed[0].rtp.index, 65_549);
    }
}

#[test]
fn one_key_becomes_another() {
    for (one, other) in [
        (CM, Suite::AeadAes256Gcm),
        (Suite::AeadAes128Gcm, Suite::F8_128HmacSha1_32),
        (Suite::NullHmacSha1_80, CM),
        (CM, CM),
    ] {
        let (mut a, mut b) = (Phone::new(one, 1), Phone::new(other, 5));
        let mut relay = Relay::new([
            FlowSpec { security: a.security(TO_A), ..spec(100, Some(A), &[200]) },
            FlowSpec { security: b.security(TO_B), ..spec(200, Some(B), &[100]) },
        ]);
        for seq in 65_500..65_600u32 {
            let clear = rtp(7, seq as u16);
            let sealed = through(&mut relay, 100, A, &a.seals(&clear));
            assert_eq!(b.opens(&sealed), clear);
            let sealed = through(&mut relay, 200, B, &b.seals(&clear));
            assert_eq!(a.opens(&sealed), clear);
        }
    }
}

#[test]
fn rtcp_is_secured_at_its_own_port_and_where_it_shares_one() {
    for suite in Suite::ALL {
        let mut a = Phone::new(suite, 1);
        let rtcp_port = |number, peer, egress, security| FlowSpec {
            carries: Carries::Rtcp,
            security,
            ..spec(number, Some(peer), &[egress])
        };
        // A has both on one port, B has RTCP at 201.
        let muxed = FlowSpec {
            carries: Carries::RtpAndRtcp,
            rtcp: [Output::plain(port(201))].into_iter().collect(),
            security: a.security(TO_A),
            ..spec(100, Some(A), &[200])
        };
        let mut relay = Relay::new([
            muxed,
            spec(200, Some(B), &[100]),
            rtcp_port(201, "198.51.100.30:5001", 100, None),
            rtcp_port(101, "198.51.100.20:4001", 201, a.security(TO_A)),
        ]);
        for _ in 0..5 {
            assert_eq!(through(&mut relay, 100, A, &a.seals(RTCP)), RTCP, "{}", suite.name());
            assert_eq!(through(&mut relay, 101, "198.51.100.20:4001", &a.seals(RTCP)), RTCP);
            let sealed = through(&mut relay, 201, "198.51.100.30:5001", RTCP);
            assert_eq!(a.opens(&sealed), RTCP);
        }
        let replayed = a.seals(RTCP);
        through(&mut relay, 100, A, &replayed);
        let again = relay.one(101, "198.51.100.20:4001", &replayed);
        assert_eq!(again, Err(DropReason::Replayed), "both ports have one window");
    }
}

#[test]
fn fan_out_opens_once_and_seals_each_copy_with_the_keys_of_its_way() {
    let mut a = Phone::new(CM, 1);
    let (mut b, mut c) = (Phone::new(Suite::AeadAes256Gcm, 5), Phone::new(Suite::Aes256CmHmacSha1_32, 9));
    let mut relay = Relay::new([
        FlowSpec { security: a.security(TO_A), ..spec(100, Some(A), &[200, 300, 400, 500]) },
        FlowSpec { security: b.security(1), ..spec(200, Some(B), &[]) },
        spec(300, Some("198.51.100.40:1"), &[]),
        FlowSpec { security: c.security(2), ..spec(400, Some("198.51.100.50:1"), &[]) },
        FlowSpec {
            security: Some(Security {
                session: SessionId::new(1, 3, 0),
                arriving: Protection::Plain,
                leaving: Protection::Awaited,
            }),
            ..spec(500, Some("198.51.100.60:1"), &[])
        },
    ]);
    for seq in 65_530..65_540u32 {
        let clear = rtp(7, seq as u16);
        let (_, sent) = relay.burst(&[(100, A, &a.seals(&clear))]);
        let by = |number| &sent.iter().find(|sent| sent.from == number).unwrap().bytes;
        assert_eq!(sent.len(), 3);
        assert_eq!(b.opens(by(200)), clear);
        assert_eq!(*by(300), clear);
        assert_eq!(c.opens(by(400)), clear);
    }
    assert_eq!(drops(&relay, 100, DropReason::NoKeys), 10);
}

#[test]
fn a_rewritten_packet_is_sealed_as_it_leaves() {
    let mut b = Phone::new(CM, 5);
    let mut way = Output::plain(port(200));
    way.rewrite = Rewrite { ssrc: Some(99), seq_offset: 65_000, pt: Some(PtChange { from: 8, to: 0 }) };
    let mut relay = Relay::new([
        FlowSpec { rtp: [way].into_iter().collect(), ..spec(100, Some(A), &[]) },
        FlowSpec { security: b.security(TO_B), ..spec(200, Some(B), &[100]) },
    ]);
    for seq in 530..540 {
        let sealed = through(&mut relay, 100, A, &rtp(7, seq));
        let mut wanted = rtp(7, seq);
        wanted[1] = 0;
        wanted[2..4].copy_from_slice(&seq.wrapping_add(65_000).to_be_bytes());
        wanted[8..12].copy_from_slice(&99u32.to_be_bytes());
        assert_eq!(b.opens(&sealed), wanted);
    }
}

#[test]
fn loss_and_reordering_cost_nothing_more() {
    let (mut a, mut b) = (Phone::new(CM, 1), Phone::new(Suite::AeadAes128Gcm, 5));
    let mut relay = Relay::new([
        FlowSpec { security: a.security(TO_A), ..spec(100, Some(A), &[200]) },
        FlowSpec { security: b.security(TO_B), ..spec(200, Some(B), &[100]) },
    ]);
    // Every 7th is lost, each group of five comes backwards, around the wrap.
    let packets: Vec<_> = (65_400u32..65_700)
        .map(|seq| (seq, rtp(7, seq as u16)))
        .map(|(seq, p)| (seq, a.seals(&p), p))
        .collect();
    let mut heard = 0;
    for group in packets.chunks(5) {
        for (seq, sealed, clear) in group.iter().rev() {
            if seq % 7 != 0 {
                let sealed = through(&mut relay, 100, A, sealed);
                assert_eq!(b.opens(&sealed), *clear, "{seq}");
                heard += 1;
            }
        }
    }
    let expected = (65_400u32..65_700).filter(|seq| seq % 7 != 0).count();
    assert_eq!(heard, expected);
    assert_eq!(relay.snapshot(100).counters.received.errors, 0);
}
