use crate::abi::Snapshot as Said;
use crate::control::read_all;
use crate::encode::{Encoded, encode, from_key};
use crate::secure::{arrivals, departures, merge};
use crate::snapshot::{decode, received, sent, sent_ssrcs};
use crate::{Claim, Clock, Control, Error, Greeting, Result, Tables};
use flow::srtp::SsrcState;
use flow::{
    FlowKey, FlowTable, Generation, InstallError, Micros, Moment, Progress, Recipe, Rewrite, Snapshot,
    SsrcCounters, Traffic,
};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::io;

/// Where an output leaves and what it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Exit {
    port: FlowKey,
    rewrite: Rewrite,
    /// The crypto context of its keys, if it seals.
    seals: Option<u32>,
}

/// An installed flow as we need it.
#[derive(Debug, Default)]
struct Installed {
    /// The crypto context of its keys, if it opens.
    opens: Option<u32>,
    /// Ports it leaves through, by position of the output.
    exits: SmallVec<[Exit; 1]>,
}

impl Installed {
    fn of(recipe: &Recipe) -> Installed {
        let exit = |output: &flow::RecipeOutput| Exit {
            port: output.from,
            rewrite: output.rewrite,
            seals: output.seal.as_ref().map(|setup| setup.context),
        };
        let opens = recipe.open.as_ref().map(|setup| setup.context);
        Installed { opens, exits: recipe.outputs.iter().map(exit).collect() }
    }

    /// The module may replace it by `next` where it stands: it counts outputs by position, and packets on their way
    /// seal with what stands at their SSRC's place.
    fn gives_way_to(&self, next: &Installed) -> bool {
        let ports =
            |flow: &Installed| flow.exits.iter().map(|exit| exit.port).collect::<SmallVec<[FlowKey; 1]>>();
        !self.has_keys() && !next.has_keys() && ports(self) == ports(next)
    }

    fn has_keys(&self) -> bool {
        self.opens.is_some() || self.exits.iter().any(|exit| exit.seals.is_some())
    }

    /// What left through each output. Without keys that is what arrived: the module does not wait for packets on their
    /// way out when such a flow is withdrawn.
    fn left(&self, said: &Said) -> SmallVec<[Traffic; 1]> {
        let plain = !self.has_keys();
        let of = |counted| if plain { received(said) } else { sent(counted) };
        self.exits.iter().zip(&said.outputs).map(|(_, counted)| of(counted)).collect()
    }
}

/// A kernel table as a [`FlowTable`]. The module forwards on its own, also after this value is gone.
///
/// The module counts what a flow's outputs send at that flow; [`Snapshot`] counts what is sent through a port at that
/// port. The sums are made here, so [`FlowTable::snapshot`] of a port asks for every flow that leaves through it.
#[derive(Debug)]
pub struct ModuleTable {
    tables: Tables,
    control: Control,
    clock: Clock,
    installed: HashMap<FlowKey, Installed, RandomState>,
    /// What was counted of flows that had to be taken out to be replaced.
    earlier: HashMap<FlowKey, Snapshot, RandomState>,
    /// The other way around: flows that leave through a port.
    feeders: HashMap<FlowKey, SmallVec<[FlowKey; 1]>, RandomState>,
    /// What flows that were withdrawn or replaced have sent through each port.
    sent_before: HashMap<FlowKey, Traffic, RandomState>,
    /// How far flows that were withdrawn have come in what they sealed for each port, until somebody asks.
    sealed_before: HashMap<FlowKey, Vec<SsrcState>, RandomState>,
}

impl ModuleTable {
    /// Makes table `id` when it does not exist, and becomes its owner. With [`Claim::Adopt`] the flows that a daemon
    /// before us has left go on: [`ModuleTable::flows`] tells which they are.
    ///
    /// # Errors
    /// [`Error::NoModule`], [`Error::Version`], [`Error::Size`], [`Error::Foreign`], [`Error::Owned`],
    /// [`Error::OtherNamespace`], or a file error.
    pub fn open(tables: Tables, id: u32, claim: Claim, clock: Clock) -> Result<ModuleTable> {
        let mut control = match Control::open(&tables, id) {
            Err(Error::NoTable(_)) => {
                match tables.add(id) {
                    Ok(()) | Err(Error::TableExists(_)) => {}
                    Err(error) => return Err(error),
                }
                Control::open(&tables, id)?
            }
            opened => opened?,
        };
        control.claim(claim)?;
        Ok(ModuleTable {
            tables,
            control,
            clock,
            installed: HashMap::default(),
            earlier: HashMap::default(),
            feeders: HashMap::default(),
            sent_before: HashMap::default(),
            sealed_before: HashMap::default(),
        })
    }

