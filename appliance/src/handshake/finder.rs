use super::count::Count;
use super::output::Output;
use crate::worker::Parcel;
use call::Ice;
use flow::{FlowKey, Moment};
use ice::{Agent, Component, Config, Credentials, Handled, LocalCandidate, Remote, Role, Route, Timing};
use std::net::SocketAddr;
use std::time::Duration;

/// Where media of a component goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// Not known yet.
    #[default]
    Unknown,
    /// From our port to the party.
    Found(FlowKey, SocketAddr),
    /// Nowhere.
    Lost,
}

/// The ICE agent of a section: finds out where the party is.
#[derive(Debug)]
pub(super) struct Finder {
    agent: Agent,
    /// Ours as the SDPs have it; a conflict may have settled it otherwise.
    role: Role,
    /// The party's credentials that a restart has made void.
    void: Option<Credentials>,
}

impl Finder {
    /// `None` if the call side gave it no candidate, or too many.
    pub(super) fn new(said: &Ice, now: Moment) -> Option<Finder> {
        let mut seed = [0; 32];
        // The start of the process has asked the same source, and the kernel does not take it back.
        getrandom::fill(&mut seed).expect("the system's random numbers");
        let config = Config {
            role: said.role,
            lite: said.lite,
            credentials: said.credentials.clone(),
            candidates: said.candidates.clone(),
            seed,
            timing: Timing::default(),
        };
        let agent = Agent::new(config).inspect_err(|error| tracing::error!(%error, "no ICE agent")).ok()?;
        let mut finder = Finder { agent, role: said.role, void: None };
        finder.learn(said.remote.as_ref(), now);
        Some(finder)
    }

    /// Whether it can go on with what the SDPs say now; else there must be a new one.
    pub(super) fn suits(&self, said: &Ice) -> bool {
        let same = |component| {
            let of = |all: &[LocalCandidate]| -> Vec<SocketAddr> {
                let all = all.iter().filter(|local| local.candidate.component == component);
                all.map(|local| local.base).collect()
            };
            let (ours, said) = (of(self.agent.local_candidates()), of(&said.candidates));
            // Without any, RTCP is multiplexed from now on.
            ours == said || (component == Component::Rtcp && said.is_empty())
        };
        same(Component::Rtp) && same(Component::Rtcp)
    }

    /// Takes in what the SDPs say now.
    pub(super) fn apply(&mut self, said: &Ice, now: Moment) {
        if !said.candidates.iter().any(|local| local.candidate.component == Component::Rtcp) {
            self.agent.drop_rtcp();
        }
        if *self.agent.credentials() != said.credentials {
            self.void = self.agent.remote_credentials().cloned();
            let role = std::mem::replace(&mut self.role, said.role);
            match role == said.role {
                true => self.agent.restart(said.credentials.clone()),
                false => self.agent.restart_as(said.role, said.credentials.clone()),
            }
        }
        self.learn(said.remote.as_ref(), now);
    }

    fn learn(&mut self, remote: Option<&Remote>, now: Moment) {
        let Some(remote) = remote else { return };
        // We restart, and the party has not answered yet (RFC 8445 §9: both credentials change).
        if self.void.as_ref() != Some(&remote.credentials) {
            self.void = None;
            self.agent.set_remote(remote.clone(), since_start(now));
        }
    }

    /// Takes in STUN.
    ///
    /// # Errors
    /// It was not for this agent, or not right.
    pub(super) fn handle(
        &mut self,
        local: FlowKey,
        source: SocketAddr,
        datagram: &[u8],
        now: Moment,
    ) -> Result<(), Count> {
        match self.agent.handle(datagram, local.into(), source, since_start(now)) {
            Handled::Consumed => Ok(()),
            Handled::Foreign | Handled::Dropped(_) => Err(Count::StunRefused),
        }
    }

    pub(super) fn on_timeout(&mut self, now: Moment) {
        self.agent.on_timeout(since_start(now));
    }

    /// May lie in the past.
    pub(super) fn next_timeout(&self) -> Option<Moment> {
        let next = self.agent.next_timeout()?;
        // Up, since the agent finds nothing to do a moment too early.
        Some(Moment(u64::try_from(next.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX)))
    }

    /// Takes out what it wants to send.
    pub(super) fn send(&mut self, worker: u16, out: &mut Output) {
        while let Some(packet) = self.agent.poll_transmit() {
            let parcel = Parcel { from: packet.local.into(), to: packet.remote, bytes: packet.bytes.into() };
            out.parcels.push((worker, parcel));
        }
        // What they say is asked of `way` instead, where it cannot be missed.
        while self.agent.poll_event().is_some() {}
    }

    pub(super) fn way(&self, component: Component) -> Way {
        match self.agent.route(component) {
            Route::Valid { local, remote } | Route::Nominated { local, remote } => {
                Way::Found(local.into(), remote)
            }
            Route::Signalled => Way::Unknown,
            Route::Nowhere => Way::Lost,
        }
    }

    /// Whether the party has this address.
    pub(super) fn expects(&self, component: Component, source: SocketAddr) -> bool {
        self.agent.expects(component, source)
    }
}

fn since_start(now: Moment) -> Duration {
    Duration::from_micros(now.0)
}
