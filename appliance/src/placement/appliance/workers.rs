use super::farewell::Farewell;
use super::pulse::Pulse;
use crate::placement::{Finding, Leaving, Stable};
use crate::worker::{FastOrder, Lane};
use afxdp::hops::NetlinkHops;
use afxdp::{DriverTable, Hop, Hops, NoHop, WorkerFlow};
use flow::{
    Change, Counters, DropReason, FlowKey, FlowSpec, Generation, InstallError, Learning, Moment, Path,
    PathReason, Progress, Recipe, Snapshot, StreamId, Traffic,
};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// A packet thread answers within a turn of its loop; one that does not is taken for hung.
const PATIENCE: Duration = Duration::from_millis(200);

/// Flows that packet threads take from NIC queues.
#[derive(Debug)]
pub(super) struct WorkerTier {
    lanes: Vec<Lane>,
    pulse: Pulse,
    /// A thread hangs: nothing is handed over.
    hangs: bool,
    /// The NICs whose queues the threads have.
    ports: Vec<u32>,
    sockets: u32,
    flows: HashMap<FlowKey, Taken, RandomState>,
    /// Flows that the threads know, and how many of `flows` need them: each is there for itself and for those that leave
    /// through it.
    known: HashMap<FlowKey, u32, RandomState>,
    exits: HashMap<(FlowKey, SocketAddr), u32, RandomState>,
    /// Told to the threads, not yet to the program.
    fresh: Vec<FlowKey>,
    leaving: Vec<Farewell>,
    /// Received, of flows whose last counters have been told.
    told: Traffic,
}

#[derive(Debug)]
struct Taken {
    recipe: Box<Recipe>,
    flow: WorkerFlow,
    hops: SmallVec<[Option<Hop>; 1]>,
}

impl WorkerTier {
    pub(super) fn new(lanes: Vec<Lane>, ports: Vec<u32>, sockets: u32) -> WorkerTier {
        WorkerTier {
            pulse: Pulse::of(&lanes),
            hangs: false,
            lanes,
            ports,
            sockets,
            flows: HashMap::default(),
            known: HashMap::default(),
            exits: HashMap::default(),
            fresh: Vec::new(),
            leaving: Vec::new(),
            told: Traffic::default(),
        }
    }

    /// True when a packet thread may take what the program has refused for this reason.
    pub(super) fn could_do_better(&self, error: &InstallError) -> bool {
        let other = matches!(
            error,
            InstallError::Unsupported(_) | InstallError::NoWay(PathReason::EgressNotReachable)
        );
        other && !self.lanes.is_empty()
    }

    /// True when there is a thread to take flows.
    pub(super) fn is_open(&self) -> bool {
        !self.lanes.is_empty()
    }

    pub(super) fn has(&self, key: FlowKey) -> bool {
        self.flows.contains_key(&key)
    }

    /// Takes a flow, or a new version of it. It becomes valid by [`WorkerTier::settle`].
    pub(super) fn install(
        &mut self,
        flow: &Stable<'_>,
        table: &mut DriverTable<NetlinkHops>,
    ) -> Result<(Path, PathReason), InstallError> {
        if self.lanes.is_empty() {
            return Err(InstallError::Unavailable("no packet thread has a socket on a NIC queue".to_owned()));
        }
        if self.hangs {
            return Err(InstallError::NoWay(PathReason::WorkerHangs));
        }
        let recipe = flow.recipe;
        let parting = |key| self.leaving.iter().any(|farewell| farewell.flows.contains(&key));
        if concerned(recipe).any(parting) {
            return Err(InstallError::NoWay(PathReason::WorkerBusy));
        }
        let mut hops = SmallVec::new();
        let mut reason = PathReason::OnFastPath;
        for output in &recipe.outputs {
            let hop = self.way(table, output.from.addr, output.to.ip())?;
            if hop.is_none() {
                reason = PathReason::EgressByKernel;
            }
            hops.push(hop);
        }
        let mut specs = vec![known_for_certain(flow.spec)];
        specs.extend(flow.egress.iter().map(|egress| known_for_certain(egress)));
        let exits = recipe.outputs.iter().zip(&hops);
        for lane in &self.lanes {
            let installs = specs.iter().map(|spec| FastOrder::Install(Arc::clone(spec)));
            let exits = exits.clone().map(|(output, hop)| FastOrder::Exit(output.from, output.to, *hop));
            let restores = restores(recipe).map(|change| FastOrder::Restore(Box::new(change)));
            lane.tell(installs.chain(restores).chain(exits).collect())
                .map_err(|error| InstallError::Unavailable(error.to_string()))?;
        }
        let taken = Taken {
            flow: WorkerFlow {
                key: recipe.key,
                generation: recipe.generation,
                carries: recipe.carries,
                rtcp: false,
                source: Some(recipe.source),
                gate: recipe.gate,
            },
            recipe: Box::new(without_progress(recipe)),
            hops,
        };
        let before = self.flows.insert(recipe.key, taken);
        self.hold(recipe);
        if let Some(before) = before {
            // What only the older version needed is let go when no packet of it can be left.
            let orders = self.let_go(&before.recipe);
            self.retire(recipe.key, orders, false);
        }
        self.fresh.push(recipe.key);
        Ok((Path::Worker, reason))
    }

