//! RTCP of our own (`generate RTCP`): once in five seconds each party is told how the other's media was, and what we have
//! sent it (RFC 3550 §6.4). What the parties report to us ends with us.

use super::{Desk, Snapshots};
use crate::worker::OwnReport;
use call::{CallNumber, ReportLeg, Stamp};
use flow::{FlowKey, Micros, Moment, SsrcCounters};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use rtp::rtcp::{Report, ReportBlock, SenderInfo};
use sdp::StaticCodec;

/// Between two reports of a leg (RFC 3550 §6.2).
const INTERVAL: Micros = Micros::from_secs(5);
/// Before the first one.
const FIRST: Micros = Micros::from_secs(2);
/// Seconds from 1900 to 1970 (RFC 5905 §6).
const NTP_EPOCH: u64 = 2_208_988_800;

/// What earlier reports have said, by call.
#[derive(Debug, Default)]
pub(super) struct Reporters {
    calls: HashMap<CallNumber, Memory, RandomState>,
}

/// What the last reports of a call have said.
#[derive(Debug)]
pub(super) struct Memory {
    /// The calls that have had this number are told apart by it.
    serial: u64,
    due: Moment,
    /// Expected and received packets by leg and sender.
    heard: HashMap<(FlowKey, u32), (u32, u32), RandomState>,
    /// Packets sent, likewise.
    sent: HashMap<(FlowKey, u32), u64, RandomState>,
}

impl Memory {
    fn new(serial: u64, now: Moment) -> Memory {
        Memory { serial, due: now + FIRST, heard: HashMap::default(), sent: HashMap::default() }
    }
}

impl Desk {
    /// Writes the reports that are due.
    pub(super) fn write_reports(&mut self) {
        let now = self.clock.now();
        let numbers = self.book.reported().clone();
        let mut reporters = std::mem::take(&mut self.reporters.calls);
        reporters.retain(|number, _| numbers.contains(number));
        for number in numbers {
            let Some(call) = self.book.get(number) else { continue };
            let Some(serial) = call.report_legs().first().map(|leg| leg.whose.0) else { continue };
            let memory = reporters.entry(number).or_insert_with(|| Memory::new(serial, now));
            if memory.serial != serial {
                *memory = Memory::new(serial, now);
            }
            if memory.due > now {
                continue;
            }
            memory.due = now + INTERVAL;
            self.report_on(number, memory);
        }
        self.reporters.calls = reporters;
    }

    fn report_on(&mut self, number: CallNumber, memory: &mut Memory) {
        let copies = self.snapshots(number);
        let stamp = self.clock.stamp();
        let Some(call) = self.book.get(number) else { return };
        let mut next = Memory::new(memory.serial, stamp.at);
        let mut reports = Vec::new();
        for leg in call.report_legs() {
            let bytes = compounds(&leg, &copies, memory, &mut next, stamp);
            reports.extend(bytes.into_iter().map(|bytes| OwnReport { from: leg.leaves, bytes }));
        }
        // Senders that are gone are forgotten.
        (memory.heard, memory.sent) = (next.heard, next.sent);
        if reports.is_empty() {
            return;
        }
        if let Err(error) = self.ports.pool().report(usize::from(call.worker()), reports) {
            tracing::error!(%error, "a packet thread could not be told to send reports");
        }
    }
}

