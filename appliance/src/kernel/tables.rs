use super::Error;
use super::keeper::Keeper;
use super::leftovers::{EndedCall, Ends, Found, Leftovers};
use super::path::{Access, KernelPath};
use super::shared::SharedTable;
use crate::config::checked::{Config, Mode};
use crate::placement::FastPath;
use call::EndReason;
use compat_procfs::rules::generation;
use compat_procfs::{Claim, Clock, ModuleTable, Tables};
use flow::{Micros, Moment, Snapshot};
use nix::time::{ClockId, clock_gettime};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How often, in sweeps, the module is asked whether any rule leads to it; also whenever nf_tables has changed, which
/// rules of the older iptables do not show.
const ASK_FOR_RULES: u32 = 5;

/// The tables of the kernel module that this daemon owns, and the firewall rules that lead to them.
#[derive(Debug, Default)]
pub struct KernelTables {
    tables: Vec<Held>,
    keeper: Option<Keeper>,
    leftovers: Leftovers,
    keep_flows: bool,
    sweeps: u32,
    /// nf_tables' count of changes when rules were last looked for.
    seen: Option<u32>,
}

#[derive(Debug)]
struct Held {
    id: u8,
    table: SharedTable,
    access: Rc<Cell<Access>>,
}

impl KernelTables {
    /// Claims every table that an interface of mode `kernel` names, makes those that are missing, adopts what is in
    /// them, and writes the firewall rules if the configuration has a chain for them. `epoch` is the daemon's
    /// [`Moment`] zero.
    ///
    /// What cannot be had is logged, and its interfaces are served by the sockets, unless the configuration forbids
    /// that.
    ///
    /// # Errors
    /// [`Error::NoFallback`]. Nothing is left behind then: tables and rules are removed, but flows that were found
    /// stay.
    pub fn open(config: &Config, epoch: Instant) -> Result<KernelTables, Error> {
        KernelTables::open_at(&Tables::default(), config, epoch)
    }

    pub(super) fn open_at(tables: &Tables, config: &Config, epoch: Instant) -> Result<KernelTables, Error> {
        let mut ours = KernelTables { keep_flows: config.kernel.keep_flows, ..KernelTables::default() };
        match ours.claim_all(tables, config, epoch) {
            Ok(()) => Ok(ours),
            Err(error) => {
                ours.back_out(tables);
                Err(Error::NoFallback(Box::new(error)))
            }
        }
    }

