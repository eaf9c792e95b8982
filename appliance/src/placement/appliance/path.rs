use super::open::{Obtained, ProgramPlaces};
use super::workers::WorkerTier;
use crate::placement::fast::by_flow;
use crate::placement::{FastPath, Finding, Leaving, Stable, TablePath};
use afxdp::DriverTable;
use afxdp::egress::Features;
use afxdp::hops::NetlinkHops;
use afxdp::steer::Attached;
use flow::{FlowKey, Generation, InstallError, Path, PathReason, Progress, Snapshot, Traffic};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Instant;

/// Which tier an interface's flows go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forward {
    /// The program where it can, else a packet thread.
    #[default]
    Auto,
    /// The program only.
    Driver,
    /// A packet thread only.
    Worker,
}

/// The fast path of all interfaces of mode `appliance`.
#[derive(Debug)]
pub struct Appliance {
    pub(super) driver: TablePath<DriverTable<NetlinkHops>>,
    pub(super) workers: WorkerTier,
    /// Which NICs take frames from the program.
    pub(super) features: Features,
    pub(super) program: ProgramPlaces,
    pub(super) forward: HashMap<IpAddr, Forward, RandomState>,
    /// Flows that the program did not carry although it could have, and their version then.
    pub(super) deaf: HashMap<FlowKey, Generation, RandomState>,
    pub(super) obtained: Vec<Obtained>,
    /// What is still to be told of flows that have changed from one tier to the other.
    pub(super) told: Vec<Finding>,
    /// When neighbours that do not answer were asked last.
    pub(super) asked: Instant,
    /// Dropped last: while the program is on a NIC, its maps and sockets are there.
    pub(super) _attached: Vec<Attached>,
}

impl Appliance {
    /// Last counters of flows that have changed their tier, as far as they are not told yet.
    fn untold(&self) -> impl Iterator<Item = &Snapshot> {
        let last = self.told.iter().filter_map(|finding| match finding {
            Finding::Counted { counted, .. } => Some(counted),
            _ => None,
        });
        last.flatten()
    }

    fn forward_of(&self, addr: IpAddr) -> Forward {
        self.forward.get(&addr).copied().unwrap_or_default()
    }
}

impl FastPath for Appliance {
    fn install(&mut self, flow: &Stable<'_>) -> Result<(Path, PathReason), InstallError> {
        let key = flow.recipe.key;
        let forward = self.forward_of(key.addr);
        let deaf = self.deaf.get(&key).is_some_and(|generation| *generation >= flow.recipe.generation);
        // The program copies nothing.
        let copied = flow.spec.copied();
        if let Some(why) = copied
            && (forward == Forward::Driver || !self.workers.is_open())
        {
            return Err(InstallError::NoWay(why));
        }
        if forward != Forward::Worker && !deaf && copied.is_none() {
            self.deaf.remove(&key);
            match self.driver.install(flow) {
                Ok(taken) => {
                    // Its packets in the rings are still sent; what the threads have counted is told when they are.
                    self.workers.leave(key);
                    return Ok(taken);
                }
                Err(error) if forward == Forward::Driver || !self.workers.could_do_better(&error) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        let left = self.driver.withdraw(key, flow.recipe.generation);
        if !left.counted.is_empty() {
            self.told.push(Finding::Counted { key, counted: left.counted });
        }
        self.workers.install(flow, self.driver.table_mut())
    }

    fn copies(&self) -> bool {
        true
    }

    fn settle(&mut self) -> Vec<(FlowKey, PathReason)> {
        self.workers.settle(self.driver.table_mut())
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Leaving {
        if self.workers.has(key) {
            return self.workers.withdraw(key, generation, self.driver.table_mut());
        }
        self.driver.withdraw(key, generation)
    }

    /// The program leaves packets to the stack whose checksum a sender on this host has left to the network card. A
    /// packet thread can make it.
    fn has_another_way(&mut self, key: FlowKey, generation: Generation) -> bool {
        let carried_by_program = !self.workers.has(key);
        let other =
            self.forward_of(key.addr) == Forward::Auto && self.workers.is_open() && carried_by_program;
        if other {
            self.deaf.insert(key, generation);
        }
        other
    }

    /// The program itself opens and seals nothing.
    fn progress(&mut self, key: FlowKey) -> Vec<(FlowKey, Progress)> {
        self.workers.progress(key)
    }

    fn forget(&mut self, key: FlowKey) {
        self.deaf.remove(&key);
    }

    fn count(&mut self, keys: &[FlowKey]) -> Vec<Snapshot> {
        let mut counted = self.driver.count(keys);
        counted.extend(self.untold().filter(|copy| keys.contains(&copy.key)).cloned());
        counted.append(&mut self.workers.count(keys, self.driver.table()));
        counted
    }

    fn obtained(&self) -> Vec<String> {
        self.obtained.iter().map(Obtained::to_string).collect()
    }

    /// Routes, neighbours or links have changed, or what a NIC can do.
    fn descriptors(&self) -> Vec<RawFd> {
        let hops = self.driver.table().hops().as_raw_fd();
        std::iter::once(hops).chain(self.features.descriptor()).collect()
    }

    fn received(&mut self) -> Traffic {
        let mut all = self.driver.table().received();
        all.add(self.workers.received());
        self.untold().for_each(|copy| all.add(copy.counters.received));
        all
    }

    fn look(&mut self) -> Vec<Finding> {
        let mut findings = std::mem::take(&mut self.told);
        findings.extend(self.driver.table_mut().late().into_iter().map(|late| Finding::Counted {
            key: late.snapshot.key,
            counted: by_flow(late.snapshot, &late.recipe),
        }));
        findings.append(&mut self.look_at_nics());
        findings.append(&mut self.look_at_hops());
        findings.append(&mut self.workers.look());
        findings
    }
}
