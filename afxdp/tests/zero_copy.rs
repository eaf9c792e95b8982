//! Zero-copy, which needs NICs that can. `tests/vm/zero-copy` runs this in a virtual machine:
//! `AFXDP_ZERO_COPY=eth0,eth1,eth2,eth3` names two joined pairs, of which the first of each is the relay's.
#![allow(clippy::unwrap_used, reason = "a test")]

mod bench;
mod packets;

use afxdp::hops::NetlinkHops;
use afxdp::io::{Mode, Options, QueuePlace};
use afxdp::steer::{AttachedMode, Clock, Program, Sizes, SteerReason};
use afxdp::{DriverTable, WorkerFlow};
use bench::{Relay, Rule, Worker, received};
use flow::{Carries, Departure, FlowKey, Gate, Generation, Moment};
use lab::{Namespace, need_root};
use packets::{at, rtp};
use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

/// RTP packets that go through the relay, in bursts that no NIC's ring is too short for.
const PACKETS: u16 = 20_000;
const BURST: u16 = 20;
const SIZES: Sizes = Sizes { flows: 4, addresses: 4, sockets: 2, ports: 2 };

fn run(command: &str) -> bool {
    let mut words = command.split(' ');
    Command::new(words.next().unwrap()).args(words).status().unwrap().success()
}

/// Gives one NIC of a pair an address here, and the other to a peer.
fn wire(role: &str, ours: &str, theirs: &str, net: &str) -> Namespace {
    let peer = Namespace::new(role).unwrap();
    // One queue each: there is one worker. A NIC that has but one need not be told.
    for nic in [ours, theirs] {
        let _ = run(&format!("ethtool -L {nic} combined 1"));
    }
    assert!(run(&format!("ip link set {theirs} netns {}", peer.name())));
    peer.run(&["ethtool", "-K", theirs, "tx", "off"]).unwrap();
    peer.ip(&["addr", "add", &format!("{net}.2/24"), "dev", theirs]).unwrap();
    peer.ip(&["link", "set", theirs, "up"]).unwrap();
    assert!(run(&format!("ip addr add {net}.1/24 dev {ours}")));
    assert!(run(&format!("ip link set {ours} up")));
    peer
}

fn index(nic: &str) -> u32 {
    std::fs::read_to_string(format!("/sys/class/net/{nic}/ifindex")).unwrap().trim().parse().unwrap()
}

/// The program on both NICs of the relay.
fn relay(nics: [&str; 2]) -> Relay {
    let (first, maps) = Program::load_first(SIZES, 1).unwrap();
    let second = Program::load_next(&maps, 1, 1).unwrap();
    let clock = Clock::tie(Moment(0)).unwrap();
    let mut table = DriverTable::new(maps, SIZES, NetlinkHops::open().unwrap(), clock);
    let (mut attached, mut places) = (Vec::new(), Vec::new());
    for (nic, program) in nics.into_iter().zip([first, second]) {
        let on = program.attach(index(nic)).unwrap();
        assert_eq!(on.mode(), AttachedMode::Native, "{nic}");
        table.add_port(index(nic)).unwrap();
        let (interface, ifindex) = (nic.to_owned(), index(nic));
        places.push(QueuePlace { interface, ifindex, queue: 0, attached: on.mode() });
        attached.push(on);
    }
    Relay { table, attached, places }
}

#[test]
fn a_worker_relays_between_two_nics_in_zero_copy_mode() {
    need_root!();
    let Ok(nics) = std::env::var("AFXDP_ZERO_COPY") else {
        lab::skip!("needs two pairs of joined NICs that can do zero-copy, named in AFXDP_ZERO_COPY");
    };
    let nics: Vec<&str> = nics.split(',').collect();
    let &[left, caller, right, callee] = nics.as_slice() else { panic!("four NICs, not {nics:?}") };
    let caller = wire("caller", left, caller, "10.9.0");
    let callee = wire("callee", right, callee, "10.9.1");
    let (from, near) = (at("10.9.0.2:4000"), at("10.9.0.1:5000"));
    let (far, to) = (at("10.9.1.1:6000"), at("10.9.1.2:7000"));

    let mut relay = relay([left, right]);
    let opened = afxdp::io::open(&relay.places, &Options::default()).unwrap();
    assert!(opened.no_zero_copy.is_none(), "{:?}", opened.no_zero_copy);
    let mut io = opened.io;
    for (place, queue) in io.queues().iter().enumerate() {
        assert_eq!(queue.mode(), Mode::ZeroCopy, "{}", relay.places[place].interface);
        relay.table.maps().set_socket(place as u32, queue.socket()).unwrap();
    }
    let flow = WorkerFlow {
        key: near.into(),
        generation: Generation(1),
        carries: Carries::Rtp,
        rtcp: false,
        source: Some(from),
        gate: Gate::Strict,
    };
    relay.table.redirect(&flow).unwrap();
    // A driver may take the link down for some seconds while a program is attached.
    relay.hop(near.ip(), from.ip());
    let hop = relay.hop(far.ip(), to.ip());
    assert!(io.set_exit(far.into(), to, Some(hop)));
    let departure = Departure { from: far.into(), to, tos: 0 };
    let worker = Worker::start(io, HashMap::from([(FlowKey::from(near), Rule { departure, ssrc: 9 })]));

    let (sender, receiver) = (caller.udp(from).unwrap(), callee.udp(to).unwrap());
    receiver.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    for first in (0..PACKETS).step_by(usize::from(BURST)) {
        for seq in first..first + BURST {
            sender.send_to(&rtp(8, seq, 0, 1), near).unwrap();
        }
        for seq in first..first + BURST {
            assert_eq!(received(&receiver), (rtp(8, seq, 0, 9), far));
        }
    }
    let io = worker.stop();
    assert_eq!(relay.count(SteerReason::Worker), u64::from(PACKETS));
    assert_eq!((io.counters().sent, io.counters().bad_checksum), (u64::from(PACKETS), 0));
    for queue in io.queues() {
        let counters = queue.counters().unwrap();
        assert_eq!((counters.invalid, counters.rx_ring_full), (0, 0));
    }
    println!("zero-copy: {PACKETS} packets from {left} to {right}, none lost");
}
