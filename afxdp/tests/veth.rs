//! End to end on veth pairs: peer — relay — peer, kernel sockets at both ends, so every checksum is verified.
#![allow(clippy::unwrap_used, reason = "a test")]

mod bench;
mod packets;

use afxdp::WorkerFlow;
use afxdp::io::{Mode, Options, Place};
use afxdp::steer::SteerReason;
use bench::{Relay, Rule, Worker, let_peers_take_xdp_frames, peer, received, silent};
use flow::{
    Carries, Departure, FlowKey, FlowTable, Gate, Generation, PtChange, Recipe, RecipeOutput, Rewrite,
    StreamId,
};
use lab::{Family, Topology, need_root, need_tool};
use packets::rtp;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

const COUNT: u16 = 200;

/// Both directions of a call across the relay.
struct Ends {
    caller: SocketAddr,
    callee: SocketAddr,
    /// Our port towards the caller, and towards the callee.
    near: SocketAddr,
    far: SocketAddr,
}

impl Ends {
    fn new(net: &Topology, left: Family, right: Family) -> Ends {
        Ends {
            caller: SocketAddr::new(net.caller.peer(left), 4000),
            near: SocketAddr::new(net.caller.relay(left), 5000),
            far: SocketAddr::new(net.callee.relay(right), 6000),
            callee: SocketAddr::new(net.callee.peer(right), 7000),
        }
    }

    fn recipes(&self) -> [Recipe; 2] {
        let rewrite =
            Rewrite { ssrc: Some(0xbeef), seq_offset: 1000, pt: Some(PtChange { from: 8, to: 96 }) };
        [
            recipe(self.near, self.caller, self.far, self.callee, rewrite),
            recipe(self.far, self.callee, self.near, self.caller, Rewrite::default()),
        ]
    }
}

fn recipe(key: SocketAddr, source: SocketAddr, from: SocketAddr, to: SocketAddr, rewrite: Rewrite) -> Recipe {
    Recipe {
        key: key.into(),
        generation: Generation(1),
        stream: StreamId(1),
        carries: Carries::Rtp,
        source,
        gate: Gate::Open,
        open: None,
        opened: Vec::new(),
        outputs: [RecipeOutput { from: from.into(), to, tos: 0xb8, rewrite, seal: None, sealed: Vec::new() }]
            .into_iter()
            .collect(),
    }
}

fn redirected(key: SocketAddr) -> WorkerFlow {
    WorkerFlow {
        key: key.into(),
        generation: Generation(1),
        carries: Carries::Rtp,
        rtcp: false,
        source: None,
        gate: Gate::Open,
    }
}