/// The reports for one leg: an SR for each sender whose media went there since the last time, or an RR, and with the first
/// of them what was received.
fn compounds(
    leg: &ReportLeg<'_>,
    copies: &Snapshots,
    memory: &Memory,
    next: &mut Memory,
    stamp: Stamp,
) -> Vec<Vec<u8>> {
    let facing = || leg.facing.iter().filter_map(|key| copies.get(key));
    let mut blocks = Vec::new();
    for sender in facing().flat_map(|copy| &copy.ssrcs) {
        let expected = sender.last_seq.wrapping_sub(sender.first_seq).wrapping_add(1);
        let got = expected.saturating_sub(sender.lost);
        let place = (leg.leaves, sender.ssrc);
        let before = memory.heard.get(&place).copied();
        next.heard.insert(place, (expected, got));
        if before == Some((expected, got)) {
            continue;
        }
        let (expected_before, got_before) = before.unwrap_or((0, 0));
        let expected_now = expected.wrapping_sub(expected_before);
        let lost_now = expected_now.saturating_sub(got.wrapping_sub(got_before));
        let fraction = u64::from(lost_now) * 256 / u64::from(expected_now.max(1));
        let heard = facing().flat_map(|copy| &copy.heard).filter(|heard| heard.ssrc == sender.ssrc);
        let last = heard.max_by_key(|heard| heard.at);
        blocks.push(ReportBlock {
            ssrc: sender.ssrc,
            fraction_lost: fraction.min(255) as u8,
            lost: i32::try_from(sender.lost).unwrap_or(i32::MAX),
            last_seq: sender.last_seq,
            jitter: jitter(leg, sender),
            last_sr: last.map_or(0, |heard| heard.ntp),
            delay: last.map_or(0, |heard| (stamp.at.since(heard.at).0 * 65_536 / 1_000_000) as u32),
        });
    }
    let name = name(leg);
    let last_packet = leg.sources.iter().filter_map(|key| copies.get(key)?.counters.last_packet).max();
    let mut out = Vec::new();
    let mut known = None;
    for sender in facing().flat_map(|copy| &copy.sent_ssrcs) {
        let place = (leg.leaves, sender.ssrc);
        next.sent.insert(place, sender.traffic.packets);
        known = Some(sender.ssrc);
        if memory.sent.get(&place) == Some(&sender.traffic.packets) {
            continue;
        }
        let sent = Some(sender_info(leg, sender, last_packet, stamp));
        let blocks = std::mem::take(&mut blocks);
        out.push(Report { ssrc: sender.ssrc, sent, blocks: &blocks, name: &name }.to_bytes());
    }
    if !blocks.is_empty() {
        // Who has sent nothing of late, or never anything, reports all the same.
        let ssrc = known.unwrap_or_else(|| own_ssrc(leg));
        out.push(Report { ssrc, sent: None, blocks: &blocks, name: &name }.to_bytes());
    }
    out
}

fn sender_info(
    leg: &ReportLeg<'_>,
    sender: &SsrcCounters,
    last_packet: Option<Moment>,
    stamp: Stamp,
) -> SenderInfo {
    let clock = u64::from(leg.clock(sender.last_pt).unwrap_or_else(|| assumed_clock(sender.last_pt)));
    let since = last_packet.map_or(0, |at| stamp.at.since(at).0);
    let (seconds, micros) = (stamp.wall_us / 1_000_000, stamp.wall_us % 1_000_000);
    let headers = 12 * sender.traffic.packets;
    SenderInfo {
        ntp: ((seconds + NTP_EPOCH) << 32) | ((micros << 32) / 1_000_000),
        timestamp: sender.last_timestamp.wrapping_add((since * clock / 1_000_000) as u32),
        // Both counters wrap (RFC 3550 §6.4.1).
        packets: sender.traffic.packets as u32,
        octets: sender.traffic.bytes.saturating_sub(headers) as u32,
    }
}

/// In units of the codec's clock; 0 when the packet path has measured by another.
fn jitter(leg: &ReportLeg<'_>, sender: &SsrcCounters) -> u32 {
    let assumed = assumed_clock(sender.last_pt);
    match leg.clock(sender.last_pt) {
        Some(clock) if clock != assumed => 0,
        _ => (sender.jitter.0.saturating_mul(assumed.into()) / 1_000_000) as u32,
    }
}

/// What the packet path takes for the clock of a payload type, in Hz.
fn assumed_clock(pt: u8) -> u32 {
    StaticCodec::of(pt).map_or(8000, |codec| codec.clock)
}

/// One name for all that a party hears from us in a call, so that it plays sound and picture together.
fn name(leg: &ReportLeg<'_>) -> Vec<u8> {
    let (serial, party) = leg.whose;
    format!("{:016x}", mix(serial ^ (party as u64) << 56)).into_bytes()
}

/// An SSRC for a leg that nothing was sent on.
fn own_ssrc(leg: &ReportLeg<'_>) -> u32 {
    let (serial, party) = leg.whose;
    mix(serial ^ (party as u64) << 56 ^ u64::from(leg.leaves.port) << 40) as u32
}

/// Scatters numbers that lie close together.
fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}
