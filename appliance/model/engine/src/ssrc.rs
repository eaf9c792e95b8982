use crate::sent::RtpSeen;
use flow::{Carries, Micros, Moment, SsrcCounters, Traffic};
use smallvec::SmallVec;

/// The most senders remembered per flow. Another one takes the place of the one silent for longest.
pub const MAX_SSRCS: usize = 8;

/// A step forward of more than this many numbers is a jump (RFC 3550 appendix A.1).
const MAX_DROPOUT: u16 = 3000;
/// A step back of up to this many numbers is a late packet (RFC 3550 appendix A.1).
const MAX_MISORDER: u16 = 100;

/// Senders that a port has room for from the start. Few have more.
const FEW: usize = 2;
/// How many ports can come to have more than a few senders between two orders of the desk.
const SPARE: usize = 16;

/// Room for ports that turn out to have more senders than a few, so that none need be allocated for a packet.
#[derive(Debug, Default)]
pub(crate) struct SpareRoom {
    empty: Vec<Vec<Sender>>,
    /// The small room of those that have got more.
    left: Vec<Vec<Sender>>,
}

impl SpareRoom {
    /// To be called between bursts.
    pub(crate) fn refill(&mut self) {
        if self.empty.len() == SPARE {
            return;
        }
        self.left.clear();
        self.left.reserve(SPARE);
        self.empty.resize_with(SPARE, || Vec::with_capacity(MAX_SSRCS));
    }

    /// Moves senders to where there is room for all. They stay where they are if too many ports have asked for that.
    fn widen(&mut self, senders: &mut Vec<Sender>) {
        let Some(mut wide) = self.empty.pop() else { return };
        wide.append(senders);
        self.left.push(std::mem::replace(senders, wide));
    }
}

/// The senders seen at one port, the latest last. Its first room is allocated when the flow is installed.
#[derive(Debug, Default)]
pub(crate) struct SsrcTable {
    senders: Vec<Sender>,
    /// Whose packet came last: most often whose packet comes next.
    last: u32,
    /// A fast path has the packets, so gaps mean nothing.
    pub(crate) away: bool,
}

#[derive(Debug)]
#[repr(C)]
struct Sender {
    ssrc: u32,
    traffic: Traffic,
    heard: Moment,
    first_seq: u32,
    last_seq: u32,
    /// Packets counted since `first_seq` was set.
    since_first: u32,
    /// Lost before that.
    lost_before: u32,
    /// The number that would confirm a jump.
    after_jump: Option<u16>,
    /// Which of the 64 numbers up to `last_seq` have come; bit 0 is `last_seq`.
    window: u64,
    duplicates: u32,
    reordered: u32,
    timestamp: u32,
    pt: u8,
    /// Arrival minus timestamp of the last packet that came here, in units of the clock.
    transit: Option<u32>,
    /// Sixteen times the jitter in units of the clock (RFC 3550 appendix A.8).
    jitter16: u32,
}

impl SsrcTable {
    /// Room for the senders of a port that carries this.
    pub(crate) fn for_what(carries: Carries) -> SsrcTable {
        let room = match carries {
            Carries::Rtp | Carries::RtpAndRtcp => FEW,
            Carries::Rtcp | Carries::Opaque => 0,
        };
        SsrcTable { senders: Vec::with_capacity(room), last: 0, away: false }
    }

    /// Counts an RTP packet of `len` bytes.
    pub(crate) fn count(&mut self, packet: &RtpSeen, len: usize, now: Moment, spare: &mut SpareRoom) {
        let ssrc = packet.ssrc;
        if self.senders.get(self.last as usize).is_none_or(|sender| sender.ssrc != ssrc) {
            let full = self.senders.len() == self.senders.capacity();
            if full && (1..MAX_SSRCS).contains(&self.senders.len()) && !self.has(ssrc) {
                spare.widen(&mut self.senders);
            }
            let Some(place) = self.place_of(ssrc, || Sender::new(packet, now)) else { return };
            // The latest stands last.
            self.senders[place..].rotate_left(1);
            self.last = self.senders.len() as u32 - 1;
        }
        let sender = &mut self.senders[self.last as usize];
        if self.away {
            sender.skip_gap(packet.seq);
        }
        sender.count(packet, len, now);
    }

