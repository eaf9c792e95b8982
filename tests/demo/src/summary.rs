//! The last words: did every packet arrive intact?

use crate::conversation::Outcome;
use crate::table::time;
use std::collections::BTreeMap;

/// Prints the summary; returns whether all is well. `relayed` is what the relay says it has seen.
pub(crate) fn tell(outcome: &Outcome, relayed: i64) -> bool {
    let sent: u32 = outcome.streams.iter().map(|(_, _, report)| report.expected).sum();
    let intact: u32 = outcome.streams.iter().map(|(_, _, report)| report.intact).sum();
    let mut paths: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, path, _) in &outcome.streams {
        *paths.entry(path).or_default() += 1;
    }
    println!();
    for (name, _, report) in outcome.streams.iter().filter(|(_, _, report)| !report.perfect()) {
        println!("{name}: {report}; first missing packets {:?}", report.missing(5));
    }
    let paths: Vec<String> = paths.iter().map(|(path, count)| format!("{count} {path}")).collect();
    println!("Sent {sent} packets in {} streams (by path: {})", outcome.streams.len(), paths.join(", "));
    println!(
        "Added delay: p50 {}, p99 {}, longest {} (send call to receive call, both ends on this machine)",
        time(outcome.delay.p50()),
        time(outcome.delay.p99()),
        time(outcome.delay.longest())
    );
    println!("The relay counted {relayed} packets");
    let whole = outcome.streams.iter().all(|(_, _, report)| report.perfect());
    if whole {
        println!("PASSED: all {intact} packets arrived, each once, in order, every byte as it was sent");
    } else {
        println!("FAILED: {intact} of {sent} packets arrived intact");
    }
    whole
}
