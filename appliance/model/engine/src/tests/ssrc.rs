use super::*;
use proptest::prelude::*;

fn packet(ssrc: u32, seq: u16, timestamp: u32, pt: u8) -> Vec<u8> {
    let mut bytes = vec![0x80, pt];
    bytes.extend(seq.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes
}

fn spare() -> SpareRoom {
    let mut spare = SpareRoom::default();
    spare.refill();
    spare
}

/// Counts the packets of one sender, 20 ms apart.
fn run(seqs: impl IntoIterator<Item = u16>) -> SsrcCounters {
    let mut spare = spare();
    let mut table = SsrcTable::for_what(Carries::Rtp);
    for (n, seq) in seqs.into_iter().enumerate() {
        let bytes = packet(1, seq, 160 * n as u32, 8);
        table.count(
            &RtpSeen::of(&rtp::Header::parse(&bytes).unwrap()),
            172,
            Moment(20_000 * n as u64),
            &mut spare,
        );
    }
    table.snapshot()[0]
}

#[test]
fn numbers_are_followed_across_the_wrap() {
    let got = run([65_534, 65_535, 0, 1]);
    assert_eq!((got.first_seq, got.last_seq), (65_534, 65_537));
    assert_eq!((got.lost, got.duplicates, got.reordered), (0, 0, 0));
    assert_eq!(got.traffic, Traffic { packets: 4, bytes: 4 * 172, errors: 0 });
}

#[test]
fn loss_duplicates_and_disorder_are_told_apart() {
    let stories = [
        (&[1, 2, 4, 5][..], (1, 0, 0)),
        (&[1, 2, 4, 3, 5], (0, 0, 1)),
        (&[1, 2, 2, 3], (0, 1, 0)),
        (&[1, 2, 4, 3, 3, 5], (0, 1, 1)),
        (&[1, 70, 1], (67, 0, 1)),
        (&[5, 4, 6], (0, 0, 1)),
    ];
    for (seqs, expected) in stories {
        let got = run(seqs.iter().copied());
        assert_eq!((got.lost, got.duplicates, got.reordered), expected, "{seqs:?}");
    }
}

#[test]
fn one_wild_number_is_ignored_and_two_in_a_row_start_anew() {
    let got = run([1, 2, 3, 30_000, 4, 5]);
    assert_eq!((got.last_seq, got.lost), (5, 0));
    let got = run([1, 2, 4, 30_000, 30_001, 30_002]);
    assert_eq!((got.first_seq, got.last_seq, got.lost), (30_000, 30_002, 1));
    assert_eq!(got.traffic.packets, 6);
}

#[test]
fn jitter_is_that_of_the_rfc() {
    let mut spare = spare();
    let mut table = SsrcTable::for_what(Carries::Rtp);
    // transit changes by 80 ticks (10 ms) with every other packet
    let mut expected = 0i64;
    for n in 0..50u64 {
        let late = if n % 2 == 1 { 10_000 } else { 0 };
        let bytes = packet(1, n as u16, 160 * n as u32, 8);
        table.count(
            &RtpSeen::of(&rtp::Header::parse(&bytes).unwrap()),
            12,
            Moment(20_000 * n + late),
            &mut spare,
        );
        if n > 0 {
            expected += 80 - ((expected + 8) >> 4);
        }
    }
    assert_eq!(table.snapshot()[0].jitter, Micros((expected >> 4) as u64 * 125));
}

#[test]
fn a_steady_stream_has_no_jitter_whatever_its_clock() {
    for (pt, ticks) in [(8, 160), (6, 320), (34, 1800)] {
        let mut spare = spare();
        let mut table = SsrcTable::for_what(Carries::Rtp);
        for n in 0..20u32 {
            let bytes = packet(1, n as u16, ticks * n, pt);
            table.count(
                &RtpSeen::of(&rtp::Header::parse(&bytes).unwrap()),
                12,
                Moment(20_000 * u64::from(n)),
                &mut spare,
            );
        }
        assert_eq!(table.snapshot()[0].jitter, Micros(0), "payload type {pt}");
    }
}

#[test]
fn the_sender_silent_for_longest_makes_room() {
    let mut spare = spare();
    let mut table = SsrcTable::for_what(Carries::RtpAndRtcp);
    let mut hear = |ssrc, at| {
        let bytes = packet(ssrc, 1, 0, 8);
        table.count(&RtpSeen::of(&rtp::Header::parse(&bytes).unwrap()), 12, Moment(at), &mut spare);
    };
    for ssrc in 0..MAX_SSRCS as u32 {
        hear(ssrc, ssrc.into());
    }
    hear(0, 100);
    hear(77, 101);
    hear(0, 102);
    let ssrcs: Vec<_> = table.snapshot().iter().map(|sender| (sender.ssrc, sender.traffic.packets)).collect();
    assert_eq!(ssrcs[..2], [(2, 1), (3, 1)], "1 was silent for longest");
    assert_eq!(ssrcs[MAX_SSRCS - 2..], [(77, 1), (0, 3)], "the latest stands last");
    assert_eq!(ssrcs.len(), MAX_SSRCS);
}

#[test]
fn more_than_a_few_senders_take_spare_room_and_without_any_the_silent_make_room() {
    let (mut spare, mut tables) = (spare(), Vec::new());
    for _ in 0..=SPARE {
        let mut table = SsrcTable::for_what(Carries::Rtp);
        for ssrc in 0..5 {
            let bytes = packet(ssrc, 1, 0, 8);
            table.count(
                &RtpSeen::of(&rtp::Header::parse(&bytes).unwrap()),
                12,
                Moment(ssrc.into()),
                &mut spare,
            );
        }
        tables.push(table);
    }
    let counts = |tables: &[SsrcTable]| tables.iter().map(|table| table.snapshot().len()).collect::<Vec<_>>();
    assert_eq!(counts(&tables)[..SPARE], [5; SPARE]);
    assert_eq!(counts(&tables)[SPARE..], [FEW]);
    spare.refill();
    let bytes = packet(9, 1, 0, 8);
    let seen = RtpSeen::of(&rtp::Header::parse(&bytes).unwrap());
    tables[SPARE].count(&seen, 12, Moment(9), &mut spare);
    assert_eq!(counts(&tables)[SPARE..], [FEW + 1]);
}

proptest! {
    #[test]
    fn any_numbers_are_survived(seqs in proptest::collection::vec(any::<u16>(), 1..200)) {
        let count = seqs.len() as u64;
        let got = run(seqs);
        prop_assert_eq!(got.traffic.packets, count);
        prop_assert!(u64::from(got.duplicates) + u64::from(got.reordered) <= count);
    }

    #[test]
    fn every_number_once_in_slight_disorder_is_no_loss(start: u16, swaps in proptest::collection::vec(1usize..300, 0..40)) {
        let mut seqs: Vec<u16> = (0..300).map(|n| start.wrapping_add(n)).collect();
        for at in swaps { seqs.swap(at, (at + 1).min(299)); }
        // the first stays first: what comes before the first number is not expected
        let got = run(seqs);
        prop_assert_eq!((got.lost, got.duplicates), (0, 0));
        prop_assert_eq!(got.last_seq - got.first_seq, 299);
    }
}
