use super::Snapshots;
use call::{Call, EndReason, FlowUse, Scope, Stamp};
use flow::{Micros, Snapshot};
use ng::Command;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Clients that are counted one by one at most; the rest share a line.
const PROXIES: usize = 1024;

/// What has been counted since the start, apart from packets.
#[derive(Debug)]
pub struct Tally {
    /// When the daemon started.
    pub started: Stamp,
    /// New calls that were refused.
    pub rejected: u64,
    /// Calls that ended, by reason.
    pub ended: BTreeMap<&'static str, u64>,
    /// Seconds of all ended calls together, and of their squares.
    pub duration: (f64, f64),
    /// Ended calls with a stream that never had a packet.
    pub zero_way: u64,
    /// Ended calls with packets in one direction only.
    pub one_way: u64,
    /// Most calls at a time.
    pub most_sessions: u64,
    /// RTP packets lost, received twice, and out of order, of flows that have ended.
    pub quality: Quality,
    /// The same by our address.
    lost_at: BTreeMap<IpAddr, Quality>,
    /// Commands by client.
    pub control: ControlTally,
}

/// What was seen of RTP sequence numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// Never arrived.
    pub lost: u64,
    /// Arrived twice.
    pub duplicates: u64,
    /// Arrived late.
    pub reordered: u64,
}

impl Tally {
    pub(super) fn new(started: Stamp) -> Tally {
        Tally {
            started,
            rejected: 0,
            ended: BTreeMap::new(),
            duration: (0.0, 0.0),
            zero_way: 0,
            one_way: 0,
            most_sessions: 0,
            quality: Quality::default(),
            lost_at: BTreeMap::new(),
            control: ControlTally::default(),
        }
    }

    /// How many calls ended for a reason.
    pub fn ended_for(&self, reason: EndReason) -> u64 {
        self.ended.get(reason.code()).copied().unwrap_or(0)
    }

    /// Calls that ended, whatever the reason.
    pub fn all_ended(&self) -> u64 {
        self.ended.values().sum()
    }

    /// RTP packets lost and received twice at one of our addresses, of flows that have ended.
    pub fn lost_at(&self, addr: IpAddr) -> (u64, u64) {
        self.lost_at.get(&addr).map(|sums| (sums.lost, sums.duplicates)).unwrap_or_default()
    }

    pub(super) fn note_sessions(&mut self, sessions: u64) {
        self.most_sessions = self.most_sessions.max(sessions);
    }

    pub(super) fn flow_ended(&mut self, snapshot: &Snapshot) {
        let here = self.lost_at.entry(snapshot.key.addr).or_default();
        for ssrc in &snapshot.ssrcs {
            for sums in [&mut self.quality, &mut *here] {
                sums.lost += u64::from(ssrc.lost);
                sums.duplicates += u64::from(ssrc.duplicates);
                sums.reordered += u64::from(ssrc.reordered);
            }
        }
    }

    pub(super) fn call_ended(&mut self, call: &Call, reason: EndReason, snapshots: &Snapshots, now: Stamp) {
        *self.ended.entry(reason.code()).or_default() += 1;
        let secs = now.at.since(call.created().at).0 as f64 / 1e6;
        self.duration.0 += secs;
        self.duration.1 += secs * secs;
        let report = call.report(Scope::default());
        let streams = report.parties.iter().flat_map(|p| &p.medias).flat_map(|m| &m.streams);
        let packets: Vec<u64> = streams
            .filter(|s| s.usage == FlowUse::Rtp && !s.rejected)
            .map(|s| {
                s.flows
                    .iter()
                    .filter_map(|f| snapshots.get(&f.key).or(f.last))
                    .map(|s| s.counters.received.packets)
                    .sum()
            })
            .collect();
        if packets.contains(&0) {
            if packets.iter().any(|p| *p > 0) {
                self.one_way += 1;
            } else {
                self.zero_way += 1;
            }
        }
    }
}

/// Commands and how long they took, by client address.
#[derive(Debug, Default)]
pub struct ControlTally {
    proxies: BTreeMap<IpAddr, ProxyTally>,
    /// By command, since somebody took them.
    spells: BTreeMap<&'static str, Spell>,
}

/// A command in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spell {
    /// How often it came.
    pub count: u64,
    /// How long it took altogether.
    pub sum: Micros,
    /// The shortest.
    pub least: Micros,
    /// The longest.
    pub most: Micros,
}

impl Spell {
    fn add(&mut self, took: Micros) {
        self.least = if self.count == 0 { took } else { self.least.min(took) };
        self.most = self.most.max(took);
        self.sum.0 += took.0;
        self.count += 1;
    }
}

/// What one client asked for.
#[derive(Debug, Default)]
pub struct ProxyTally {
    /// Count and time of each command.
    pub commands: BTreeMap<&'static str, (u64, Micros)>,
    /// Requests that were answered with an error.
    pub errors: u64,
}

impl ControlTally {
    /// Counts a command that was carried out.
    pub fn command(&mut self, from: SocketAddr, command: Command, took: Micros, failed: bool) {
        let Some(proxy) = self.proxy(from) else { return };
        let (count, time) = proxy.commands.entry(command.as_str()).or_default();
        *count += 1;
        time.0 += took.0;
        proxy.errors += u64::from(failed);
        self.spells.entry(command.as_str()).or_default().add(took);
    }

    /// Counts a request that was none.
    pub fn error(&mut self, from: SocketAddr) {
        if let Some(proxy) = self.proxy(from) {
            proxy.errors += 1;
        }
    }

    /// What came of each command since this was asked last.
    pub fn take_spells(&mut self) -> BTreeMap<&'static str, Spell> {
        std::mem::take(&mut self.spells)
    }

    /// All clients by address.
    pub fn iter(&self) -> impl Iterator<Item = (&IpAddr, &ProxyTally)> {
        self.proxies.iter()
    }

    /// How often a command came, over all clients.
    pub fn total(&self, command: &str) -> u64 {
        self.proxies.values().filter_map(|p| p.commands.get(command)).map(|(count, _)| count).sum()
    }

    fn proxy(&mut self, from: SocketAddr) -> Option<&mut ProxyTally> {
        if self.proxies.len() >= PROXIES && !self.proxies.contains_key(&from.ip()) {
            // Counting must not be a way to fill our memory.
            return None;
        }
        Some(self.proxies.entry(from.ip()).or_default())
    }
}
