use super::desk::PATIENCE;
use super::{Desk, cdr};
use crate::export::Graphite;
use crate::record::Recordings;
use crate::trace::Traces;
use crate::watch::Watch;
use call::{Call, CallNumber};
use flow::{DropReason, FlowKey, Moment, Traffic};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::fs;
use std::net::IpAddr;

/// Calls that are looked at between two messages of clients, ...
const LOOKED_AT: usize = 512;
/// ... and of how many of these a packet thread is asked.
const ASKED: usize = 64;

impl Desk {
    /// What is done once a second, but for [`Desk::judge_some`]: takes the machine's pulse. True when all threads are alive.
    pub fn sweep(&mut self) -> bool {
        self.hear();
        self.hear_agents();
        let now = self.clock.now();
        for call in self.kernel.sweep(now) {
            cdr::write_adopted(&call, self.clock.stamp());
        }
        self.paths.retry(&mut self.changes.flows, now);
        self.flush();
        self.pierce_all();
        self.write_reports();
        Watch::look(self);
        Traces::sweep(self);
        Recordings::sweep(self);
        self.listen();
        let alive = self.take_pulse();
        Graphite::look(self);
        alive
    }

    /// Ends what is over, of some calls that are due. To be called until it is false, once a second; in between others are
    /// answered.
    pub fn judge_some(&mut self) -> bool {
        let now = self.clock.now();
        let mut due = self.book.due(now, LOOKED_AT);
        let more = due.len() == LOOKED_AT;
        due.retain(|number| self.book.foresee(*number, now));
        let unasked = due.split_off(due.len().min(ASKED));
        let of_worker = |number: &CallNumber| self.book.get(*number).map_or(0, Call::worker);
        due.sort_by_key(of_worker);
        let mut groups = Vec::new();
        for numbers in due.chunk_by(|a, b| of_worker(a) == of_worker(b)) {
            groups.push((of_worker(&numbers[0]), numbers.to_vec()));
        }
        for (worker, numbers) in groups {
            self.judge_all(worker, &numbers);
        }
        more || !unasked.is_empty()
    }

    /// Judges calls of one worker by their last packets.
    fn judge_all(&mut self, worker: u16, numbers: &[CallNumber]) {
        let keys: Vec<Vec<FlowKey>> = numbers
            .iter()
            .map(|number| self.book.get(*number).map(Call::flow_keys).unwrap_or_default())
            .collect();
        let latest = self.last_packets(worker, &keys);
        let mut endings = Vec::new();
        for ((number, keys), latest) in numbers.iter().zip(keys).zip(latest) {
            let now = self.clock.stamp();
            let (book, mut outside) = self.book_and_outside(now);
            match book.judge(*number, latest, &mut outside) {
                // The counters first: with the call its ports go.
                Some(reason) => endings.push((*number, reason, self.flush_leaving(worker, keys))),
                None => self.flush(),
            }
        }
        let copies: Vec<_> = endings.iter_mut().rev().map(|(.., counting)| self.collect(counting)).collect();
        for ((number, reason, _), snapshots) in endings.into_iter().zip(copies.into_iter().rev()) {
            self.end(number, reason, &snapshots);
        }
    }

    /// The last packet of each of these groups of flows of one worker.
    fn last_packets(&mut self, worker: u16, groups: &[Vec<FlowKey>]) -> Vec<Option<Moment>> {
        let keys = groups.concat();
        let mut latest =
            self.ports.pool().last_packets(usize::from(worker), &keys, PATIENCE).unwrap_or_else(|error| {
                tracing::error!(%error, "it is not known when calls were last heard");
                Vec::new()
            });
        latest.resize(keys.len(), None);
        for counted in self.paths.count(&keys) {
            for (_, at) in keys.iter().zip(&mut latest).filter(|(key, _)| **key == counted.key) {
                *at = (*at).max(counted.counters.last_packet);
            }
        }
        let mut latest = latest.into_iter();
        groups.iter().map(|keys| latest.by_ref().take(keys.len()).flatten().max()).collect()
    }

    /// True when all packet threads have answered.
    fn take_pulse(&mut self) -> bool {
        // Not there (a container without /proc) means nothing is known, which is no reason to refuse calls.
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let loadavg = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let worked = self.worked();
        self.rates.measure(&worked);
        self.strain.measure(&stat, &loadavg, worked.all.bytes, self.clock.now());
        self.tally.note_sessions(self.book.len() as u64);
        worked.silent == 0
    }

    /// What has been received over all flows, on whatever path.
    pub fn worked(&mut self) -> Worked {
        let live = self.paths.received();
        let mut worked = Worked { all: live.all, fast: live.all, module: live.module, ..Worked::default() };
        // What a fast path has given back is in the workers' totals already.
        let returned = self.paths.returned();
        worked.fast.add(returned.all);
        worked.module.add(returned.module);
        let pool = self.ports.pool();
        for worker in 0..pool.workers() {
            match pool.totals(worker, PATIENCE) {
                Ok(totals) => {
                    worked.all.add(totals.received);
                    for (sum, more) in worked.drops.iter_mut().zip(totals.drops) {
                        *sum += more;
                    }
                }
                Err(error) => {
                    worked.silent += 1;
                    tracing::error!(%error, "totals of a packet thread are not available");
                }
            }
        }
        worked
    }
}

impl Desk {
    /// What went through the ports of each of our addresses since the start, on whatever path: received, sent.
    pub fn by_address(&mut self) -> HashMap<IpAddr, [Traffic; 2], RandomState> {
        let mut sums: HashMap<IpAddr, [Traffic; 2], RandomState> = HashMap::default();
        let mut add = |addr, received, sent| {
            let sum = sums.entry(addr).or_default();
            sum[0].add(received);
            sum[1].add(sent);
        };
        let away = self.paths.countable();
        for counted in self.paths.count(&away) {
            add(counted.key.addr, counted.counters.received, counted.counters.sent);
        }
        let pool = self.ports.pool();
        for worker in 0..pool.workers() {
            match pool.addresses(worker, PATIENCE) {
                Ok(all) => all.iter().for_each(|at| add(at.addr, at.received, at.sent)),
                Err(error) => tracing::error!(%error, "counts of a packet thread are not available"),
            }
        }
        sums
    }
}

/// What has been received since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// On all paths together.
    pub all: Traffic,
    /// Of this, by fast paths.
    pub fast: Traffic,
    /// Packet threads that did not answer, and whose packets are not in it.
    pub silent: usize,
    /// Of this, by the kernel module.
    pub module: Traffic,
    /// Dropped, by reason (index: [`DropReason`] as u8); of fast paths, what they have told.
    pub drops: [u64; DropReason::ALL.len()],
}
