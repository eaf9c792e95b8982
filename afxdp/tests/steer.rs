//! The XDP program against stored packets, through the kernel's test run. Needs root; says so when it is not.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "steer/checksums.rs"]
mod checksums;
#[path = "steer/jitter.rs"]
mod jitter;
mod packets;

use afxdp::steer::{Clock, Maps, Program, Rehearsal, Sizes, SteerReason};
use afxdp::{DriverTable, Hop, WorkerFlow};
use flow::{
    Carries, DropReason, FlowKey, FlowTable, Gate, Generation, InstallError, Moment, PathReason, PtChange,
    Recipe, RecipeOutput, Rewrite, StreamId, Traffic,
};
use lab::need_root;
use packets::{OUR_MAC, at, rtp, sent, udp};
use proptest::prelude::*;
use std::net::SocketAddr;
use wire::{Link, Mac, Packet, Sum, Tag};

const DROP: u32 = 1;
const PASS: u32 = 2;
const TX: u32 = 3;
const REDIRECT: u32 = 4;
/// Stored packets seem to come from here.
const LOOPBACK: u32 = 1;
const SIZES: Sizes = Sizes { flows: 8, addresses: 8, sockets: 4, ports: 4 };
const NEXT_MAC: Mac = Mac([2, 0, 0, 0, 0, 9]);

type Table = DriverTable<afxdp::hops::FixedHops>;

struct Bench {
    program: Program,
    table: Table,
}

impl Bench {
    fn new() -> Bench {
        Bench::with(SIZES)
    }

    fn with(sizes: Sizes) -> Bench {
        let (program, maps) = Program::load_first(sizes, 4).unwrap();
        let clock = Clock::tie(Moment(5_000_000)).unwrap();
        let mut table = DriverTable::new(maps, sizes, Default::default(), clock);
        table.add_port(LOOPBACK).unwrap();
        Bench { program, table }
    }

    fn hop(&mut self, local: &str, remote: &str, tag: Option<u16>) -> Hop {
        let link = Link { src_mac: OUR_MAC, dst_mac: NEXT_MAC, tag: tag.map(Tag::vlan) };
        let hop = Hop { ifindex: LOOPBACK, link };
        self.table.hops_mut().set(local.parse().unwrap(), remote.parse().unwrap(), Some(hop));
        hop
    }

    /// Runs a frame and returns where it ended, by the one counter that moved.
    fn run(&self, frame: &[u8]) -> (SteerReason, Rehearsal) {
        let before = self.table.maps().reasons().unwrap();
        let rehearsal = self.program.rehearse(frame).unwrap();
        (moved(&before, self.table.maps()), rehearsal)
    }

    fn passes_up(&self, frame: &[u8]) -> SteerReason {
        let (reason, rehearsal) = self.run(frame);
        assert_eq!(rehearsal.action, PASS, "{reason:?}");
        assert_eq!(rehearsal.frame, frame, "a packet is passed up whole");
        reason
    }

    fn carries(&self, frame: &[u8], action: u32) -> Vec<u8> {
        let (reason, rehearsal) = self.run(frame);
        assert_eq!((reason, rehearsal.action), (SteerReason::Driver, action));
        rehearsal.frame
    }
}

fn moved(before: &[(SteerReason, u64)], maps: &Maps) -> SteerReason {
    let after = maps.reasons().unwrap();
    let moved: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).map(|(_, b)| b.0).collect();
    assert_eq!(moved.len(), 1, "every packet ends once: {moved:?}");
    moved[0]
}

fn recipe(key: &str, source: &str, from: &str, to: &str, rewrite: Rewrite) -> Recipe {
    Recipe {
        key: FlowKey::from(at(key)),
        generation: Generation(1),
        stream: StreamId(77),
        carries: Carries::Rtp,
        source: at(source),
        gate: Gate::Open,
        open: None,
        opened: Vec::new(),
        outputs: [RecipeOutput {
            from: FlowKey::from(at(from)),
            to: at(to),
            tos: 0xb8,
            rewrite,
            seal: None,
            sealed: Vec::new(),
        }]
        .into_iter()
        .collect(),
    }
}

