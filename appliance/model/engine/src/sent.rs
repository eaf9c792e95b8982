use flow::{Carries, Micros, Rewrite, SsrcCounters, Traffic};
use rtp::Header;
use smallvec::SmallVec;

/// The most senders remembered of what leaves through one port.
const MAX_SENT: usize = 4;

/// What is counted of an RTP packet that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RtpSeen {
    pub(crate) ssrc: u32,
    pub(crate) seq: u16,
    pub(crate) timestamp: u32,
    pub(crate) pt: u8,
}

impl RtpSeen {
    pub(crate) fn of(header: &Header<'_>) -> RtpSeen {
        RtpSeen { ssrc: header.ssrc(), seq: header.seq(), timestamp: header.timestamp(), pt: header.pt() }
    }

    /// As it is after a rewrite.
    pub(crate) fn rewritten(self, rewrite: Rewrite) -> RtpSeen {
        RtpSeen {
            ssrc: rewrite.ssrc.unwrap_or(self.ssrc),
            seq: self.seq.wrapping_add(rewrite.seq_offset),
            pt: rewrite.pt.filter(|change| change.from == self.pt).map_or(self.pt, |change| change.to),
            ..self
        }
    }
}

/// The senders of what left through one port, the latest last. Its room is allocated when the flow is installed.
#[derive(Debug, Default)]
pub(crate) struct SentTable {
    senders: Vec<(RtpSeen, Traffic)>,
}

impl SentTable {
    pub(crate) fn for_what(carries: Carries) -> SentTable {
        let room = match carries {
            Carries::Rtp | Carries::RtpAndRtcp => MAX_SENT,
            Carries::Rtcp | Carries::Opaque => 0,
        };
        SentTable { senders: Vec::with_capacity(room) }
    }

    /// How many senders there is room for.
    pub(crate) fn room(&self) -> usize {
        self.senders.capacity()
    }

    /// Something of what the next packet reads of its sender.
    pub(crate) fn touched(&self) -> u64 {
        self.senders.last().map_or(0, |(seen, traffic)| u64::from(seen.ssrc) ^ traffic.packets)
    }

    pub(crate) fn count(&mut self, packet: RtpSeen, len: usize) {
        if self.senders.last().is_none_or(|(seen, _)| seen.ssrc != packet.ssrc) && !self.bring_up(packet) {
            return;
        }
        if let Some((seen, traffic)) = self.senders.last_mut() {
            *seen = packet;
            traffic.count(len);
        }
    }

    /// Makes the packet's sender the last of the list. False when the list holds none at all.
    fn bring_up(&mut self, packet: RtpSeen) -> bool {
        if let Some(known) = self.senders.iter().position(|(seen, _)| seen.ssrc == packet.ssrc) {
            self.senders[known..].rotate_left(1);
            return true;
        }
        if self.senders.capacity() == 0 {
            return false;
        }
        if self.senders.len() == self.senders.capacity() {
            self.senders.remove(0);
        }
        self.senders.push((packet, Traffic::default()));
        true
    }

    /// Adds what a fast path has counted of a sender.
    pub(crate) fn take_over(&mut self, counted: &SsrcCounters) {
        let last = RtpSeen {
            ssrc: counted.ssrc,
            seq: counted.last_seq as u16,
            timestamp: counted.last_timestamp,
            pt: counted.last_pt,
        };
        if !self.bring_up(last) {
            return;
        }
        if let Some((seen, traffic)) = self.senders.last_mut() {
            *seen = last;
            traffic.add(counted.traffic);
        }
    }

    /// Something of it has left here.
    pub(crate) fn has(&self, ssrc: u32) -> bool {
        self.senders.iter().any(|(seen, _)| seen.ssrc == ssrc)
    }

    pub(crate) fn snapshot(&self) -> SmallVec<[SsrcCounters; 1]> {
        let counters = |(seen, traffic): &(RtpSeen, Traffic)| SsrcCounters {
            ssrc: seen.ssrc,
            traffic: *traffic,
            first_seq: seen.seq.into(),
            last_seq: seen.seq.into(),
            last_timestamp: seen.timestamp,
            last_pt: seen.pt,
            lost: 0,
            duplicates: 0,
            reordered: 0,
            jitter: Micros(0),
        };
        self.senders.iter().map(counters).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_heard_last_is_last_and_the_oldest_makes_room() {
        let mut table = SentTable::for_what(Carries::Rtp);
        for (seq, ssrc) in [1, 2, 1, 3, 4, 5].into_iter().enumerate() {
            table.count(RtpSeen { ssrc, seq: seq as u16, timestamp: 0, pt: 8 }, 100);
        }
        let seen: Vec<_> = table.snapshot().iter().map(|s| (s.ssrc, s.traffic.packets, s.last_seq)).collect();
        assert_eq!(seen, [(1, 2, 2), (3, 1, 3), (4, 1, 4), (5, 1, 5)]);
    }
}
