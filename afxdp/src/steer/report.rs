use super::layout::{Meter, Sender};
use crate::sys;
use flow::{Counters, DropReason, Micros, Moment, Rewrite, SsrcCounters, Traffic};
use std::io;

/// Where the daemon's clock starts on the clock of the XDP program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    zero_ns: u64,
}

impl Clock {
    /// Ties the two clocks together: `now` is the daemon's time at the moment of the call.
    ///
    /// # Errors
    /// When the system's monotonic clock cannot be read.
    pub fn tie(now: Moment) -> io::Result<Clock> {
        Ok(Clock { zero_ns: sys::monotonic_ns()?.saturating_sub(now.0.saturating_mul(1000)) })
    }

    fn moment(self, ns: u64) -> Moment {
        Moment(ns.saturating_sub(self.zero_ns) / 1000)
    }
}

impl Meter {
    pub(crate) fn counters(&self, clock: Clock, sent: Traffic) -> Counters {
        let received = Traffic { errors: self.strays, ..self.traffic() };
        let mut counters = Counters { received, sent, ..Counters::default() };
        counters.drops[DropReason::UnknownSource as usize] = self.strays;
        counters.last_packet = (self.last_ns != 0).then(|| clock.moment(self.last_ns));
        counters
    }

    /// What came in and, since the program drops nothing of it, went out.
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic { packets: self.packets, bytes: self.bytes, errors: 0 }
    }

    pub(crate) fn ssrcs(&self) -> impl Iterator<Item = SsrcCounters> {
        self.senders.iter().filter(|sender| sender.used != 0).map(Sender::counters)
    }
}

impl Sender {
    fn counters(&self) -> SsrcCounters {
        // RFC 3550 appendix A.3.
        let expected = self.last_seq.wrapping_sub(self.first_seq).wrapping_add(1);
        let lost = self.lost_before.saturating_add(expected.saturating_sub(self.since_first));
        SsrcCounters {
            ssrc: self.ssrc,
            traffic: Traffic { packets: self.packets, bytes: self.bytes, errors: 0 },
            first_seq: self.first_seq,
            last_seq: self.last_seq,
            last_timestamp: self.last_timestamp,
            last_pt: self.last_pt,
            lost,
            duplicates: self.duplicates,
            reordered: self.reordered,
            jitter: Micros(u64::from(self.jitter >> 4) * 1_000_000 / clock(self.last_pt)),
        }
    }
}

/// What is known of a sender, as a receiver behind the rewriting sees it.
pub(crate) fn sender_as_sent(sender: SsrcCounters, rewrite: &Rewrite) -> SsrcCounters {
    let offset = u32::from(rewrite.seq_offset);
    let last_pt =
        rewrite.pt.filter(|change| change.from == sender.last_pt).map_or(sender.last_pt, |change| change.to);
    SsrcCounters {
        ssrc: rewrite.ssrc.unwrap_or(sender.ssrc),
        first_seq: sender.first_seq.wrapping_add(offset),
        last_seq: sender.last_seq.wrapping_add(offset),
        last_pt,
        ..sender
    }
}

/// Ticks per second of a payload type, as the program has it.
fn clock(pt: u8) -> u64 {
    match pt {
        6 => 16_000,
        10 | 11 => 44_100,
        16 => 11_025,
        17 => 22_050,
        14 | 25 | 26 | 28 | 31..=34 => 90_000,
        _ => 8_000,
    }
}
