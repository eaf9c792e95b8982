use crate::{CallShape, End, Lane, Party, Place, Port};
use lab::{LabError, Result, Topology};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Port numbers a call's ends take on each side.
const STRIDE: u16 = 10;

/// The sockets of both parties of one call.
#[derive(Debug)]
pub(super) struct Sockets {
    poll: Poll,
    sockets: Vec<(End, UdpSocket)>,
}

/// Where an end of call `number` is.
pub(super) fn address(net: &Topology, shape: &CallShape, number: u16, end: End) -> SocketAddr {
    let leg = if end.party == Party::A { &net.caller } else { &net.callee };
    let elsewhere = u8::from(matches!(end.place, Place::OtherAddress | Place::Stranger));
    let moved = matches!(end.place, Place::OtherPort | Place::Stranger);
    let ip: IpAddr = match leg.peer(shape.leg(end.party).family) {
        IpAddr::V4(own) => Ipv4Addr::from_bits(own.to_bits() + u32::from(elsewhere)).into(),
        IpAddr::V6(own) => Ipv6Addr::from_bits(own.to_bits() + u128::from(elsewhere)).into(),
    };
    let port = 10_000 + STRIDE * number + 6 * u16::from(moved) + u16::from(end.lane == Lane::Rtcp);
    SocketAddr::new(ip, port)
}

impl Sockets {
    /// Opens every end of call `number`.
    pub(super) fn open(net: &Topology, shape: &CallShape, number: u16) -> Result<Sockets> {
        let poll = Poll::new().map_err(LabError::io("making a poll"))?;
        let mut sockets = Vec::new();
        for (leg, party) in [(&net.caller, Party::A), (&net.callee, Party::B)] {
            for lane in [Lane::Rtp, Lane::Rtcp] {
                for place in [Place::Told, Place::OtherPort, Place::OtherAddress, Place::Stranger] {
                    let end = End { party, lane, place };
                    let socket = leg.ns.udp(address(net, shape, number, end))?;
                    socket.set_nonblocking(true).map_err(LabError::io("unblocking a socket"))?;
                    let mut socket = UdpSocket::from_std(socket);
                    poll.registry()
                        .register(&mut socket, Token(sockets.len()), Interest::READABLE)
                        .map_err(LabError::io("watching a socket"))?;
                    sockets.push((end, socket));
                }
            }
        }
        Ok(Sockets { poll, sockets })
    }

    pub(super) fn send(&self, from: End, to: SocketAddr, bytes: &[u8]) -> Result<()> {
        let found = self.sockets.iter().find(|(end, _)| *end == from);
        let (_, socket) = found.ok_or_else(|| LabError::Io {
            what: format!("no socket for {from:?}"),
            source: io::ErrorKind::NotFound.into(),
        })?;
        match socket.send_to(bytes, to) {
            // The answer to an earlier packet to a port of nobody; this one was not sent.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => socket.send_to(bytes, to),
            other => other,
        }
        .map(drop)
        .map_err(LabError::io(format!("sending {} bytes from {from:?} to {to}", bytes.len())))
    }

    /// Takes what is there; if fewer than `least` datagrams are, waits for them up to `patience`.
    pub(super) fn receive(
        &mut self,
        least: usize,
        patience: Duration,
    ) -> Result<Vec<(End, SocketAddr, Vec<u8>)>> {
        let deadline = Instant::now() + patience;
        let mut events = Events::with_capacity(64);
        let mut arrived = Vec::new();
        let mut buffer = vec![0; 65536];
        loop {
            for (end, socket) in &self.sockets {
                loop {
                    match socket.recv_from(&mut buffer) {
                        Ok((length, from)) => arrived.push((*end, from, buffer[..length].to_vec())),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                        Err(error) => {
                            return Err(LabError::Io {
                                what: format!("receiving at {end:?}"),
                                source: error,
                            });
                        }
                    }
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if arrived.len() >= least || left.is_zero() {
                return Ok(arrived);
            }
            match self.poll.poll(&mut events, Some(left)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(LabError::Io { what: "waiting for packets".into(), source: error });
                }
                _ => {}
            }
        }
    }
}

/// The ports of a call that scenarios speak of.
pub(super) fn ports(shape: &CallShape) -> Vec<Port> {
    let mut ports = Vec::new();
    for party in [Party::A, Party::B] {
        ports.push(Port::rtp(party));
        if shape.media == crate::Media::Audio && !shape.leg(party).mux {
            ports.push(Port::rtcp(party));
        }
    }
    ports
}

/// Ports of the relay by name and by address.
pub(super) type Ports = BTreeMap<Port, SocketAddr>;
