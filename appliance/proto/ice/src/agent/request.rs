//! Requests of the other party (RFC 8445 §7.3).

use super::Agent;
use crate::candidate::plain;
use crate::pair::State;
use crate::stun::{Class, Message, Writer};
use crate::{Component, Credentials, Handled, LocalCandidate, MAX_PAIRS, Reason, Role};
use std::net::SocketAddr;
use std::time::Duration;

/// Requests remembered until the other party's SDP says whose they are.
const MAX_EARLY: usize = 16;

/// A sealed request that came before the SDP it belongs to. It was answered; what it teaches has to wait.
#[derive(Clone, Debug)]
pub(super) struct Early {
    pub(super) component: Component,
    local: SocketAddr,
    remote: SocketAddr,
    priority: Option<u32>,
    use_candidate: bool,
    /// The sender's user fragment.
    ufrag: Box<str>,
}

impl Agent {
    /// A packet came to one of our sockets. `local` is the address the socket is bound to.
    pub fn handle(&mut self, packet: &[u8], local: SocketAddr, remote: SocketAddr, now: Duration) -> Handled {
        let message = match Message::parse(packet) {
            None => return Handled::Foreign,
            Some(Err(_)) => return Handled::Dropped(Reason::Malformed),
            Some(Ok(message)) => message,
        };
        if !message.binding || message.class == Class::Indication {
            return Handled::Dropped(Reason::Unasked);
        }
        if !message.has_good_fingerprint() {
            return Handled::Dropped(Reason::Fingerprint);
        }
        let (local, remote) = (plain(local), plain(remote));
        let outcome = match message.class {
            Class::Request => self.request(&message, local, remote, now),
            _ => self.response(&message, local, remote, now),
        };
        outcome.map_or_else(Handled::Dropped, |()| Handled::Consumed)
    }

    fn request(
        &mut self,
        message: &Message<'_>,
        local: SocketAddr,
        remote: SocketAddr,
        now: Duration,
    ) -> Result<(), Reason> {
        let (to, from) = message
            .username
            .and_then(|name| std::str::from_utf8(name).ok()?.split_once(':'))
            .ok_or(Reason::UnknownUser)?;
        let is_for = |credentials: &&Credentials| credentials.ufrag() == to;
        let current = is_for(&&self.ours);
        let known = Some(&self.ours).filter(is_for).or(self.ours_before.as_ref().filter(is_for));
        let ours = known.ok_or(Reason::UnknownUser)?;
        if !message.is_sealed_with(ours.pwd()) {
            return Err(Reason::Integrity);
        }
        // From here on the sender is the other party, and may cost something.
        let pwd = ours.pwd().to_owned();
        let candidate = *self.local_at(local).ok_or(Reason::UnknownLocal)?;
        let mut reply = |writer: Writer| match self.send(local, remote, writer.seal(&pwd)) {
            true => Ok(()),
            false => Err(Reason::NoRoom),
        };
        if !message.unknown().is_empty() {
            let mut error = Writer::new(Class::Error, &message.transaction);
            error.error(420, "Unknown Attribute");
            error.unknown(message.unknown());
            return reply(error);
        }
        let success = || {
            let mut success = Writer::new(Class::Success, &message.transaction);
            success.mapped(remote);
            success
        };
        if !current {
            // The generation before: its pairs are in use and want consent, nothing more.
            return reply(success());
        }
        if self.is_conflict_lost_by_them(message) {
            let mut error = Writer::new(Class::Error, &message.transaction);
            error.error(487, "Role Conflict");
            let sent = self.send(local, remote, error.seal(&pwd));
            return if sent { Ok(()) } else { Err(Reason::NoRoom) };
        }
        if !self.send(local, remote, success().seal(&pwd)) {
            return Err(Reason::NoRoom);
        }
        if message.role.is_some_and(|(theirs, _)| theirs == self.role) {
            self.switch_role(self.role.other());
        }
        let use_candidate = message.use_candidate;
        match &self.theirs {
            Some(theirs) if theirs.ufrag() == from => {
                self.learn(&candidate, remote, message.priority, use_candidate, now);
            }
            // Before the SDP, or the other party restarted and its new SDP is under way (RFC 8445 §7.3).
            _ => self.remember(Early {
                component: candidate.candidate.component,
                local,
                remote,
                priority: message.priority,
                use_candidate,
                ufrag: from.into(),
            }),
        }
        Ok(())
    }

