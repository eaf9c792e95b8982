use flow::{Moment, SessionId};
use std::collections::BTreeSet;

/// When which section wants to be called. Each section stands here once at most.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    due: BTreeSet<(Moment, SessionId)>,
}

impl Deadlines {
    /// The section's deadline was `before` and is `after` now.
    pub(super) fn change(&mut self, session: SessionId, before: Option<Moment>, after: Option<Moment>) {
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.due.remove(&(before, session));
        }
        if let Some(after) = after {
            self.due.insert((after, session));
        }
    }

    /// The next of all.
    pub(super) fn next(&self) -> Option<Moment> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The section whose deadline was first and is over. It stays here until its deadline changes.
    pub(super) fn over(&self, now: Moment) -> Option<SessionId> {
        self.due.first().filter(|(due, _)| *due <= now).map(|(_, session)| *session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_comes_first_and_each_stands_once() {
        let [a, b] = [1, 2].map(|call| SessionId::new(call, 0, 0));
        let mut deadlines = Deadlines::default();
        deadlines.change(a, None, Some(Moment(20)));
        deadlines.change(b, None, Some(Moment(10)));
        assert_eq!(deadlines.next(), Some(Moment(10)));
        assert_eq!(deadlines.over(Moment(9)), None);
        assert_eq!(deadlines.over(Moment(30)), Some(b));
        deadlines.change(b, Some(Moment(10)), Some(Moment(40)));
        assert_eq!(deadlines.over(Moment(30)), Some(a));
        deadlines.change(a, Some(Moment(20)), None);
        assert_eq!(deadlines.over(Moment(30)), None);
        assert_eq!(deadlines.next(), Some(Moment(40)));
    }
}
