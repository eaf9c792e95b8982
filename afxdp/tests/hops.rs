//! Next hops against the kernel: a namespace whose routes, neighbours, links and addresses change.
#![allow(clippy::unwrap_used, reason = "a test")]

use afxdp::hops::NetlinkHops;
use afxdp::{Hop, Hops, NoHop};
use lab::{Family, Leg, Topology, need_root};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};
use wire::Mac;

/// What the issue promises for the fallback to the learner; the events are what it waits for.
const SOON: Duration = Duration::from_millis(200);

struct Watch {
    hops: NetlinkHops,
    poll: Poll,
}

impl Watch {
    fn new(net: &Topology) -> Watch {
        let hops = net.relay.enter(NetlinkHops::open).unwrap().unwrap();
        let poll = Poll::new().unwrap();
        poll.registry().register(&mut SourceFd(&hops.as_raw_fd()), Token(0), Interest::READABLE).unwrap();
        Watch { hops, poll }
    }

    /// Processes events until the answer is as wanted; fails when it is not within `within`.
    #[track_caller]
    fn becomes(
        &mut self,
        pair: (IpAddr, IpAddr),
        within: Duration,
        wanted: impl Fn(Result<Hop, NoHop>) -> bool,
    ) -> Result<Hop, NoHop> {
        let end = Instant::now() + within;
        let mut events = Events::with_capacity(4);
        let mut reported = Vec::new();
        let before = self.hops.hop(pair.0, pair.1);
        loop {
            reported.extend(self.hops.process().unwrap());
            let now = self.hops.hop(pair.0, pair.1);
            if wanted(now) {
                assert!(now == before || reported.contains(&pair), "the change was not reported");
                return now;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "still {now:?}");
            self.poll.poll(&mut events, Some(left.min(Duration::from_millis(500)))).unwrap();
            if events.is_empty() {
                self.hops.retry();
            }
        }
    }
}

fn mac_of(leg: &Leg) -> Mac {
    let text = leg.ns.run(&["cat", "/sys/class/net/eth0/address"]).unwrap();
    let bytes: Vec<u8> = text.trim().split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    Mac(bytes.try_into().unwrap())
}

fn index(net: &Topology, interface: &str) -> u32 {
    let path = format!("/sys/class/net/{interface}/ifindex");
    net.relay.run(&["cat", &path]).unwrap().trim().parse().unwrap()
}

#[test]
fn a_neighbour_is_asked_for_and_found() {
    need_root!();
    let net = Topology::new().unwrap();
    let mut watch = Watch::new(&net);
    for family in [Family::V4, Family::V6] {
        for leg in [&net.caller, &net.callee] {
            let pair = (leg.relay(family), leg.peer(family));
            // IPv6 asks nobody before our own link-local address has been found to be unique.
            let hop = watch.becomes(pair, Duration::from_secs(5), |hop| hop.is_ok()).unwrap();
            assert_eq!(hop.link.dst_mac, mac_of(leg), "{family:?} {}", leg.interface);
            assert_eq!(hop.ifindex, index(&net, leg.interface));
            assert_eq!(hop.link.tag, None);
        }
    }
    assert_eq!(watch.hops.watched(), 4);
    watch.hops.retain(|local, _| local.is_ipv4());
    assert_eq!(watch.hops.watched(), 2);
}

#[test]
fn a_silent_neighbour_stays_missing_and_is_found_when_it_appears() {
    need_root!();
    let net = Topology::new().unwrap();
    let mut watch = Watch::new(&net);
    let late: IpAddr = "198.51.100.77".parse().unwrap();
    let pair = (net.caller.relay(Family::V4), late);
    assert_eq!(watch.hops.hop(pair.0, pair.1), Err(NoHop::NoNeighbour));
    net.caller.ns.ip(&["addr", "add", "198.51.100.77/24", "dev", "eth0"]).unwrap();
    watch.hops.retry();
    let hop = watch.becomes(pair, Duration::from_secs(4), |hop| hop.is_ok()).unwrap();
    assert_eq!(hop.link.dst_mac, mac_of(&net.caller));
}

