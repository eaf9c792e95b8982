//! Durations in buckets of about 3 %, for p50 and p99.

use std::time::Duration;

/// Buckets per power of two.
const PER_OCTAVE: usize = 32;
const OCTAVES: usize = 42;

/// Counts durations; remembers each to within about 3 %.
#[derive(Clone)]
pub struct Histogram {
    buckets: Vec<u32>,
    count: u64,
    longest: Duration,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { buckets: vec![0; PER_OCTAVE * OCTAVES], count: 0, longest: Duration::ZERO }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn add(&mut self, duration: Duration) {
        let slot = slot(duration.as_nanos() as u64).min(self.buckets.len() - 1);
        self.buckets[slot] += 1;
        self.count += 1;
        self.longest = self.longest.max(duration);
    }

    /// Adds everything `other` counted.
    pub fn merge(&mut self, other: &Histogram) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.longest = self.longest.max(other.longest);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest, exactly.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// The duration that `percent` % (0–100) do not exceed; zero if nothing was counted.
    pub fn percentile(&self, percent: f64) -> Duration {
        let wanted = (self.count as f64 * percent / 100.0).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (slot, &count) in self.buckets.iter().enumerate() {
            seen += u64::from(count);
            if seen >= wanted {
                return Duration::from_nanos(upper_edge(slot)).min(self.longest);
            }
        }
        Duration::ZERO
    }

    /// Shorthand for the median.
    pub fn p50(&self) -> Duration {
        self.percentile(50.0)
    }

    /// Shorthand for the 99th percentile.
    pub fn p99(&self) -> Duration {
        self.percentile(99.0)
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} delays, p50 {:?}, p99 {:?}, max {:?}", self.count, self.p50(), self.p99(), self.longest)
    }
}

/// Values below `PER_OCTAVE` have a bucket each; above, an octave has `PER_OCTAVE`.
fn slot(ns: u64) -> usize {
    let ns = ns as usize;
    if ns < PER_OCTAVE {
        return ns;
    }
    let octave = (ns.ilog2() - PER_OCTAVE.ilog2()) as usize;
    PER_OCTAVE * (octave + 1) + (ns >> octave) - PER_OCTAVE
}

fn upper_edge(slot: usize) -> u64 {
    if slot < PER_OCTAVE {
        return slot as u64;
    }
    let octave = slot / PER_OCTAVE - 1;
    (((slot % PER_OCTAVE + PER_OCTAVE + 1) as u64) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_in_order_and_close() {
        let mut last = 0;
        for ns in (0..100_000).chain([1 << 30, (1 << 30) + 1, 1 << 40]) {
            let slot = slot(ns);
            assert!(slot >= last);
            last = slot;
            let edge = upper_edge(slot);
            assert!(edge >= ns && edge as f64 <= ns as f64 * 1.04 + 1.0, "{ns} → {edge}");
        }
    }

    #[test]
    fn percentiles_of_a_ramp() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.p99(), Duration::ZERO);
        (1..=1000).for_each(|us| histogram.add(Duration::from_micros(us)));
        let p50 = histogram.p50().as_micros();
        let p99 = histogram.p99().as_micros();
        assert!((500..520).contains(&p50), "{p50}");
        assert!((990..=1000).contains(&p99), "{p99}");
        assert_eq!(histogram.longest(), Duration::from_micros(1000));
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        assert_eq!((twice.count(), twice.p50()), (2000, histogram.p50()));
    }
}
