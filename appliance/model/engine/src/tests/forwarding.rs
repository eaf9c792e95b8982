use super::*;
use flow::Silence;
use std::sync::Arc;

fn dropped(relay: &Relay, number: u16, reason: DropReason) -> u64 {
    relay.snapshot(number).counters.drops[reason as usize]
}

#[test]
fn a_packet_leaves_unchanged_from_the_port_that_faces_the_other_side() {
    let mut relay = Relay::pair(|_| {});
    let packet = rtp(1, 7);
    let (_, sent) = relay.burst(&[(100, A, &packet)]);
    assert_eq!(sent, [Sent { from: 200, to: at(B), tos: 184, bytes: packet.clone() }]);
    let (a, b) = (relay.snapshot(100).counters, relay.snapshot(200).counters);
    let one = Traffic { packets: 1, bytes: packet.len() as u64, errors: 0 };
    assert_eq!((a.received, a.sent), (one, Traffic::default()));
    assert_eq!((b.received, b.sent), (Traffic::default(), one));
    assert_eq!((a.last_packet, b.last_packet), (Some(relay.now), None));
    assert_eq!((relay.engine.totals().received, relay.engine.totals().sent), (one, one));
}

#[test]
fn the_header_is_rewritten_as_the_output_says() {
    let rewrite = Rewrite { ssrc: Some(0xabcd), seq_offset: 0xffff, pt: Some(PtChange { from: 8, to: 96 }) };
    let mut relay = Relay::pair(|a| (a.rtp[0].rewrite, a.foreign) = (rewrite, true));
    let mut packet = rtp(1, 0);
    packet[1] |= 0x80;
    let (_, sent) = relay.burst(&[(100, A, &packet)]);
    let header = rtp::Header::parse(&sent[0].bytes).unwrap();
    assert_eq!((header.ssrc(), header.seq(), header.pt(), header.marker()), (0xabcd, 0xffff, 96, true));
    assert_eq!(header.payload(), &packet[12..]);
    packet[1] = 13;
    let (_, sent) = relay.burst(&[(100, A, &packet)]);
    assert_eq!(rtp::Header::parse(&sent[0].bytes).unwrap().pt(), 13, "only the named type changes");
    for bytes in [STUN, DTLS, RTCP] {
        assert_eq!(relay.burst(&[(100, A, bytes)]).1[0].bytes, bytes, "only RTP is rewritten");
    }
}

#[test]
fn every_output_gets_its_own_copy() {
    let mut a = spec(100, Some(A), &[200, 300, 400]);
    a.rtp[1].rewrite.ssrc = Some(3);
    a.rtp[0].rewrite.ssrc = Some(2);
    let others = [(200, "198.51.100.2:2"), (300, "198.51.100.3:3"), (400, "198.51.100.4:4")];
    let mut relay = Relay::new([a].into_iter().chain(others.map(|(n, peer)| spec(n, Some(peer), &[]))));
    let (_, mut sent) = relay.burst(&[(100, A, &rtp(1, 1))]);
    sent.sort_by_key(|sent| sent.from);
    let ssrcs: Vec<_> =
        sent.iter().map(|sent| rtp::Header::parse(&sent.bytes).map(|header| header.ssrc())).collect();
    assert_eq!(ssrcs, [Ok(2), Ok(3), Ok(1)]);
    for ((number, peer), sent) in others.into_iter().zip(&sent) {
        assert_eq!((sent.from, sent.to), (number, at(peer)));
        assert_eq!(relay.snapshot(number).counters.sent.packets, 1);
    }
    assert_eq!(relay.snapshot(100).counters.received.packets, 1);
}

#[test]
fn fan_out_goes_on_when_one_way_is_closed_or_buffers_run_out() {
    let open = spec(300, Some("198.51.100.3:3"), &[]);
    let mut relay = Relay::new([spec(100, Some(A), &[200, 300, 400]), spec(200, None, &[]), open]);
    let (verdicts, sent) = relay.burst(&[(100, A, &rtp(1, 1))]);
    assert_eq!(verdicts, [Verdict::Drop(DropReason::NoPeer)]);
    assert_eq!(sent.iter().map(|sent| sent.from).collect::<Vec<_>>(), [300]);
    assert_eq!(dropped(&relay, 100, DropReason::NoPeer), 2);

    relay.install(spec(100, Some(A), &[300, 300]));
    let packet = rtp(1, 1);
    let full: Vec<_> = (0..20).map(|_| (100, A, &packet[..])).collect();
    let (_, sent) = relay.burst(&full);
    assert_eq!(sent.len(), 32, "as many as the burst has places");
    assert_eq!(dropped(&relay, 100, DropReason::NoRoom), 8);
}

#[test]
fn rtcp_of_a_muxed_port_has_its_own_way() {
    let muxed = |a: &mut FlowSpec| {
        a.carries = Carries::RtpAndRtcp;
        a.rtcp = [Output::plain(port(201))].into_iter().collect();
    };
    let mut relay = Relay::pair(muxed);
    relay.install(FlowSpec { carries: Carries::Rtcp, ..spec(201, Some("198.51.100.30:5001"), &[100]) });
    assert_eq!(relay.one(100, A, RTCP), Ok(at("198.51.100.30:5001")));
    assert_eq!(relay.one(100, A, &rtp(1, 1)), Ok(at(B)));
    assert_eq!(relay.one(201, "198.51.100.30:5001", RTCP), Ok(at(A)), "no RTCP output: the other list");
    assert_eq!(relay.one(201, "198.51.100.30:5001", &rtp(1, 1)), Err(DropReason::NotMedia));
}

