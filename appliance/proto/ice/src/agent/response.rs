//! Responses to our checks (RFC 8445 §7.2.5).

use super::Agent;
use super::lane::First;
use crate::pair::{Check, PairId, State};
use crate::stun::{Class, Message};
use crate::{Event, Reason, Role};
use std::net::SocketAddr;
use std::time::Duration;

impl Agent {
    pub(super) fn response(
        &mut self,
        message: &Message<'_>,
        local: SocketAddr,
        remote: SocketAddr,
        now: Duration,
    ) -> Result<(), Reason> {
        let transaction = &message.transaction;
        let asked = |check: &&Check| check.transaction == *transaction;
        let found = self.list.iter().find_map(|pair| Some((pair, pair.check().filter(asked)?)));
        let Some((pair, check)) = found else {
            return self.consent_response(message, local, remote, now);
        };
        let theirs = self.theirs.as_ref().ok_or(Reason::UnknownTransaction)?;
        if !message.is_sealed_with(theirs.pwd()) {
            return Err(Reason::Integrity);
        }
        let symmetric = (pair.local, pair.remote) == (local, remote);
        let (id, check) = (pair.id, check.clone());
        match message.class {
            // From elsewhere than we asked: no good for media (RFC 8445 §7.2.5.2.1).
            _ if !symmetric => self.fail(id),
            Class::Success if message.mapped.is_some() => self.succeed(id, &check, now),
            Class::Error if message.error == Some(487) => self.yield_role(id, &check),
            _ => self.fail(id),
        }
        Ok(())
    }

    fn consent_response(
        &mut self,
        message: &Message<'_>,
        local: SocketAddr,
        remote: SocketAddr,
        now: Duration,
    ) -> Result<(), Reason> {
        let used = self
            .lanes
            .iter_mut()
            .filter_map(|lane| lane.selected.as_mut())
            .find(|used| used.consent.as_ref().is_some_and(|consent| consent.asked(&message.transaction)))
            .ok_or(Reason::UnknownTransaction)?;
        if !message.is_sealed_with(used.theirs.pwd()) {
            return Err(Reason::Integrity);
        }
        if (used.local, used.remote) != (local, remote) || message.class != Class::Success {
            return Err(Reason::UnknownTransaction);
        }
        if let Some(consent) = &mut used.consent {
            consent.renew(&message.transaction, now, &self.timing);
        }
        Ok(())
    }

    /// The pair works (RFC 8445 §7.2.5.3).
    fn succeed(&mut self, id: PairId, check: &Check, now: Duration) {
        let Some(pair) = self.list.get_mut(id) else { return };
        pair.valid = true;
        pair.state = State::Succeeded;
        let nominated = match self.role {
            Role::Controlling => check.nominates,
            Role::Controlled => pair.nominate,
        };
        if nominated {
            pair.nominate = false;
        }
        pair.nominated |= nominated;
        let (component, local, remote, foundations) =
            (pair.component, pair.local, pair.remote, pair.foundations);
        self.list.thaw(foundations);
        let Some(lane) = self.lane_mut(component) else { return };
        lane.failed = false;
        if nominated && lane.nominating == Some(id) {
            lane.nominating = None;
        }
        if lane.first.is_none() {
            lane.first = Some(First { local, remote, at: now });
            // Only news if media goes there: not while an older pair is in use, nor after a loss.
            if lane.selected.is_none() && !lane.lost {
                self.tell(Event::ValidPair { component, local, remote });
            }
        }
        if nominated {
            self.select(id, now);
        }
        self.consider_nomination(now);
    }

    /// The check will not succeed.
    pub(super) fn fail(&mut self, id: PairId) {
        let Some(pair) = self.list.get_mut(id) else { return };
        pair.state = State::Failed;
        pair.valid = false;
        pair.nominated = false;
        pair.nominate = false;
        let component = pair.component;
        if let Some(lane) = self.lane_mut(component)
            && lane.nominating == Some(id)
        {
            lane.nominating = None;
        }
    }

    /// 487: the other party keeps the role we thought ours (RFC 8445 §7.2.5.1).
    fn yield_role(&mut self, id: PairId, check: &Check) {
        // Unless a request of theirs made us change in the meantime, or the role follows from who is lite.
        if check.role == self.role && self.lite == self.remote_lite {
            self.switch_role(self.role.other());
            self.tie_breaker = u64::from_be_bytes(self.random.bytes());
        }
        if let Some(pair) = self.list.get_mut(id) {
            pair.state = State::Waiting;
        }
        self.list.trigger(id);
    }
}
