//! Which path carries which flow, and why.
//!
//! The desk shows every change and event to [`Paths`] before it passes it on. A flow whose peers are known and
//! confirmed is handed to the fast path of the interface that it arrives at; when that is no longer so it is taken
//! back. The learner keeps every flow all the time, so whatever a fast path does not take goes through the sockets.

mod carry;
mod entry;
mod review;
mod settle;
#[cfg(test)]
mod tests;

use super::{FastPath, Finding, Learner, Leaving, Stable};
use entry::{Entry, Place};
use flow::{Change, FlowKey, FlowSpec, Path, PathReason, Snapshot, Traffic};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;
use std::net::IpAddr;
use std::os::fd::RawFd;

/// Places of all flows.
#[derive(Debug, Default)]
pub struct Paths {
    tables: Vec<Box<dyn FastPath>>,
    /// Who has the flows that no fast path has; without it, flows under keys are not handed over.
    learner: Option<Box<dyn Learner>>,
    /// What the interface of an address offers: a fast path, or why there is none.
    offers: HashMap<IpAddr, Result<usize, PathReason>, RandomState>,
    flows: HashMap<FlowKey, Box<Entry>, RandomState>,
    /// Flows that may be in the wrong place.
    doubtful: Vec<FlowKey>,
    /// Flows that were refused for a reason that may pass.
    waiting: HashSet<FlowKey, RandomState>,
    /// By port: the flows that leave through it.
    feeders: HashMap<FlowKey, SmallVec<[FlowKey; 1]>, RandomState>,
    /// Flows whose fast path has more to tell of them, and of the flows named here.
    unfinished: HashMap<FlowKey, SmallVec<[FlowKey; 2]>, RandomState>,
    /// Withdrawals that wait for that.
    held: HashMap<FlowKey, (u16, Change), RandomState>,
    /// How often flows were handed over and taken back.
    moves: Moves,
    /// Received by fast paths, of flows that have been given back.
    returned: Received,
}

/// What fast paths have received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// All of them.
    pub all: Traffic,
    /// Of this, the kernel module.
    pub module: Traffic,
}

impl Received {
    fn add(&mut self, traffic: Traffic, by_module: bool) {
        self.all.add(traffic);
        if by_module {
            self.module.add(traffic);
        }
    }
}

/// How often flows changed hands since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// To a fast path.
    pub handed_over: u64,
    /// Back to the learner, for whatever reason.
    pub taken_back: u64,
    /// Of these: because packets still came to the sockets.
    pub not_verified: u64,
    /// Of these: because the fast path gave them up.
    pub lost: u64,
}

impl Paths {
    /// Adds a fast path; flows of addresses that it serves are handed to it.
    pub fn add(&mut self, table: Box<dyn FastPath>) -> usize {
        self.tables.push(table);
        self.tables.len() - 1
    }

    /// Says who has the flows that no fast path has.
    pub fn learn_by(&mut self, learner: Box<dyn Learner>) {
        self.learner = Some(learner);
    }

    /// Says which fast path serves an address, or why none does.
    pub fn serve(&mut self, addr: IpAddr, offer: Result<usize, PathReason>) {
        self.offers.insert(addr, offer);
    }

    /// Which fast path serves an address, or why none does; `None` where nothing was said.
    pub fn offer(&self, addr: IpAddr) -> Option<Result<usize, PathReason>> {
        self.offers.get(&addr).copied()
    }

    /// Which path carries a flow, and why.
    pub fn standing(&self, key: FlowKey) -> (Path, PathReason) {
        self.known(key).unwrap_or((Path::Userspace, PathReason::NoOutput))
    }

    /// The same; `None` when there is no such flow.
    pub fn known(&self, key: FlowKey) -> Option<(Path, PathReason)> {
        let entry = self.flows.get(&key)?;
        if self.tables.is_empty() {
            // Where nothing can be handed over, nobody has looked whether it could.
            let reason = self.aim(key).and_then(Result::err).unwrap_or(PathReason::UserspaceMode);
            return Some((Path::Userspace, reason));
        }
        Some(entry.standing())
    }

    /// The keys of all flows that a fast path may have something to tell of.
    pub fn countable(&self) -> Vec<FlowKey> {
        if self.tables.is_empty() { Vec::new() } else { self.flows.keys().copied().collect() }
    }

    /// All flows: their packet thread, what is to be done with their packets and with which peer, and their path.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &FlowSpec, Path)> {
        self.flows.values().map(|entry| (entry.worker, &*entry.spec, entry.standing().0))
    }

    /// One flow, as [`Paths::iter`] has it.
    pub fn spec(&self, key: FlowKey) -> Option<&FlowSpec> {
        self.flows.get(&key).map(|entry| &*entry.spec)
    }

    /// Gives back the room of flows that are gone.
    pub fn shrink(&mut self) {
        self.flows.shrink_to_fit();
        self.doubtful.shrink_to_fit();
        self.waiting.shrink_to_fit();
        self.feeders.shrink_to_fit();
        self.unfinished.shrink_to_fit();
        self.held.shrink_to_fit();
    }

    /// Descriptors that are readable when there is something to look at.
    pub fn descriptors(&self) -> Vec<RawFd> {
        self.tables.iter().flat_map(|table| table.descriptors()).collect()
    }

    /// What the fast paths have obtained of the machine, a line each.
    pub fn obtained(&self) -> impl Iterator<Item = String> + '_ {
        self.tables.iter().flat_map(|table| table.obtained())
    }

    /// How often flows changed hands.
    pub fn moves(&self) -> Moves {
        self.moves
    }

    /// What the fast paths count of these flows now, and what those they leave through have sent.
    pub fn count(&mut self, keys: &[FlowKey]) -> Vec<Snapshot> {
        // A fast path may have something to tell of flows that it no longer carries.
        self.tables.iter_mut().flat_map(|table| table.count(keys)).collect()
    }

    /// What fast paths have received of the flows they have now. The packet threads have not been told of it.
    pub fn received(&mut self) -> Received {
        let mut sums = Received::default();
        for table in &mut self.tables {
            sums.add(table.received(), table.is_module());
        }
        sums
    }

    /// Packets that fast paths had received of flows that they have given back. These are in the packet threads' counts.
    pub fn returned(&self) -> Received {
        self.returned
    }
}
