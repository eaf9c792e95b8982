//! The clients of a script: UDP sockets at any address, which send what they are told and note what comes.

use lab::{LabError, Namespace, Result};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// SSRC of packets a script sends without naming one.
pub const SSRC: u32 = 0x1122_3344;

/// How long an address may be taken by somebody about to let go of it.
const TAKEN: Duration = Duration::from_millis(500);

/// All sockets of one play.
#[derive(Debug)]
pub struct Phones {
    namespace: Namespace,
    poll: Poll,
    sockets: Vec<(SocketAddr, UdpSocket)>,
}

/// Packets that came from one sender to one socket, in order.
#[derive(Debug)]
pub struct Talk {
    /// The socket they came to.
    pub at: SocketAddr,
    /// Who sent them.
    pub from: SocketAddr,
    /// The packets.
    pub packets: Vec<Vec<u8>>,
}

impl Phones {
    /// No sockets yet.
    ///
    /// # Errors
    /// No file descriptor to be had.
    pub fn new(namespace: &Namespace) -> Result<Phones> {
        let poll = Poll::new().map_err(LabError::io("making a poll"))?;
        Ok(Phones { namespace: namespace.clone(), poll, sockets: Vec::new() })
    }

    /// Opens a socket, unless it is open.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn open(&mut self, at: SocketAddr) -> Result<()> {
        if self.sockets.iter().any(|(known, _)| *known == at) {
            return Ok(());
        }
        let what = || format!("opening {at}");
        let socket = self.bind(at)?;
        socket.set_nonblocking(true).map_err(LabError::io(what()))?;
        let mut socket = UdpSocket::from_std(socket);
        let token = Token(self.sockets.len());
        self.poll
            .registry()
            .register(&mut socket, token, Interest::READABLE)
            .map_err(LabError::io(what()))?;
        self.sockets.push((at, socket));
        Ok(())
    }

    /// A socket closed a moment ago may live on in a child that another lane is just starting, between fork and exec:
    /// then its address is still taken, and free soon.
    fn bind(&self, at: SocketAddr) -> Result<std::net::UdpSocket> {
        let deadline = Instant::now() + TAKEN;
        loop {
            match self.namespace.udp(at) {
                Err(LabError::Io { source, .. })
                    if source.kind() == ErrorKind::AddrInUse && Instant::now() < deadline =>
                {
                    std::thread::sleep(Duration::from_millis(5));
                }
                other => return other,
            }
        }
    }

    /// Sends one datagram, opening the socket first if need be.
    ///
    /// # Errors
    /// The address cannot be bound, or the packet not sent.
    pub fn send(&mut self, from: SocketAddr, to: SocketAddr, packet: &[u8]) -> Result<()> {
        self.open(from)?;
        let socket = self.sockets.iter().find(|(at, _)| *at == from).map(|(_, socket)| socket);
        let socket = socket.expect("it was opened just now");
        // An earlier packet may have met a closed port; the error is told once and means nothing for this one.
        match socket.send_to(packet, to) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => socket.send_to(packet, to),
            other => other,
        }
        .map(drop)
        .map_err(LabError::io(format!("sending from {from} to {to}")))
    }

    /// Notes what comes to any socket until `until`.
    ///
    /// # Errors
    /// The poll fails.
    pub fn listen(&mut self, heard: &mut Vec<Talk>, until: Instant) -> Result<()> {
        let mut events = Events::with_capacity(64);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.poll.poll(&mut events, Some(left)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return Err(LabError::Io { what: "listening".into(), source: error });
                }
                _ => {}
            }
            for event in &events {
                let (at, socket) = &self.sockets[event.token().0];
                drain(*at, socket, heard);
            }
            if left.is_zero() {
                return Ok(());
            }
        }
    }

    /// Listens for a while.
    ///
    /// # Errors
    /// As [`Phones::listen`].
    pub fn listen_for(&mut self, heard: &mut Vec<Talk>, ms: u64) -> Result<()> {
        self.listen(heard, Instant::now() + Duration::from_millis(ms))
    }
}

/// Takes everything that waits: the poll tells only about news.
fn drain(at: SocketAddr, socket: &UdpSocket, heard: &mut Vec<Talk>) {
    let mut buffer = vec![0; 65536];
    loop {
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                let packet = buffer[..length].to_vec();
                match heard.iter_mut().find(|talk| talk.at == at && talk.from == from) {
                    Some(talk) => talk.packets.push(packet),
                    None => heard.push(Talk { at, from, packets: vec![packet] }),
                }
            }
            // Something sent earlier met a closed port.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(_) => return,
        }
    }
}
