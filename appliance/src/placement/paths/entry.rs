use flow::{Carries, FlowSpec, Gate, Micros, Moment, Path, PathReason, Recipe};
use std::sync::Arc;

/// How long a flow that was taken back because packets still came to the sockets stays there at first; each time
/// doubles it.
const BACK_OFF: Micros = Micros::from_secs(2);
/// And at most.
const LONGEST_BACK_OFF: Micros = Micros::from_secs(60);

/// What is known of one flow.
#[derive(Debug)]
pub(super) struct Entry {
    /// The packet thread that has it.
    pub(super) worker: u16,
    /// As installed last, with the peer as learned since.
    pub(super) spec: Arc<FlowSpec>,
    pub(super) place: Place,
    /// Not handed over again before.
    pub(super) not_before: Moment,
    back_off: Micros,
}

/// Where a flow is.
#[derive(Debug)]
pub(super) enum Place {
    /// With the learner.
    Sockets(PathReason),
    /// On a fast path.
    Fast {
        /// Its number.
        table: usize,
        /// What it calls itself.
        path: Path,
        /// Why it is there and not on a better one.
        reason: PathReason,
        /// As it was told.
        recipe: Box<Recipe>,
        /// Packets it had counted when one strayed to the sockets last.
        checked: u64,
    },
}

impl Entry {
    pub(super) fn new(worker: u16, spec: Arc<FlowSpec>) -> Entry {
        Entry {
            worker,
            spec,
            place: Place::Sockets(PathReason::NotStableYet),
            not_before: Moment::default(),
            back_off: BACK_OFF,
        }
    }

    pub(super) fn standing(&self) -> (Path, PathReason) {
        match &self.place {
            Place::Sockets(reason) => (Path::Userspace, *reason),
            Place::Fast { path, reason, .. } => (*path, *reason),
        }
    }

    /// The fast path that it is on.
    pub(super) fn table(&self) -> Option<usize> {
        match &self.place {
            Place::Sockets(_) => None,
            Place::Fast { table, .. } => Some(*table),
        }
    }

    /// A later generation. What did not work for the last one may for this.
    pub(super) fn renew(&mut self, worker: u16, spec: Arc<FlowSpec>) {
        self.worker = worker;
        self.spec = spec;
        self.not_before = Moment::default();
        self.back_off = BACK_OFF;
    }

    /// Stays with the learner for a while, longer each time.
    pub(super) fn back_off(&mut self, now: Moment) {
        self.not_before = now + self.back_off;
        self.back_off = Micros((self.back_off.0 * 2).min(LONGEST_BACK_OFF.0));
    }

    /// Why it cannot be handed over, as far as it alone says.
    pub(super) fn obstacle(&self) -> Option<PathReason> {
        let spec = &self.spec;
        if spec.blocked || spec.gate == Gate::Shut {
            Some(PathReason::Blocked)
        } else if spec.carries == Carries::Rtcp {
            Some(PathReason::Rtcp)
        } else if spec.rtp.is_empty() {
            Some(PathReason::NoOutput)
        } else if spec.shares_port() {
            Some(PathReason::SharedPort)
        } else if spec.is_silenced() {
            Some(PathReason::Silenced)
        } else if spec.cannot_open() {
            Some(PathReason::NoKeys)
        } else if spec.peer.is_none() {
            Some(PathReason::NoPeer)
        } else if !spec.confirmed {
            Some(PathReason::NotStableYet)
        } else {
            None
        }
    }
}