    /// Both have the same role and the sender must change: 487 (RFC 8445 §7.3.1.1). A lite agent's role is not to be
    /// argued about, nor is ours against a lite peer; the sender is wrong then.
    fn is_conflict_lost_by_them(&self, message: &Message<'_>) -> bool {
        let Some((theirs, tie_breaker)) = message.role else { return false };
        if theirs != self.role {
            return false;
        }
        if self.lite != self.remote_lite && self.theirs.is_some() {
            return true;
        }
        match self.role {
            Role::Controlling => self.tie_breaker >= tie_breaker,
            Role::Controlled => self.tie_breaker < tie_breaker,
        }
    }

    fn remember(&mut self, early: Early) {
        if let Some(same) = self
            .early
            .iter_mut()
            .find(|old| (old.local, old.remote, &old.ufrag) == (early.local, early.remote, &early.ufrag))
        {
            let use_candidate = same.use_candidate || early.use_candidate;
            *same = Early { use_candidate, ..early };
        } else if self.early.len() < MAX_EARLY {
            self.early.push_back(early);
        }
    }

    /// The SDP came: learn what requests before it had to teach.
    pub(super) fn replay_early(&mut self, now: Duration) {
        for early in std::mem::take(&mut self.early) {
            let ours = self.theirs.as_ref().is_some_and(|theirs| theirs.ufrag() == &*early.ufrag);
            if let (true, Some(local)) = (ours, self.local_at(early.local).copied()) {
                self.learn(&local, early.remote, early.priority, early.use_candidate, now);
            }
        }
    }

    /// What a request teaches: an address of the other party, that a check back is worth it, and maybe a nomination
    /// (RFC 8445 §7.3.1.3 to §7.3.1.5, §7.3.2 for lite).
    fn learn(
        &mut self,
        local: &LocalCandidate,
        remote: SocketAddr,
        priority: Option<u32>,
        use_candidate: bool,
        now: Duration,
    ) {
        let nominated = use_candidate && self.role == Role::Controlled;
        let (generation, lite) = (self.generation, self.lite);
        let Some(lane) = self.lane_mut(local.candidate.component) else { return };
        if let Some(used) = &mut lane.selected
            && (used.local, used.remote) == (local.base, remote)
        {
            used.heard = now;
        }
        // Once a pair is nominated only another nomination is news; and a lite agent waits for one from the start.
        if !nominated && (lite || lane.is_complete(generation)) {
            return;
        }
        self.make_room();
        let id = match self.list.between(local.base, remote) {
            Some(id) => id,
            None => {
                // A request for consent needs no PRIORITY, so one may lack it; it gets the lowest.
                let Some(candidate) = self.remote_at(local, remote, priority.unwrap_or(1)) else { return };
                let Some(id) = self.pair(local, &candidate, true) else { return };
                id
            }
        };
        let Some(pair) = self.list.get_mut(id) else { return };
        pair.heard = true;
        if self.lite {
            // Nothing is checked, so nothing stays open.
            pair.state = State::Succeeded;
            pair.valid = true;
            pair.nominated = true;
            self.select(id, now);
        } else if pair.state == State::Succeeded {
            if nominated {
                pair.nominated = true;
                self.select(id, now);
            }
        } else {
            pair.nominate |= nominated;
            match &mut pair.state {
                State::InProgress(check) => check.hurry(now, &self.timing),
                _ => self.list.trigger(id),
            }
        }
    }

    /// Pairs that worked once stay on the list, so those of a party that roams for hours would fill it.
    fn make_room(&mut self) {
        if self.list.len() < MAX_PAIRS {
            return;
        }
        let generation = self.generation;
        let used: Vec<_> = self.lanes.iter().filter_map(|lane| Some(lane.selected.as_ref()?.pair)).collect();
        let complete: Vec<_> = self
            .lanes
            .iter()
            .filter(|lane| lane.is_complete(generation))
            .map(|lane| lane.component)
            .collect();
        self.list.retain(|pair| !complete.contains(&pair.component) || used.contains(&pair.id));
    }
}
