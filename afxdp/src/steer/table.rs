use super::encode::WorkerFlow;
use super::layout::{Meter, Place, Recipe};
use super::places::Places;
use super::report::{Clock, sender_as_sent};
use super::rows::Rows;
use super::{Maps, Sizes};
use crate::{Error, Hop, Hops, egress};
use flow::{
    FlowKey, FlowTable, Generation, InstallError, PathReason, Snapshot, SsrcCounters, StreamId, Traffic,
};
use smallvec::SmallVec;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// After this time no CPU is still in the program with a flow that was taken out of it. Shorter than a place rests.
const OVER: Duration = Duration::from_millis(200);
/// From so many flows on it is cheaper to read all meters in one go than those of flows one by one.
const MANY: usize = 64;

/// What the XDP program does with which flow: the driver tier as a [`FlowTable`], and the flows it redirects to
/// workers. One writer; the program reads. A flow that changes hands between the tiers does so without a gap.
#[derive(Debug)]
pub struct DriverTable<H> {
    maps: Maps,
    sizes: Sizes,
    hops: H,
    clock: Clock,
    rows: Rows,
    slots: Places,
    meters: Places,
    ports: HashMap<u32, Port>,
    flows: HashMap<FlowKey, Flow>,
    /// Which flows leave through a local port, for the port's sent counters.
    through: HashMap<FlowKey, Through>,
    /// Flows of the driver tier that were withdrawn lately.
    gone: Vec<Gone>,
    late: Vec<Late>,
}

/// A flow that was withdrawn while another CPU may have been sending a packet of it.
#[derive(Debug)]
struct Gone {
    since: Instant,
    meter: u32,
    recipe: Box<flow::Recipe>,
    /// What was told of it.
    told: Snapshot,
}

/// What was counted of a flow after it was withdrawn: a packet that another CPU was just sending then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// What was done with the packet.
    pub recipe: Box<flow::Recipe>,
    /// Only that packet.
    pub snapshot: Snapshot,
}

/// An interface that packets leave through.
#[derive(Clone, Copy, Debug)]
struct Port {
    place: u16,
    /// It takes frames now.
    able: bool,
    /// What came in by it may leave by XDP_TX; otherwise it is redirected like the rest.
    turns: bool,
}

#[derive(Debug)]
struct Flow {
    generation: Generation,
    slot: u32,
    meter: u32,
    tier: Tier,
}

#[derive(Debug)]
enum Tier {
    Watched,
    Worker,
    Driver { recipe: Box<flow::Recipe>, hop: Hop },
}

#[derive(Debug, Default)]
struct Through {
    /// The flow, and what its meter showed when it began to leave through this port.
    flows: Vec<(FlowKey, Traffic)>,
    /// Sent by flows that have ended or leave elsewhere now.
    gone: Traffic,
}

/// A flow of the driver tier that has lost its way out and was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Why.
    pub why: PathReason,
    /// Its last counters.
    pub snapshot: Snapshot,
}

impl<H: Hops> DriverTable<H> {
    /// A table over the maps of a loaded program, with next hops from `hops`.
    pub fn new(maps: Maps, sizes: Sizes, hops: H, clock: Clock) -> DriverTable<H> {
        DriverTable {
            maps,
            sizes,
            hops,
            clock,
            rows: Rows::new(sizes.addresses),
            slots: Places::new(1..sizes.slots().saturating_add(1)),
            meters: Places::new(0..sizes.slots()),
            ports: HashMap::new(),
            flows: HashMap::new(),
            through: HashMap::new(),
            gone: Vec::new(),
            late: Vec::new(),
        }
    }

    /// The maps, for sockets and reason counters.
    pub fn maps(&self) -> &Maps {
        &self.maps
    }

    /// What knows the next hops.
    pub fn hops(&self) -> &H {
        &self.hops
    }

    /// What knows the next hops, to ask it.
    pub fn hops_mut(&mut self) -> &mut H {
        &mut self.hops
    }

    /// Lets the driver tier send through an interface, which counts as able to take frames until
    /// [`DriverTable::set_port_able`] says otherwise. The calling thread must be in the interface's network namespace.
    ///
    /// # Errors
    /// When there is no such interface or no more room for one.
    pub fn add_port(&mut self, ifindex: u32) -> Result<(), Error> {
        let taken = |place: &u16| self.ports.values().any(|other| other.place == *place);
        let all = u16::try_from(self.sizes.ports).unwrap_or(u16::MAX);
        let place = (0..all).find(|place| !taken(place)).ok_or_else(|| Error::Map {
            map: "PORTS",
            reason: format!("all {} places are taken", self.sizes.ports),
        })?;
        if !self.ports.contains_key(&ifindex) {
            self.maps.set_port(place.into(), ifindex)?;
            self.ports.insert(ifindex, Port { place, able: true, turns: egress::turns_frames(ifindex) });
        }
        Ok(())
    }

