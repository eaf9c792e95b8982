//! The replay window (RFC 3711 §3.3.2).

use crate::Progress;

/// Packets that are remembered. RFC 3711 wants 64 at least.
pub(crate) const WINDOW: u64 = 128;

/// Why an index is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stale {
    Seen,
    TooOld,
}

impl Progress {
    /// Whether `index` is new; changes nothing, because the packet is not authenticated yet.
    pub(crate) fn check(&self, index: u64) -> Result<(), Stale> {
        if self.is_fresh() || index > self.index {
            return Ok(());
        }
        match self.index - index {
            back @ 0..WINDOW if self.window >> back & 1 == 0 => Ok(()),
            0..WINDOW => Err(Stale::Seen),
            _ => Err(Stale::TooOld),
        }
    }

    /// Remembers an index that [`Progress::check`] has let pass.
    pub(crate) fn commit(&mut self, index: u64) {
        if self.is_fresh() {
            *self = Progress { index, window: 1 };
        } else if index > self.index {
            let ahead = index - self.index;
            self.window = if ahead < WINDOW { self.window << ahead | 1 } else { 1 };
            self.index = index;
        } else if let back @ 0..WINDOW = self.index - index {
            self.window |= 1 << back;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn edges_of_the_window() {
        let mut progress = Progress::default();
        progress.commit(1000);
        assert_eq!(progress.check(1000), Err(Stale::Seen));
        assert_eq!(progress.check(1000 - 127), Ok(()));
        assert_eq!(progress.check(1000 - 128), Err(Stale::TooOld));
        progress.commit(1000 - 127);
        assert_eq!(progress.check(1000 - 127), Err(Stale::Seen));
        progress.commit(1001);
        assert_eq!(progress.check(1000 - 127), Err(Stale::TooOld));
        assert_eq!(progress.check(1000), Err(Stale::Seen));
        progress.commit(1001 + 127);
        assert_eq!(progress.check(1001), Err(Stale::Seen));
        progress.commit(5000);
        assert_eq!(progress, Progress { index: 5000, window: 1 });
    }

    #[test]
    fn index_zero_counts() {
        let mut progress = Progress::default();
        assert_eq!(progress.check(0), Ok(()));
        progress.commit(0);
        assert_eq!(progress.check(0), Err(Stale::Seen));
        assert_eq!(progress.check(1), Ok(()));
    }

    proptest! {
        #[test]
        fn is_a_set_with_an_end(steps in proptest::collection::vec((0u64..400, any::<bool>()), 1..300)) {
            let mut progress = Progress::default();
            let mut seen = BTreeSet::new();
            let mut base = 10_000u64;
            for (offset, forward) in steps {
                let index = base + offset - 200;
                let highest = seen.last().copied();
                let expected = match highest {
                    Some(highest) if index <= highest && highest - index >= WINDOW => Err(Stale::TooOld),
                    _ if seen.contains(&index) => Err(Stale::Seen),
                    _ => Ok(()),
                };
                prop_assert_eq!(progress.check(index), expected);
                if expected.is_ok() {
                    progress.commit(index);
                    seen.insert(index);
                }
                if forward { base += 1; }
            }
        }
    }
}
