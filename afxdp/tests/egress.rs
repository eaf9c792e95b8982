//! Which NICs take frames from the program, and that no packet is lost where one does not: veth pairs, whose ability
//! follows what their peer does.
#![allow(clippy::unwrap_used, reason = "a test")]

mod bench;
mod packets;

use afxdp::egress::{Features, Source};
use afxdp::steer::{AttachedMode, Lost, SteerReason};
use bench::{Relay, index, let_peers_take_xdp_frames, peer, received, silent};
use flow::{
    Carries, FlowTable, Gate, Generation, InstallError, PathReason, Recipe, RecipeOutput, Rewrite, StreamId,
};
use lab::{Family, Leg, Topology, need_root, need_tool};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use packets::rtp;
use std::net::SocketAddr;
use std::time::Duration;

const NATIVE: AttachedMode = AttachedMode::Native;

/// What the relay's NICs can do, and the table that is told of it, as the daemon does it.
struct Watch {
    features: Features,
    poll: Poll,
}

impl Watch {
    fn new(net: &Topology) -> Watch {
        let features = net.relay.enter(Features::open).unwrap().unwrap();
        assert_eq!(features.source(), Source::Kernel, "the kernel of this test can be asked");
        let poll = Poll::new().unwrap();
        let descriptor = features.descriptor().unwrap();
        poll.registry().register(&mut SourceFd(&descriptor), Token(0), Interest::READABLE).unwrap();
        Watch { features, poll }
    }

    /// Waits for an event; what has changed by it.
    #[track_caller]
    fn changed(&mut self) -> Vec<u32> {
        for _ in 0..20 {
            let changed = self.features.process().unwrap();
            if !changed.is_empty() {
                return changed;
            }
            let mut events = Events::with_capacity(4);
            self.poll.poll(&mut events, Some(Duration::from_secs(3))).unwrap();
            assert!(!events.is_empty(), "the kernel tells of the change");
        }
        panic!("only events that change nothing");
    }

    fn able(&mut self, ifindex: u32) -> bool {
        self.features.of(ifindex).unwrap().takes_frames(NATIVE, NATIVE)
    }

    fn tell(&mut self, relay: &mut Relay, ifindex: u32) -> Vec<Lost> {
        let able = self.able(ifindex);
        let lost = relay.table.set_port_able(ifindex, able);
        assert_eq!(relay.table.is_port_able(ifindex), able);
        lost
    }
}

fn set_gro(leg: &Leg, state: &str) {
    leg.ns.run(&["ethtool", "-K", "eth0", "gro", state]).unwrap();
}

/// From the caller to the relay, and on to `to` from the relay's address `from`.
fn recipe(net: &Topology, from: SocketAddr, to: SocketAddr) -> Recipe {
    Recipe {
        key: SocketAddr::new(net.caller.relay(Family::V4), 5000).into(),
        generation: Generation(1),
        stream: StreamId(1),
        carries: Carries::Rtp,
        source: SocketAddr::new(net.caller.peer(Family::V4), 4000),
        gate: Gate::Open,
        open: None,
        opened: Vec::new(),
        outputs: [RecipeOutput {
            from: from.into(),
            to,
            tos: 0,
            rewrite: Rewrite::default(),
            seal: None,
            sealed: Vec::new(),
        }]
        .into_iter()
        .collect(),
    }
}

fn to_callee(net: &Topology) -> Recipe {
    let from = SocketAddr::new(net.callee.relay(Family::V4), 6000);
    recipe(net, from, SocketAddr::new(net.callee.peer(Family::V4), 7000))
}

/// Out by the NIC the packets came in by. XDP_TX would leave them lying at the peer for seconds.
fn back_to_caller(net: &Topology) -> Recipe {
    let from = SocketAddr::new(net.caller.relay(Family::V4), 6000);
    recipe(net, from, SocketAddr::new(net.caller.peer(Family::V4), 7000))
}

fn legs(net: &Topology) -> [(&Leg, Recipe); 2] {
    [(&net.callee, to_callee(net)), (&net.caller, back_to_caller(net))]
}

