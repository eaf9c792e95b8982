use crate::consent::Consent;
use crate::pair::PairId;
use crate::{Component, Credentials, Timing};
use std::net::SocketAddr;
use std::time::Duration;

/// What an agent knows about one component.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) component: Component,
    /// The pair in use. After a restart it stays, of an older generation, until another takes its place.
    pub(super) selected: Option<Selected>,
    /// The pair that worked first, and when.
    pub(super) first: Option<First>,
    /// Controlling: the pair whose nomination is under way.
    pub(super) nominating: Option<PairId>,
    /// Consent was lost, and nothing was nominated since.
    pub(super) lost: bool,
    /// Every check failed.
    pub(super) failed: bool,
}

/// The first pair that worked.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) at: Duration,
}

/// The pair in use, with all that is needed to ask for consent even after a restart.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) pair: PairId,
    pub(super) generation: u32,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) priority: u32,
    pub(super) ours: Credentials,
    pub(super) theirs: Credentials,
    /// None for a lite agent, which asks nobody.
    pub(super) consent: Option<Consent>,
    /// When the last sealed request came over it.
    pub(super) heard: Duration,
}

impl Selected {
    /// Whether the other party seems to have left the pair, so that another nominated one is to be preferred even if it
    /// ranks lower: it answers no more, or (lite) it asked nothing for longer than consent checks lie apart.
    pub(super) fn is_doubtful(&self, now: Duration, timing: &Timing) -> bool {
        match &self.consent {
            Some(consent) => consent.is_doubtful(),
            None => now.saturating_sub(self.heard) > timing.consent * 3 / 2,
        }
    }
}

impl Lane {
    pub(super) fn new(component: Component) -> Lane {
        Lane { component, selected: None, first: None, nominating: None, lost: false, failed: false }
    }

    /// Whether a pair of this generation is in use.
    pub(super) fn is_complete(&self, generation: u32) -> bool {
        self.selected.as_ref().is_some_and(|selected| selected.generation == generation)
    }

    /// Begins anew; the pair in use stays.
    pub(super) fn reset(&mut self) {
        self.first = None;
        self.nominating = None;
        self.failed = false;
    }
}
