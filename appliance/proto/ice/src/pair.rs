//! One pair of addresses and the check of it (RFC 8445 §6.1.2).

use crate::{Component, Foundation, Role, Timing};
use std::net::SocketAddr;
use std::time::Duration;

/// Names a pair for as long as it is on the list; never used twice by an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PairId(pub(crate) u32);

/// How far the check has come (RFC 8445 §6.1.2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Waits for another pair of the same foundation.
    Frozen,
    /// Waits for its turn.
    Waiting,
    /// Sent, and no answer yet.
    InProgress(Check),
    /// The last check was answered.
    Succeeded,
    /// The last check was not.
    Failed,
}

/// A check under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) transaction: [u8; 12],
    /// The role it was sent with.
    pub(crate) role: Role,
    /// It nominates.
    pub(crate) nominates: bool,
    /// How often it was sent.
    sent: u32,
    /// When to send again, or to give up.
    pub(crate) due: Duration,
    /// When it was sent last.
    last: Duration,
}

impl Check {
    pub(crate) fn begin(
        transaction: [u8; 12],
        role: Role,
        nominates: bool,
        now: Duration,
        wait: Duration,
    ) -> Check {
        Check { transaction, role, nominates, sent: 1, due: now + wait, last: now }
    }

    /// The wait is over: whether to send again, with the next wait set.
    pub(crate) fn again(&mut self, now: Duration, timing: &Timing) -> bool {
        if self.sent >= timing.tries {
            return false;
        }
        let wait = ((self.due - self.last) * 2).min(timing.rto_most).max(timing.rto);
        self.sent += 1;
        self.last = now;
        self.due = now + wait;
        true
    }

    /// The other party's request came meanwhile: the way is open, so a try now is worth more than one later, and the
    /// tries so far count no more (RFC 8445 §7.3.1.4). Tries stay `pace` apart. The transaction stays, because on a long
    /// way answers to it may be about to arrive.
    pub(crate) fn hurry(&mut self, now: Duration, timing: &Timing) {
        self.sent = 0;
        self.due = self.due.min(now.max(self.last + timing.pace));
    }
}

/// A socket of ours and an address of the other party's.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) id: PairId,
    pub(crate) component: Component,
    /// The base of our candidate.
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    /// Pairs with the same two foundations are likely to share their fate.
    pub(crate) foundations: (Foundation, Foundation),
    pub(crate) local_priority: u32,
    pub(crate) remote_priority: u32,
    pub(crate) state: State,
    /// A check was answered at some time: the pair works, and stands on the valid list (RFC 8445 §7.2.5.3.2).
    pub(crate) valid: bool,
    /// The other party's check came over it, so the way is open in that direction.
    pub(crate) heard: bool,
    /// To be used, as both parties know.
    pub(crate) nominated: bool,
    /// Controlled: the other party nominated it, and our own check is still missing. Controlling: checks of it
    /// nominate.
    pub(crate) nominate: bool,
}

impl Pair {
    /// The priority of the pair (RFC 8445 §6.1.2.3); `role` is ours.
    pub(crate) fn priority(&self, role: Role) -> u64 {
        let (ours, theirs) = (u64::from(self.local_priority), u64::from(self.remote_priority));
        let (g, d) = match role {
            Role::Controlling => (ours, theirs),
            Role::Controlled => (theirs, ours),
        };
        (g.min(d) << 32) + 2 * g.max(d) + u64::from(g > d)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.state == State::Frozen
    }

    pub(crate) fn check(&self) -> Option<&Check> {
        match &self.state {
            State::InProgress(check) => Some(check),
            _ => None,
        }
    }

    /// Whether the outcome is still open.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Frozen | State::Waiting | State::InProgress(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(local_priority: u32, remote_priority: u32) -> Pair {
        Pair {
            id: PairId(0),
            component: Component::Rtp,
            local: "192.0.2.1:1".parse().unwrap(),
            remote: "192.0.2.2:2".parse().unwrap(),
            foundations: (Foundation::unlisted(1), Foundation::unlisted(2)),
            local_priority,
            remote_priority,
            state: State::Frozen,
            valid: false,
            heard: false,
            nominated: false,
            nominate: false,
        }
    }

    #[test]
    fn both_ends_give_a_pair_the_same_priority() {
        let (here, there) = (pair(2_130_706_431, 1_694_498_815), pair(1_694_498_815, 2_130_706_431));
        assert_eq!(here.priority(Role::Controlling), there.priority(Role::Controlled));
        assert_eq!(here.priority(Role::Controlling), (1_694_498_815 << 32) + 2 * 2_130_706_431 + 1);
        assert_eq!(here.priority(Role::Controlled), (1_694_498_815 << 32) + 2 * 2_130_706_431);
    }

    #[test]
    fn hurried_checks_stay_apart() {
        let timing = Timing::default();
        let mut check = Check::begin([0; 12], Role::Controlled, false, Duration::ZERO, timing.rto);
        check.hurry(Duration::from_millis(10), &timing);
        assert_eq!(check.due.as_millis(), 50);
        assert!(check.again(check.due, &timing));
        assert_eq!(check.due.as_millis(), 550);
    }

    #[test]
    fn checks_are_sent_seven_times_with_doubling_waits() {
        let timing = Timing::default();
        let mut check = Check::begin([0; 12], Role::Controlled, false, Duration::ZERO, timing.rto);
        let mut times = vec![0];
        while check.again(check.due, &timing) {
            times.push(check.last.as_millis());
        }
        assert_eq!(times, [0, 500, 1500, 3500, 5500, 7500, 9500]);
        assert_eq!(check.due.as_millis(), 11_500);
    }
}