#[test]
fn packets_that_do_not_fit_the_port_are_dropped_with_a_reason() {
    let cases: &[(Carries, &[u8], Result<(), DropReason>)] = &[
        (Carries::Rtp, &[], Err(DropReason::TooShort)),
        (Carries::Rtp, &[0x80], Err(DropReason::TooShort)),
        (Carries::Rtp, &[0x80, 8, 0, 1], Err(DropReason::TooShort)),
        (Carries::Rtp, &[0x90, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0, 9], Err(DropReason::TooShort)),
        (Carries::Rtp, &[0xff; 40], Err(DropReason::NotMedia)),
        (Carries::Rtp, &[0x41; 40], Err(DropReason::NotMedia)),
        (Carries::Rtp, &[0x80, 200, 0, 6], Err(DropReason::TooShort)),
        (Carries::Rtp, STUN, Err(DropReason::NotMedia)),
        (Carries::Rtp, DTLS, Err(DropReason::NotMedia)),
        (Carries::Rtp, RTCP, Ok(())),
        (Carries::Rtcp, RTCP, Ok(())),
        (Carries::Opaque, &[], Ok(())),
        (Carries::Opaque, &[0xff; 40], Ok(())),
    ];
    for (carries, bytes, expected) in cases {
        let mut relay = Relay::pair(|a| a.carries = *carries);
        let got = relay.one(100, A, bytes);
        assert_eq!(got, expected.map(|()| at(B)), "{carries:?} {bytes:x?}");
        let (received, missing) =
            (relay.snapshot(100).counters.received, relay.snapshot(200).counters.received);
        let errors = u64::from(expected.is_err());
        assert_eq!((received.packets, received.errors, missing.errors), (1, 0, errors), "{bytes:x?}");
        if let Err(reason) = expected {
            assert_eq!(dropped(&relay, 100, *reason), 1);
        }
    }
}

#[test]
fn stun_and_dtls_pass_where_the_ends_speak_them_with_each_other() {
    for bytes in [STUN, DTLS] {
        let mut relay = Relay::pair(|a| a.foreign = true);
        assert_eq!(relay.one(100, A, bytes), Ok(at(B)));
    }
}

#[test]
fn media_that_must_not_go_anywhere_is_counted_and_dropped() {
    let mut relay = Relay::pair(|a| a.blocked = true);
    assert_eq!(relay.one(100, A, &rtp(1, 1)), Err(DropReason::Blocked));
    let mut relay = Relay::pair(|a| a.rtp.clear());
    assert_eq!(relay.one(100, A, &rtp(1, 1)), Err(DropReason::NoOutput));
    let snapshot = relay.snapshot(100);
    assert_eq!((snapshot.counters.received.packets, snapshot.counters.received.errors), (1, 0));
    assert_eq!(snapshot.ssrcs[0].traffic.packets, 1);
    assert_eq!(relay.one(999, A, &rtp(1, 1)), Err(DropReason::NoFlow));
    assert_eq!(relay.engine.totals().dropped(DropReason::NoFlow), 1);
}

#[test]
fn nobody_is_heard_nor_counted_at_a_shut_gate() {
    let mut relay = Relay::pair(|a| a.gate = Gate::Shut);
    for bytes in [&rtp(1, 1), RTCP, STUN, &[0xff; 4]] {
        assert_eq!(relay.one(100, A, bytes), Err(DropReason::Blocked));
    }
    let counters = relay.snapshot(100).counters;
    assert_eq!((counters.received, counters.last_packet), (Traffic::default(), None));
    assert_eq!(dropped(&relay, 100, DropReason::Blocked), 4);
}

#[test]
fn silence_replaces_what_is_said_and_nothing_else() {
    let known: Arc<[Silence]> = [Silence { pt: 8, byte: 0xd5 }].into();
    let mut relay = Relay::pair(|a| a.rtp[0].silence = Some(Arc::clone(&known)));
    // padding, one CSRC, an extension of one word
    let head = [0xb1, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0];
    let said = [&head[..], &[1, 2, 3, 0, 2]].concat();
    let mut other = said.clone();
    other[1] = 9;
    let (_, sent) = relay.burst(&[(100, A, &said), (100, A, &other)]);
    assert_eq!(sent[0].bytes, [&head[..], &[0xd5, 0xd5, 0xd5, 0, 2]].concat());
    assert_eq!(sent[1].bytes, other, "nobody knows what silence is there");
}

#[test]
fn what_the_backend_says_is_counted() {
    let mut relay = Relay::pair(|_| {});
    let frame = Frame { local: port(100), remote: at(A), ..Frame::EMPTY };
    let long = Frame { verdict: Verdict::Drop(DropReason::TooLong), ..frame };
    for frame in [frame, long] {
        let frame = relay.memory.fill(frame, &rtp(1, 1)).unwrap();
        relay.burst.push(frame).unwrap();
    }
    relay.engine.run(&mut relay.burst, &mut relay.memory, relay.now, &mut relay.events);
    assert!(matches!(relay.burst.frames()[0].verdict, Verdict::Forward(_)));
    relay.burst.frames_mut()[0].verdict = Verdict::Drop(DropReason::SendFailed);
    relay.engine.settle(&relay.burst);
    assert_eq!(dropped(&relay, 100, DropReason::TooLong), 1);
    assert_eq!(dropped(&relay, 100, DropReason::SendFailed), 1);
    assert_eq!(relay.snapshot(200).counters.sent, Traffic { packets: 0, bytes: 0, errors: 1 });
}