#[test]
fn ability_follows_what_the_peer_does() {
    need_root!();
    need_tool!("ethtool");
    let net = Topology::new().unwrap();
    let mut watch = Watch::new(&net);
    let (caller, callee) = (index(&net, "caller"), index(&net, "callee"));
    for (leg, ifindex) in [(&net.caller, caller), (&net.callee, callee)] {
        set_gro(leg, "off");
        let xdp = watch.features.of(ifindex).unwrap();
        assert!(xdp.basic && !xdp.redirect_target, "{xdp:?}");
        assert_eq!(xdp.source, Source::Kernel);
    }
    set_gro(&net.caller, "on");
    assert_eq!(watch.changed(), [caller]);
    assert!(watch.able(caller) && !watch.able(callee));
    set_gro(&net.caller, "off");
    assert_eq!(watch.changed(), [caller]);
    assert!(!watch.able(caller));
    // There and back within one look is no change.
    set_gro(&net.callee, "on");
    set_gro(&net.callee, "off");
    assert!(watch.features.process().unwrap().is_empty());

    set_gro(&net.callee, "on");
    assert_eq!(watch.changed(), [callee]);
    let loopback = 1;
    assert!(!watch.able(loopback));
    net.relay.ip(&["link", "del", "callee"]).unwrap();
    assert_eq!(watch.changed(), [callee]);
    assert!(!watch.able(callee), "gone");
    assert!(watch.features.of(999_999).is_err(), "never was");
}

#[test]
fn an_old_kernel_is_not_believed_to_be_able() {
    need_root!();
    let net = Topology::new().unwrap();
    let veth = index(&net, "caller");
    let mut features = Features::from_driver_list();
    assert_eq!((features.source(), features.descriptor()), (Source::DriverList, None));
    let xdp = net.relay.enter(|| features.of(veth)).unwrap().unwrap();
    assert_eq!((xdp.redirect_target, xdp.source), (false, Source::DriverList));
    assert!(!xdp.takes_frames(NATIVE, NATIVE));
    assert!(features.process().unwrap().is_empty());
    assert!(net.relay.enter(|| features.of(999_999)).unwrap().is_err());
}

#[test]
fn a_port_that_takes_no_frames_is_refused_and_its_packets_go_up() {
    need_root!();
    need_tool!("ethtool");
    let net = Topology::new().unwrap();
    for (leg, recipe) in legs(&net) {
        set_gro(leg, "off");
        let mut relay = Relay::new(&net, &["caller", "callee"], false);
        let mut watch = Watch::new(&net);
        let ifindex = index(&net, leg.interface);
        assert!(watch.tell(&mut relay, ifindex).is_empty());
        let output = &recipe.outputs[0];
        relay.hop(output.from.addr, output.to.ip());
        let refused = InstallError::NoWay(PathReason::EgressNotReachable);
        assert_eq!(relay.table.install(&recipe), Err(refused), "{}", leg.interface);
        let caller = peer(&net.caller, recipe.source);
        let learner = net.relay.udp(recipe.key.into()).unwrap();
        learner.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        caller.send_to(&rtp(8, 1, 2, 3), SocketAddr::from(recipe.key)).unwrap();
        assert_eq!(received(&learner), (rtp(8, 1, 2, 3), recipe.source));
    }
}

