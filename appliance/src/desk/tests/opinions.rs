use super::*;

fn report(mos: Option<f64>, loss_percent: f64) -> Reported {
    let rtt = mos.map(|_| Micros(100_000));
    Reported { party: 0, ssrc: 5, jitter_ms: 5.0, loss_percent, rtt_leg: Some(Micros(50_000)), rtt, mos }
}

fn at(ms: u64) -> Moment {
    Moment(ms * 1000)
}

#[test]
fn seconds_are_averaged_and_the_unfinished_one_is_not_told() {
    let mut history = History::new(5);
    history.take(at(1_100), 0, &report(None, 0.0));
    history.take(at(2_100), 1, &report(Some(4.16), 1.9));
    history.take(at(2_900), 2, &report(Some(4.38), 1.0));
    assert_eq!(history.average(), None, "no second with a round trip is over");
    assert_eq!((history.entries.len(), history.lost), (1, 2), "the one without is");
    let told = history.closed(at(2_999));
    assert_eq!((told.average(), told.entries.len()), (None, 1));
    let told = history.closed(at(3_000));
    let (samples, average) = told.average().unwrap();
    let wanted = Opinion { at: at(0), mos: 42, loss: 1, jitter_ms: 5, rtt: 100_000, rtt_leg: 50_000 };
    assert_eq!((samples, average), (1, wanted));
    assert_eq!(told.entries.iter().map(|entry| entry.mos).collect::<Vec<_>>(), [0, 42]);
    history.take(at(3_100), 2, &report(Some(2.0), 30.0));
    let told = history.closed(at(4_000));
    assert_eq!((told.lowest.mos, told.highest.mos, told.lowest.at), (20, 42, at(3_100)));
    assert_eq!(told.average().unwrap().1.mos, 31);
}

#[test]
fn a_long_call_takes_no_more_memory_than_a_minute() {
    let mut history = History::new(5);
    for second in 0..10_000 {
        history.take(at(second * 1_000), 0, &report(Some(4.0), 0.0));
    }
    assert!(history.entries.len() <= MOST && history.entries.len() > MOST / 4, "{}", history.entries.len());
    let apart = |pair: &[Opinion]| pair[1].at.since(pair[0].at).0 / SECOND;
    let least = history.entries.windows(2).map(apart).min().unwrap();
    assert!(
        least >= u64::from(history.interval) / 2 && history.interval > 100,
        "{least} {}",
        history.interval
    );
    assert_eq!(history.average().unwrap().0, 9_999);
}