    /// Makes new flows valid, once all threads have them.
    pub(super) fn settle(&mut self, table: &mut DriverTable<NetlinkHops>) -> Vec<(FlowKey, PathReason)> {
        if self.fresh.is_empty() {
            return Vec::new();
        }
        let fresh = std::mem::take(&mut self.fresh);
        let silent = self.lanes.iter().find_map(|lane| lane.ask(&[], PATIENCE).err());
        if let Some(error) = silent {
            tracing::error!(%error, "flows stay with the sockets");
            return fresh.into_iter().map(|key| (key, PathReason::WorkerBusy)).collect();
        }
        let mut refused = Vec::new();
        for key in fresh {
            let Some(taken) = self.flows.get(&key) else { continue };
            if let Err(error) = table.redirect(&taken.flow) {
                tracing::warn!(flow = %key, %error, "not redirected to a packet thread");
                refused.push((key, error.reason()));
            }
        }
        refused
    }

    /// Gives a flow back to the learner.
    pub(super) fn withdraw(
        &mut self,
        key: FlowKey,
        generation: Generation,
        table: &mut DriverTable<NetlinkHops>,
    ) -> Leaving {
        let Some(taken) = self.flows.get(&key).filter(|taken| taken.recipe.generation <= generation) else {
            return Leaving::default();
        };
        let strays = dropped_before(table, key);
        table.release(key, taken.recipe.generation);
        let mut leaving = self.leave(key);
        leaving.counted.extend(strays);
        leaving
    }

    /// The flow's packets no longer come to the threads.
    pub(super) fn leave(&mut self, key: FlowKey) -> Leaving {
        let Some(taken) = self.flows.remove(&key) else { return Leaving::default() };
        self.fresh.retain(|fresh| *fresh != key);
        let parting = self.let_go(&taken.recipe);
        Leaving { counted: Vec::new(), unfinished: self.retire(key, parting, true) }
    }

    /// How far a flow has come under its keys, on each thread.
    pub(super) fn progress(&self, key: FlowKey) -> Vec<(FlowKey, Progress)> {
        let Some(taken) = self.flows.get(&key).filter(|taken| taken.recipe.has_keys()) else {
            return Vec::new();
        };
        let keys: SmallVec<[FlowKey; 2]> = concerned(&taken.recipe).collect();
        let mut all = Vec::new();
        for lane in &self.lanes {
            match lane.ask(&keys, PATIENCE) {
                Ok(copies) => all.extend(copies.into_iter().map(|copy| (copy.key, copy.progress))),
                Err(error) => tracing::error!(%error, "a flow comes back without its rollover counters"),
            }
        }
        all
    }

    /// What the threads count, of flows that came to them and of those these left through; also of flows that have been
    /// given back, until that is told by [`WorkerTier::look`].
    pub(super) fn count(&mut self, keys: &[FlowKey], table: &DriverTable<NetlinkHops>) -> Vec<Snapshot> {
        // What is told from here on is of flows that the thread has no more.
        self.leaving.iter_mut().for_each(|farewell| {
            farewell.is_over();
        });
        let parting = |key: &FlowKey| self.leaving.iter().any(|farewell| farewell.flows.contains(key));
        let known = |key: &&FlowKey| self.known.contains_key(*key) || parting(key);
        let keys: Vec<FlowKey> = keys.iter().filter(known).copied().collect();
        if keys.is_empty() {
            return Vec::new();
        }
        let redirected = keys.iter().filter(|key| self.flows.contains_key(*key));
        let mut counted: Vec<Snapshot> = redirected.filter_map(|key| dropped_before(table, *key)).collect();
        for (number, lane) in self.lanes.iter().enumerate() {
            match lane.ask(&keys, PATIENCE) {
                Ok(mut copies) => {
                    let given_back = |farewell: &&mut Farewell| {
                        !copies.iter().any(|copy| farewell.flows.contains(&copy.key))
                    };
                    self.leaving.iter_mut().filter(given_back).for_each(|farewell| farewell.settle(number));
                    counted.append(&mut copies);
                }
                Err(error) => tracing::error!(%error, "counters of a call are not available"),
            }
        }
        let told = self.leaving.iter().flat_map(|farewell| &farewell.counted);
        counted.extend(told.filter(|copy| keys.contains(&copy.key)).cloned());
        counted
    }

