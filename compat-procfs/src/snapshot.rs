use crate::abi::{
    self, FATE_AUTH, FATE_MALFORMED, FATE_NO_OUTPUT, FATE_REPLAY, FATE_SEND, FATE_SOURCE, SSRC_KNOWN,
};
use crate::encode::to_socket;
use flow::{
    Counters, DropReason, FlowKey, Generation, Micros, Moment, Rewrite, Snapshot, SsrcCounters, StreamId,
    Traffic,
};
use smallvec::SmallVec;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where the daemon's moments lie on the kernel's monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// CLOCK_MONOTONIC in nanoseconds at `Moment(0)`.
    pub zero_ns: u64,
}

impl Clock {
    fn moment(self, ns: u64) -> Moment {
        Moment(ns.saturating_sub(self.zero_ns) / 1000)
    }

    /// How long before `now` the kernel's clock was `ns`, which may be before our zero.
    pub(crate) fn since(self, ns: u64, now: Moment) -> Micros {
        Micros((self.zero_ns / 1000).saturating_add(now.0).saturating_sub(ns / 1000))
    }
}

/// The flow's snapshot in our words; nothing was sent *through* it as far as this flow alone can tell.
pub(crate) fn decode(said: &abi::Snapshot, clock: Clock) -> Snapshot {
    let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    let peer = to_socket(&said.source);
    Snapshot {
        heard: Default::default(),
        left: Default::default(),
        key: FlowKey::from(to_socket(&said.local).unwrap_or(nowhere)),
        generation: Generation(said.generation),
        stream: StreamId(said.stream),
        peer,
        confirmed: peer.is_some(),
        counters: counters(said, clock),
        ssrcs: known(said).map(ssrc).collect(),
        sent_ssrcs: SmallVec::new(),
        progress: flow::Progress::default(),
    }
}

/// Senders that the module has heard; others may only have been told to it.
fn known(said: &abi::Snapshot) -> impl Iterator<Item = &abi::SsrcCounters> {
    said.ssrcs.iter().filter(|one| one.state.flags & SSRC_KNOWN != 0 && one.rtp.packets > 0)
}

/// The senders of a flow as they look behind an output that rewrites their packets. The numbers are those sent.
pub(crate) fn sent_ssrcs(said: &abi::Snapshot, rewrite: Rewrite) -> impl Iterator<Item = SsrcCounters> + '_ {
    let moved = i32::from(rewrite.seq_offset as i16);
    known(said).map(ssrc).map(move |one| SsrcCounters {
        ssrc: rewrite.ssrc.unwrap_or(one.ssrc),
        first_seq: one.first_seq.wrapping_add_signed(moved),
        last_seq: one.last_seq.wrapping_add_signed(moved),
        last_pt: rewrite.pt.filter(|pt| pt.from == one.last_pt).map_or(one.last_pt, |pt| pt.to),
        ..one
    })
}

/// What left through an output.
pub(crate) fn sent(said: &abi::OutputCounters) -> Traffic {
    Traffic { packets: said.packets, bytes: said.bytes, errors: said.errors }
}

/// What arrived and was taken.
pub(crate) fn received(said: &abi::Snapshot) -> Traffic {
    traffic(&said.received)
}

fn traffic(said: &abi::Traffic) -> Traffic {
    Traffic { packets: said.packets, bytes: said.bytes, errors: said.errors }
}

fn counters(said: &abi::Snapshot, clock: Clock) -> Counters {
    let mut counters = Counters { received: traffic(&said.received), ..Counters::default() };
    if said.last_packet_ns != 0 {
        counters.last_packet = Some(clock.moment(said.last_packet_ns));
    }
    let fates = [
        (FATE_SOURCE, DropReason::UnknownSource),
        (FATE_AUTH, DropReason::NotMedia),
        (FATE_REPLAY, DropReason::NotMedia),
        (FATE_MALFORMED, DropReason::TooShort),
        (FATE_NO_OUTPUT, DropReason::NoOutput),
        (FATE_SEND, DropReason::SendFailed),
    ];
    for (fate, reason) in fates {
        counters.drops[reason as usize] += said.fates[fate];
    }
    counters
}

fn ssrc(said: &abi::SsrcCounters) -> SsrcCounters {
    SsrcCounters {
        ssrc: said.state.ssrc,
        traffic: traffic(&said.rtp),
        first_seq: said.first_index as u32,
        last_seq: said.state.index as u32,
        last_timestamp: said.last_timestamp,
        last_pt: said.last_pt,
        lost: said.lost,
        duplicates: said.duplicates,
        reordered: said.reordered,
        jitter: Micros(u64::from(said.jitter_us)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::from_socket;
    use zerocopy::FromZeros;

    #[test]
    fn what_was_before_our_time_has_an_age() {
        let clock = Clock { zero_ns: 90_000_000_000 };
        assert_eq!(clock.since(30_000_000_000, Moment(2_000_000)), Micros(62_000_000));
        assert_eq!(clock.since(91_000_000_000, Moment(2_000_000)), Micros(1_000_000));
        assert_eq!(clock.since(95_000_000_000, Moment(2_000_000)), Micros(0));
    }

    #[test]
    fn counters_and_moments_are_translated() {
        let mut said = abi::Snapshot::new_zeroed();
        said.local = from_socket("10.0.1.1:30000".parse().unwrap());
        said.source = from_socket("10.0.1.2:4000".parse().unwrap());
        said.last_packet_ns = 5_000_123_000;
        said.received = abi::Traffic { packets: 3, bytes: 516, errors: 1 };
        said.fates[FATE_SOURCE] = 1;
        said.ssrcs[2].state.ssrc = 0xaabb_ccdd;
        said.ssrcs[2].state.flags = SSRC_KNOWN;
        said.ssrcs[2].state.index = 0x1_0005;
        said.ssrcs[2].jitter_us = 125;
        said.ssrcs[2].rtp.packets = 3;
        said.ssrcs[3].state.flags = SSRC_KNOWN;
        let snapshot = decode(&said, Clock { zero_ns: 5_000_000_000 });
        assert_eq!(snapshot.peer, Some("10.0.1.2:4000".parse().unwrap()));
        assert_eq!(snapshot.counters.last_packet, Some(Moment(123)));
        assert_eq!(snapshot.counters.received, Traffic { packets: 3, bytes: 516, errors: 1 });
        assert_eq!(snapshot.counters.drops[DropReason::UnknownSource as usize], 1);
        assert_eq!(snapshot.ssrcs.len(), 1);
        assert_eq!((snapshot.ssrcs[0].last_seq, snapshot.ssrcs[0].jitter), (0x1_0005, Micros(125)));
        let rewrite = Rewrite { ssrc: Some(9), seq_offset: 0xfffe, pt: None };
        let behind: Vec<_> = sent_ssrcs(&said, rewrite).map(|one| (one.ssrc, one.last_seq)).collect();
        assert_eq!(behind, [(9, 0x1_0003)]);
    }
}