#[test]
fn the_driver_forwards_both_ways_and_nothing_reaches_the_stack() {
    need_root!();
    need_tool!("ethtool");
    for (left, right) in [(Family::V4, Family::V4), (Family::V6, Family::V6), (Family::V4, Family::V6)] {
        let net = Topology::new().unwrap();
        let_peers_take_xdp_frames(&net);
        let ends = Ends::new(&net, left, right);
        let mut relay = Relay::new(&net, &["caller", "callee"], false);
        relay.hop(ends.near.ip(), ends.caller.ip());
        relay.hop(ends.far.ip(), ends.callee.ip());
        for recipe in ends.recipes() {
            relay.table.install(&recipe).unwrap();
        }
        let caller = peer(&net.caller, ends.caller);
        let callee = peer(&net.callee, ends.callee);
        let learner = net.relay.udp(ends.near).unwrap();
        for seq in 0..COUNT {
            caller.send_to(&rtp(8, seq, 160 * u32::from(seq), 0x1111), ends.near).unwrap();
            callee.send_to(&rtp(0, seq, 160 * u32::from(seq), 0x2222), ends.far).unwrap();
            let there = (rtp(96, seq + 1000, 160 * u32::from(seq), 0xbeef), ends.far);
            assert_eq!(received(&callee), there, "{left:?} {right:?}");
            assert_eq!(received(&caller), (rtp(0, seq, 160 * u32::from(seq), 0x2222), ends.near));
        }
        assert_eq!(relay.count(SteerReason::Driver), 2 * u64::from(COUNT));
        let snapshot = relay.table.snapshot(ends.near.into()).unwrap();
        assert_eq!(snapshot.counters.received.packets, u64::from(COUNT));
        assert_eq!(snapshot.counters.sent.packets, u64::from(COUNT), "what came the other way left here");
        assert_eq!(snapshot.ssrcs[0].lost, 0);
        let sent = relay.table.snapshot(ends.far.into()).unwrap().sent_ssrcs;
        let last = u32::from(COUNT) - 1 + 1000;
        assert_eq!((sent[0].ssrc, sent[0].last_seq, sent[0].last_pt), (0xbeef, last, 96), "as it leaves");
        assert!(silent(&learner), "no packet of the flow went up the stack");

        // What is not media of this flow does go up: STUN, RTCP, other sources, other ports.
        learner.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        for payload in [&[0u8, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[0x80, 200, 0, 1, 0, 0, 0, 1]] {
            caller.send_to(payload, ends.near).unwrap();
            assert_eq!(received(&learner), (payload.to_vec(), ends.caller));
        }
        let stranger = peer(&net.caller, SocketAddr::new(ends.caller.ip(), 4999));
        stranger.send_to(&rtp(8, 1, 1, 1), ends.near).unwrap();
        assert_eq!(received(&learner), (rtp(8, 1, 1, 1), stranger.local_addr().unwrap()));
        let other = peer_of(&net, SocketAddr::new(ends.near.ip(), 5002));
        caller.send_to(b"hello", SocketAddr::new(ends.near.ip(), 5002)).unwrap();
        assert_eq!(received(&other), (b"hello".to_vec(), ends.caller));

        // Withdrawn, the flow is the learner's again.
        assert!(relay.table.withdraw(ends.near.into(), Generation(1)).is_some());
        caller.send_to(&rtp(8, 7, 7, 7), ends.near).unwrap();
        assert_eq!(received(&learner), (rtp(8, 7, 7, 7), ends.caller));
    }
}

/// A kernel socket of the relay.
fn peer_of(net: &Topology, at: SocketAddr) -> std::net::UdpSocket {
    let socket = net.relay.udp(at).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    socket
}

/// Sends bursts both ways through a worker and checks every packet at its end.
fn carry(net: &Topology, ends: &Ends, relay: &mut Relay, options: &Options, mode: Mode) {
    let mut io = relay.sockets(net, options);
    assert!(io.queues().iter().all(|queue| queue.mode() == mode), "the mode obtained is {mode:?}");
    let mut rules = HashMap::new();
    let directions = [(ends.near, ends.far, ends.callee, 0xaaaa), (ends.far, ends.near, ends.caller, 0xbbbb)];
    for (key, from, to, ssrc) in directions {
        let hop = relay.hop(from.ip(), to.ip());
        assert!(io.set_exit(from.into(), to, Some(hop)));
        let departure = Departure { from: from.into(), to, tos: 0xb8 };
        rules.insert(FlowKey::from(key), Rule { departure, ssrc });
        relay.table.redirect(&redirected(key)).unwrap();
    }
    let buffers = io.frames().pool().count();
    let worker = Worker::start(io, rules);
    let caller = peer(&net.caller, ends.caller);
    let callee = peer(&net.callee, ends.callee);
    let learner = peer_of(net, ends.near);
    // Bursts of more packets than one send call takes in copy mode.
    let mut seq = 0;
    for _ in 0..5 {
        for number in seq..seq + 80 {
            caller.send_to(&rtp(8, number, 0, 0x1111), ends.near).unwrap();
            callee.send_to(&rtp(0, number, 0, 0x2222), ends.far).unwrap();
        }
        for number in seq..seq + 80 {
            assert_eq!(received(&callee), (rtp(8, number, 0, 0xaaaa), ends.far));
            assert_eq!(received(&caller), (rtp(0, number, 0, 0xbbbb), ends.near));
        }
        seq += 80;
    }
    caller.send_to(&[0, 1, 0, 0], ends.near).unwrap();
    assert_eq!(received(&learner), (vec![0, 1, 0, 0], ends.caller));
    assert!(silent(&learner), "no packet of the flow went up the stack");
    let forwarded = worker.forwarded.clone();
    let mut io = worker.stop();
    assert_eq!(forwarded.load(std::sync::atomic::Ordering::Relaxed), 800);
    assert_eq!(relay.count(SteerReason::Worker), 800);
    let counters = *io.counters();
    assert_eq!((counters.received, counters.sent, counters.send_failed), (800, 800, 0));
    assert_eq!((counters.bad_checksum, counters.sent_by_kernel), (0, 0));
    io.tidy();
    let pool = io.frames().pool();
    let with_kernel: usize =
        (0..2).map(|queue| pool.census(Place::Filling(queue)) + pool.census(Place::Sending(queue))).sum();
    assert_eq!(pool.census(Place::Held), 0);
    assert_eq!(pool.free() + with_kernel, buffers, "a buffer is lost");
    for queue in io.queues() {
        let counters = queue.counters().unwrap();
        assert_eq!((counters.invalid, counters.fill_ring_empty, counters.rx_ring_full), (0, 0, 0));
    }

    // Without its socket the queue's packets go up the stack. It is taken out of the map first: a process that another
    // test is just starting may share the descriptor for a moment and keep the socket alive.
    relay.table.maps().clear_socket(0).unwrap();
    drop(io);
    caller.send_to(&rtp(8, 9, 9, 9), ends.near).unwrap();
    assert_eq!(received(&learner), (rtp(8, 9, 9, 9), ends.caller));
}

#[test]
fn a_worker_forwards_both_ways_in_copy_mode() {
    need_root!();
    for (left, right) in [(Family::V4, Family::V4), (Family::V6, Family::V4)] {
        let net = Topology::new().unwrap();
        let ends = Ends::new(&net, left, right);
        let mut relay = Relay::new(&net, &["caller", "callee"], false);
        // Zero-copy is tried first, and a veth cannot.
        carry(&net, &ends, &mut relay, &Options::default(), Mode::Copy);
    }
}

#[test]
fn queues_can_be_had_again_at_once_with_busy_polling() {
    need_root!();
    let net = Topology::new().unwrap();
    let ends = Ends::new(&net, Family::V4, Family::V4);
    for _ in 0..3 {
        let mut relay = Relay::new(&net, &["caller", "callee"], false);
        let options = Options { busy_poll: Some((20, 64)), entries: 256, ..Options::default() };
        carry(&net, &ends, &mut relay, &options, Mode::Copy);
    }
}

#[test]
fn a_worker_forwards_in_generic_mode() {
    need_root!();
    let net = Topology::new().unwrap();
    let ends = Ends::new(&net, Family::V4, Family::V4);
    let mut relay = Relay::new(&net, &["caller", "callee"], true);
    carry(&net, &ends, &mut relay, &Options::default(), Mode::Generic);
}

#[test]
fn peers_on_this_host_that_leave_checksums_to_their_card_are_served_too() {
    need_root!();
    let net = Topology::spec().keep_offloads().build().unwrap();
    let_peers_take_xdp_frames(&net);
    let ends = Ends::new(&net, Family::V4, Family::V4);
    let mut relay = Relay::new(&net, &["caller", "callee"], false);
    carry(&net, &ends, &mut relay, &Options::default(), Mode::Copy);
    // The driver tier cannot, knows it, and leaves such packets to the stack.
    let mut recipe = ends.recipes()[0].clone();
    recipe.generation = Generation(2);
    relay.table.install(&recipe).unwrap();
    let learner = peer_of(&net, ends.near);
    let caller = peer(&net.caller, ends.caller);
    caller.send_to(&rtp(8, 1, 2, 3), ends.near).unwrap();
    assert_eq!(received(&learner), (rtp(8, 1, 2, 3), ends.caller));
    assert_eq!(relay.count(SteerReason::PartialChecksum), 1);
}

#[test]
fn egress_through_an_interface_that_is_not_ours_goes_by_the_kernel() {
    need_root!();
    for (left, right) in [(Family::V4, Family::V4), (Family::V4, Family::V6), (Family::V6, Family::V6)] {
        let net = Topology::new().unwrap();
        let ends = Ends::new(&net, left, right);
        let mut relay = Relay::new(&net, &["caller"], false);
        let mut io = relay.sockets(&net, &Options::default());
        net.relay.enter(|| io.allow_kernel_egress()).unwrap().unwrap();
        let hop = relay.hop(ends.far.ip(), ends.callee.ip());
        assert!(!io.set_exit(ends.far.into(), ends.callee, Some(hop)), "it says so");
        let departure = Departure { from: ends.far.into(), to: ends.callee, tos: 0 };
        let rules = HashMap::from([(FlowKey::from(ends.near), Rule { departure, ssrc: 5 })]);
        relay.table.redirect(&redirected(ends.near)).unwrap();
        let worker = Worker::start(io, rules);
        let caller = peer(&net.caller, ends.caller);
        let callee = peer(&net.callee, ends.callee);
        for seq in 0..20 {
            caller.send_to(&rtp(8, seq, 0, 1), ends.near).unwrap();
            assert_eq!(received(&callee), (rtp(8, seq, 0, 5), ends.far));
        }
        let io = worker.stop();
        assert_eq!((io.counters().sent_by_kernel, io.counters().sent), (20, 0));
    }
}

#[test]
fn a_flow_moves_between_driver_and_worker_without_a_lost_or_doubled_packet() {
    need_root!();
    need_tool!("ethtool");
    let net = Topology::new().unwrap();
    let_peers_take_xdp_frames(&net);
    let ends = Ends::new(&net, Family::V4, Family::V4);
    let mut relay = Relay::new(&net, &["caller", "callee"], false);
    let mut io = relay.sockets(&net, &Options::default());
    let hop = relay.hop(ends.far.ip(), ends.callee.ip());
    io.set_exit(ends.far.into(), ends.callee, Some(hop));
    let departure = Departure { from: ends.far.into(), to: ends.callee, tos: 0 };
    let worker = Worker::start(io, HashMap::from([(FlowKey::from(ends.near), Rule { departure, ssrc: 5 })]));
    let caller = peer(&net.caller, ends.caller);
    let callee = peer(&net.callee, ends.callee);
    let [mut in_driver, _] = ends.recipes();
    in_driver.outputs[0].rewrite = Rewrite { ssrc: Some(5), ..Rewrite::default() };
    let mut by_worker = redirected(ends.near);
    for round in 0..100u16 {
        let generation = Generation(u64::from(round) + 1);
        if round % 2 == 0 {
            in_driver.generation = generation;
            relay.table.install(&in_driver).unwrap();
        } else {
            by_worker.generation = generation;
            relay.table.redirect(&by_worker).unwrap();
        }
        for number in 0..5 {
            let seq = round * 5 + number;
            caller.send_to(&rtp(8, seq, 0, 1), ends.near).unwrap();
            assert_eq!(received(&callee), (rtp(8, seq, 0, 5), ends.far));
        }
    }
    assert!(silent(&callee));
    assert_eq!(worker.stop().counters().sent, 250);
    assert_eq!((relay.count(SteerReason::Driver), relay.count(SteerReason::Worker)), (250, 250));
}

/// Not a test by itself: the process that the next one kills.
#[test]
fn process_that_dies() {
    let Ok(interfaces) = std::env::var("AFXDP_DIES_ON") else { return };
    let [name, ifindex] = interfaces.split(':').collect::<Vec<_>>().try_into().unwrap();
    let sizes = afxdp::steer::Sizes { flows: 4, addresses: 4, sockets: 1, ports: 1 };
    let (program, maps) = afxdp::steer::Program::load_first(sizes, 1).unwrap();
    let ifindex = ifindex.parse().unwrap();
    let attached = program.attach(ifindex).unwrap();
    let place =
        afxdp::io::QueuePlace { interface: name.to_owned(), ifindex, queue: 0, attached: attached.mode() };
    let io = afxdp::io::open(&[place], &Options::default()).unwrap().io;
    maps.set_socket(0, io.queues()[0].socket()).unwrap();
    let clock = afxdp::steer::Clock::tie(flow::Moment(0)).unwrap();
    let mut table = afxdp::DriverTable::new(maps, sizes, afxdp::hops::FixedHops::default(), clock);
    let key = std::env::var("AFXDP_DIES_AT").unwrap().parse().unwrap();
    table.redirect(&redirected(key)).unwrap();
    println!("ready");
    // Until the pipe from the parent closes, which it never does before the kill.
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_killed_process_leaves_an_ordinary_host_and_a_clean_nic() {
    need_root!();
    let net = Topology::new().unwrap();
    let ends = Ends::new(&net, Family::V4, Family::V4);
    let caller = peer(&net.caller, ends.caller);
    let learner = peer_of(&net, ends.near);
    let me = std::env::current_exe().unwrap();
    let mut child: Command = net.relay.command(me.to_str().unwrap());
    let mut child = child
        .args(["process_that_dies", "--exact", "--nocapture"])
        .env("AFXDP_DIES_ON", format!("caller:{}", bench::index(&net, "caller")))
        .env("AFXDP_DIES_AT", ends.near.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("ready")), "the child did not get ready");
    let link = || net.relay.ip(&["link", "show", "dev", "caller"]).unwrap();
    assert!(link().contains("xdp"), "{}", link());
    caller.send_to(&rtp(8, 1, 1, 1), ends.near).unwrap();
    caller.send_to(&[0, 1, 2, 3], ends.near).unwrap();
    assert_eq!(received(&learner).0, [0, 1, 2, 3], "media is the child's, STUN is not");

    child.kill().unwrap();
    child.wait().unwrap();
    caller.send_to(&rtp(8, 2, 2, 2), ends.near).unwrap();
    assert_eq!(received(&learner), (rtp(8, 2, 2, 2), ends.caller));
    assert!(!link().contains("xdp"), "{}", link());
    // The next one finds nothing in its way.
    let mut relay = Relay::new(&net, &["caller", "callee"], false);
    drop((learner, caller));
    carry(&net, &ends, &mut relay, &Options::default(), Mode::Copy);
}