    /// What the threads have received of the flows that they have or have not told the last of. They are asked for their
    /// sums: a thread that copies the counters of thousands of flows lets its rings overflow meanwhile.
    pub(super) fn received(&mut self) -> Traffic {
        let mut all = Traffic::default();
        for lane in &self.lanes {
            match lane.received(PATIENCE) {
                Ok(received) => all.add(received),
                Err(error) => tracing::error!(%error, "counters of flows are not available"),
            }
        }
        Traffic {
            packets: all.packets.saturating_sub(self.told.packets),
            bytes: all.bytes.saturating_sub(self.told.bytes),
            errors: all.errors.saturating_sub(self.told.errors),
        }
    }

    /// Flows that have been given back in full since this was last asked.
    pub(super) fn look(&mut self) -> Vec<Finding> {
        let mut done = Vec::new();
        self.leaving.retain_mut(|farewell| {
            if farewell.is_over() {
                done.push(std::mem::take(farewell));
                return false;
            }
            true
        });
        let mut findings = Vec::new();
        for farewell in done {
            self.forget_exits(&farewell.exits);
            let counted = farewell.counted;
            counted.iter().for_each(|copy| self.told.add(copy.counters.received));
            findings.extend(farewell.key.map(|key| Finding::Finished { key, counted }));
        }
        findings
    }

    /// The flows to be taken back because a thread hangs. Asked for once a second.
    pub(super) fn endangered(&mut self) -> Vec<FlowKey> {
        self.hangs = self.pulse.hangs();
        if self.hangs { self.flows.keys().copied().collect() } else { Vec::new() }
    }

    /// Ways out between these addresses are others now: flows follow, or are lost.
    pub(super) fn refresh(
        &mut self,
        concerns: impl Fn(IpAddr, IpAddr) -> bool,
        table: &mut DriverTable<NetlinkHops>,
    ) -> Vec<(FlowKey, PathReason)> {
        let mut lost = Vec::new();
        let concerned = |taken: &Taken| {
            taken.recipe.outputs.iter().any(|output| concerns(output.from.addr, output.to.ip()))
        };
        let keys: Vec<FlowKey> =
            self.flows.iter().filter(|(_, taken)| concerned(taken)).map(|(key, _)| *key).collect();
        for key in keys {
            let Some(taken) = self.flows.get(&key) else { continue };
            let recipe = taken.recipe.clone();
            let ways: Result<SmallVec<[Option<Hop>; 1]>, InstallError> = recipe
                .outputs
                .iter()
                .map(|output| self.way(table, output.from.addr, output.to.ip()))
                .collect();
            let ways = match ways {
                Ok(ways) => ways,
                Err(error) => {
                    lost.push((key, error.reason()));
                    continue;
                }
            };
            for lane in &self.lanes {
                let exits = recipe.outputs.iter().zip(&ways);
                let told =
                    lane.tell(exits.map(|(out, hop)| FastOrder::Exit(out.from, out.to, *hop)).collect());
                if let Err(error) = told {
                    tracing::error!(%error, "a packet thread does not know of a new way out");
                }
            }
            if let Some(taken) = self.flows.get_mut(&key) {
                taken.hops = ways;
            }
        }
        lost
    }

    /// The next hop if it is through one of our NICs; `None` when the kernel must send.
    fn way(
        &self,
        table: &mut DriverTable<NetlinkHops>,
        local: IpAddr,
        remote: IpAddr,
    ) -> Result<Option<Hop>, InstallError> {
        match table.hops_mut().hop(local, remote) {
            Ok(hop) => Ok(Some(hop).filter(|hop| self.ports.contains(&hop.ifindex))),
            Err(NoHop::NotEthernet) => Ok(None),
            Err(why) => Err(InstallError::NoWay(why.reason())),
        }
    }

    fn hold(&mut self, recipe: &Recipe) {
        for key in concerned(recipe) {
            *self.known.entry(key).or_default() += 1;
        }
        for output in &recipe.outputs {
            *self.exits.entry((output.from, output.to)).or_default() += 1;
        }
    }

    /// What nobody needs when this recipe is gone.
    fn let_go(&mut self, recipe: &Recipe) -> Parting {
        let mut parting = Parting::default();
        for key in concerned(recipe) {
            if release(&mut self.known, key) {
                parting.flows.push(key);
            } else if recipe.has_keys() {
                parting.staying.push(key);
            }
        }
        for output in &recipe.outputs {
            if release(&mut self.exits, (output.from, output.to)) {
                parting.exits.push((output.from, output.to));
            }
        }
        parting
    }

