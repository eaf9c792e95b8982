use flow::{Carries, Micros, Moment, SsrcCounters, Traffic};
use rtp::Header;
use smallvec::SmallVec;

/// The most senders remembered per flow. Another one takes the place of the one silent for longest.
pub const MAX_SSRCS: usize = 8;

/// A step forward of more than this many numbers is a jump (RFC 3550 appendix A.1).
const MAX_DROPOUT: u16 = 3000;
/// A step back of up to this many numbers is a late packet (RFC 3550 appendix A.1).
const MAX_MISORDER: u16 = 100;

/// The senders seen at one port, the latest last. Its room is allocated when the flow is installed.
#[derive(Debug, Default)]
pub(crate) struct SsrcTable {
    senders: Vec<Sender>,
    /// Whose packet came last: most often whose packet comes next.
    last: usize,
}

#[derive(Debug)]
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
    /// Arrival minus timestamp in units of the clock.
    transit: u32,
    /// Sixteen times the jitter in units of the clock (RFC 3550 appendix A.8).
    jitter16: u32,
}

impl SsrcTable {
    /// Room for the senders of a port that carries this.
    pub(crate) fn for_what(carries: Carries) -> SsrcTable {
        let room = match carries {
            Carries::Rtp | Carries::RtpAndRtcp => MAX_SSRCS,
            Carries::Rtcp | Carries::Opaque => 0,
        };
        SsrcTable { senders: Vec::with_capacity(room), last: 0 }
    }

    /// Counts an RTP packet of `len` bytes.
    pub(crate) fn count(&mut self, header: &Header<'_>, len: usize, now: Moment) {
        let ssrc = header.ssrc();
        if self.senders.get(self.last).is_none_or(|sender| sender.ssrc != ssrc) {
            let Some(place) = self.place_of(header, now) else { return };
            // The latest stands last.
            self.senders[place..].rotate_left(1);
            self.last = self.senders.len() - 1;
        }
        self.senders[self.last].count(header, len, now);
    }

    fn place_of(&mut self, header: &Header<'_>, now: Moment) -> Option<usize> {
        let known = self.senders.iter().position(|sender| sender.ssrc == header.ssrc());
        if known.is_some() {
            return known;
        }
        if self.senders.len() == self.senders.capacity() {
            let (silent, _) = self.senders.iter().enumerate().min_by_key(|(_, sender)| sender.heard)?;
            self.senders.remove(silent);
        }
        self.senders.push(Sender::new(header, now));
        Some(self.senders.len() - 1)
    }

    pub(crate) fn snapshot(&self) -> SmallVec<[SsrcCounters; 1]> {
        self.senders.iter().map(Sender::snapshot).collect()
    }
}

impl Sender {
    fn new(header: &Header<'_>, now: Moment) -> Sender {
        let seq = u32::from(header.seq());
        Sender {
            ssrc: header.ssrc(),
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
            timestamp: header.timestamp(),
            pt: header.pt(),
            transit: arrival(now, header.pt()).wrapping_sub(header.timestamp()),
            jitter16: 0,
        }
    }

    fn count(&mut self, header: &Header<'_>, len: usize, now: Moment) {
        self.traffic.count(len);
        self.heard = now;
        self.follow(header.seq(), header.timestamp());
        self.pt = header.pt();
        let transit = arrival(now, self.pt).wrapping_sub(header.timestamp());
        let change = transit.wrapping_sub(self.transit).cast_signed().unsigned_abs();
        self.transit = transit;
        self.jitter16 = (self.jitter16 - ((self.jitter16 + 8) >> 4)).saturating_add(change);
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
