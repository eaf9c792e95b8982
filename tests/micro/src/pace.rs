//! What a packet costs the engine in time, with few flows and with so many that they do not fit near the processor. Only ratios of
//! one run say something, so all are measured by turns.

use crate::cases;
use std::fmt::Write as _;
use std::time::Duration;

/// With so many flows …
const FLOWS: [u32; 4] = [10, 1_000, 10_000, 50_000];
/// … in bursts of so many packets.
const BURSTS: [u32; 2] = [16, 32];
/// Bursts before it is another's turn: some milliseconds.
const TURN: u32 = 400;

/// Measures so many rounds; nanoseconds for a packet: the best round and the middle one.
pub fn table(rounds: usize) -> String {
    let mut text = format!("{:>5} {:>6} {:>9} {:>9}\n", "burst", "flows", "best ns", "median ns");
    for burst in BURSTS {
        let mut all = FLOWS.map(|flows| (flows, cases::paced(flows, burst), Vec::new()));
        for _ in 0..rounds.max(1) {
            for (_, once, rounds) in &mut all {
                let took: Duration = (0..TURN).map(|_| once()).sum();
                rounds.push(took.as_nanos() as f64 / f64::from(TURN * burst));
            }
        }
        for (flows, _, rounds) in &mut all {
            rounds.sort_by(f64::total_cmp);
            let (best, middle) = (rounds[0], rounds[rounds.len() / 2]);
            let _ = writeln!(text, "{burst:>5} {flows:>6} {best:>9.0} {middle:>9.0}");
        }
    }
    text
}
