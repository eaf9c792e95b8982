use crate::{DropReason, FlowKey, Generation, Micros, Moment, Progress, StreamId};
use smallvec::SmallVec;
use std::net::SocketAddr;

/// Packets and UDP payload bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// Bytes of UDP payload.
    pub bytes: u64,
    /// Packets that could not be handled.
    pub errors: u64,
}

impl Traffic {
    /// Counts one packet of `bytes` payload bytes.
    pub fn count(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }

    /// Adds another count to this one.
    pub fn add(&mut self, other: Traffic) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.errors += other.errors;
    }

    /// What was counted after `earlier`, a look at the same count.
    pub fn since(self, earlier: Traffic) -> Traffic {
        Traffic {
            packets: self.packets.saturating_sub(earlier.packets),
            bytes: self.bytes.saturating_sub(earlier.bytes),
            errors: self.errors.saturating_sub(earlier.errors),
        }
    }
}

/// What one flow has seen. All counts are since the port was opened. What every packet changes stands first, in 64 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// Arrived at this port and accepted.
    pub received: Traffic,
    /// When the last accepted packet came.
    pub last_packet: Option<Moment>,
    /// Sent out through this port.
    pub sent: Traffic,
    /// Dropped, by reason (index: [`DropReason`] as u8).
    pub drops: [u64; DropReason::ALL.len()],
}

/// What is known of one SSRC that arrives at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsrcCounters {
    /// The SSRC.
    pub ssrc: u32,
    /// RTP packets and payload bytes.
    pub traffic: Traffic,
    /// First extended sequence number (RFC 3550 appendix A.1: cycles × 65536 + number).
    pub first_seq: u32,
    /// Highest extended sequence number.
    pub last_seq: u32,
    /// RTP timestamp of the packet with it.
    pub last_timestamp: u32,
    /// Payload type of the last packet.
    pub last_pt: u8,
    /// Expected minus received (RFC 3550 appendix A.3), never below zero.
    pub lost: u32,
    /// Numbers received twice within the window of 64.
    pub duplicates: u32,
    /// Numbers that came after a higher one.
    pub reordered: u32,
    /// Interarrival jitter in microseconds (RFC 3550 §6.4.1 with an 8 kHz clock unless known better).
    pub jitter: Micros,
}

impl SsrcCounters {
    /// Adds what another path has counted of the same sender. The numbers seen last are those of whoever is `later`. Each
    /// counts cycles from the first packet that it has seen, so those of the other go on where ours end.
    pub fn join(&mut self, other: &SsrcCounters, later: bool) {
        self.traffic.add(other.traffic);
        self.lost = self.lost.saturating_add(other.lost);
        self.duplicates = self.duplicates.saturating_add(other.duplicates);
        self.reordered = self.reordered.saturating_add(other.reordered);
        if later {
            let gap = (other.first_seq as u16).wrapping_sub(self.last_seq as u16).cast_signed();
            let first = self.last_seq.wrapping_add_signed(gap.into());
            self.last_seq = first.wrapping_add(other.last_seq.wrapping_sub(other.first_seq));
            self.last_timestamp = other.last_timestamp;
            self.last_pt = other.last_pt;
            self.jitter = other.jitter;
        }
    }

    /// What was counted after `earlier`, a look at the same sender's counters.
    fn since(&self, earlier: &SsrcCounters) -> SsrcCounters {
        SsrcCounters {
            traffic: self.traffic.since(earlier.traffic),
            first_seq: self.last_seq,
            lost: self.lost.saturating_sub(earlier.lost),
            duplicates: self.duplicates.saturating_sub(earlier.duplicates),
            reordered: self.reordered.saturating_sub(earlier.reordered),
            ..*self
        }
    }
}

/// A sender report that ended here: what a report of ours answers it with (RFC 3550 §6.4.1, last SR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardReport {
    /// Who sent it.
    pub ssrc: u32,
    /// Middle 32 bits of its NTP time.
    pub ntp: u32,
    /// When it came.
    pub at: Moment,
}

/// A copy of one flow's state, taken by its worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The flow.
    pub key: FlowKey,
    /// Its generation at that time.
    pub generation: Generation,
    /// Handle given by the call side.
    pub stream: StreamId,
    /// The peer's address as known now.
    pub peer: Option<SocketAddr>,
    /// True when packets have confirmed it.
    pub confirmed: bool,
    /// What was counted.
    pub counters: Counters,
    /// Senders seen at this port, the latest last; bounded.
    pub ssrcs: SmallVec<[SsrcCounters; 1]>,
    /// Senders of what left through this port, the latest last; bounded. Their sequence numbers are the last sent.
    pub sent_ssrcs: SmallVec<[SsrcCounters; 1]>,
    /// How far SRTP has come, of a port that opens or seals.
    pub progress: Progress,
    /// The last sender reports of a flow whose RTCP ends here, one for each sender; bounded.
    pub heard: SmallVec<[HeardReport; 1]>,
    /// What left through each output of its recipe, in their order, where that is counted apart from what arrived.
    pub left: SmallVec<[Traffic; 1]>,
}

impl Snapshot {
    /// True when packets have had to do with the flow.
    pub fn has_counted(&self) -> bool {
        let Snapshot { counters, ssrcs, sent_ssrcs, progress, heard, .. } = self;
        let listed = !ssrcs.is_empty() || !sent_ssrcs.is_empty() || !heard.is_empty();
        listed || *counters != Counters::default() || !progress.is_empty()
    }