    fn claim_all(&mut self, tables: &Tables, config: &Config, epoch: Instant) -> Result<(), Error> {
        let mut found = Vec::new();
        let now = Moment(u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX));
        for id in wanted_tables(config) {
            match claim(tables, id, clock(epoch), now) {
                Ok((table, flows)) => {
                    let module = &table.greeting().version;
                    tracing::info!("kernel table {id} is ours (module version {module})");
                    let table_at = self.tables.len();
                    let flows = flows.into_iter();
                    found.extend(flows.map(|(flow, age)| Found { table: table_at, flow, age }));
                    let access = Rc::new(Cell::new(Access::default()));
                    self.tables.push(Held { id, table: SharedTable::new(table), access });
                }
                Err(cause) => settle(config, Error::Table { table: id, cause })?,
            }
        }
        let micros = |time: Duration| Micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        let ends = Ends { silence: micros(config.timeouts.media), age: config.timeouts.call.map(micros) };
        if !found.is_empty() {
            let flows = found.len();
            self.leftovers = Leftovers::new(found, ends, now);
            tracing::info!(
                "adopted {flows} flows of {} calls from a daemon before us: they go on until nobody has spoken for {} \
                 seconds",
                self.leftovers.len(),
                ends.silence.0 / 1_000_000
            );
        }
        if let Some(rules) = &config.kernel.rules
            && !self.tables.is_empty()
        {
            let ids: Vec<u8> = self.tables.iter().map(|held| held.id).collect();
            let (keeper, started) = Keeper::start(rules, &ids);
            self.keeper = Some(keeper);
            if let Err(error) = started {
                settle(config, error)?;
            }
        }
        self.look_for_rules(tables);
        Ok(())
    }

    /// Leaves everything as it would be without us, except that tables without flows are removed.
    fn back_out(&mut self, tables: &Tables) {
        if let Some(keeper) = self.keeper.take() {
            keeper.stop();
        }
        for held in self.tables.drain(..) {
            let empty = held.table.give_up().is_some_and(|table| table.greeting().flows == 0);
            if empty && let Err(error) = tables.del(held.id.into()) {
                tracing::error!("kernel table {} stays: {error}", held.id);
            }
        }
    }

    /// The table of a number as a fast path; `None` when it could not be had.
    pub fn path(&self, id: u8) -> Option<Box<dyn FastPath>> {
        let held = self.tables.iter().find(|held| held.id == id)?;
        Some(Box::new(KernelPath::new(held.table.clone(), Rc::clone(&held.access))))
    }

    /// Numbers of the tables that we have.
    pub fn ids(&self) -> impl Iterator<Item = u8> + '_ {
        self.tables.iter().map(|held| held.id)
    }

    /// Calls of a daemon before us that the module still forwards.
    pub fn old_calls(&self) -> usize {
        self.leftovers.len()
    }

    /// What is done once a second: ends calls of a daemon before us in which nobody speaks or that are too old, and puts
    /// back firewall rules that somebody has taken. Returns what it ended.
    pub fn sweep(&mut self, now: Moment) -> Vec<EndedCall> {
        let mut ended = Vec::new();
        if self.tables.is_empty() {
            return ended;
        }
        if let Some(keeper) = &mut self.keeper
            && keeper.check()
        {
            for held in &self.tables {
                held.access.set(Access { mended: true, ..held.access.get() });
            }
        }
        if self.leftovers.len() > 0 {
            ended = self.leftovers.sweep(&mut self.handles(), now);
            if !ended.is_empty() {
                let silent = ended.iter().filter(|call| call.reason == EndReason::Timeout).count();
                tracing::info!(
                    "{silent} calls of a daemon before us have fallen silent and {} are too old: they are removed from \
                     the kernel module, {} are left",
                    ended.len() - silent,
                    self.leftovers.len()
                );
            }
        }
        self.sweeps = (self.sweeps + 1) % ASK_FOR_RULES;
        // Not allowed to ask, or no nf_tables: then by time alone.
        let now = generation().ok();
        if self.sweeps == 0 || now != self.seen {
            self.seen = now;
            self.look_for_rules(&Tables::default());
        }
        ended
    }

    fn handles(&self) -> Vec<SharedTable> {
        self.tables.iter().map(|held| held.table.clone()).collect()
    }

    /// Says once when no rule leads to a table, and once when one does again.
    fn look_for_rules(&mut self, tables: &Tables) {
        for held in &mut self.tables {
            let id = held.id;
            let Access { shut: was_shut, mended } = held.access.get();
            let shut = tables.rules(id.into()) == Some(0);
            if shut && !was_shut {
                tracing::warn!(
                    "no firewall rule leads to kernel table {id}, so media goes through the daemon's sockets (iptables \
                     -I INPUT -p udp -j RTPENGINE --id {id}, the same with ip6tables, or set kernel.nftables-chain)"
                );
            } else if was_shut && !shut {
                tracing::info!("a firewall rule leads to kernel table {id}");
            }
            held.access.set(Access { shut, mended: mended || (was_shut && !shut) });
        }
    }

    /// To be called before calls are ended because the daemon ends: with `kernel.keep-flows` nothing is taken out of the
    /// tables from now on.
    pub fn let_go(&self) {
        if self.keep_flows {
            self.tables.iter().for_each(|held| held.table.keep_flows());
        }
    }

    /// Ends it: removes rules and tables, unless flows are to be kept. Returns the calls of a daemon before us that end
    /// by that.
    pub fn close(&mut self, now: Moment) -> Vec<EndedCall> {
        let mut leftovers = std::mem::take(&mut self.leftovers);
        if self.keep_flows {
            for held in self.tables.drain(..) {
                held.table.give_up();
                tracing::info!("kernel table {} goes on with the flows it has (kernel.keep-flows)", held.id);
            }
            return Vec::new();
        }
        let ended = leftovers.end_all(&mut self.handles(), now);
        if let Some(keeper) = self.keeper.take() {
            keeper.stop();
        }
        for held in self.tables.drain(..) {
            let removed = held.table.give_up().map(ModuleTable::remove);
            match removed {
                Some(Err(error)) => tracing::error!("kernel table {} stays: {error}", held.id),
                _ => tracing::debug!("kernel table {} is removed", held.id),
            }
        }
        ended
    }
}

/// The tables that interfaces of mode `kernel` name, in order.
fn wanted_tables(config: &Config) -> Vec<u8> {
    let locals = config.interfaces.addresses().map(|(_, local)| local);
    let mut wanted: Vec<u8> =
        locals.filter(|local| local.mode == Mode::Kernel).filter_map(|local| local.table).collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// A table, and the flows that a daemon before us has left in it.
fn claim(
    tables: &Tables,
    id: u8,
    clock: Clock,
    now: Moment,
) -> Result<(ModuleTable, Vec<(Snapshot, Micros)>), compat_procfs::Error> {
    let open = |claim| ModuleTable::open(tables.clone(), id.into(), claim, clock);
    let table = match open(Claim::Adopt) {
        Err(error @ compat_procfs::Error::OtherNamespace(_)) => {
            tracing::warn!("{error}; they are removed");
            open(Claim::Fresh)?
        }
        opened => opened?,
    };
    let flows = table.flows_with_age(now)?;
    Ok((table, flows))
}

/// Something cannot be had: an error if that must not be, else a line in the log.
fn settle(config: &Config, error: Error) -> Result<(), Error> {
    if !config.kernel.fallback {
        return Err(error);
    }
    tracing::error!("{error}; its interfaces are served by the daemon's sockets (userspace)");
    Ok(())
}

/// Where our moments lie on the kernel's clock.
fn clock(epoch: Instant) -> Clock {
    let passed = epoch.elapsed();
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
    let zero = now.saturating_sub(passed);
    Clock { zero_ns: u64::try_from(zero.as_nanos()).unwrap_or(u64::MAX) }
}