    /// No packets leave through an interface any more; flows that did pass theirs up, until they are refreshed.
    pub fn remove_port(&mut self, ifindex: u32) {
        if let Some(port) = self.ports.remove(&ifindex) {
            // Already empty when the interface is gone: the kernel sees to that.
            let _ = self.maps.clear_port(port.place.into());
        }
    }

    /// Notes whether a port takes frames of the program ([`crate::egress::Xdp::takes_frames`]). While it does not, no
    /// flow that leaves through it can be installed, since the kernel would drop its packets without a word; those that
    /// are installed are withdrawn and returned. Nothing happens for an interface that is no port.
    pub fn set_port_able(&mut self, ifindex: u32, able: bool) -> Vec<Lost> {
        let Some(port) = self.ports.get_mut(&ifindex).filter(|port| port.able != able) else {
            return Vec::new();
        };
        port.able = able;
        if able {
            return Vec::new();
        }
        let leaves = |flow: &Flow| matches!(&flow.tier, Tier::Driver { hop, .. } if hop.ifindex == ifindex);
        let leaving: Vec<FlowKey> =
            self.flows.iter().filter(|(_, flow)| leaves(flow)).map(|(&key, _)| key).collect();
        let why = PathReason::EgressNotReachable;
        leaving.into_iter().filter_map(|key| Some(Lost { why, snapshot: self.remove(key)? })).collect()
    }

    /// True when the driver tier can send through an interface now.
    pub fn is_port_able(&self, ifindex: u32) -> bool {
        self.ports.get(&ifindex).is_some_and(|port| port.able)
    }

    /// Passes a port's packets up the stack as before, but notes where they come in, for [`DriverTable::arrival`].
    ///
    /// # Errors
    /// When there is no room or the map refuses.
    pub fn watch(&mut self, key: FlowKey, generation: Generation) -> Result<(), InstallError> {
        self.put(key, generation, Tier::Watched, Recipe::watching())
    }

    /// Interface and receive queue that the last packet of an installed or watched flow came in by: which worker a
    /// flow belongs to.
    pub fn arrival(&self, key: FlowKey) -> Option<(u32, u32)> {
        let meter = self.maps.meter(self.flows.get(&key)?.meter).ok()?;
        (meter.ifindex != 0).then_some((meter.ifindex, meter.queue))
    }

    /// Packets of an installed flow that were dropped for their source since it was installed first.
    pub fn strays(&self, key: FlowKey) -> u64 {
        let meter = self.flows.get(&key).and_then(|flow| self.maps.meter(flow.meter).ok());
        meter.map_or(0, |meter| meter.strays)
    }

    /// Redirects a flow's packets to the worker of the queue they arrive at.
    ///
    /// # Errors
    /// When there is no room or the map refuses; the flow's packets then go where they went before.
    pub fn redirect(&mut self, flow: &WorkerFlow) -> Result<(), InstallError> {
        self.put(flow.key, flow.generation, Tier::Worker, Recipe::redirecting(flow))
    }

    /// Ends the redirection or the watching of a flow: packets go up the kernel's stack. Packets already in a ring
    /// still reach the worker. `false` when it is the driver tier's, unknown, or of a later generation.
    pub fn release(&mut self, key: FlowKey, generation: Generation) -> bool {
        let ours = |flow: &Flow| !matches!(flow.tier, Tier::Driver { .. }) && flow.generation <= generation;
        self.flows.get(&key).is_some_and(ours) && self.remove(key).is_some()
    }

    /// Asks for the next hops of all flows of the driver tier whose (local, remote) addresses `concerns` again.
    /// Recipes follow a hop that changed; flows without one are withdrawn and returned.
    pub fn refresh(&mut self, concerns: impl Fn(IpAddr, IpAddr) -> bool) -> Vec<Lost> {
        let mut lost = Vec::new();
        let affected: Vec<FlowKey> =
            self.flows.iter().filter(|(_, flow)| flow.sends(&concerns)).map(|(&key, _)| key).collect();
        for key in affected {
            let Some(Flow { tier: Tier::Driver { recipe, hop }, .. }) = self.flows.get(&key) else {
                continue;
            };
            let Some(output) = recipe.outputs.first() else { continue };
            let why = match self.hops.hop(output.from.addr, output.to.ip()) {
                Ok(same) if same == *hop => continue,
                Ok(_) => {
                    let recipe = recipe.clone();
                    match self.install(&recipe) {
                        Ok(()) => continue,
                        Err(error) => error.reason(),
                    }
                }
                Err(why) => why.reason(),
            };
            lost.extend(self.remove(key).map(|snapshot| Lost { why, snapshot }));
        }
        lost
    }

