use super::lane::Lane;
use super::request::Early;
use crate::checklist::CheckList;
use crate::credentials::Stream;
use crate::{
    Candidate, Component, Config, Credentials, Error, Event, LocalCandidate, MAX_LOCAL, Role, Timing,
    Transmit,
};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// Packets kept for the caller to fetch: a check and a response for each pair.
const MAX_TRANSMITS: usize = 2 * crate::MAX_PAIRS;

/// Events kept for the caller to fetch.
const MAX_EVENTS: usize = 64;

/// ICE for one media section of one party. See the crate's page for who calls what.
#[derive(Debug)]
pub struct Agent {
    pub(super) timing: Timing,
    pub(super) random: Stream,
    pub(super) lite: bool,
    pub(super) role: Role,
    pub(super) tie_breaker: u64,
    /// Counts restarts, of either side.
    pub(super) generation: u32,
    pub(super) ours: Credentials,
    /// Ours before the restart, while its pairs are still in use.
    pub(super) ours_before: Option<Credentials>,
    pub(super) locals: Vec<LocalCandidate>,
    pub(super) theirs: Option<Credentials>,
    pub(super) remote_lite: bool,
    pub(super) remotes: Vec<Candidate>,
    pub(super) end_of_candidates: bool,
    /// Numbers foundations of addresses nobody listed.
    pub(super) unlisted: u32,
    pub(super) early: VecDeque<Early>,
    pub(super) list: CheckList,
    pub(super) lanes: Vec<Lane>,
    /// When the other party's parameters came.
    pub(super) started: Duration,
    /// When the last check was sent.
    pub(super) last_check: Option<Duration>,
    pub(super) connected: bool,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Agent {
    /// An agent that answers checks; it sends some once [`Agent::set_remote`] was called.
    ///
    /// # Errors
    /// [`Error::NoCandidate`] and [`Error::TooManyCandidates`] for 0 or more than [`MAX_LOCAL`] local candidates.
    pub fn new(config: Config) -> Result<Agent, Error> {
        let Config { role, lite, credentials, mut candidates, seed, timing } = config;
        if candidates.is_empty() {
            return Err(Error::NoCandidate);
        }
        if candidates.len() > MAX_LOCAL {
            return Err(Error::TooManyCandidates(candidates.len()));
        }
        for local in &mut candidates {
            local.base = crate::candidate::plain(local.base);
        }
        let lanes = Component::ALL
            .into_iter()
            .filter(|component| candidates.iter().any(|local| local.candidate.component == *component))
            .map(Lane::new)
            .collect();
        let mut random = Stream::new(seed);
        let tie_breaker = u64::from_be_bytes(random.bytes());
        Ok(Agent {
            timing,
            random,
            lite,
            role,
            tie_breaker,
            generation: 0,
            ours: credentials,
            ours_before: None,
            locals: candidates,
            theirs: None,
            remote_lite: false,
            remotes: Vec::new(),
            end_of_candidates: false,
            unlisted: 0,
            early: VecDeque::new(),
            list: CheckList::default(),
            lanes,
            started: Duration::ZERO,
            last_check: None,
            connected: false,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        })
    }

    /// The next packet to send. Ask until `None` after every call that may make some.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// The next event. Ask until `None` after every call; of more than 64 the oldest are lost.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Our role now.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Our credentials of this generation.
    pub fn credentials(&self) -> &Credentials {
        &self.ours
    }

    /// The other party's, if it told any.
    pub fn remote_credentials(&self) -> Option<&Credentials> {
        self.theirs.as_ref()
    }

    /// Our candidates, as our SDP lists them.
    pub fn local_candidates(&self) -> &[LocalCandidate] {
        &self.locals
    }

    /// Whether every component has its nominated pair, with consent.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Pairs on the check list.
    pub fn pairs(&self) -> usize {
        self.list.len()
    }

    /// False if there is no room.
    pub(super) fn send(&mut self, local: SocketAddr, remote: SocketAddr, bytes: Vec<u8>) -> bool {
        if self.transmits.len() >= MAX_TRANSMITS {
            return false;
        }
        self.transmits.push_back(Transmit { local, remote, bytes });
        true
    }

    pub(super) fn tell(&mut self, event: Event) {
        if self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    pub(super) fn lane(&self, component: Component) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.component == component)
    }

    pub(super) fn lane_mut(&mut self, component: Component) -> Option<&mut Lane> {
        self.lanes.iter_mut().find(|lane| lane.component == component)
    }

    /// The candidate whose socket this is.
    pub(super) fn local_at(&self, base: SocketAddr) -> Option<&LocalCandidate> {
        self.locals.iter().find(|local| local.base == base)
    }

    pub(super) fn set_role(&mut self, role: Role) {
        if self.role == role {
            return;
        }
        self.role = role;
        self.list.sort(role);
        // Nominations are the controlling party's, so those under way are void, ours and the other party's.
        let mut under_way = Vec::new();
        for pair in self.list.iter_mut() {
            pair.nominate = false;
            under_way.extend(pair.check().map(|_| pair.id));
        }
        // Sent again, they would claim the old role, maybe with a new tie-breaker, and start the conflict anew.
        for id in under_way {
            self.list.trigger(id);
        }
        for lane in &mut self.lanes {
            lane.nominating = None;
        }
    }
}
