use super::*;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn sender_report(ssrc: u32, ntp_middle: u32) -> Vec<u8> {
    words(&[0x80c8_0006, ssrc, ntp_middle >> 16, ntp_middle << 16, 0, 0, 0])
}

fn receiver_report(about: u32, lost: u8, jitter: u32, last_sr: u32, delay: u32) -> Vec<u8> {
    words(&[0x81c9_0007, 99, about, u32::from(lost) << 24, 0, jitter, last_sr, delay])
}

fn arrival(party: usize, at_ms: u64) -> Arrival {
    let call = CallNumber(7);
    let addr = [192, 0, 2, 1].into();
    Arrival { call, party, addr, at: Moment(at_ms * 1000), clock: 8000 }
}

/// a's reports pass at 0 ms, b's at 10 ms; b answers after 600 ms, of which it held the report for 550, then a after 700.
fn heard() -> Quality {
    let mut quality = Quality::default();
    quality.hear(&arrival(0, 0), &sender_report(0xa, 0x0001_0001));
    quality.hear(&arrival(1, 10), &sender_report(0xb, 0x0002_0001));
    quality.hear(&arrival(1, 600), &receiver_report(0xa, 5, 40, 0x0001_0001, 65_536 * 55 / 100));
    quality.hear(&arrival(0, 710), &receiver_report(0xb, 0, 0, 0x0002_0001, 65_536 * 60 / 100));
    quality
}

#[test]
fn reports_become_samples() {
    let quality = heard();
    let all = quality.all();
    assert_eq!((all.jitter.samples, all.jitter.sum), (2, 5.0));
    assert_eq!((all.packetloss.samples, all.packetloss.sum), (2, 500.0 / 256.0));
    let near = |value: f64, wanted: f64| (value - wanted).abs() < 100.0;
    assert_eq!(all.rtt_dsct.samples, 2);
    assert!(near(all.rtt_dsct.sum, 150_000.0), "50 ms and 100 ms: {}", all.rtt_dsct.sum);
    assert_eq!(all.rtt_e2e.samples, 1, "the first had nothing to be added to");
    assert!(near(all.rtt_e2e.sum, 150_000.0), "{}", all.rtt_e2e.sum);
    assert_eq!(all.mos.samples, 1);
    assert!((4.2..4.5).contains(&all.mos.sum), "{}", all.mos.sum);
    assert_eq!(quality.at([192, 0, 2, 1].into()), *all);
    assert_eq!(quality.at([192, 0, 2, 2].into()), Averages::default());
}

#[test]
fn the_last_reports_of_a_call_are_known_until_it_is_over() {
    let mut quality = heard();
    quality.hear(&arrival(1, 900), &receiver_report(0xa, 128, 80, 0x0001_0001, 65_536 * 80 / 100));
    let last = quality.of(CallNumber(7));
    assert_eq!(last.iter().map(|r| (r.party, r.ssrc)).collect::<Vec<_>>(), [(0, 0xb), (1, 0xa)]);
    assert_eq!((last[1].jitter_ms, last[1].loss_percent), (10.0, 50.0));
    assert!(last[1].mos.is_some_and(|mos| mos < 2.0));
    quality.forget(CallNumber(7));
    assert!(quality.of(CallNumber(7)).is_empty());
    assert_eq!(quality.all().jitter.samples, 3, "what was counted stays");
}

#[test]
fn what_cannot_be_a_round_trip_is_none() {
    let mut quality = Quality::default();
    quality.hear(&arrival(0, 0), &sender_report(0xa, 0x0001_0001));
    // Never sent; of somebody else; held for longer than it has been away; half a minute ago.
    for (about, last_sr, delay, at) in [
        (0xa, 0, 0, 100),
        (0xa, 3, 0, 100),
        (0xb, 0x0001_0001, 0, 100),
        (0xa, 0x0001_0001, 65_536, 100),
        (0xa, 0x0001_0001, 0, 30_000),
    ] {
        quality.hear(&arrival(1, at), &receiver_report(about, 0, 0, last_sr, delay));
    }
    assert_eq!((quality.all().rtt_dsct.samples, quality.all().jitter.samples), (0, 5));
}

#[test]
fn opinion_falls_with_delay_jitter_and_loss() {
    let mos = |rtt_ms: u64, jitter, loss| opinion(Micros::from_millis(rtt_ms), jitter, loss);
    assert!((4.3..=4.5).contains(&mos(20, 0.0, 0.0)));
    // What a real rtpengine says, which cuts off at a tenth.
    for (rtt, jitter, loss, wanted) in [
        (100, 5.0, 1.0, 4.1),
        (200, 0.0, 0.0, 4.3),
        (400, 0.0, 0.0, 4.1),
        (20, 0.0, 5.0, 3.3),
        (20, 0.0, 10.0, 2.6),
    ] {
        let got = mos(rtt, jitter, loss);
        assert!((got - wanted).abs() <= 0.15, "{rtt} ms, {jitter} ms, {loss} %: {got}, wanted {wanted}");
    }
    let falling = [mos(20, 0.0, 0.0), mos(20, 0.0, 5.0), mos(20, 0.0, 20.0), mos(20, 0.0, 60.0)];
    assert!(falling.is_sorted_by(|one, two| one > two), "{falling:?}");
    assert!((1.0..1.1).contains(&mos(9_000, 1e9, 100.0)));
}

#[test]
fn a_flood_of_reports_takes_no_memory() {
    let mut quality = Quality::default();
    for nth in 0..10_000 {
        quality.hear(&arrival(nth as usize % 100, 1), &sender_report(nth, nth));
        quality.hear(&arrival(nth as usize % 100, 2), &receiver_report(nth, 0, 0, nth, 0));
    }
    let call = &quality.calls[&CallNumber(7)];
    assert!(call.histories.len() <= REPORTERS);
    assert!(call.senders.len() <= SENDERS && call.legs.len() <= REPORTERS && call.last.len() <= REPORTERS);
}