    /// What the driver tier has sent from a local port since the table was made, whether or not the port has a flow
    /// of its own.
    pub fn sent_from(&self, key: FlowKey) -> Traffic {
        let Some(through) = self.through.get(&key) else { return Traffic::default() };
        let mut sent = through.gone;
        for (flow, base) in &through.flows {
            sent.add(self.since(*flow, *base));
        }
        sent
    }

    /// What a flow's meter shows more than it did.
    fn since(&self, key: FlowKey, base: Traffic) -> Traffic {
        let now = self.flows.get(&key).and_then(|flow| self.maps.meter(flow.meter).ok());
        now.map_or(Traffic::default(), |meter| Traffic {
            packets: meter.packets.saturating_sub(base.packets),
            bytes: meter.bytes.saturating_sub(base.bytes),
            errors: 0,
        })
    }

    /// What all installed flows of the driver tier have received, since each was installed first. Asked for once a second,
    /// so many flows are not looked at one by one.
    pub fn received(&self) -> Traffic {
        let end = self.meters.reached();
        let read =
            if self.flows.len() < MANY { Vec::new() } else { self.maps.traffic(end).unwrap_or_default() };
        let mut all = Traffic::default();
        for flow in self.flows.values().filter(|flow| matches!(flow.tier, Tier::Driver { .. })) {
            match read.get(flow.meter as usize) {
                Some(traffic) => all.add(*traffic),
                None => all.add(self.maps.meter(flow.meter).map(|meter| meter.traffic()).unwrap_or_default()),
            }
        }
        all
    }

    /// How many flows of either tier are installed.
    pub fn len(&self) -> usize {
        self.flows.len()
    }

    /// True when no flow is installed.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// Writes a new version of a flow and makes it the valid one; fills in its places.
    fn put(
        &mut self,
        key: FlowKey,
        generation: Generation,
        tier: Tier,
        mut recipe: Recipe,
    ) -> Result<(), InstallError> {
        let now = Instant::now();
        // Before a meter that was theirs gets another meaning.
        self.look_after_the_gone(now);
        let full = InstallError::Full(self.flows.len());
        let old = self.flows.get(&key).map(|flow| (flow.generation, flow.slot, flow.meter));
        if old.is_some_and(|(installed, ..)| installed > generation) {
            return Ok(());
        }
        if old.is_none() && self.flows.len() >= self.sizes.flows as usize {
            return Err(full);
        }
        let unavailable = |error: Error| InstallError::Unavailable(error.to_string());
        let place = self.rows.take(key, &self.maps).map_err(unavailable)?.ok_or(full.clone())?;
        let slot = self.slots.take(now).ok_or(full.clone())?;
        let meter = match old {
            Some((.., meter)) => meter,
            None => match self.meters.take(now) {
                Some(meter) => meter,
                None => {
                    self.slots.release(slot, now);
                    return Err(full);
                }
            },
        };
        (recipe.flow, recipe.meter) = (place, meter);
        let fresh = old.is_none();
        let written = if fresh { self.maps.set_meter(meter, &Meter::ZERO) } else { Ok(()) }
            .and_then(|()| self.maps.set_recipe(slot, &recipe))
            .and_then(|()| self.maps.point(place, Place { slot, meter }));
        if let Err(error) = written {
            self.slots.release(slot, now);
            if fresh {
                self.meters.release(meter, now);
            }
            return Err(unavailable(error));
        }
        if let Some((_, slot, _)) = old {
            self.slots.release(slot, now);
            self.settle(key);
        }
        if let Some(from) = tier.from() {
            let base = self.maps.meter(meter).map(|meter| meter.traffic()).unwrap_or_default();
            self.through.entry(from).or_default().flows.push((key, base));
        }
        self.flows.insert(key, Flow { generation, slot, meter, tier });
        Ok(())
    }

    /// What was missing in the last counters of flows withdrawn a while ago. To be asked for about once a second.
    pub fn late(&mut self) -> Vec<Late> {
        self.look_after_the_gone(Instant::now());
        std::mem::take(&mut self.late)
    }

    fn look_after_the_gone(&mut self, now: Instant) {
        let due = |gone: &Gone| now.saturating_duration_since(gone.since) >= OVER;
        // They are in the order in which they went.
        let over = self.gone.iter().take_while(|gone| due(gone)).count();
        for Gone { meter, recipe, told, .. } in self.gone.drain(..over) {
            let Ok(meter) = self.maps.meter(meter) else { continue };
            let mut last = told.clone();
            last.counters = meter.counters(self.clock, told.counters.sent);
            last.ssrcs = meter.ssrcs().collect();
            self.late.extend(last.since(&told).map(|snapshot| Late { recipe, snapshot }));
        }
    }

