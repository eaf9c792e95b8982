use crate::abi::Snapshot as Said;
use crate::control::read_all;
use crate::encode::{encode, from_key};
use crate::snapshot::{decode, sent, sent_ssrcs};
use crate::{Claim, Clock, Control, Error, Greeting, Result, Tables};
use flow::{FlowKey, FlowTable, Generation, InstallError, Recipe, Rewrite, Snapshot, SsrcCounters, Traffic};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::io;

/// Where an output leaves and what it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Exit {
    port: FlowKey,
    rewrite: Rewrite,
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
    /// Ports that each installed flow leaves through, by position of the output.
    exits: HashMap<FlowKey, SmallVec<[Exit; 1]>, RandomState>,
    /// The other way around: flows that leave through a port.
    feeders: HashMap<FlowKey, SmallVec<[FlowKey; 1]>, RandomState>,
    /// What flows that were withdrawn or replaced have sent through each port.
    sent_before: HashMap<FlowKey, Traffic, RandomState>,
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
            exits: HashMap::default(),
            feeders: HashMap::default(),
            sent_before: HashMap::default(),
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
        Some(decode(&self.control.snapshot(from_key(key)).ok()?, self.clock))
    }

    fn forget(&mut self, key: FlowKey, said: &Said) {
        let Some(exits) = self.exits.remove(&key) else { return };
        for (&Exit { port, .. }, counted) in exits.iter().zip(&said.outputs) {
            self.sent_before.entry(port).or_default().add(sent(counted));
            if let Some(feeders) = self.feeders.get_mut(&port) {
                feeders.retain(|feeder| *feeder != key);
                if feeders.is_empty() {
                    self.feeders.remove(&port);
                }
            }
        }
    }

    fn remember(&mut self, recipe: &Recipe) {
        let exits: SmallVec<[Exit; 1]> =
            recipe.outputs.iter().map(|output| Exit { port: output.from, rewrite: output.rewrite }).collect();
        for &Exit { port, .. } in &exits {
            let feeders = self.feeders.entry(port).or_default();
            if !feeders.contains(&recipe.key) {
                feeders.push(recipe.key);
            }
        }
        self.exits.insert(recipe.key, exits);
    }

    /// Adds what other flows have sent through the port of this snapshot.
    fn add_sent(&self, snapshot: &mut Snapshot) {
        let port = snapshot.key;
        let mut sum = self.sent_before.get(&port).copied().unwrap_or_default();
        let mut senders: SmallVec<[SsrcCounters; 1]> = SmallVec::new();
        for feeder in self.feeders.get(&port).into_iter().flatten() {
            let (Some(exits), Ok(said)) = (self.exits.get(feeder), self.control.snapshot(from_key(*feeder)))
            else {
                continue;
            };
            for (exit, counted) in exits.iter().zip(&said.outputs).filter(|(exit, _)| exit.port == port) {
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
        let (flow, outputs) = encode(recipe)?;
        let before = self.exits.get(&recipe.key);
        let leaves = recipe.outputs.iter().map(|output| output.from);
        if before.is_some_and(|exits| !exits.iter().map(|exit| exit.port).eq(leaves)) {
            // The module counts outputs by position. Where they leave now is another place, so the counts start anew.
            if let Ok(said) = self.control.withdraw(from_key(recipe.key), recipe.generation.0) {
                self.forget(recipe.key, &said);
            }
        }
        match self.control.install(&flow, &outputs) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::StaleNetworkFileHandle => return Ok(()),
            Err(error) => return Err(refusal(&error, self.exits.len())),
        }
        self.remember(recipe);
        Ok(())
    }

    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Option<Snapshot> {
        let said = self.control.withdraw(from_key(key), generation.0).ok()?;
        let mut snapshot = decode(&said, self.clock);
        self.forget(key, &said);
        self.add_sent(&mut snapshot);
        self.sent_before.remove(&key);
        Some(snapshot)
    }

    fn snapshot(&self, key: FlowKey) -> Option<Snapshot> {
        let said = self.control.snapshot(from_key(key)).ok()?;
        let mut snapshot = decode(&said, self.clock);
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