    /// Adds what a fast path has counted of a sender, whose last packet came at `heard`.
    pub(crate) fn take_over(&mut self, counted: &SsrcCounters, heard: Moment) {
        if self.senders.capacity() > 0 && self.senders.capacity() < MAX_SSRCS && !self.has(counted.ssrc) {
            self.senders.reserve_exact(MAX_SSRCS - self.senders.len());
        }
        let Some(place) = self.place_of(counted.ssrc, || Sender::carried(counted, heard)) else { return };
        self.senders[place..].rotate_left(1);
        self.last = self.senders.len() as u32 - 1;
        self.senders[self.last as usize].take_over(counted, heard);
    }

    fn place_of(&mut self, ssrc: u32, fresh: impl FnOnce() -> Sender) -> Option<usize> {
        let known = self.senders.iter().position(|sender| sender.ssrc == ssrc);
        if known.is_some() {
            return known;
        }
        if self.senders.len() == self.senders.capacity() {
            let (silent, _) = self.senders.iter().enumerate().min_by_key(|(_, sender)| sender.heard)?;
            self.senders.remove(silent);
        }
        // Senders that carry no RTP have no room at all.
        if self.senders.capacity() == 0 {
            return None;
        }
        self.senders.push(fresh());
        Some(self.senders.len() - 1)
    }

    /// Something of what the next packet reads of its sender.
    pub(crate) fn touched(&self) -> u64 {
        self.senders.get(self.last as usize).map_or(0, Sender::touched)
    }

    /// It has been heard here.
    pub(crate) fn has(&self, ssrc: u32) -> bool {
        self.senders.iter().any(|sender| sender.ssrc == ssrc)
    }

    pub(crate) fn snapshot(&self) -> SmallVec<[SsrcCounters; 1]> {
        self.senders.iter().map(Sender::snapshot).collect()
    }
}

impl Sender {
    /// At both of its ends, which are two lines of memory or three.
    fn touched(&self) -> u64 {
        u64::from(self.ssrc) ^ self.heard.0 ^ self.window ^ u64::from(self.jitter16)
    }

    fn new(packet: &RtpSeen, now: Moment) -> Sender {
        let seq = u32::from(packet.seq);
        Sender {
            ssrc: packet.ssrc,
            traffic: Traffic::default(),
            heard: now,
            first_seq: seq,
            last_seq: seq,
            since_first: 0,
            lost_before: 0,
            after_jump: None,
            window: 0,
            duplicates: 0,
            reordered: 0,
            timestamp: packet.timestamp,
            pt: packet.pt,
            transit: Some(arrival(now, packet.pt).wrapping_sub(packet.timestamp)),
            jitter16: 0,
        }
    }

    fn count(&mut self, packet: &RtpSeen, len: usize, now: Moment) {
        self.traffic.count(len);
        self.heard = now;
        self.follow(packet.seq, packet.timestamp);
        self.pt = packet.pt;
        let transit = arrival(now, self.pt).wrapping_sub(packet.timestamp);
        let before = self.transit.replace(transit).unwrap_or(transit);
        let change = transit.wrapping_sub(before).cast_signed().unsigned_abs();
        self.jitter16 = (self.jitter16 - ((self.jitter16 + 8) >> 4)).saturating_add(change);
    }

    /// A sender first heard of by a fast path.
    fn carried(counted: &SsrcCounters, heard: Moment) -> Sender {
        Sender {
            ssrc: counted.ssrc,
            traffic: Traffic::default(),
            heard,
            first_seq: counted.first_seq,
            last_seq: counted.first_seq.wrapping_sub(1),
            since_first: 0,
            lost_before: 0,
            after_jump: None,
            window: 0,
            duplicates: 0,
            reordered: 0,
            timestamp: counted.last_timestamp,
            pt: counted.last_pt,
            transit: None,
            jitter16: 0,
        }
    }

    /// Adds what a fast path has counted since. The next packet is expected after its last, or, when a later one has
    /// come here before this was known, after that one.
    fn take_over(&mut self, counted: &SsrcCounters, heard: Moment) {
        self.traffic.add(counted.traffic);
        self.duplicates = self.duplicates.saturating_add(counted.duplicates);
        self.reordered = self.reordered.saturating_add(counted.reordered);
        self.lost_before = self.lost().saturating_add(counted.lost);
        self.heard = self.heard.max(heard);
        // Its first number is near our last one; its last is as far from there as it has counted.
        let gap = (counted.first_seq as u16).wrapping_sub(self.last_seq as u16).cast_signed();
        let first = self.last_seq.wrapping_add_signed(gap.into());
        let last = first.wrapping_add(counted.last_seq.wrapping_sub(counted.first_seq));
        let ahead = last.wrapping_sub(self.last_seq) < 1 << 31;
        let (last, window) = if ahead { (last, 1) } else { (self.last_seq, self.window) };
        if ahead {
            self.timestamp = counted.last_timestamp;
            self.pt = counted.last_pt;
        }
        self.start_anew_at(last, window);
        self.jitter16 = self.jitter16_of(counted);
    }

