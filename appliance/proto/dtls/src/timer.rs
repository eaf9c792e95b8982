/// The first wait and the longest, in microseconds (RFC 6347 §4.2.4.1).
const FIRST_US: u64 = 1_000_000;
const LONGEST_US: u64 = 60_000_000;
/// After this long OpenSSL is asked again if its own clock says that it is not time yet.
const AGAIN_US: u64 = 25_000;

/// When the last flight is sent again, and when a handshake is given up. It goes in step with OpenSSL's own timer,
/// which counts by the wall clock, starts with each flight at one second, and doubles; OpenSSL sends when it is asked
/// to after that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer {
    wait_us: u64,
    due_us: u64,
    give_up_us: u64,
}

impl Timer {
    /// Starts at `now_us` with a flight just sent; ends at `give_up_us`.
    pub(crate) fn new(now_us: u64, give_up_us: u64) -> Timer {
        Timer { wait_us: FIRST_US, due_us: now_us.saturating_add(FIRST_US), give_up_us }
    }

    /// The next flight was sent.
    pub(crate) fn flight(&mut self, now_us: u64) {
        *self = Timer::new(now_us, self.give_up_us);
    }

    /// OpenSSL was asked to send the flight again, and did or did not.
    pub(crate) fn asked(&mut self, now_us: u64, did: bool) {
        let wait_us = if did {
            self.wait_us = (2 * self.wait_us).min(LONGEST_US);
            self.wait_us
        } else {
            AGAIN_US
        };
        self.due_us = now_us.saturating_add(wait_us);
    }

    /// When something is to be done.
    pub(crate) fn next(&self) -> u64 {
        self.due_us.min(self.give_up_us)
    }

    pub(crate) fn is_due(&self, now_us: u64) -> bool {
        now_us >= self.due_us
    }

    pub(crate) fn is_over(&self, now_us: u64) -> bool {
        now_us >= self.give_up_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_begin_anew_with_the_next_flight() {
        let mut timer = Timer::new(0, 1 << 40);
        let mut waits = Vec::new();
        let mut now = 0;
        for _ in 0..8 {
            waits.push((timer.next() - now) / 1_000_000);
            now = timer.next();
            assert!(timer.is_due(now) && !timer.is_due(now - 1));
            timer.asked(now, true);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        timer.asked(now, false);
        assert_eq!(timer.next(), now + AGAIN_US);
        timer.flight(now);
        assert_eq!(timer.next(), now + FIRST_US);
    }

    #[test]
    fn the_end_is_the_end() {
        let timer = Timer::new(0, 500_000);
        assert_eq!(timer.next(), 500_000);
        assert!(timer.is_over(500_000) && !timer.is_over(499_999));
    }
}
