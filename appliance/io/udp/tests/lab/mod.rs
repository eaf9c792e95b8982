//! Ports of ours on the loopback, and peers that are plain sockets of the standard library.

use flow::{BURST, Burst, FlowKey, PacketIo};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use udp::{PortSocket, SocketBuffers, UdpIo};

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// Fan-out copies there is room for.
pub(crate) const COPIES: usize = 8;

pub(crate) fn io() -> (UdpIo, Burst) {
    (UdpIo::new(COPIES).unwrap(), Burst::new(BURST + COPIES))
}

/// Opens a port of ours at any free number.
pub(crate) fn open(io: &mut UdpIo, ip: &str) -> FlowKey {
    let key = FlowKey::new(ip.parse().unwrap(), 0);
    let port = PortSocket::bind(key, 0, SocketBuffers::default()).unwrap();
    io.door().unwrap().announce(&port).unwrap();
    let key = port.key();
    io.adopt(port);
    key
}

pub(crate) fn peer(ip: &str) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((ip, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let at = socket.local_addr().unwrap();
    (socket, at)
}

/// Waits until something is received; the frames are in the burst then.
pub(crate) fn receive(io: &mut UdpIo, burst: &mut Burst) -> usize {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.checked_duration_since(Instant::now()).expect("nothing came");
        io.wait(Some(left)).unwrap();
        let got = io.receive(burst);
        if got > 0 {
            return got;
        }
    }
}