    /// Takes a flow out of the program; its last counters. A packet that another CPU is just sending may be missing
    /// in them; that is told by [`DriverTable::late`].
    fn remove(&mut self, key: FlowKey) -> Option<Snapshot> {
        if let Some(place) = self.rows.place(key) {
            // The map has this place, or the flow would not have been put there.
            let _ = self.maps.point(place, Place::default());
        }
        let snapshot = self.read(key);
        self.settle(key);
        let flow = self.flows.remove(&key)?;
        let now = Instant::now();
        self.slots.release(flow.slot, now);
        self.meters.release(flow.meter, now);
        if let (Tier::Driver { recipe, .. }, Some(told)) = (flow.tier, &snapshot) {
            self.gone.push(Gone { since: now, meter: flow.meter, recipe, told: told.clone() });
        }
        snapshot
    }

    /// Books what a flow has sent so far on its egress port, before the flow ends or changes its egress.
    fn settle(&mut self, key: FlowKey) {
        let Some(from) = self.flows.get(&key).and_then(|flow| flow.tier.from()) else { return };
        let Some(through) = self.through.get_mut(&from) else { return };
        let Some(at) = through.flows.iter().position(|(flow, _)| *flow == key) else { return };
        let (_, base) = through.flows.swap_remove(at);
        let sent = self.since(key, base);
        if let Some(through) = self.through.get_mut(&from) {
            through.gone.add(sent);
        }
    }

    fn read(&self, key: FlowKey) -> Option<Snapshot> {
        let flow = self.flows.get(&key)?;
        let (stream, peer) = match &flow.tier {
            Tier::Watched | Tier::Worker => (StreamId::default(), None),
            Tier::Driver { recipe, .. } => (recipe.stream, Some(recipe.source)),
        };
        let meter = self.maps.meter(flow.meter).ok()?;
        Some(Snapshot {
            heard: Default::default(),
            left: Default::default(),
            key,
            generation: flow.generation,
            stream,
            peer,
            confirmed: peer.is_some(),
            counters: meter.counters(self.clock, self.sent_from(key)),
            ssrcs: meter.ssrcs().collect(),
            sent_ssrcs: self.senders_from(key),
            progress: flow::Progress::default(),
        })
    }

    /// Senders of what leaves through a local port now, as their packets leave.
    fn senders_from(&self, key: FlowKey) -> SmallVec<[SsrcCounters; 1]> {
        let Some(through) = self.through.get(&key) else { return SmallVec::new() };
        let mut all = SmallVec::new();
        for flow in through.flows.iter().filter_map(|(key, _)| self.flows.get(key)) {
            let Tier::Driver { recipe, .. } = &flow.tier else { continue };
            let (Some(output), Ok(meter)) = (recipe.outputs.first(), self.maps.meter(flow.meter)) else {
                continue;
            };
            all.extend(meter.ssrcs().map(|sender| sender_as_sent(sender, &output.rewrite)));
        }
        all
    }
}

impl Flow {
    fn sends(&self, concerns: impl Fn(IpAddr, IpAddr) -> bool) -> bool {
        match &self.tier {
            Tier::Watched | Tier::Worker => false,
            Tier::Driver { recipe, .. } => {
                recipe.outputs.iter().any(|output| concerns(output.from.addr, output.to.ip()))
            }
        }
    }
}

impl Tier {
    fn from(&self) -> Option<FlowKey> {
        match self {
            Tier::Watched | Tier::Worker => None,
            Tier::Driver { recipe, .. } => recipe.outputs.first().map(|output| output.from),
        }
    }
}

impl<H: Hops> FlowTable for DriverTable<H> {
    fn install(&mut self, recipe: &flow::Recipe) -> Result<(), InstallError> {
        let output = recipe.outputs.first().ok_or(InstallError::Unsupported("no output"))?;
        let to: SocketAddr = output.to;
        let hop =
            self.hops.hop(output.from.addr, to.ip()).map_err(|why| InstallError::NoWay(why.reason()))?;
        let port = self.ports.get(&hop.ifindex).filter(|port| port.able);
        let port = port.ok_or(InstallError::NoWay(PathReason::EgressNotReachable))?;
        let mut encoded = Recipe::forwarding(recipe, &hop, port.place).map_err(InstallError::Unsupported)?;
        if !port.turns {
            encoded.ifindex = 0;
        }
        let tier = Tier::Driver { recipe: Box::new(recipe.clone()), hop };
        self.put(recipe.key, recipe.generation, tier, encoded)
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Option<Snapshot> {
        let ours = |flow: &Flow| matches!(flow.tier, Tier::Driver { .. }) && flow.generation <= generation;
        if !self.flows.get(&key).is_some_and(ours) {
            return None;
        }
        self.remove(key)
    }

    fn snapshot(&self, key: FlowKey) -> Option<Snapshot> {
        self.read(key).filter(|snapshot| snapshot.peer.is_some())
    }
}

#[cfg(test)]
mod tests;
