//! The parts that are measured.

mod exchange;
mod memory;
mod packets;
mod rings;

use std::time::Duration;

/// One part that is measured.
#[derive(Clone, Copy)]
pub struct Case {
    /// What tables and the file of counts call it.
    pub name: &'static str,
    /// What one unit of its work is.
    pub unit: &'static str,
    /// How many units one run of the work has.
    pub units: u32,
    /// How many runs are counted.
    pub runs: u32,
    /// Makes everything ready. What is returned does one run of the work.
    pub prepare: fn() -> Box<dyn FnMut()>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

/// All of them.
pub const ALL: &[Case] = &[
    Case { name: "bencode-read", unit: "offer", units: 1, runs: 200, prepare: exchange::read },
    Case { name: "bencode-write", unit: "reply", units: 1, runs: 200, prepare: exchange::write },
    Case { name: "sdp-exchange", unit: "call", units: 1, runs: 50, prepare: exchange::call },
    Case { name: "recipe-plain", unit: "packet", units: 64, runs: 50, prepare: packets::plain },
    Case { name: "recipe-seal-cm", unit: "packet", units: 64, runs: 20, prepare: packets::seal_cm::<64> },
    Case { name: "recipe-open-cm", unit: "packet", units: 64, runs: 20, prepare: packets::open_cm::<64> },
    Case { name: "seal-cm-alone", unit: "packet", units: 1, runs: 200, prepare: packets::seal_cm::<1> },
    Case { name: "open-cm-alone", unit: "packet", units: 1, runs: 200, prepare: packets::open_cm::<1> },
    Case { name: "seal-cm-16", unit: "packet", units: 16, runs: 50, prepare: packets::seal_cm::<16> },
    Case { name: "open-cm-16", unit: "packet", units: 16, runs: 50, prepare: packets::open_cm::<16> },
    Case { name: "recipe-seal-gcm", unit: "packet", units: 64, runs: 20, prepare: packets::seal_gcm },
    Case { name: "recipe-open-gcm", unit: "packet", units: 64, runs: 20, prepare: packets::open_gcm },
    Case { name: "flows-10", unit: "packet", units: 64, runs: 50, prepare: packets::flows::<10> },
    Case { name: "flows-1000", unit: "packet", units: 64, runs: 50, prepare: packets::flows::<1_000> },
    Case { name: "flows-10000", unit: "packet", units: 64, runs: 50, prepare: packets::flows::<10_000> },
    Case { name: "flows-100000", unit: "packet", units: 64, runs: 50, prepare: packets::flows::<100_000> },
    Case { name: "rings-burst", unit: "packet", units: 64, runs: 50, prepare: rings::burst },
    Case { name: "rings-relay", unit: "packet", units: 64, runs: 50, prepare: rings::relay },
    Case { name: "rings-pool", unit: "move", units: 64, runs: 200, prepare: rings::pool },
];

/// Packets of so many flows, in bursts of so many: what is returned does one burst, and says how long the engine took.
pub fn paced(flows: u32, burst: u32) -> impl FnMut() -> Duration {
    packets::paced(flows, burst)
}

/// The case of a name.
pub fn find(name: &str) -> Option<&'static Case> {
    ALL.iter().find(|case| case.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_case_works_and_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = ALL.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), ALL.len());
        for case in ALL {
            let mut work = (case.prepare)();
            // Each checks itself: a packet that is dropped or a request that is refused is a panic.
            work();
            work();
        }
        assert!(find("no-such-case").is_none());
        assert!(find(ALL[0].name).is_some_and(|case| case.name == ALL[0].name));
    }
}