    /// Lets the threads give back what is parted with. True when they have counters to tell of it.
    fn retire(&mut self, key: FlowKey, parting: Parting, ended: bool) -> bool {
        let Parting { flows, staying, exits } = parting;
        if flows.is_empty() && !ended {
            self.forget_exits(&exits);
            return false;
        }
        let mut farewell = Farewell { key: Some(key), flows: flows.clone(), exits, ..Farewell::default() };
        for (number, lane) in self.lanes.iter().enumerate() {
            let slip = lane.slip();
            let (flows, staying) = (flows.clone(), staying.clone());
            match lane.tell(vec![FastOrder::Retire { flows, staying, slip: Arc::clone(&slip) }]) {
                Ok(()) => farewell.slips.push((number, slip)),
                Err(error) => tracing::error!(%error, "counters of a flow are lost"),
            }
        }
        self.leaving.push(farewell);
        true
    }

    fn forget_exits(&self, exits: &[(FlowKey, SocketAddr)]) {
        // One that was needed again in the meantime stays.
        let gone: Vec<_> = exits.iter().filter(|exit| !self.exits.contains_key(*exit)).collect();
        for lane in &self.lanes {
            let orders = gone.iter().map(|(from, to)| FastOrder::ForgetExit(*from, *to)).collect();
            // A thread that does not listen keeps an entry too many.
            let _ = lane.tell(orders);
        }
    }

    /// Takes the sockets out of the program's map, then from the threads.
    pub(super) fn close(&mut self, table: &DriverTable<NetlinkHops>) {
        for slot in 0..self.sockets {
            // Not there is as good as gone.
            let _ = table.maps().clear_socket(slot);
        }
        for lane in &self.lanes {
            let _ = lane.tell(vec![FastOrder::Close]);
        }
    }
}

/// What nobody needs any more.
#[derive(Debug, Default)]
struct Parting {
    flows: Vec<FlowKey>,
    /// Others need them; but how far they have come under keys is told.
    staying: Vec<FlowKey>,
    exits: Vec<(FlowKey, SocketAddr)>,
}

/// What the program has dropped of a redirected flow, because it came from elsewhere.
fn dropped_before(table: &DriverTable<NetlinkHops>, key: FlowKey) -> Option<Snapshot> {
    let strays = table.strays(key);
    let mut counters = Counters::default();
    counters.received.errors = strays;
    counters.drops[DropReason::UnknownSource as usize] = strays;
    (strays > 0).then(|| Snapshot {
        heard: Default::default(),
        left: Default::default(),
        key,
        generation: Generation::default(),
        stream: StreamId::default(),
        peer: None,
        confirmed: false,
        counters,
        ssrcs: SmallVec::new(),
        sent_ssrcs: SmallVec::new(),
        progress: Progress::default(),
    })
}

fn concerned(recipe: &Recipe) -> impl Iterator<Item = FlowKey> + '_ {
    std::iter::once(recipe.key).chain(recipe.outputs.iter().map(|output| output.from))
}

/// What a thread must know of sources that another path has had before.
fn restores(recipe: &Recipe) -> impl Iterator<Item = Change> + '_ {
    let opened = (recipe.key, Progress { opened: recipe.opened.clone(), sealed: Vec::new() });
    let sealed = recipe
        .outputs
        .iter()
        .map(|output| (output.from, Progress { opened: Vec::new(), sealed: output.sealed.clone() }));
    let generation = recipe.generation;
    let told = std::iter::once(opened).chain(sealed).filter(|(_, progress)| !progress.is_empty());
    told.map(move |(key, progress)| Change::Restore { key, generation, progress: Box::new(progress) })
}

/// As it is told again if its way out changes: what the threads have come to since is theirs to know.
fn without_progress(recipe: &Recipe) -> Recipe {
    let mut recipe = recipe.clone();
    recipe.opened.clear();
    recipe.outputs.iter_mut().for_each(|output| output.sealed.clear());
    recipe
}

/// One less; true when that was the last.
fn release<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32, RandomState>, key: K) -> bool {
    let hashbrown::hash_map::Entry::Occupied(mut entry) = counts.entry(key) else { return false };
    *entry.get_mut() -= 1;
    let last = *entry.get() == 0;
    if last {
        entry.remove();
    }
    last
}

/// The flow for a thread that shall not learn anything: packets from elsewhere do not reach it.
fn known_for_certain(spec: &FlowSpec) -> Arc<FlowSpec> {
    Arc::new(FlowSpec {
        confirmed: true,
        learning: Learning::Off,
        learn_until: Moment::default(),
        ..spec.clone()
    })
}
