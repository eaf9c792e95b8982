use std::ops::{Add, Sub};

/// A point of the monotonic clock in microseconds since the process started. Threads read the clock once per
/// loop turn and pass it down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// So many whole seconds; more than fit are as many as fit (584,000 years), because clients send any number.
    pub const fn from_secs(secs: u64) -> Micros {
        Micros(secs.saturating_mul(1_000_000))
    }

    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Micros {
        Micros(millis.saturating_mul(1_000))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_a_client_overflows_the_clock() {
        let forever = Micros::from_secs(i64::MAX as u64);
        assert_eq!(Moment(7) + forever, Moment(u64::MAX));
        assert_eq!(Moment(7) - forever, Moment(0));
        assert_eq!(Moment(1).since(Moment(2)), Micros(0));
        assert_eq!(Micros::from_millis(u64::MAX), Micros(u64::MAX));
    }
}
