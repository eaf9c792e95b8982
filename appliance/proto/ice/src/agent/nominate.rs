//! Which pair is used (RFC 8445 §8).

use super::Agent;
use super::lane::Selected;
use crate::consent::Consent;
use crate::pair::{PairId, State};
use crate::{Component, Event, Role};
use std::time::Duration;

impl Agent {
    /// Controlling: nominates the best pair that works, once no better one can be hoped for or the wait is over.
    pub(super) fn consider_nomination(&mut self, now: Duration) {
        for component in Component::ALL {
            if let Some(id) = self.to_nominate(component, now)
                && let Some(pair) = self.list.get_mut(id)
            {
                pair.nominate = true;
                self.list.trigger(id);
                if let Some(lane) = self.lane_mut(component) {
                    lane.nominating = Some(id);
                }
            }
        }
    }

    fn to_nominate(&self, component: Component, now: Duration) -> Option<PairId> {
        let patient = now < self.nomination_due(component)?;
        // Best first: the first pair that works, or before it one that still might.
        for pair in self.list.of(component) {
            if pair.valid {
                return Some(pair.id);
            }
            if patient && pair.is_open() {
                return None;
            }
        }
        None
    }

    /// Controlling, with a working pair and none nominated yet: when to wait no longer for a better one.
    pub(super) fn nomination_due(&self, component: Component) -> Option<Duration> {
        if self.role != Role::Controlling || self.lite {
            return None;
        }
        let lane = self.lane(component)?;
        if lane.nominating.is_some() || lane.is_complete(self.generation) {
            return None;
        }
        let works = self.list.of(component).any(|pair| pair.valid);
        works.then(|| lane.first.map_or(Duration::ZERO, |first| first.at + self.timing.nominate_after))
    }

    /// A pair was nominated: use it, unless a better one is in use already (RFC 8445 §8.1.1, and §8.1.2 for what
    /// becomes of the others).
    pub(super) fn select(&mut self, id: PairId, now: Duration) {
        let (role, generation) = (self.role, self.generation);
        let (Some(pair), Some(theirs)) = (self.list.get(id), &self.theirs) else { return };
        let (component, local, remote, priority) =
            (pair.component, pair.local, pair.remote, pair.priority(role));
        let old = self.lane(component).and_then(|lane| lane.selected.as_ref());
        if let Some(old) = old.filter(|old| old.generation == generation) {
            let better = self.list.get(old.pair).is_none_or(|old| old.priority(role) < priority);
            if old.pair == id || !(better || old.is_doubtful(now, &self.timing)) {
                return;
            }
        }
        let selected = Selected {
            pair: id,
            generation,
            local,
            remote,
            priority: pair.local_priority,
            ours: self.ours.clone(),
            theirs: theirs.clone(),
            consent: (!self.lite).then(|| Consent::given(now, &self.timing, &mut self.random)),
            heard: now,
        };
        if let Some(lane) = self.lane_mut(component) {
            lane.selected = Some(selected);
            lane.nominating = None;
            lane.lost = false;
            lane.failed = false;
        }
        self.tell(Event::NominatedPair { component, local, remote });
        // Untried pairs need no check any more, and lower ones under way none again. Better ones may still be nominated.
        self.list.retain(|pair| {
            pair.component != component
                || pair.valid
                || pair.nominate
                || pair.state == State::Failed
                || (pair.check().is_some() && pair.priority(role) > priority)
        });
        self.consider_connected();
    }

    pub(super) fn consider_connected(&mut self) {
        let generation = self.generation;
        if !self.connected && self.lanes.iter().all(|lane| lane.is_complete(generation)) {
            self.connected = true;
            self.ours_before = None;
            self.tell(Event::Connected);
        }
    }

    /// Both parties are lite: nobody checks, so the best pair of each component is taken as it is (RFC 8445 §8.2).
    pub(super) fn select_without_checks(&mut self, now: Duration) {
        for component in Component::ALL {
            self.pair_all(component);
            let best = self.list.of(component).next().map(|pair| pair.id);
            if let Some(id) = best {
                self.select(id, now);
            }
        }
    }

    /// Puts every pair of a component on the list that is not on it.
    fn pair_all(&mut self, component: Component) {
        for remote in self.remotes.clone() {
            for local in self.locals.clone() {
                if remote.component == component && super::remote::suits(&local, &remote) {
                    self.pair(&local, &remote, false);
                }
            }
        }
    }

    /// Consent is gone: nothing may be sent there. What worked before is tried again; if the other party answers, the
    /// usual way leads to a nominated pair.
    pub(super) fn lose(&mut self, component: Component) {
        let generation = self.generation;
        let Some(lane) = self.lane_mut(component) else { return };
        let current = lane.is_complete(generation);
        lane.selected = None;
        lane.lost = true;
        self.tell(Event::ConsentLost { component });
        if !current {
            return;
        }
        self.connected = false;
        if let Some(lane) = self.lane_mut(component) {
            lane.reset();
        }
        let mut again = Vec::new();
        let controlled = self.role == Role::Controlled;
        for pair in self.list.iter_mut().filter(|pair| pair.component == component && pair.valid) {
            pair.valid = false;
            pair.nominate = controlled && std::mem::take(&mut pair.nominated);
            again.push(pair.id);
        }
        for id in again {
            self.list.trigger(id);
        }
        // Pairs given up at the nomination may be the ones that work now: the other party may have moved.
        self.pair_all(component);
    }
}