#[test]
fn answers_follow_routes_links_addresses_and_neighbours() {
    need_root!();
    let net = Topology::new().unwrap();
    let mut watch = Watch::new(&net);
    let remote: IpAddr = "192.0.2.55".parse().unwrap();
    let pair = (net.caller.relay(Family::V4), remote);
    assert_eq!(watch.hops.hop(pair.0, pair.1), Err(NoHop::NoRoute));

    // A route appears, and its router is asked for.
    net.relay.ip(&["route", "add", "192.0.2.0/24", "via", "198.51.100.10"]).unwrap();
    let caller = mac_of(&net.caller);
    let ok = |hop: Result<Hop, NoHop>| hop.is_ok();
    let hop = watch.becomes(pair, Duration::from_secs(2), ok).unwrap();
    assert_eq!((hop.link.dst_mac, hop.ifindex), (caller, index(&net, "caller")));

    // Another router, on another wire.
    let other = (net.callee.relay(Family::V4), net.callee.peer(Family::V4));
    let callee = watch.becomes(other, Duration::from_secs(2), ok).unwrap();
    net.relay.ip(&["route", "replace", "192.0.2.0/24", "via", "203.0.113.10"]).unwrap();
    let hop = watch.becomes(pair, SOON, |hop| hop.is_ok_and(|hop| hop.ifindex == callee.ifindex)).unwrap();
    assert_eq!(hop, callee);

    // The router gets another card.
    net.relay
        .ip(&["neigh", "replace", "203.0.113.10", "lladdr", "02:00:00:00:aa:01", "dev", "callee"])
        .unwrap();
    let new = Mac([2, 0, 0, 0, 0xaa, 1]);
    watch.becomes(pair, SOON, |hop| hop.is_ok_and(|hop| hop.link.dst_mac == new)).unwrap();
    net.relay.ip(&["neigh", "del", "203.0.113.10", "dev", "callee"]).unwrap();
    watch.becomes(pair, SOON, |hop| hop == Err(NoHop::NoNeighbour)).unwrap_err();
    watch.hops.retry();
    watch.becomes(pair, Duration::from_secs(2), ok).unwrap();

    // The link goes, with its routes; and comes back.
    net.relay.ip(&["link", "set", "callee", "down"]).unwrap();
    watch.becomes(other, SOON, |hop| hop.is_err()).unwrap_err();
    watch.becomes(pair, SOON, |hop| hop == Err(NoHop::NoRoute)).unwrap_err();
    net.relay.ip(&["link", "set", "callee", "up"]).unwrap();
    net.relay.ip(&["route", "replace", "192.0.2.0/24", "via", "203.0.113.10"]).unwrap();
    watch.becomes(pair, Duration::from_secs(3), ok).unwrap();
    watch.becomes(other, Duration::from_secs(3), ok).unwrap();

    // Only the far end's carrier goes.
    net.callee.ns.ip(&["link", "set", "eth0", "down"]).unwrap();
    watch.becomes(other, Duration::from_secs(2), |hop| hop.is_err()).unwrap_err();
    net.callee.ns.ip(&["link", "set", "eth0", "up"]).unwrap();
    watch.becomes(other, Duration::from_secs(3), ok).unwrap();

    // Our address goes and comes back.
    net.relay.ip(&["addr", "del", "203.0.113.1/24", "dev", "callee"]).unwrap();
    watch.becomes(other, SOON, |hop| hop == Err(NoHop::NoAddress)).unwrap_err();
    net.relay.ip(&["addr", "add", "203.0.113.1/24", "dev", "callee"]).unwrap();
    watch.becomes(other, Duration::from_secs(3), ok).unwrap();

    // Policy routing is the kernel's, so it is ours.
    net.relay.ip(&["route", "add", "unreachable", "default", "table", "99"]).unwrap();
    net.relay.ip(&["rule", "add", "from", "203.0.113.1", "table", "99", "prio", "10"]).unwrap();
    watch.becomes(other, SOON, |hop| hop == Err(NoHop::NoRoute)).unwrap_err();
    net.relay.ip(&["rule", "del", "prio", "10"]).unwrap();
    watch.becomes(other, Duration::from_secs(3), ok).unwrap();

    // The interface is gone for good.
    net.relay.ip(&["link", "del", "callee"]).unwrap();
    watch.becomes(other, SOON, |hop| hop == Err(NoHop::NoAddress)).unwrap_err();
}

#[test]
fn what_is_not_ethernet_is_not_ours() {
    need_root!();
    let net = Topology::new().unwrap();
    let mut watch = Watch::new(&net);
    let local = net.caller.relay(Family::V4);
    assert_eq!(
        watch.hops.hop(local, net.callee.relay(Family::V4)),
        Err(NoHop::NoRoute),
        "an address of our own"
    );
    let foreign = "192.0.2.1".parse().unwrap();
    assert_eq!(watch.hops.hop(foreign, net.caller.peer(Family::V4)), Err(NoHop::NoAddress));
    assert_eq!(watch.hops.hop(local, net.caller.peer(Family::V6)), Err(NoHop::NoRoute), "families");
}