#[test]
fn a_flow_whose_port_goes_deaf_is_handed_back_and_returns() {
    need_root!();
    need_tool!("ethtool");
    let net = Topology::new().unwrap();
    let_peers_take_xdp_frames(&net);
    let [(_, to_callee), (_, to_caller)] = legs(&net);
    for ((leg, recipe), mut other) in legs(&net).into_iter().zip([to_caller, to_callee]) {
        let mut relay = Relay::new(&net, &["caller", "callee"], false);
        let mut watch = Watch::new(&net);
        let ifindex = index(&net, leg.interface);
        assert!(watch.able(ifindex));
        let output = recipe.outputs[0].clone();
        relay.hop(output.from.addr, output.to.ip());
        relay.table.install(&recipe).unwrap();
        other.key.port += 2;
        relay.hop(other.outputs[0].from.addr, other.outputs[0].to.ip());
        relay.table.install(&other).unwrap();
        let caller = peer(&net.caller, recipe.source);
        let sink = peer(leg, output.to);
        let learner = net.relay.udp(recipe.key.into()).unwrap();
        learner.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let send = |seq| {
            let media = rtp(8, seq, 0, 3);
            caller.send_to(&media, SocketAddr::from(recipe.key)).unwrap();
            media
        };
        for seq in 0..10 {
            let media = send(seq);
            assert_eq!(received(&sink), (media, output.from.into()), "{}", leg.interface);
        }
        set_gro(leg, "off");
        assert_eq!(watch.changed(), [ifindex]);
        let lost = watch.tell(&mut relay, ifindex);
        let [Lost { why, snapshot }] = lost.as_slice() else { panic!("{lost:?}") };
        assert_eq!((*why, snapshot.key), (PathReason::EgressNotReachable, recipe.key));
        assert_eq!(snapshot.counters.received.packets, 10);
        assert!(relay.table.snapshot(other.key).is_some(), "it leaves by another port");
        assert!(watch.tell(&mut relay, ifindex).is_empty(), "told twice");
        assert!(relay.table.set_port_able(999_999, false).is_empty(), "no port of ours");
        let media = send(10);
        assert_eq!(received(&learner), (media, recipe.source));
        assert!(silent(&sink));

        set_gro(leg, "on");
        assert_eq!(watch.changed(), [ifindex]);
        assert!(watch.tell(&mut relay, ifindex).is_empty());
        relay.table.install(&recipe).unwrap();
        let media = send(11);
        assert_eq!(received(&sink), (media, output.from.into()));
        assert!(silent(&learner));
        assert_eq!(relay.count(SteerReason::Driver), 11);
    }
}

#[test]
fn the_kernel_drops_what_a_deaf_port_is_given() {
    need_root!();
    need_tool!("ethtool");
    // What all this is for: without being told, the table would install such a flow, and its packets vanish.
    let net = Topology::new().unwrap();
    for (leg, recipe) in legs(&net) {
        set_gro(leg, "off");
        let mut relay = Relay::new(&net, &["caller", "callee"], false);
        let output = recipe.outputs[0].clone();
        relay.hop(output.from.addr, output.to.ip());
        relay.table.install(&recipe).unwrap();
        let caller = peer(&net.caller, recipe.source);
        let sink = peer(leg, output.to);
        let fence = peer(&net.caller, SocketAddr::new(recipe.source.ip(), 4999));
        let learner = net.relay.udp(recipe.key.into()).unwrap();
        learner.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        caller.send_to(&rtp(8, 1, 2, 3), SocketAddr::from(recipe.key)).unwrap();
        fence.send_to(b"fence", SocketAddr::from(recipe.key)).unwrap();
        assert_eq!(received(&learner).1, fence.local_addr().unwrap(), "{}", leg.interface);
        assert_eq!(relay.count(SteerReason::Driver), 1, "the program believes it has sent it");
        assert!(silent(&sink), "{}", leg.interface);
    }
}

#[test]
fn from_the_generic_place_packets_leave_by_any_port() {
    need_root!();
    need_tool!("ethtool");
    let net = Topology::new().unwrap();
    for (leg, recipe) in legs(&net) {
        set_gro(leg, "off");
        let mut relay = Relay::new(&net, &["caller", "callee"], true);
        let mut watch = Watch::new(&net);
        let xdp = watch.features.of(index(&net, leg.interface)).unwrap();
        assert!(xdp.takes_frames(AttachedMode::Generic, AttachedMode::Generic));
        assert!(!xdp.redirect_target);
        let output = recipe.outputs[0].clone();
        relay.hop(output.from.addr, output.to.ip());
        relay.table.install(&recipe).unwrap();
        let caller = peer(&net.caller, recipe.source);
        let sink = peer(leg, output.to);
        for seq in 0..10 {
            let media = rtp(8, seq, 0, 3);
            caller.send_to(&media, SocketAddr::from(recipe.key)).unwrap();
            assert_eq!(received(&sink), (media, output.from.into()), "{}", leg.interface);
        }
        assert_eq!(relay.count(SteerReason::Driver), 10);
    }
}
