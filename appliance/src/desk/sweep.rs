use super::{Desk, cdr};
use crate::export::Graphite;
use crate::record::Recordings;
use crate::trace::Traces;
use crate::watch::Watch;
use flow::{DropReason, FlowKey, Traffic};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::fs;
use std::net::IpAddr;

impl Desk {
    /// What is done once a second: ends what is over, and takes the machine's pulse. True when all threads are alive.
    pub fn sweep(&mut self) -> bool {
        self.hear();
        self.hear_agents();
        let now = self.clock.now();
        for call in self.kernel.sweep(now) {
            cdr::write_adopted(&call, self.clock.stamp());
        }
        self.paths.retry(&mut self.changes.flows, now);
        self.flush();
        for number in self.book.due(now) {
            let snapshots = self.snapshots(number);
            let last_packet = snapshots.values().filter_map(|s| s.counters.last_packet).max();
            let now = self.clock.stamp();
            let (book, mut outside) = self.book_and_outside(now);
            let ended = book.judge(number, last_packet, &mut outside);
            self.flush();
            if let Some(reason) = ended {
                self.end(number, reason, &snapshots);
            }
        }
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
            match pool.totals(worker, super::desk::PATIENCE) {
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
        let away: Vec<FlowKey> = self.paths.iter().map(|(_, spec, _)| spec.key).collect();
        for counted in self.paths.count(&away) {
            add(counted.key.addr, counted.counters.received, counted.counters.sent);
        }
        let pool = self.ports.pool();
        for worker in 0..pool.workers() {
            match pool.addresses(worker, super::desk::PATIENCE) {
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
