use flow::Moment;

/// A point in time on both clocks: the monotonic one that timeouts are counted on, and the wall clock that
/// replies and CDRs show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Monotonic.
    pub at: Moment,
    /// Microseconds since 1970-01-01 UTC.
    pub wall_us: u64,
}

impl Stamp {
    /// Whole seconds since 1970-01-01 UTC.
    pub fn wall_secs(self) -> u64 {
        self.wall_us / 1_000_000
    }

    /// The wall clock time of another moment, reckoned from this stamp.
    pub fn wall_us_of(self, moment: Moment) -> u64 {
        if moment >= self.at {
            self.wall_us.saturating_add(moment.since(self.at).0)
        } else {
            self.wall_us.saturating_sub(self.at.since(moment).0)
        }
    }
}
