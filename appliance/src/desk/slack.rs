//! When memory of calls that are gone is worth giving back: an allocator keeps what lies between things in use.

use flow::{Micros, Moment};

/// So many calls less than there were.
const FEWER: usize = 1000;
/// Replies to the last requests are kept for up to a minute, and looked at once a second: two generations of up to 31 s. They
/// must be gone before memory is given back, since nothing else does it in a daemon at rest.
const REPLIES: Micros = Micros::from_secs(66);

/// How many calls there were.
#[derive(Debug, Default)]
pub(super) struct Slack {
    most: usize,
    again: Option<Moment>,
}

impl Slack {
    /// True when there has come to be much to give back. To be asked now and then.
    pub(super) fn look(&mut self, calls: usize, now: Moment) -> bool {
        self.most = self.most.max(calls);
        if self.most - calls >= FEWER && calls * 2 <= self.most {
            self.most = calls;
            self.again = Some(now + REPLIES);
            return true;
        }
        self.again.take_if(|at| *at <= now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_when_half_of_many_are_gone_and_once_more_without_their_replies() {
        let mut slack = Slack::default();
        let at = |secs| Moment::default() + Micros::from_secs(secs);
        for (secs, calls, worth_it) in [
            (1, 0, false),
            (2, 900, false),
            (3, 0, false),
            (4, 5000, false),
            (5, 2501, false),
            (6, 2500, true),
            (7, 2500, false),
            (8, 2000, false),
            (9, 100, true),
            (74, 100, false),
            (75, 100, true),
            (76, 100, false),
        ] {
            assert_eq!(slack.look(calls, at(secs)), worth_it, "after {secs} s");
        }
    }
}