    /// Adds what another path has counted of the same flow. The peer stays.
    pub fn join(&mut self, other: &Snapshot) {
        let later = other.counters.last_packet > self.counters.last_packet;
        self.counters.received.add(other.counters.received);
        self.counters.sent.add(other.counters.sent);
        for (sum, more) in self.counters.drops.iter_mut().zip(other.counters.drops) {
            *sum += more;
        }
        self.counters.last_packet = self.counters.last_packet.max(other.counters.last_packet);
        join_senders(&mut self.ssrcs, &other.ssrcs, later);
        // Who sends through a port is not known to it; the fast path's part of a stream is the younger one.
        join_senders(&mut self.sent_ssrcs, &other.sent_ssrcs, true);
        // Of what was sent no cycles are counted.
        self.sent_ssrcs.iter_mut().for_each(|sender| sender.last_seq &= 0xffff);
        self.left.resize(self.left.len().max(other.left.len()), Traffic::default());
        self.left.iter_mut().zip(&other.left).for_each(|(sum, more)| sum.add(*more));
    }

    /// What has arrived after `earlier`, a look at the same counters, to be [joined](Snapshot::join) with what followed
    /// from that. `None` when nothing has.
    pub fn since(&self, earlier: &Snapshot) -> Option<Snapshot> {
        let received = self.counters.received.since(earlier.counters.received);
        if received == Traffic::default() {
            return None;
        }
        let before = earlier.counters.drops.iter();
        let drops = self.counters.drops.iter().zip(before).map(|(now, before)| now.saturating_sub(*before));
        let mut counters =
            Counters { received, last_packet: self.counters.last_packet, ..Counters::default() };
        counters.drops.iter_mut().zip(drops).for_each(|(all, new)| *all = new);
        let known = |sender: &SsrcCounters| earlier.ssrcs.iter().find(|other| other.ssrc == sender.ssrc);
        let ssrcs =
            self.ssrcs.iter().map(|sender| known(sender).map_or(*sender, |other| sender.since(other)));
        Some(Snapshot {
            counters,
            ssrcs: ssrcs.filter(|sender| sender.traffic.packets > 0).collect(),
            sent_ssrcs: SmallVec::new(),
            left: SmallVec::new(),
            ..self.clone()
        })
    }
}

/// The latest stand last.
fn join_senders(mine: &mut SmallVec<[SsrcCounters; 1]>, others: &[SsrcCounters], later: bool) {
    for other in others {
        match mine.iter().position(|known| known.ssrc == other.ssrc) {
            Some(at) => {
                mine[at].join(other, later);
                if later {
                    mine[at..].rotate_left(1);
                }
            }
            None if later => mine.push(*other),
            None => mine.insert(0, *other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_after_a_look_completes_it() {
        let sender = |packets, last_seq| SsrcCounters {
            ssrc: 1,
            traffic: Traffic { packets, bytes: 100 * packets, errors: 0 },
            first_seq: 10,
            last_seq,
            last_timestamp: 160 * last_seq,
            last_pt: 8,
            lost: 0,
            duplicates: 0,
            reordered: 0,
            jitter: Micros(5),
        };
        let look = |packets, last_seq| Snapshot {
            key: FlowKey { addr: [192, 0, 2, 1].into(), port: 30_000 },
            generation: Generation(1),
            stream: StreamId::default(),
            peer: None,
            confirmed: true,
            counters: Counters {
                received: Traffic { packets, bytes: 100 * packets, errors: 0 },
                last_packet: Some(Moment::default() + Micros::from_millis(packets)),
                ..Counters::default()
            },
            ssrcs: smallvec::smallvec![sender(packets, last_seq)],
            sent_ssrcs: SmallVec::new(),
            progress: Progress::default(),
            heard: SmallVec::new(),
            left: Default::default(),
        };
        let (before, after) = (look(5, 14), look(7, 16));
        assert_eq!(before.since(&before), None);
        let mut whole = before.clone();
        whole.join(&after.since(&before).expect("two packets"));
        assert_eq!(whole, after);
        // A sender that was new then.
        let mut other = after.clone();
        other.ssrcs[0].ssrc = 2;
        assert_eq!(other.since(&before).expect("two packets").ssrcs, other.ssrcs);
    }

    #[test]
    fn cycles_go_on_where_the_other_path_begins() {
        let seen = |first_seq, last_seq| SsrcCounters {
            ssrc: 1,
            traffic: Traffic::default(),
            first_seq,
            last_seq,
            last_timestamp: 0,
            last_pt: 0,
            lost: 0,
            duplicates: 0,
            reordered: 0,
            jitter: Micros(0),
        };
        let join = |mut mine: SsrcCounters, other| {
            mine.join(&other, true);
            (mine.first_seq, mine.last_seq)
        };
        assert_eq!(join(seen(65_000, 65_530), seen(65_531, 65_540)), (65_000, 65_540));
        assert_eq!(join(seen(65_000, 65_530), seen(4, 20)), (65_000, 65_556));
        assert_eq!(join(seen(65_000, 65_540), seen(5, 9)), (65_000, 65_545));
        // What came to one while it was on its way to the other.
        assert_eq!(join(seen(65_000, 65_540), seen(65_530, 65_537)), (65_000, 65_537));
        let mut mine = seen(65_000, 65_540);
        mine.join(&seen(5, 9), false);
        assert_eq!(mine.last_seq, 65_540, "whoever is older knows less");
    }
}
