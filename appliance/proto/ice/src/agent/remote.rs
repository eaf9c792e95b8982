use super::Agent;
use crate::candidate::plain;
use crate::pair::{Pair, PairId, State};
use crate::{Candidate, Event, Foundation, Kind, LocalCandidate, MAX_REMOTE, Remote, Role};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Addresses kept that the other party did not list but sent checks from.
const MAX_UNLISTED: usize = 28;

impl Agent {
    /// The other party's SDP came. With the credentials we have already, only candidates are added (a re-offer, or a
    /// trickled fragment); with others the check list begins anew: the other party restarted, and our own
    /// [`Agent::restart`] is to come first then (RFC 8445 §9).
    pub fn set_remote(&mut self, remote: Remote, now: Duration) {
        let Remote { credentials, candidates, end_of_candidates, lite } = remote;
        if self.theirs.as_ref() != Some(&credentials) {
            let early = std::mem::take(&mut self.early);
            if self.theirs.is_some() {
                self.begin_generation();
            }
            self.early = early;
            self.started = now;
            self.theirs = Some(credentials);
        }
        self.remote_lite = lite;
        // A lite party is controlled, unless both are (RFC 8445 §6.1.1).
        match (self.lite, lite) {
            (false, true) => self.switch_role(Role::Controlling),
            (true, false) => self.switch_role(Role::Controlled),
            _ => {}
        }
        for candidate in candidates {
            self.add_remote_candidate(candidate);
        }
        if end_of_candidates {
            self.end_of_candidates();
        }
        self.replay_early(now);
        if self.lite && lite {
            self.select_without_checks(now);
        }
    }

    /// One more candidate of the other party (RFC 8838). Candidates before [`Agent::set_remote`] are not for us to
    /// keep: nobody knows yet which credentials they belong to.
    pub fn add_remote_candidate(&mut self, mut candidate: Candidate) {
        candidate.address = plain(candidate.address);
        if self.theirs.is_none()
            || self.lane(candidate.component).is_none()
            || !is_reachable(candidate.address)
        {
            return;
        }
        let known = self
            .remotes
            .iter_mut()
            .find(|known| known.component == candidate.component && known.address == candidate.address);
        if let Some(known) = known {
            // An address that a check came from first is listed now (RFC 8445 §7.3.1.3).
            if known.kind == Kind::PeerReflexive {
                *known = candidate;
            }
            return;
        }
        if self.remotes.iter().filter(|known| known.kind != Kind::PeerReflexive).count() >= MAX_REMOTE {
            return;
        }
        self.remotes.push(candidate);
        if self.lite {
            return;
        }
        if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.component == candidate.component) {
            if lane.is_complete(self.generation) {
                return;
            }
            lane.failed = false;
        }
        for local in self.locals.clone() {
            if suits(&local, &candidate) {
                self.pair(&local, &candidate, false);
            }
        }
    }

    /// No more candidates will come (RFC 8838 §13).
    pub fn end_of_candidates(&mut self) {
        self.end_of_candidates = true;
    }

    /// Puts a pair on the list, frozen.
    pub(super) fn pair(
        &mut self,
        local: &LocalCandidate,
        remote: &Candidate,
        urgent: bool,
    ) -> Option<PairId> {
        let pair = Pair {
            id: PairId(0),
            component: remote.component,
            local: local.base,
            remote: remote.address,
            foundations: (local.candidate.foundation, remote.foundation),
            local_priority: local.candidate.priority,
            remote_priority: remote.priority,
            state: State::Frozen,
            valid: false,
            heard: false,
            nominated: false,
            nominate: false,
        };
        self.list.insert(pair, self.role, urgent)
    }

    /// The candidate a check came from; a new one if nobody listed the address (RFC 8445 §7.3.1.3). `None`: too many.
    pub(super) fn remote_at(
        &mut self,
        local: &LocalCandidate,
        source: SocketAddr,
        priority: u32,
    ) -> Option<Candidate> {
        let component = local.candidate.component;
        let known = self.remotes.iter().find(|known| known.component == component && known.address == source);
        if let Some(known) = known {
            return Some(*known);
        }
        let unlisted = |known: &Candidate| known.kind == Kind::PeerReflexive;
        if self.remotes.iter().filter(|known| unlisted(known)).count() >= MAX_UNLISTED {
            let used = |known: &Candidate| {
                self.lanes
                    .iter()
                    .filter_map(|lane| lane.selected.as_ref())
                    .any(|used| used.remote == known.address)
                    || self.list.iter().any(|pair| pair.remote == known.address && pair.is_open())
            };
            let oldest = self.remotes.iter().position(|known| unlisted(known) && !used(known))?;
            self.remotes.remove(oldest);
        }
        self.unlisted += 1;
        let candidate = Candidate {
            foundation: Foundation::unlisted(self.unlisted),
            component,
            priority,
            address: source,
            kind: Kind::PeerReflexive,
            related: None,
        };
        self.remotes.push(candidate);
        Some(candidate)
    }

    pub(super) fn switch_role(&mut self, role: Role) {
        if self.role != role {
            self.set_role(role);
            self.tell(Event::RoleSwitched { role });
        }
    }
}

/// An address one may send a check to. Others are lies or mistakes.
fn is_reachable(address: SocketAddr) -> bool {
    let broadcast = matches!(address.ip(), IpAddr::V4(ip) if ip.is_broadcast());
    address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast() && !broadcast
}

/// Whether the two can be a pair: same component and family, and addresses of one reach (RFC 8445 §6.1.2.2). Loopback
/// pairs with loopback only, so that nobody makes us knock at our own doors.
pub(super) fn suits(local: &LocalCandidate, remote: &Candidate) -> bool {
    let (ours, theirs) = (local.base.ip(), remote.address.ip());
    let is_link_local = |ip: IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    local.candidate.component == remote.component
        && ours.is_ipv4() == theirs.is_ipv4()
        && is_link_local(ours) == is_link_local(theirs)
        && ours.is_loopback() == theirs.is_loopback()
}
