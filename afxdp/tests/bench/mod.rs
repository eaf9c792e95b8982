//! Peers on veth pairs, and the relay between them made of this crate's parts.
#![allow(dead_code, unused_imports, reason = "not every test needs everything")]

mod worker;

use afxdp::hops::NetlinkHops;
use afxdp::io::{Options, QueuePlace, XskQueue};
use afxdp::steer::{Attached, AttachedMode, Clock, Program, Sizes, SteerReason};
use afxdp::{DriverTable, Hops, XskIo};
use flow::Moment;
use lab::{Leg, Topology};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

pub(crate) use worker::{Rule, Worker};

const SIZES: Sizes = Sizes { flows: 64, addresses: 4, sockets: 4, ports: 4 };

pub(crate) struct Relay {
    pub(crate) table: DriverTable<NetlinkHops>,
    pub(crate) attached: Vec<Attached>,
    pub(crate) places: Vec<QueuePlace>,
}

/// Packets that leave from the driver as bare XDP frames arrive at a veth only where somebody polls it.
pub(crate) fn let_peers_take_xdp_frames(net: &Topology) {
    for leg in [&net.caller, &net.callee] {
        leg.ns.run(&["ethtool", "-K", "eth0", "gro", "on"]).unwrap();
    }
}

pub(crate) fn index(net: &Topology, interface: &str) -> u32 {
    let path = format!("/sys/class/net/{interface}/ifindex");
    net.relay.run(&["cat", &path]).unwrap().trim().parse().unwrap()
}

impl Relay {
    /// The program on these interfaces of the relay.
    pub(crate) fn new(net: &Topology, interfaces: &[&str], generic: bool) -> Relay {
        let indices: Vec<(String, u32)> =
            interfaces.iter().map(|name| ((*name).to_owned(), index(net, name))).collect();
        net.relay
            .enter(|| {
                let mut attached = Vec::new();
                let mut places = Vec::new();
                let mut table: Option<DriverTable<NetlinkHops>> = None;
                for (number, (interface, ifindex)) in indices.into_iter().enumerate() {
                    let program = match &table {
                        None => {
                            let (program, maps) = Program::load_first(SIZES, 1).unwrap();
                            let clock = Clock::tie(Moment(0)).unwrap();
                            table = Some(DriverTable::new(maps, SIZES, NetlinkHops::open().unwrap(), clock));
                            program
                        }
                        Some(table) => Program::load_next(table.maps(), number as u32, 1).unwrap(),
                    };
                    let on = if generic { program.attach_generic(ifindex) } else { program.attach(ifindex) };
                    let on = on.unwrap();
                    if !generic {
                        assert_eq!(on.mode(), AttachedMode::Native);
                    }
                    places.push(QueuePlace { interface, ifindex, queue: 0, attached: on.mode() });
                    attached.push(on);
                    table.as_mut().unwrap().add_port(ifindex).unwrap();
                }
                Relay { table: table.unwrap(), attached, places }
            })
            .unwrap()
    }

    /// The sockets of the one worker, in the socket map.
    pub(crate) fn sockets(&self, net: &Topology, options: &Options) -> XskIo<XskQueue> {
        net.relay
            .enter(|| {
                let opened = afxdp::io::open(&self.places, options).unwrap();
                let native = self.places[0].attached == AttachedMode::Native;
                assert_eq!(opened.no_zero_copy.is_some(), native, "a veth cannot, and that is said");
                let io = opened.io;
                for (place, queue) in io.queues().iter().enumerate() {
                    self.table.maps().set_socket(place as u32, queue.socket()).unwrap();
                }
                io
            })
            .unwrap()
    }

    pub(crate) fn count(&self, reason: SteerReason) -> u64 {
        let all = self.table.maps().reasons().unwrap();
        all.iter().find(|(other, _)| *other == reason).unwrap().1
    }

    /// Waits until the next hop is known.
    pub(crate) fn hop(&mut self, local: IpAddr, remote: IpAddr) -> afxdp::Hop {
        let end = Instant::now() + Duration::from_secs(20);
        let mut poll = Poll::new().unwrap();
        let mut events = Events::with_capacity(4);
        let hops = self.table.hops_mut();
        poll.registry().register(&mut SourceFd(&hops.as_raw_fd()), Token(0), Interest::READABLE).unwrap();
        loop {
            hops.process().unwrap();
            match hops.hop(local, remote) {
                Ok(hop) => return hop,
                Err(why) => assert!(Instant::now() < end, "no next hop to {remote}: {why:?}"),
            }
            poll.poll(&mut events, Some(Duration::from_millis(300))).unwrap();
            if events.is_empty() {
                hops.retry();
            }
        }
    }
}

/// A peer's socket.
pub(crate) fn peer(leg: &Leg, at: SocketAddr) -> UdpSocket {
    let socket = leg.ns.udp(at).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    socket
}

/// Receives one datagram; fails when none comes in time.
#[track_caller]
pub(crate) fn received(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2048];
    let (len, from) = socket.recv_from(&mut buffer).expect("a packet should have arrived");
    (buffer[..len].to_vec(), from)
}

/// True when nothing waits at the socket.
pub(crate) fn silent(socket: &UdpSocket) -> bool {
    socket.set_nonblocking(true).unwrap();
    let nothing = socket.recv_from(&mut [0; 16]).is_err();
    socket.set_nonblocking(false).unwrap();
    nothing
}