#[test]
fn the_program_and_the_parser_agree_on_every_stored_packet() {
    need_root!();
    let bench = Bench::new();
    for (name, frame) in packets::odd_and_plain() {
        let expected = match Packet::parse(&frame) {
            Ok(_) => SteerReason::NoFlow,
            Err(reason) => SteerReason::Odd(reason),
        };
        assert_eq!(bench.passes_up(&frame), expected, "{name}: {frame:02x?}");
    }
    let seen = bench.table.maps().reasons().unwrap();
    for (reason, count) in seen {
        if matches!(reason, SteerReason::Odd(_)) {
            assert!(count > 0, "the stored packets have no {reason:?}");
        }
    }
}

#[test]
fn the_program_and_the_parser_agree_on_damaged_packets() {
    need_root!();
    let bench = Bench::new();
    let stored = packets::odd_and_plain();
    let damage =
        (any::<prop::sample::Index>(), prop::collection::vec((0usize..70, any::<u8>()), 0..4), any::<bool>());
    proptest!(ProptestConfig::with_cases(3000), |((pick, changes, resum) in damage)| {
        let mut frame = pick.get(&stored).1.clone();
        for (at, value) in changes {
            let at = at % frame.len();
            frame[at] = value;
        }
        if resum && frame.len() >= 34 {
            frame[24..26].fill(0);
            let checksum = Sum::default().bytes(&frame[14..34]).checksum();
            frame[24..26].copy_from_slice(&checksum.to_be_bytes());
        }
        let expected = match Packet::parse(&frame) {
            Ok(_) => SteerReason::NoFlow,
            Err(reason) => SteerReason::Odd(reason),
        };
        prop_assert_eq!(bench.passes_up(&frame), expected, "{:02x?}", frame);
    });
}

