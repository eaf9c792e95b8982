use flow::FlowKey;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use thiserror::Error;

/// Sizes asked of the kernel for a socket's queues, in bytes; `None` leaves the system's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketBuffers {
    /// `SO_RCVBUF`; capped by `net.core.rmem_max`.
    pub receive: Option<usize>,
    /// `SO_SNDBUF`; capped by `net.core.wmem_max`.
    pub send: Option<usize>,
}

/// A UDP port of ours, bound and ready. Closed when dropped.
#[derive(Debug)]
pub struct PortSocket {
    fd: OwnedFd,
    key: FlowKey,
    tos: u8,
}

impl PortSocket {
    /// Binds `key`; port 0 takes any free one. What leaves carries the traffic class byte `tos`.
    ///
    /// # Errors
    /// [`BindError`] tells whether another port, another address or a higher limit would help.
    pub fn bind(key: FlowKey, tos: u8, buffers: SocketBuffers) -> Result<PortSocket, BindError> {
        let at = SocketAddr::from(key);
        let fail = |error| BindError::of(key, error);
        let socket =
            Socket::new(Domain::for_address(at), Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))
                .map_err(fail)?;
        if at.is_ipv6() {
            socket.set_only_v6(true).map_err(fail)?;
        }
        if let Some(bytes) = buffers.receive {
            socket.set_recv_buffer_size(bytes).map_err(fail)?;
        }
        if let Some(bytes) = buffers.send {
            socket.set_send_buffer_size(bytes).map_err(fail)?;
        }
        if tos != 0 {
            set_traffic_class(socket.as_fd(), at.is_ipv6(), tos).map_err(fail)?;
        }
        socket.bind(&at.into()).map_err(fail)?;
        let key = match key.port {
            0 => socket.local_addr().map_err(fail)?.as_socket().map_or(key, FlowKey::from),
            _ => key,
        };
        Ok(PortSocket { fd: socket.into(), key, tos })
    }

    /// Where it is bound.
    pub fn key(&self) -> FlowKey {
        self.key
    }

    /// The traffic class byte it was last set to.
    pub fn tos(&self) -> u8 {
        self.tos
    }

    pub(crate) fn raw(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Sets the traffic class byte unless it is set already. A kernel that refuses leaves the packet unmarked,
    /// which is better than not sending it; it is not asked again for the same value.
    pub(crate) fn mark(&mut self, tos: u8) {
        if tos != self.tos {
            let _ = set_traffic_class(self.fd.as_fd(), self.key.addr.is_ipv6(), tos);
            self.tos = tos;
        }
    }
}

/// Looks whether an address is one of this machine. No port is taken, not even for a moment.
///
/// # Errors
/// [`BindError::NotHere`] if it is not; others as in [`PortSocket::bind`].
pub fn find_address(addr: IpAddr) -> Result<(), BindError> {
    let key = FlowKey::new(addr, 0);
    let fail = |error| BindError::of(key, error);
    let at = SocketAddr::from(key);
    let socket =
        Socket::new(Domain::for_address(at), Type::DGRAM.cloexec(), Some(Protocol::UDP)).map_err(fail)?;
    // Without it the system would look for a free port, which takes long when most are reserved.
    crate::sys::set(socket.as_fd(), libc::SOL_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1).map_err(fail)?;
    socket.bind(&at.into()).map_err(fail)
}

/// The number of the network namespace of the calling thread: no other has had it since the system was started.
///
/// # Errors
/// Before Linux 5.14.
pub fn namespace_cookie() -> io::Result<u64> {
    crate::sys::namespace_cookie(
        Socket::new(Domain::IPV4, Type::DGRAM.cloexec(), Some(Protocol::UDP))?.as_fd(),
    )
}

fn set_traffic_class(fd: BorrowedFd<'_>, v6: bool, tos: u8) -> io::Result<()> {
    let socket = SockRef::from(&fd);
    if v6 { socket.set_tclass_v6(tos.into()) } else { socket.set_tos_v4(tos.into()) }
}

/// Why a port could not be bound.
#[derive(Debug, Error)]
pub enum BindError {
    /// Another port may do.
    #[error("UDP port {0} is in use by another socket")]
    InUse(FlowKey),
    /// No port of this address will do.
    #[error("{} is not an address of this machine (is it configured and up?)", .0.addr)]
    NotHere(FlowKey),
    /// No port at all will do until the limit is raised or calls end.
    #[error("out of file descriptors while binding {0}: raise LimitNOFILE or `ulimit -n`")]
    Descriptors(FlowKey),
    /// Something else; the system's own words follow.
    #[error("cannot bind UDP port {key}: {error}")]
    Other {
        /// What was to be bound.
        key: FlowKey,
        /// What the system said.
        #[source]
        error: io::Error,
    },
}

impl BindError {
    fn of(key: FlowKey, error: io::Error) -> BindError {
        match error.raw_os_error() {
            Some(libc::EADDRINUSE) => BindError::InUse(key),
            Some(libc::EADDRNOTAVAIL) => BindError::NotHere(key),
            Some(libc::EMFILE | libc::ENFILE) => BindError::Descriptors(key),
            _ => BindError::Other { key, error },
        }
    }

    /// The port that was asked for.
    pub fn key(&self) -> FlowKey {
        match self {
            BindError::InUse(key) | BindError::NotHere(key) | BindError::Descriptors(key) => *key,
            BindError::Other { key, .. } => *key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_here_or_not_and_the_namespace_has_a_number() {
        for (addr, here) in [("127.0.0.1", true), ("::1", true), ("192.0.2.9", false), ("2001:db8::9", false)]
        {
            let found = find_address(addr.parse().unwrap());
            assert_eq!(!matches!(found, Err(BindError::NotHere(_))), here, "{addr}: {found:?}");
        }
        // An older system has none.
        if let Ok(cookie) = namespace_cookie() {
            assert_eq!(namespace_cookie().unwrap(), cookie);
        }
    }

    #[test]
    fn traffic_class_is_set_at_bind_and_changed_on_demand() {
        for ip in ["127.0.0.1", "::1"] {
            let key = FlowKey::new(ip.parse().unwrap(), 0);
            let mut port = PortSocket::bind(key, 184, SocketBuffers::default()).unwrap();
            let read = |port: &PortSocket| {
                let socket = SockRef::from(&port.fd);
                if key.addr.is_ipv6() { socket.tclass_v6().unwrap() } else { socket.tos_v4().unwrap() }
            };
            assert_eq!((read(&port), port.tos()), (184, 184));
            port.mark(32);
            assert_eq!((read(&port), port.tos()), (32, 32));
        }
    }
}