    /// Number of the table.
    pub fn id(&self) -> u32 {
        self.control.table()
    }

    /// What the module said when the table was claimed.
    pub fn greeting(&self) -> &Greeting {
        self.control.greeting()
    }

    /// Every installed flow, in the order of installation.
    ///
    /// # Errors
    /// Why the list could not be read.
    pub fn flows(&self) -> Result<Vec<Snapshot>> {
        Ok(read_all(&self.tables, self.id())?.iter().map(|said| decode(said, self.clock)).collect())
    }

    /// Every installed flow, in the order of installation, and how long it has been there at `now`; one that was replaced
    /// counts from its first installation.
    ///
    /// # Errors
    /// Why the list could not be read.
    pub fn flows_with_age(&self, now: Moment) -> Result<Vec<(Snapshot, Micros)>> {
        let said = read_all(&self.tables, self.id())?;
        let flow = |said| (decode(said, self.clock), self.clock.since(said.installed_ns, now));
        Ok(said.iter().map(flow).collect())
    }

    /// Gives the table back and removes it with all its flows, as at the orderly end of the daemon.
    ///
    /// # Errors
    /// As [`Tables::del`].
    pub fn remove(self) -> Result<()> {
        let ModuleTable { tables, control, .. } = self;
        let id = control.table();
        drop(control);
        tables.del(id)
    }

    /// A copy of what arrived at a flow, without what was sent through its port: one question to the module and not one
    /// for each flow that leaves there.
    pub fn arrived(&self, key: FlowKey) -> Option<Snapshot> {
        let said = self.control.snapshot(from_key(key)).ok()?;
        let mut snapshot = decode(&said, self.clock);
        snapshot.left = self.installed.get(&key).map(|flow| flow.left(&said)).unwrap_or_default();
        Some(self.with_earlier(snapshot))
    }

    /// How far an installed flow has come under its keys: what was opened is told of its own port, what was sealed of the
    /// ports it leaves through.
    pub fn progress(&self, key: FlowKey) -> Vec<(FlowKey, Progress)> {
        let Some(flow) = self.installed.get(&key).filter(|flow| flow.has_keys()) else { return Vec::new() };
        let Ok(said) = self.control.snapshot(from_key(key)) else { return Vec::new() };
        let mut all = Vec::new();
        if let Some(context) = flow.opens {
            all.push((key, Progress { opened: arrivals(&said, context), ..Progress::default() }));
        }
        for (at, exit) in flow.exits.iter().enumerate() {
            let Some(context) = exit.seals else { continue };
            all.push((exit.port, Progress { sealed: departures(&said, at, context), ..Progress::default() }));
        }
        all
    }

    /// How far flows that were withdrawn have come in what they sealed for a port, each SSRC once, since this was last
    /// asked. Whoever seals there next goes on from it.
    pub fn take_sealed(&mut self, port: FlowKey) -> Vec<SsrcState> {
        self.sealed_before.remove(&port).unwrap_or_default()
    }

    /// Takes a flow out of the module. What it has sent and sealed is remembered for its ports, the rest is returned.
    fn take_out(&mut self, key: FlowKey, generation: Generation) -> Option<Snapshot> {
        let said = self.control.withdraw(from_key(key), generation.0).ok()?;
        let mut snapshot = decode(&said, self.clock);
        if let Some(flow) = self.installed.get(&key) {
            snapshot.left = flow.left(&said);
            if let Some(context) = flow.opens {
                snapshot.progress.opened = arrivals(&said, context);
            }
        }
        self.forget(key, &said);
        let snapshot = self.with_earlier(snapshot);
        self.earlier.remove(&key);
        Some(snapshot)
    }

    fn with_earlier(&self, snapshot: Snapshot) -> Snapshot {
        let Some(mut whole) = self.earlier.get(&snapshot.key).cloned() else { return snapshot };
        whole.join(&snapshot);
        merge(&mut whole.progress.opened, &snapshot.progress.opened);
        Snapshot { generation: snapshot.generation, stream: snapshot.stream, peer: snapshot.peer, ..whole }
    }

    fn forget(&mut self, key: FlowKey, said: &Said) {
        let Some(flow) = self.installed.remove(&key) else { return };
        for (at, (&Exit { port, seals, .. }, counted)) in flow.exits.iter().zip(&said.outputs).enumerate() {
            self.sent_before.entry(port).or_default().add(sent(counted));
            if let Some(context) = seals {
                merge(self.sealed_before.entry(port).or_default(), &departures(said, at, context));
            }
            if let Some(feeders) = self.feeders.get_mut(&port) {
                feeders.retain(|feeder| *feeder != key);
                if feeders.is_empty() {
                    self.feeders.remove(&port);
                }
            }
        }
    }

