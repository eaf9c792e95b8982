use std::fmt;

/// A point in time as people write it, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    /// Year, Gregorian.
    pub(super) year: u64,
    /// Month, from 1.
    pub(super) month: u64,
    /// Day, from 1.
    pub(super) day: u64,
    /// Hour, from 0.
    pub(super) hour: u64,
    /// Minute.
    pub(super) minute: u64,
    /// Second.
    pub(super) second: u64,
}

impl Civil {
    /// Of microseconds since 1970.
    pub(super) fn of(wall_us: u64) -> Civil {
        let seconds = wall_us / 1_000_000;
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Years begin in March, so that the odd day is the last; an era has 400 years and 146,097 days.
        let since = days + 719_468;
        let (era, day) = (since / 146_097, since % 146_097);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let of_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        Civil {
            year: era * 400 + year + u64::from(month >= 10),
            month: if month < 10 { month + 3 } else { month - 9 },
            day: of_year - (153 * month + 2) / 5 + 1,
            hour: rest / 3600,
            minute: rest % 3600 / 60,
            second: rest % 60,
        }
    }
}

/// `2026-11-21T20:56:08`.
impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::Civil;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, said) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_399, "2000-02-28T23:59:59"),
            (951_782_400, "2000-02-29T00:00:00"),
            (951_868_800, "2000-03-01T00:00:00"),
            (1_795_294_568, "2026-11-21T20:56:08"),
            (4_107_542_400, "2100-03-01T00:00:00"),
        ] {
            assert_eq!(Civil::of(seconds * 1_000_000).to_string(), said);
        }
    }
}