    /// While a fast path has the packets, one that comes here nevertheless begins a count of its own.
    fn skip_gap(&mut self, seq: u16) {
        let step = seq.wrapping_sub(self.last_seq as u16);
        if step > 1 && step < 1 << 15 {
            self.lost_before = self.lost();
            self.start_anew_at(self.last_seq.wrapping_add(u32::from(step) - 1), 1);
        }
    }

    /// Nothing is missing up to and including `last`.
    fn start_anew_at(&mut self, last: u32, window: u64) {
        self.first_seq = last;
        self.last_seq = last;
        self.since_first = 1;
        self.window = window;
        self.after_jump = None;
    }

    /// RFC 3550 appendix A.1 without the probation: a packet counts from the first.
    fn follow(&mut self, seq: u16, timestamp: u32) {
        let step = seq.wrapping_sub(self.last_seq as u16);
        if self.window != 0 && step >= MAX_DROPOUT && step <= 0u16.wrapping_sub(MAX_MISORDER) {
            if self.after_jump != Some(seq) {
                self.after_jump = Some(seq.wrapping_add(1));
                return;
            }
            // two in a row: the sender has started anew. The first of them was not counted as a number.
            self.lost_before = self.lost();
            self.first_seq = u32::from(seq.wrapping_sub(1));
            self.last_seq = self.first_seq;
            self.since_first = 1;
            self.window = 1;
        }
        self.after_jump = None;
        self.since_first = self.since_first.saturating_add(1);
        let step = seq.wrapping_sub(self.last_seq as u16);
        if self.window == 0 || step < MAX_DROPOUT {
            self.advance(step, timestamp);
        } else {
            self.look_back(u32::from(step.wrapping_neg()));
        }
    }

    fn advance(&mut self, step: u16, timestamp: u32) {
        if step == 0 && self.window != 0 {
            self.duplicates = self.duplicates.saturating_add(1);
            return;
        }
        self.window = self.window.checked_shl(step.into()).unwrap_or(0) | 1;
        self.last_seq = self.last_seq.wrapping_add(step.into());
        self.timestamp = timestamp;
    }

    fn look_back(&mut self, behind: u32) {
        let bit = 1u64.checked_shl(behind).unwrap_or(0);
        if self.window & bit != 0 {
            self.duplicates = self.duplicates.saturating_add(1);
            return;
        }
        self.window |= bit;
        self.reordered = self.reordered.saturating_add(1);
    }

    /// RFC 3550 appendix A.3.
    fn lost(&self) -> u32 {
        let expected = self.last_seq.wrapping_sub(self.first_seq).wrapping_add(1);
        self.lost_before.saturating_add(expected.saturating_sub(self.since_first))
    }

    fn jitter16_of(&self, counted: &SsrcCounters) -> u32 {
        let ticks = counted.jitter.0.saturating_mul(clock(self.pt).into()) / 1_000_000;
        u32::try_from(ticks.saturating_mul(16)).unwrap_or(u32::MAX >> 1)
    }

    fn snapshot(&self) -> SsrcCounters {
        SsrcCounters {
            ssrc: self.ssrc,
            traffic: self.traffic,
            first_seq: self.first_seq,
            last_seq: self.last_seq,
            last_timestamp: self.timestamp,
            last_pt: self.pt,
            lost: self.lost(),
            duplicates: self.duplicates,
            reordered: self.reordered,
            jitter: Micros(u64::from(self.jitter16 >> 4) * 1_000_000 / u64::from(clock(self.pt))),
        }
    }
}

/// Ticks per second of a payload type: those of RFC 3551 §6 that are fixed, 8000 for the others.
fn clock(pt: u8) -> u32 {
    match pt {
        6 => 16_000,
        10 | 11 => 44_100,
        16 => 11_025,
        17 => 22_050,
        14 | 25 | 26 | 28 | 31..=34 => 90_000,
        _ => 8_000,
    }
}

/// The time of arrival in units of the clock.
fn arrival(now: Moment, pt: u8) -> u32 {
    (now.0.wrapping_mul(clock(pt).into()) / 1_000_000) as u32
}

#[cfg(test)]
#[path = "tests/ssrc.rs"]
mod tests;
