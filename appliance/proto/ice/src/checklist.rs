//! The check list: which pair is checked next (RFC 8445 §6.1.2, §6.1.4).

use crate::pair::{Pair, PairId, State};
use crate::{Component, Foundation, MAX_PAIRS, Role};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// At most [`MAX_PAIRS`] pairs, best first, and the queue of triggered checks.
#[derive(Debug, Default)]
pub(crate) struct CheckList {
    pairs: Vec<Pair>,
    triggered: VecDeque<PairId>,
    next: u32,
}

impl CheckList {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Pair> {
        self.pairs.iter_mut()
    }

    /// Pairs of one component.
    pub(crate) fn of(&self, component: Component) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(move |pair| pair.component == component)
    }

    pub(crate) fn get(&self, id: PairId) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: PairId) -> Option<&mut Pair> {
        self.pairs.iter_mut().find(|pair| pair.id == id)
    }

    /// The pair between two addresses; a socket belongs to one component, so these are enough.
    pub(crate) fn between(&self, local: SocketAddr, remote: SocketAddr) -> Option<PairId> {
        Some(self.pairs.iter().find(|pair| pair.local == local && pair.remote == remote)?.id)
    }

    /// Takes a pair in. If the list is full, another must go: the lowest failed one, else the lowest untried one,
    /// unless that ranks higher and the newcomer is not `urgent`. `None`: no room, or there is such a pair already.
    pub(crate) fn insert(&mut self, mut pair: Pair, role: Role, urgent: bool) -> Option<PairId> {
        if self.between(pair.local, pair.remote).is_some() {
            return None;
        }
        if self.pairs.len() >= MAX_PAIRS {
            let failed = self.pairs.iter().rposition(|old| old.state == State::Failed && !old.valid);
            let untried = || {
                let lowest =
                    self.pairs.iter().rposition(|old| old.is_frozen() || (old.is_waiting() && !old.valid))?;
                (urgent || self.pairs[lowest].priority(role) < pair.priority(role)).then_some(lowest)
            };
            let gone = self.pairs.remove(failed.or_else(untried)?).id;
            self.triggered.retain(|id| *id != gone);
        }
        let id = PairId(self.next);
        self.next += 1;
        pair.id = id;
        let priority = pair.priority(role);
        let place = self.pairs.partition_point(|old| old.priority(role) >= priority);
        self.pairs.insert(place, pair);
        Some(id)
    }

    /// After our role changed, priorities have too.
    pub(crate) fn sort(&mut self, role: Role) {
        self.pairs.sort_by_key(|pair| std::cmp::Reverse(pair.priority(role)));
    }

    /// Drops pairs.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Pair) -> bool) {
        self.pairs.retain(keep);
        let pairs = &self.pairs;
        self.triggered.retain(|id| pairs.iter().any(|pair| pair.id == *id));
    }

    /// Drops everything; numbers are not used again.
    pub(crate) fn clear(&mut self) {
        self.pairs.clear();
        self.triggered.clear();
    }

    /// Puts a check of this pair before all ordinary ones (RFC 8445 §6.1.4.1).
    pub(crate) fn trigger(&mut self, id: PairId) {
        let Some(pair) = self.pairs.iter_mut().find(|pair| pair.id == id) else { return };
        pair.state = State::Waiting;
        if !self.triggered.contains(&id) {
            self.triggered.push_back(id);
        }
    }

    /// The pair to check next (RFC 8445 §6.1.4.2): triggered; else the best waiting; else the best frozen one whose
    /// foundation is not being tried already.
    fn next_of(&self) -> Option<PairId> {
        let waiting = || self.pairs.iter().find(|pair| pair.is_waiting());
        let frozen = || self.pairs.iter().find(|pair| pair.is_frozen() && !self.is_tried(pair.foundations));
        self.triggered.front().copied().or_else(|| Some(waiting().or_else(frozen)?.id))
    }

    fn is_tried(&self, foundations: (Foundation, Foundation)) -> bool {
        self.pairs
            .iter()
            .any(|pair| (pair.is_waiting() || pair.check().is_some()) && pair.foundations == foundations)
    }

    /// Whether a check could be sent now.
    pub(crate) fn has_next(&self) -> bool {
        self.next_of().is_some()
    }

    /// Takes the next pair off the queue.
    pub(crate) fn take_next(&mut self) -> Option<PairId> {
        let id = self.next_of()?;
        self.triggered.retain(|queued| *queued != id);
        Some(id)
    }

    /// A pair worked: others of its foundation are worth trying (RFC 8445 §7.2.5.3.3).
    pub(crate) fn thaw(&mut self, foundations: (Foundation, Foundation)) {
        for pair in self.pairs.iter_mut().filter(|pair| pair.is_frozen() && pair.foundations == foundations) {
            pair.state = State::Waiting;
        }
    }

    /// Pairs waiting or in progress; paces retransmissions (RFC 8445 §14.3).
    pub(crate) fn busy(&self) -> u32 {
        self.pairs.iter().filter(|pair| pair.is_waiting() || pair.check().is_some()).count() as u32
    }

    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(port: u16, priority: u32, foundation: u32) -> Pair {
        Pair {
            id: PairId(0),
            component: Component::Rtp,
            local: "192.0.2.1:4000".parse().unwrap(),
            remote: SocketAddr::from(([192, 0, 2, 2], port)),
            foundations: (Foundation::unlisted(0), Foundation::unlisted(foundation)),
            local_priority: 1 << 31,
            remote_priority: priority,
            state: State::Frozen,
            valid: false,
            heard: false,
            nominated: false,
            nominate: false,
        }
    }

    fn ports(list: &CheckList) -> Vec<u16> {
        list.iter().map(|pair| pair.remote.port()).collect()
    }

    #[test]
    fn best_first_and_one_per_foundation() {
        let mut list = CheckList::default();
        for (port, priority, foundation) in [(1, 10, 1), (2, 30, 1), (3, 20, 2)] {
            list.insert(pair(port, priority, foundation), Role::Controlling, false).unwrap();
        }
        assert_eq!(ports(&list), [2, 3, 1]);
        assert_eq!(list.insert(pair(2, 99, 9), Role::Controlling, false), None, "there is one already");
        let mut order = Vec::new();
        while let Some(id) = list.take_next() {
            list.get_mut(id).unwrap().state = State::Failed;
            order.push(list.get(id).unwrap().remote.port());
        }
        assert_eq!(order, [2, 3, 1]);
    }

    #[test]
    fn frozen_pairs_wait_for_their_foundation() {
        let mut list = CheckList::default();
        let first = list.insert(pair(1, 20, 1), Role::Controlling, false).unwrap();
        let second = list.insert(pair(2, 10, 1), Role::Controlling, false).unwrap();
        assert_eq!(list.take_next(), Some(first));
        list.get_mut(first).unwrap().state = State::Waiting;
        assert_eq!(list.take_next(), Some(first), "the second stays frozen meanwhile");
        list.get_mut(first).unwrap().state = State::Succeeded;
        list.thaw(list.get(first).unwrap().foundations);
        assert!(list.get(second).unwrap().is_waiting());
    }

    #[test]
    fn triggered_pairs_go_first_and_once() {
        let mut list = CheckList::default();
        let ids: Vec<_> = (1..4)
            .map(|n| list.insert(pair(n, 100 - u32::from(n), n.into()), Role::Controlled, false).unwrap())
            .collect();
        list.trigger(ids[2]);
        list.trigger(ids[2]);
        assert_eq!(list.take_next(), Some(ids[2]));
        list.get_mut(ids[2]).unwrap().state = State::Failed;
        assert_eq!(list.take_next(), Some(ids[0]));
    }

    #[test]
    fn full_lists_keep_the_best() {
        let mut list = CheckList::default();
        for n in 0..MAX_PAIRS as u16 {
            list.insert(pair(n + 1, 1000 + u32::from(n), n.into()), Role::Controlling, false).unwrap();
        }
        assert_eq!(list.insert(pair(500, 5, 500), Role::Controlling, false), None, "lower than all");
        assert!(list.insert(pair(501, 5000, 501), Role::Controlling, false).is_some());
        assert!(!ports(&list).contains(&1), "the lowest went");
        assert!(list.insert(pair(502, 5, 502), Role::Controlling, true).is_some(), "urgent");
        assert_eq!(list.len(), MAX_PAIRS);
        for pair in list.iter_mut() {
            pair.state = State::Succeeded;
        }
        assert_eq!(list.insert(pair(503, 9999, 503), Role::Controlling, true), None, "all in use");
    }
}