    fn remember(&mut self, key: FlowKey, flow: Installed) {
        for &Exit { port, .. } in &flow.exits {
            let feeders = self.feeders.entry(port).or_default();
            if !feeders.contains(&key) {
                feeders.push(key);
            }
        }
        self.installed.insert(key, flow);
    }

    /// The recipe as it must be now that an older one of the same flow is taken out: with how far that one had come.
    fn gone_on(&self, recipe: &Recipe) -> Recipe {
        let mut recipe = recipe.clone();
        if let Some(earlier) = self.earlier.get(&recipe.key) {
            merge(&mut recipe.opened, &earlier.progress.opened);
        }
        for output in &mut recipe.outputs {
            if let Some(sealed) = self.sealed_before.get(&output.from) {
                merge(&mut output.sealed, sealed);
            }
        }
        recipe.forget_other_contexts();
        recipe
    }

    /// Adds what other flows have sent through the port of this snapshot.
    fn add_sent(&self, snapshot: &mut Snapshot) {
        let port = snapshot.key;
        let mut sum = self.sent_before.get(&port).copied().unwrap_or_default();
        let mut senders: SmallVec<[SsrcCounters; 1]> = SmallVec::new();
        for feeder in self.feeders.get(&port).into_iter().flatten() {
            let (Some(flow), Ok(said)) =
                (self.installed.get(feeder), self.control.snapshot(from_key(*feeder)))
            else {
                continue;
            };
            for (exit, counted) in flow.exits.iter().zip(&said.outputs).filter(|(exit, _)| exit.port == port)
            {
                sum.add(sent(counted));
                senders.extend(sent_ssrcs(&said, exit.rewrite));
            }
        }
        snapshot.counters.sent = sum;
        snapshot.sent_ssrcs = senders;
    }
}

impl FlowTable for ModuleTable {
    fn install(&mut self, recipe: &Recipe) -> std::result::Result<(), InstallError> {
        let mut encoded = encode(recipe)?;
        let (key, next) = (recipe.key, Installed::of(recipe));
        if self.installed.get(&key).is_some_and(|now| !now.gives_way_to(&next))
            && let Some(counted) = self.take_out(key, recipe.generation)
        {
            self.earlier.insert(key, counted);
        }
        if next.has_keys() {
            encoded = encode(&self.gone_on(recipe))?;
        }
        let Encoded { flow, outputs } = &encoded;
        match self.control.install(flow, outputs) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::StaleNetworkFileHandle => return Ok(()),
            Err(error) => return Err(refusal(&error, self.installed.len())),
        }
        self.remember(key, next);
        Ok(())
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Option<Snapshot> {
        let mut snapshot = match self.take_out(key, generation) {
            Some(snapshot) => snapshot,
            None if self.installed.contains_key(&key) => return None,
            // It could not be put back when it was replaced.
            None => self.earlier.remove(&key)?,
        };
        self.add_sent(&mut snapshot);
        self.sent_before.remove(&key);
        Some(snapshot)
    }

    fn snapshot(&self, key: FlowKey) -> Option<Snapshot> {
        let mut snapshot = self.arrived(key)?;
        self.add_sent(&mut snapshot);
        Some(snapshot)
    }
}

fn refusal(error: &io::Error, flows: usize) -> InstallError {
    match error.kind() {
        io::ErrorKind::StorageFull => InstallError::Full(flows),
        io::ErrorKind::Unsupported => InstallError::Unsupported("a cipher that this kernel does not have"),
        io::ErrorKind::InvalidInput => InstallError::Unsupported("a value that the module does not take"),
        _ => InstallError::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::FromZeros;

    #[test]
    fn outputs_are_counted_apart_where_keys_change_the_length() {
        let port = FlowKey::new("10.0.2.1".parse().unwrap(), 30000);
        let exit = |seals| Exit { port, rewrite: Rewrite::default(), seals };
        let mut said = Said::new_zeroed();
        said.received = crate::abi::Traffic { packets: 2, bytes: 344, errors: 0 };
        said.outputs[0].packets = 2;
        said.outputs[0].bytes = 364;
        said.outputs[1].packets = 1;
        said.outputs[1].bytes = 172;
        let left = |opens, seals| {
            let exits = [exit(seals), exit(None)].into_iter().collect();
            let left = Installed { opens, exits }.left(&said);
            left.iter().map(|one| (one.packets, one.bytes)).collect::<Vec<_>>()
        };
        assert_eq!(left(None, Some(1)), [(2, 364), (1, 172)]);
        assert_eq!(left(Some(1), None), [(2, 364), (1, 172)]);
        assert_eq!(left(None, None), [(2, 344), (2, 344)]);
    }
}
