//! What happens by itself as time passes: checks, retransmissions, consent, giving up.

use super::Agent;
use crate::pair::{Check, PairId, State};
use crate::stun::{Class, Writer};
use crate::{Component, Credentials, Event, Kind, Role, priority};
use std::net::SocketAddr;
use std::time::Duration;

impl Agent {
    /// When [`Agent::on_timeout`] wants to be called; may lie in the past: at once. `None`: not before something else
    /// happens.
    pub fn next_timeout(&self) -> Option<Duration> {
        if self.lite {
            return None;
        }
        let check = self.list.has_next().then(|| self.next_check());
        let waits = self.list.iter().filter_map(|pair| Some(pair.check()?.due)).min();
        let nominations =
            Component::ALL.into_iter().filter_map(|component| self.nomination_due(component)).min();
        let consents =
            self.lanes.iter().filter_map(|lane| Some(lane.selected.as_ref()?.consent.as_ref()?.due())).min();
        let failure = self.lanes.iter().any(|lane| self.is_hopeless(lane.component));
        let failure = failure.then(|| self.started + self.timing.patience);
        [check, waits, nominations, consents, failure].into_iter().flatten().min()
    }

    /// Does what is due. Sends at most one new check, and again those checks whose wait is over.
    pub fn on_timeout(&mut self, now: Duration) {
        if self.lite {
            return;
        }
        self.send_again(now);
        self.ask_for_consent(now);
        self.consider_nomination(now);
        if now >= self.next_check()
            && let Some(id) = self.list.take_next()
        {
            self.last_check = Some(now);
            self.check(id, now);
        }
        self.give_up(now);
    }

    /// When the next check may be sent (RFC 8445 §14.2).
    fn next_check(&self) -> Duration {
        self.last_check.map_or(Duration::ZERO, |last| last + self.timing.pace)
    }

    /// Begins a check of this pair.
    fn check(&mut self, id: PairId, now: Duration) {
        let transaction = self.random.bytes();
        let wait = self.timing.rto.max(self.timing.pace * self.list.busy());
        let role = self.role;
        let Some(pair) = self.list.get_mut(id) else { return };
        let nominates = role == Role::Controlling && pair.nominate;
        pair.state = State::InProgress(Check::begin(transaction, role, nominates, now, wait));
        self.send_check(id);
    }

    fn send_again(&mut self, now: Duration) {
        let timing = self.timing;
        let (mut again, mut failed) = (Vec::new(), Vec::new());
        for pair in self.list.iter_mut() {
            if let State::InProgress(check) = &mut pair.state
                && check.due <= now
            {
                if check.again(now, &timing) { again.push(pair.id) } else { failed.push(pair.id) }
            }
        }
        again.into_iter().for_each(|id| self.send_check(id));
        for id in failed {
            if self.is_worth_more(id, now) { self.list.trigger(id) } else { self.fail(id) }
        }
    }

    /// Whether to begin another check after all tries of one were lost: while patience lasts, for a pair over which the
    /// other party reaches us, if there is none to use yet.
    fn is_worth_more(&self, id: PairId, now: Duration) -> bool {
        now < self.started + self.timing.patience
            && self.list.get(id).is_some_and(|pair| {
                pair.heard && self.lane(pair.component).is_some_and(|lane| !lane.is_complete(self.generation))
            })
    }

    /// Writes and sends the check under way of this pair.
    fn send_check(&mut self, id: PairId) {
        let (Some(pair), Some(theirs)) = (self.list.get(id), &self.theirs) else { return };
        let Some(check) = pair.check() else { return };
        let mut writer =
            self.ask(&check.transaction, theirs, &self.ours, pair.local_priority, pair.component);
        writer.role(check.role, self.tie_breaker);
        if check.nominates {
            writer.use_candidate();
        }
        let (local, remote, bytes) = (pair.local, pair.remote, writer.seal(theirs.pwd()));
        // Without room it is as if the network had lost it.
        self.send(local, remote, bytes);
    }

    /// A request with all but the role (RFC 8445 §7.2.2).
    fn ask(
        &self,
        transaction: &[u8; 12],
        theirs: &Credentials,
        ours: &Credentials,
        local_priority: u32,
        component: Component,
    ) -> Writer {
        let mut writer = Writer::new(Class::Request, transaction);
        writer.username(theirs.ufrag(), ours.ufrag());
        // What the candidate would be worth if the other party saw it under another address (§7.1.1).
        writer.priority(priority(Kind::PeerReflexive.preference(), (local_priority >> 8) as u16, component));
        writer
    }

    fn ask_for_consent(&mut self, now: Duration) {
        for component in Component::ALL {
            let Some(lane) = self.lanes.iter_mut().find(|lane| lane.component == component) else { continue };
            let Some(used) = &mut lane.selected else { continue };
            let Some(consent) = &mut used.consent else { continue };
            if consent.is_lost(now) {
                self.lose(component);
                continue;
            }
            let Some(transaction) = consent.ask(now, &self.timing, &mut self.random) else { continue };
            let (local, remote): (SocketAddr, SocketAddr) = (used.local, used.remote);
            let (ours, theirs, local_priority) = (used.ours.clone(), used.theirs.clone(), used.priority);
            let mut writer = self.ask(&transaction, &theirs, &ours, local_priority, component);
            writer.role(self.role, self.tie_breaker);
            self.send(local, remote, writer.seal(theirs.pwd()));
        }
    }

    /// Nothing works, nothing is open, nothing more is to come: only checks of the other party could still help.
    fn is_hopeless(&self, component: Component) -> bool {
        self.theirs.is_some()
            && self.end_of_candidates
            && self.lane(component).is_some_and(|lane| !lane.failed && !lane.is_complete(self.generation))
            && !self.list.of(component).any(|pair| pair.valid || pair.is_open())
    }

    fn give_up(&mut self, now: Duration) {
        if now < self.started + self.timing.patience {
            return;
        }
        for component in Component::ALL {
            if self.is_hopeless(component)
                && let Some(lane) = self.lane_mut(component)
            {
                lane.failed = true;
                self.tell(Event::Failed { component });
            }
        }
    }
}
