//! Jitter is reckoned in the clock of the payload type.

use super::*;
use std::time::{Duration, Instant};

#[test]
fn jitter_runs_by_the_clock_of_each_payload_type() {
    need_root!();
    // RFC 3551 section 6; 96 is one that SDP gives a meaning.
    let clocks = [(0, 8000), (6, 16_000), (10, 44_100), (16, 11_025), (17, 22_050), (31, 90_000), (96, 8000)];
    let mut bench = Bench::new();
    bench.hop("198.51.100.1", "198.51.100.20", None);
    let flow = |place: usize| {
        let [key, from] = ["192.0.2.1:500", "198.51.100.1:600"].map(|address| format!("{address}{place}"));
        recipe(&key, "192.0.2.10:4000", &from, "198.51.100.20:7000", Rewrite::default())
    };
    // All of one time stamp: what lies between them is jitter.
    let send = |bench: &Bench, place: usize, seq| {
        let flow = flow(place);
        let (pt, _) = clocks[place];
        let before = Instant::now();
        bench.carries(&udp(flow.source, flow.key.into(), None, &rtp(pt, seq, 7, 0xabc)), TX);
        (before, Instant::now())
    };
    for place in 0..clocks.len() {
        bench.table.install(&flow(place)).unwrap();
    }
    let first: Vec<_> = (0..clocks.len()).map(|place| send(&bench, place, 1)).collect();
    // Not waited for anything: this is the time that is measured.
    std::thread::sleep(Duration::from_millis(100));
    for (place, first) in first.into_iter().enumerate() {
        let second = send(&bench, place, 2);
        let sender = bench.table.snapshot(flow(place).key).unwrap().ssrcs[0];
        // A sixteenth of the difference (RFC 3550 A.8), in whole ticks.
        let tick = 1_000_000 / clocks[place].1 + 1;
        let least = second.0.duration_since(first.1).as_micros() as u64 / 16 - tick;
        let most = second.1.duration_since(first.0).as_micros() as u64 / 16 + tick;
        assert!(
            (least..=most).contains(&sender.jitter.0),
            "{:?}: {:?} is not in {least}..={most} us",
            clocks[place],
            sender.jitter
        );
    }
}
