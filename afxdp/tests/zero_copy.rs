//! Zero-copy, which needs a NIC that can. Run where there are two joined NICs, for example in a virtual machine:
//! `AFXDP_ZERO_COPY=eth0,eth1` names them. The first is the worker's, the second becomes the peer's.
#![allow(clippy::unwrap_used, reason = "a test")]

mod bench;
mod packets;

use afxdp::hops::NetlinkHops;
use afxdp::io::{Mode, Options, QueuePlace};
use afxdp::steer::{Clock, Program, Sizes, SteerReason};
use afxdp::{DriverTable, WorkerFlow};
use bench::{Relay, Rule, Worker, received};
use flow::{Carries, Departure, FlowKey, Gate, Generation, Moment};
use lab::{Namespace, need_root};
use packets::{at, rtp};
use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

const PACKETS: u16 = 2000;

fn run(command: &str) {
    let mut words = command.split(' ');
    let done = Command::new(words.next().unwrap()).args(words).status().unwrap();
    assert!(done.success(), "{command}");
}

#[test]
fn a_worker_sends_back_what_it_receives_in_zero_copy_mode() {
    need_root!();
    let Ok(nics) = std::env::var("AFXDP_ZERO_COPY") else {
        lab::skip!("needs two joined NICs that can do zero-copy, named in AFXDP_ZERO_COPY");
    };
    let (ours, theirs) = nics.split_once(',').unwrap();
    let (near, far) = (at("10.9.0.1:5000"), at("10.9.0.2:4000"));
    let peer = Namespace::new("peer").unwrap();
    run(&format!("ip link set {theirs} netns {}", peer.name()));
    peer.run(&["ethtool", "-K", theirs, "tx", "off"]).unwrap();
    peer.ip(&["addr", "add", "10.9.0.2/24", "dev", theirs]).unwrap();
    peer.ip(&["link", "set", theirs, "up"]).unwrap();
    run(&format!("ip addr add 10.9.0.1/24 dev {ours}"));
    run(&format!("ip link set {ours} up"));
    let ifindex = std::fs::read_to_string(format!("/sys/class/net/{ours}/ifindex")).unwrap();
    let ifindex = ifindex.trim().parse().unwrap();

    let sizes = Sizes { flows: 4, sockets: 1, ports: 1 };
    let (program, maps) = Program::load_first(sizes, 1).unwrap();
    let attached = program.attach(ifindex).unwrap();
    let clock = Clock::tie(Moment(0)).unwrap();
    let mut table = DriverTable::new(maps, sizes, NetlinkHops::open().unwrap(), clock);
    table.add_port(ifindex).unwrap();
    let place = QueuePlace { interface: ours.to_owned(), ifindex, queue: 0, attached: attached.mode() };
    let opened = afxdp::io::open(std::slice::from_ref(&place), &Options::default()).unwrap();
    assert!(opened.no_zero_copy.is_none(), "{:?}", opened.no_zero_copy);
    let mut io = opened.io;
    assert_eq!(io.queues()[0].mode(), Mode::ZeroCopy);
    table.maps().set_socket(0, io.queues()[0].socket()).unwrap();
    let flow = WorkerFlow {
        key: near.into(),
        generation: Generation(1),
        carries: Carries::Rtp,
        rtcp: false,
        source: Some(far),
        gate: Gate::Strict,
    };
    table.redirect(&flow).unwrap();
    let mut relay = Relay { table, attached: vec![attached], places: vec![place] };
    // A driver may take the link down for some seconds while a program is attached.
    let hop = relay.hop(near.ip(), far.ip());
    assert!(io.set_exit(near.into(), far, Some(hop)));
    let departure = Departure { from: near.into(), to: far, tos: 0 };
    let worker = Worker::start(io, HashMap::from([(FlowKey::from(near), Rule { departure, ssrc: 9 })]));

    let socket = peer.udp(far).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    for burst in 0..PACKETS / 20 {
        for seq in burst * 20..burst * 20 + 20 {
            socket.send_to(&rtp(8, seq, 0, 1), near).unwrap();
        }
        for seq in burst * 20..burst * 20 + 20 {
            assert_eq!(received(&socket), (rtp(8, seq, 0, 9), near));
        }
    }
    let io = worker.stop();
    assert_eq!(relay.count(SteerReason::Worker), u64::from(PACKETS));
    assert_eq!((io.counters().sent, io.counters().bad_checksum), (u64::from(PACKETS), 0));
    let counters = io.queues()[0].counters().unwrap();
    assert_eq!((counters.invalid, counters.rx_ring_full), (0, 0));
}