#[test]
fn the_driver_tier_sends_what_the_header_writer_would_write() {
    need_root!();
    let four = ("192.0.2.1:5000", "192.0.2.10:4000", "198.51.100.1:6000", "198.51.100.20:7000");
    let six = ("[2001:db8::1]:5000", "[2001:db8::10]:4000", "[2001:db8:1::1]:6000", "[2001:db8:1::20]:7000");
    let rewrite =
        Rewrite { ssrc: Some(0xcafe_f00d), seq_offset: 0xff00, pt: Some(PtChange { from: 8, to: 101 }) };
    for (key, source, ..) in [four, six] {
        for (.., from, to) in [four, six] {
            for (tag_in, tag_out) in [(None, None), (Some(5), None), (None, Some(6)), (Some(5), Some(6))] {
                for rewrite in [rewrite, Rewrite::default()] {
                    let mut bench = Bench::new();
                    let (out, dest) = (at(from), at(to));
                    let hop = bench.hop(&out.ip().to_string(), &dest.ip().to_string(), tag_out);
                    bench.table.install(&recipe(key, source, from, to, rewrite)).unwrap();
                    let frame = udp(at(source), at(key), tag_in, &rtp(8, 0x1234, 160, 0xaaaa_5555));
                    let got = bench.carries(&frame, TX);
                    let media = match rewrite.ssrc {
                        Some(ssrc) => rtp(101, 0x1134, 160, ssrc),
                        None => rtp(8, 0x1234, 160, 0xaaaa_5555),
                    };
                    let expected = sent(hop.link, out, dest, 0xb8, &media);
                    assert_eq!(
                        got, expected,
                        "{source} -> {key} => {from} -> {to}, tags {tag_in:?} {tag_out:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn only_media_is_taken() {
    need_root!();
    let mut bench = Bench::new();
    bench.hop("198.51.100.1", "198.51.100.20", None);
    let mut flow = recipe(
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        Rewrite::default(),
    );
    bench.table.install(&flow).unwrap();
    let send = |bench: &Bench, payload: &[u8]| {
        bench.run(&udp(at("192.0.2.10:4000"), at("192.0.2.1:5000"), None, payload)).0
    };
    for first in 0..=255u8 {
        let mut media = rtp(8, 1, 1, 1);
        media[0] = first;
        let expected = match first {
            0..=3 => SteerReason::Stun,
            20..=63 => SteerReason::Dtls,
            128..=191 => SteerReason::Driver,
            _ => SteerReason::NotMedia,
        };
        assert_eq!(send(&bench, &media), expected, "first byte {first}");
    }
    for second in 0..=255u8 {
        let mut media = rtp(8, 1, 1, 1);
        media[1] = second;
        let expected = if (192..224).contains(&second) { SteerReason::Rtcp } else { SteerReason::Driver };
        assert_eq!(send(&bench, &media), expected, "second byte {second}");
    }
    assert_eq!(send(&bench, &[]), SteerReason::NotMedia);
    assert_eq!(send(&bench, &[0x80]), SteerReason::NotMedia);
    assert_eq!(send(&bench, &[0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0]), SteerReason::ShortMedia);
    assert_eq!(send(&bench, &rtp(8, 1, 1, 1)[..12]), SteerReason::Driver);

    // Opaque ports carry anything, and nothing of it is changed.
    flow.carries = Carries::Opaque;
    bench.table.install(&flow).unwrap();
    for payload in [&b""[..], b"\x00", b"\x16\xfe\xff", b"anything at all"] {
        let got = bench.carries(&udp(flow.source, flow.key.into(), None, payload), TX);
        assert_eq!(Packet::parse(&got).unwrap().payload(&got), payload);
    }
}

#[test]
fn packets_from_elsewhere_pass_up_or_are_dropped_when_strict() {
    need_root!();
    let mut bench = Bench::new();
    bench.hop("198.51.100.1", "198.51.100.20", None);
    let mut flow = recipe(
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        Rewrite::default(),
    );
    bench.table.install(&flow).unwrap();
    let elsewhere = |source: &str| udp(at(source), at("192.0.2.1:5000"), None, &rtp(8, 1, 1, 1));
    for source in ["192.0.2.10:4001", "192.0.2.11:4000"] {
        assert_eq!(bench.passes_up(&elsewhere(source)), SteerReason::OtherSource);
    }
    flow.gate = Gate::Strict;
    flow.generation = Generation(2);
    bench.table.install(&flow).unwrap();
    let (reason, rehearsal) = bench.run(&elsewhere("192.0.2.10:4001"));
    assert_eq!((reason, rehearsal.action), (SteerReason::Stray, DROP));
    // STUN from anywhere is the learner's.
    let stun = udp(at("192.0.2.99:1"), at("192.0.2.1:5000"), None, &[0, 1, 0, 0]);
    assert_eq!(bench.passes_up(&stun), SteerReason::Stun);
    let snapshot = bench.table.snapshot(flow.key).unwrap();
    assert_eq!(snapshot.counters.drops[DropReason::UnknownSource as usize], 1);
    assert_eq!(snapshot.counters.received.packets, 0);
}

#[test]
fn a_missing_socket_or_egress_means_up_the_stack() {
    need_root!();
    let mut bench = Bench::new();
    let key = FlowKey::from(at("192.0.2.1:5000"));
    let mut flow = WorkerFlow {
        key,
        generation: Generation(1),
        carries: Carries::RtpAndRtcp,
        rtcp: false,
        source: None,
        gate: Gate::Open,
    };
    bench.table.redirect(&flow).unwrap();
    let media = udp(at("192.0.2.10:4000"), key.into(), None, &rtp(8, 1, 1, 1));
    assert_eq!(bench.passes_up(&media), SteerReason::NoEgress, "no socket at queue 0");
    let rtcp = udp(at("192.0.2.10:4000"), key.into(), None, &[0x80, 201, 0, 1, 0, 0, 0, 1]);
    assert_eq!(bench.passes_up(&rtcp), SteerReason::Rtcp);
    flow.rtcp = true;
    flow.generation = Generation(2);
    bench.table.redirect(&flow).unwrap();
    assert_eq!(bench.passes_up(&rtcp), SteerReason::NoEgress);
    assert!(!bench.table.release(key, Generation(1)), "a later generation stays");
    assert!(bench.table.release(key, Generation(2)));
    assert_eq!(bench.passes_up(&media), SteerReason::NoFlow);
    assert!(bench.table.is_empty());

    // Another interface than the one of arrival, through the port map, and then no longer there.
    let other = ifindex_of_another();
    let Some(other) = other else {
        lab::skip!("needs an interface besides loopback");
    };
    bench.table.add_port(other).unwrap();
    let hop = Hop { ifindex: other, link: Link { src_mac: OUR_MAC, dst_mac: NEXT_MAC, tag: None } };
    bench.table.hops_mut().set("198.51.100.1".parse().unwrap(), "198.51.100.20".parse().unwrap(), Some(hop));
    let flow = recipe(
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        Rewrite::default(),
    );
    bench.table.install(&flow).unwrap();
    bench.carries(&media, REDIRECT);
    bench.table.maps().clear_port(1).unwrap();
    assert_eq!(bench.passes_up(&media), SteerReason::NoEgress);
}

fn ifindex_of_another() -> Option<u32> {
    std::fs::read_dir("/sys/class/net").ok()?.flatten().find_map(|entry| {
        let index = std::fs::read_to_string(entry.path().join("ifindex")).ok()?.trim().parse().ok()?;
        (index != LOOPBACK).then_some(index)
    })
}

#[test]
fn meters_tell_packets_senders_and_loss() {
    need_root!();
    let mut bench = Bench::new();
    bench.hop("198.51.100.1", "198.51.100.20", None);
    bench.hop("192.0.2.1", "192.0.2.10", None);
    let there = recipe(
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        Rewrite::default(),
    );
    let back = recipe(
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        Rewrite::default(),
    );
    bench.table.install(&there).unwrap();
    bench.table.install(&back).unwrap();
    let send = |bench: &Bench, seq: u16, ssrc| {
        bench.carries(
            &udp(there.source, there.key.into(), None, &rtp(8, seq, u32::from(seq) * 160, ssrc)),
            TX,
        );
    };
    // 65534, 65535, 0, (1 lost), 2, 2 again, (3 late) 5, 4, 3
    for seq in [65534, 65535, 0, 2, 2, 5, 4, 3] {
        send(&bench, seq, 0xabc);
    }
    send(&bench, 100, 0xdef);
    let before = Moment(5_000_000);
    let snapshot = bench.table.snapshot(there.key).unwrap();
    assert_eq!(snapshot.stream, StreamId(77));
    assert_eq!(snapshot.peer, Some(there.source));
    assert_eq!(snapshot.counters.received, Traffic { packets: 9, bytes: 9 * 172, errors: 0 });
    assert_eq!(snapshot.counters.sent, Traffic::default());
    let last = snapshot.counters.last_packet.unwrap();
    assert!(last > before && last < Moment(before.0 + 60_000_000), "{last:?} on the daemon's clock");
    let [first, second] = snapshot.ssrcs.as_slice() else { panic!("{:?}", snapshot.ssrcs) };
    assert_eq!((first.ssrc, first.traffic.packets, first.last_pt), (0xabc, 8, 8));
    assert_eq!((first.first_seq, first.last_seq), (65534, 65541));
    assert_eq!((first.duplicates, first.reordered), (1, 2));
    // Eight expected (65534 to 5), eight received, one of them twice: the lost one hides, as RFC 3550 A.3 has it.
    assert_eq!(first.lost, 0);
    assert_eq!(first.last_timestamp, 5 * 160);
    assert_eq!((second.ssrc, second.traffic.packets, second.first_seq), (0xdef, 1, 100));
    for seq in 110..120 {
        send(&bench, seq, 0xdef);
    }
    assert_eq!(bench.table.snapshot(there.key).unwrap().ssrcs[1].lost, 9);
    // A sender that starts anew loses nothing by it, once a second packet confirms the jump.
    for seq in [30_000, 30_001, 30_003] {
        send(&bench, seq, 0xdef);
    }
    let second = bench.table.snapshot(there.key).unwrap().ssrcs[1];
    assert_eq!((second.first_seq, second.last_seq, second.lost), (30_000, 30_003, 10));
    // What left through the other port is that port's.
    assert_eq!(bench.table.snapshot(back.key).unwrap().counters.sent.packets, 22);

    // A new version keeps the counters; an older one changes nothing; withdrawal tells the last.
    let mut newer = there.clone();
    newer.generation = Generation(3);
    newer.outputs[0].rewrite.ssrc = Some(7);
    bench.table.install(&newer).unwrap();
    bench.table.install(&there).unwrap();
    let got = bench.carries(&udp(there.source, there.key.into(), None, &rtp(8, 120, 0, 0xdef)), TX);
    assert_eq!(got[50..54], [0, 0, 0, 7]);
    assert_eq!(bench.table.withdraw(there.key, Generation(2)), None);
    let last = bench.table.withdraw(there.key, Generation(3)).unwrap();
    assert_eq!((last.generation, last.counters.received.packets), (Generation(3), 23));
    assert_eq!(bench.table.snapshot(there.key), None);
    assert_eq!(bench.table.sent_from(back.key).packets, 23, "sent is not forgotten with the flow that sent");
    assert_eq!(
        bench.passes_up(&udp(there.source, there.key.into(), None, &rtp(8, 9, 9, 9))),
        SteerReason::NoFlow
    );
    // A fresh install starts from zero.
    bench.table.install(&newer).unwrap();
    assert_eq!(bench.table.snapshot(there.key).unwrap().counters.received.packets, 0);
}

#[test]
fn flows_follow_their_next_hop() {
    need_root!();
    let mut bench = Bench::new();
    let flow = recipe(
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        Rewrite::default(),
    );
    assert_eq!(bench.table.install(&flow), Err(InstallError::NoWay(PathReason::NoRoute)));
    let mut hop = bench.hop("198.51.100.1", "198.51.100.20", None);
    bench.table.install(&flow).unwrap();
    let media = udp(flow.source, flow.key.into(), None, &rtp(8, 1, 1, 1));
    assert_eq!(bench.carries(&media, TX)[..6], NEXT_MAC.0);
    assert!(bench.table.refresh(|_, _| true).is_empty());

    hop.link.dst_mac = Mac([2, 9, 9, 9, 9, 9]);
    let ends = ("198.51.100.1".parse().unwrap(), "198.51.100.20".parse().unwrap());
    bench.table.hops_mut().set(ends.0, ends.1, Some(hop));
    assert!(bench.table.refresh(|local, _| local != ends.0).is_empty());
    assert_eq!(bench.carries(&media, TX)[..6], NEXT_MAC.0, "not asked about");
    assert!(bench.table.refresh(|local, remote| (local, remote) == ends).is_empty());
    assert_eq!(bench.carries(&media, TX)[..6], hop.link.dst_mac.0);

    bench.table.hops_mut().set(ends.0, ends.1, None);
    let lost = bench.table.refresh(|_, _| true);
    assert_eq!(lost.len(), 1);
    assert_eq!((lost[0].why.code(), lost[0].snapshot.counters.received.packets), ("no-route", 3));
    assert_eq!(bench.passes_up(&media), SteerReason::NoFlow);
}

#[test]
fn what_the_program_cannot_do_is_refused() {
    need_root!();
    let mut bench = Bench::new();
    let hop = bench.hop("198.51.100.1", "198.51.100.20", None);
    let flow = recipe(
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        Rewrite::default(),
    );
    let mut two = flow.clone();
    two.outputs.push(two.outputs[0].clone());
    assert_eq!(bench.table.install(&two), Err(InstallError::Unsupported("fan-out")));
    let mut rtcp = flow.clone();
    rtcp.carries = Carries::Rtcp;
    assert!(matches!(bench.table.install(&rtcp), Err(InstallError::Unsupported(_))));
    let mut opaque = flow.clone();
    opaque.carries = Carries::Opaque;
    opaque.outputs[0].rewrite.seq_offset = 1;
    assert!(matches!(bench.table.install(&opaque), Err(InstallError::Unsupported(_))));
    let ends = ("198.51.100.1".parse().unwrap(), "198.51.100.20".parse().unwrap());
    bench.table.hops_mut().set(ends.0, ends.1, Some(Hop { ifindex: 999_999, ..hop }));
    assert_eq!(bench.table.install(&flow), Err(InstallError::NoWay(PathReason::EgressNotReachable)));
    bench.table.hops_mut().set(ends.0, ends.1, Some(hop));
    for port in 0..SIZES.flows as u16 {
        let mut one = flow.clone();
        one.key.port = 10_000 + port;
        bench.table.install(&one).unwrap();
    }
    assert_eq!(bench.table.install(&flow), Err(InstallError::Full(8)));
    let first = FlowKey::from(SocketAddr::from(([192, 0, 2, 1], 10_000)));
    assert!(bench.table.withdraw(first, Generation(1)).is_some());
    bench.table.install(&flow).unwrap();
}

#[test]
fn a_watched_port_tells_where_its_packets_come_in() {
    need_root!();
    let mut bench = Bench::new();
    let key = FlowKey::from(at("[2001:db8::1]:5000"));
    bench.table.watch(key, Generation(1)).unwrap();
    assert_eq!(bench.table.arrival(key), None);
    let anything = udp(at("[2001:db8::10]:4000"), key.into(), None, b"anything");
    assert_eq!(bench.passes_up(&anything), SteerReason::NoFlow);
    assert_eq!(bench.table.arrival(key), Some((LOOPBACK, 0)));
    assert!(bench.table.snapshot(key).is_none() && bench.table.withdraw(key, Generation(9)).is_none());
    assert!(bench.table.release(key, Generation(1)));
    assert_eq!(bench.table.arrival(key), None);
}

#[test]
fn a_second_nic_shares_the_flows() {
    need_root!();
    let mut bench = Bench::new();
    bench.hop("198.51.100.1", "198.51.100.20", None);
    let second = Program::load_next(bench.table.maps(), 2, 2).unwrap();
    let flow = recipe(
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        Rewrite::default(),
    );
    bench.table.install(&flow).unwrap();
    let media = udp(flow.source, flow.key.into(), None, &rtp(8, 1, 1, 1));
    bench.carries(&media, TX);
    assert_eq!(second.rehearse(&media).unwrap().action, TX);
    assert_eq!(bench.table.snapshot(flow.key).unwrap().counters.received.packets, 2);
}

#[test]
fn flows_of_one_port_on_two_addresses_are_two_and_an_address_too_many_is_refused() {
    need_root!();
    let mut bench = Bench::with(Sizes { addresses: 1, ..SIZES });
    let (ours, other) = (FlowKey::from(at("192.0.2.1:5000")), FlowKey::from(at("192.0.2.2:5000")));
    bench.table.watch(ours, Generation(1)).unwrap();
    assert_eq!(bench.table.watch(other, Generation(1)), Err(InstallError::Full(1)));
    bench.passes_up(&udp(at("192.0.2.10:4000"), other.into(), None, b"anything"));
    assert_eq!(bench.table.arrival(ours), None, "that was another's");

    let mut bench = Bench::with(Sizes { addresses: 2, ..SIZES });
    bench.table.watch(ours, Generation(1)).unwrap();
    bench.table.watch(other, Generation(1)).unwrap();
    bench.passes_up(&udp(at("192.0.2.10:4000"), other.into(), None, b"anything"));
    assert_eq!(bench.table.arrival(ours), None);
    assert_eq!(bench.table.arrival(other), Some((LOOPBACK, 0)));
    // The highest port is in its own address's row, too.
    let (last, first) = (FlowKey { port: 65_535, ..ours }, FlowKey { port: 0, ..other });
    bench.table.watch(last, Generation(1)).unwrap();
    bench.passes_up(&udp(at("192.0.2.10:4000"), last.into(), None, b"anything"));
    assert_eq!(bench.table.arrival(last), Some((LOOPBACK, 0)));
    assert_eq!(bench.table.arrival(first), None);
}

#[test]
fn no_count_is_lost_when_a_flow_goes_while_its_packets_come() {
    need_root!();
    const TURNS: u64 = 2000;
    let mut bench = Bench::with(Sizes { flows: 4000, ..SIZES });
    bench.hop("198.51.100.1", "198.51.100.20", None);
    let mut plain = recipe(
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        Rewrite::default(),
    );
    let frame = udp(plain.source, plain.key.into(), None, &rtp(8, 1, 1, 2));
    // The same maps, as a program on another NIC has them.
    let other = Program::load_next(bench.table.maps(), 0, 4).unwrap();
    let over = std::sync::atomic::AtomicBool::new(false);
    let mut told = Traffic::default();
    let sent = std::thread::scope(|scope| {
        let packets = scope.spawn(|| {
            let other = other;
            let mut sent = 0;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                sent += u64::from(other.rehearse(&frame).is_ok_and(|rehearsal| rehearsal.action == TX));
            }
            sent
        });
        for turn in 1..=TURNS {
            plain.generation = Generation(turn);
            if bench.table.install(&plain).is_ok()
                && let Some(last) = bench.table.withdraw(plain.key, plain.generation)
            {
                told.add(last.counters.received);
            }
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        packets.join().unwrap()
    });
    // Nothing is due at once; all of it is after a while.
    let mut late = Traffic::default();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while told.packets + late.packets < sent && std::time::Instant::now() < deadline {
        bench.table.late().iter().for_each(|late_one| late.add(late_one.snapshot.counters.received));
    }
    assert_eq!(told.packets + late.packets, sent, "{} told at once", told.packets);
    println!("{sent} sent, {} of them counted late", late.packets);
}
