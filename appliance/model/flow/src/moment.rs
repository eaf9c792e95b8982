use std::ops::{Add, Sub};

/// A point of the monotonic clock in microseconds since the process started. Threads read the clock once per
/// loop turn and pass it down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// So many whole seconds.
    pub const fn from_secs(secs: u64) -> Micros {
        Micros(secs * 1_000_000)
    }

    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Micros {
        Micros(millis * 1_000)
    }
}

impl Moment {
    /// How long ago `earlier` was; zero when it lies in the future.
    pub const fn since(self, earlier: Moment) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Micros> for Moment {
    type Output = Moment;
    fn add(self, rhs: Micros) -> Moment {
        Moment(self.0.saturating_add(rhs.0))
    }
}

impl Sub<Micros> for Moment {
    type Output = Moment;
    fn sub(self, rhs: Micros) -> Moment {
        Moment(self.0.saturating_sub(rhs.0))
    }
}
