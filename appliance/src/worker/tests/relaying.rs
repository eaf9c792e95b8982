use super::*;

#[test]
fn rtp_flows_both_ways_and_is_counted() {
    for ip in ["127.0.0.1", "::1"] {
        let mut lab = Lab::new(1);
        let (a, b) = (Party::new(ip), Party::new(ip));
        let [facing_a, facing_b] = lab.pair(0, a.at, b.at, |_| {});
        for seq in 0..50 {
            a.send(facing_a, &rtp(seq));
            b.hears(&rtp(seq), facing_b);
            b.send(facing_b, &rtp(seq));
            a.hears(&rtp(seq), facing_a);
        }
        for (key, peer) in [(facing_a, a.at), (facing_b, b.at)] {
            let learned = lab.event(|_, event| match event {
                Event::PeerLearned { key: at, peer, .. } if *at == key => Some(*peer),
                _ => None,
            });
            assert_eq!(learned, peer);
            let snapshot = lab.snapshot(0, key);
            let fifty = Traffic { packets: 50, bytes: 50 * 172, errors: 0 };
            assert_eq!((snapshot.counters.received, snapshot.counters.sent), (fifty, fifty));
            assert!(snapshot.confirmed);
            assert_eq!((snapshot.ssrcs[0].first_seq, snapshot.ssrcs[0].last_seq), (0, 49));
            let last = snapshot.counters.last_packet.unwrap();
            assert!(u128::from(last.0) <= lab.epoch.elapsed().as_micros());
        }
        let totals = lab.pool.totals(0, PATIENCE).unwrap();
        assert_eq!((totals.received.packets, totals.sent.packets), (100, 100));
    }
}

#[test]
fn rtcp_has_ports_of_its_own_or_shares_them() {
    let lab = Lab::new(1);
    let (a, b) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"));
    let [facing_a, facing_b] = lab.pair(0, a.at, b.at, |spec| {
        spec.carries = Carries::Rtcp;
        spec.rtcp = std::mem::take(&mut spec.rtp);
    });
    a.send(facing_a, SR);
    b.hears(SR, facing_b);
    b.send(facing_b, SR);
    a.hears(SR, facing_a);

    // muxed towards A; split towards B, whose RTCP has a port and a socket of its own
    let b_rtcp = Party::new("127.0.0.1");
    let [facing_a, facing_b] = lab.pair(0, a.at, b.at, |_| {});
    let facing_b_rtcp = lab.open(0, "127.0.0.1");
    lab.install(0, FlowSpec { carries: Carries::Rtcp, ..spec(facing_b_rtcp, b_rtcp.at, facing_a) });
    let mut muxed = FlowSpec { generation: Generation(2), ..spec(facing_a, a.at, facing_b) };
    muxed.carries = Carries::RtpAndRtcp;
    muxed.rtcp = [Output::plain(facing_b_rtcp)].into_iter().collect();
    lab.install(0, muxed);
    a.send(facing_a, SR);
    b_rtcp.hears(SR, facing_b_rtcp);
    a.send(facing_a, &rtp(1));
    b.hears(&rtp(1), facing_b);
    b_rtcp.send(facing_b_rtcp, SR);
    a.hears(SR, facing_a);
}

#[test]
fn a_peer_behind_a_nat_is_found() {
    let mut lab = Lab::new(1);
    let (a, b) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"));
    let private = "127.9.9.9:4000".parse().unwrap();
    let [facing_a, facing_b] = lab.pair(0, private, b.at, |spec| spec.learn_until = Moment(0));
    a.send(facing_a, &rtp(1));
    b.hears(&rtp(1), facing_b);
    b.send(facing_b, &rtp(2));
    a.hears(&rtp(2), facing_a);
    let learned = lab.event(|worker, event| match event {
        Event::PeerLearned { key, peer, generation, stream } if *key == facing_a => {
            Some((worker, *peer, *generation, *stream))
        }
        _ => None,
    });
    assert_eq!(learned, (0, a.at, Generation(1), StreamId(facing_a.port.into())));
}

#[test]
fn strict_source_keeps_strangers_out() {
    let lab = Lab::new(1);
    let (a, b, stranger) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"), Party::new("127.0.0.1"));
    let [facing_a, facing_b] = lab.pair(0, a.at, b.at, |spec| spec.gate = Gate::Strict);
    a.send(facing_a, &rtp(1));
    b.hears(&rtp(1), facing_b);
    stranger.send(facing_a, &rtp(66));
    a.send(facing_a, &rtp(2));
    b.hears(&rtp(2), facing_b);
    b.send(facing_b, &rtp(3));
    a.hears(&rtp(3), facing_a);
    let counters = lab.snapshot(0, facing_a).counters;
    assert_eq!(counters.drops[DropReason::UnknownSource as usize], 1);
    assert_eq!((counters.received.packets, counters.received.errors), (2, 1));
}

#[test]
fn garbage_ends_in_counters_and_media_goes_on() {
    let lab = Lab::new(1);
    let (a, b) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"));
    let [facing_a, facing_b] = lab.pair(0, a.at, b.at, |_| {});
    let long = [0x80; 5000];
    let garbage: [(&[u8], DropReason); 5] = [
        (&[], DropReason::TooShort),
        (&[0x80, 8, 0], DropReason::TooShort),
        (&[0xff; 100], DropReason::NotMedia),
        (&long, DropReason::TooLong),
        (&[0x8f; 20], DropReason::TooShort),
    ];
    for (bytes, _) in garbage {
        a.send(facing_a, bytes);
    }
    a.send(facing_a, &rtp(1));
    b.hears(&rtp(1), facing_b);
    let counters = lab.snapshot(0, facing_a).counters;
    for reason in DropReason::ALL {
        let expected = garbage.iter().filter(|(_, other)| other == reason).count();
        assert_eq!(counters.drops[*reason as usize], expected as u64, "{}", reason.code());
    }
    // a packet too long is an error where it came in, the others are errors of the stream that misses them
    assert_eq!((counters.received.packets, counters.received.errors), (6, 1));
    assert_eq!(lab.snapshot(0, facing_b).counters.received.errors, 4);
}

#[test]
fn a_port_without_a_flow_counts_what_comes() {
    let lab = Lab::new(1);
    let key = lab.open(0, "127.0.0.1");
    let a = Party::new("127.0.0.1");
    a.send(key, &rtp(1));
    let deadline = Instant::now() + PATIENCE;
    while lab.pool.totals(0, PATIENCE).unwrap().dropped(DropReason::NoFlow) == 0 {
        assert!(Instant::now() < deadline, "the packet was not counted");
    }
}
