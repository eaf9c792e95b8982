//! Ports of ours on the loopback, and peers that are plain sockets of the standard library.

use flow::{BURST, Burst, FlowKey, PacketIo};
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};
use udp::{PortSocket, PortTable, SharedSockets, SocketBuffers, UdpIo};

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

/// Shared sockets over a table in a file, and where packets reach them: no program chooses them here, so what is sent to
/// the port that the receiver is bound to must do. `None` without the right to open raw sockets.
pub(crate) fn shared(ip: &str) -> Option<(UdpIo, Burst, Arc<PortTable>, FlowKey)> {
    let addr = ip.parse().unwrap();
    let file = tempfile::tempfile().unwrap();
    file.set_len(1 << 16).unwrap();
    let table = Arc::new(PortTable::map(file.as_fd(), &[addr], 0).unwrap());
    let sockets = match SharedSockets::open(Arc::clone(&table), SocketBuffers::default()) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
        opened => opened.unwrap(),
    };
    let receiver = sockets.receiver(addr.is_ipv6()).unwrap().try_clone_to_owned().unwrap();
    let key = FlowKey::from(UdpSocket::from(receiver).local_addr().unwrap());
    assert!(table.open(key, 0));
    Some((UdpIo::shared(COPIES, sockets).unwrap(), Burst::new(BURST + COPIES), table, key))
}
