//! The TCP side: listening sockets and a bounded set of connections.

use std::io;
use std::net::SocketAddr;

use mio::net::TcpListener;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol as IpProtocol, SockRef, Socket, Type};

use super::connection::{Connection, Next, Protocol};
use super::exchange::Exchange;
use super::udp::set_tos;
use super::{Error, Handler, Peer, Transport};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 128;
/// Bytes read at a time.
const SCRATCH: usize = 64 * 1024;

/// A listening socket.
pub(super) struct Acceptor {
    listener: TcpListener,
    local: SocketAddr,
    transport: Transport,
}

impl Acceptor {
    pub(super) fn bind(address: SocketAddr, transport: Transport, tos: Option<u8>) -> Result<Self, Error> {
        let bind_error = |source| Error::Bind { transport, address, source };
        let refused = |option| move |source| Error::SocketOption { transport, address, option, source };
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(IpProtocol::TCP))
            .map_err(bind_error)?;
        socket.set_nonblocking(true).map_err(bind_error)?;
        // A restart must not wait for old connections to time out.
        socket.set_reuse_address(true).map_err(refused("SO_REUSEADDR"))?;
        if address.is_ipv6() {
            socket.set_only_v6(true).map_err(refused("IPV6_V6ONLY"))?;
        }
        set_tos(&socket, address, tos).map_err(refused("the TOS"))?;
        socket.bind(&address.into()).map_err(bind_error)?;
        socket.listen(BACKLOG).map_err(bind_error)?;
        let listener = TcpListener::from_std(socket.into());
        let local = listener.local_addr().map_err(bind_error)?;
        Ok(Acceptor { listener, local, transport })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn transport(&self) -> Transport {
        self.transport
    }

    /// Of connections that are accepted from now on.
    pub(super) fn set_tos(&self, tos: u8) -> io::Result<()> {
        set_tos(&SockRef::from(&self.listener), self.local, Some(tos))
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.listener, token, Interest::READABLE)
    }
}

/// The accepted connections. Slot *i* has the token `first + i`.
pub(super) struct Connections {
    slots: Vec<Option<Connection>>,
    first: usize,
    max: usize,
    idle_ms: u64,
    scratch: Box<[u8]>,
}

impl Connections {
    /// Room for `max` connections. When full, the connection that has been idle longest makes room if that was
    /// at least `idle_ms`; otherwise newcomers are turned away.
    pub(super) fn new(first: usize, max: usize, idle_ms: u64) -> Self {
        Connections { slots: Vec::new(), first, max, idle_ms, scratch: vec![0; SCRATCH].into_boxed_slice() }
    }

    /// Takes in all that knock.
    pub(super) fn accept(
        &mut self,
        acceptor: &Acceptor,
        registry: &Registry,
        exchange: &mut Exchange,
        now_ms: u64,
    ) {
        loop {
            let (stream, remote) = match acceptor.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                    ) =>
                {
                    continue;
                }
                Err(error) => {
                    // Out of descriptors, most likely. The next newcomer wakes us again.
                    tracing::warn!(%error, local = %acceptor.local, "cannot accept control connection");
                    return;
                }
            };
            let Some(slot) = self.free_slot(registry, exchange, now_ms) else {
                exchange.counts.evicted += 1;
                continue;
            };
            // Replies are whole messages; waiting for more to send would only delay them.
            let _ = stream.set_nodelay(true);
            let local = stream.local_addr().unwrap_or(acceptor.local);
            let peer = Peer { transport: acceptor.transport, remote, local };
            let protocol = match acceptor.transport {
                Transport::Cli => Protocol::Line,
                Transport::Udp | Transport::Tcp | Transport::Http => Protocol::Ng(ng::Scan::default()),
            };
            let mut connection = Connection::new(stream, peer, protocol, now_ms);
            if let Err(error) = connection.register(registry, Token(self.first + slot)) {
                tracing::warn!(%error, peer = %remote, "cannot watch control connection");
                continue;
            }
            exchange.counts.connections += 1;
            self.slots[slot] = Some(connection);
        }
    }

    /// Serves the connection with this token; a token of a connection already gone is nothing.
    pub(super) fn serve(
        &mut self,
        token: Token,
        registry: &Registry,
        exchange: &mut Exchange,
        now_ms: u64,
        handler: &mut dyn Handler,
    ) {
        let Some(slot) = token.0.checked_sub(self.first).and_then(|slot| self.slots.get_mut(slot)) else {
            return;
        };
        let Some(connection) = slot else { return };
        let next = match connection.serve(exchange, &mut self.scratch, now_ms, handler) {
            Next::Again if connection.rearm(registry, token).is_err() => Next::Close,
            next => next,
        };
        if next == Next::Close {
            connection.deregister(registry);
            *slot = None;
        }
    }

    /// How many connections are open.
    pub(super) fn len(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    fn free_slot(&mut self, registry: &Registry, exchange: &mut Exchange, now_ms: u64) -> Option<usize> {
        if let Some(free) = self.slots.iter().position(Option::is_none) {
            return Some(free);
        }
        if self.slots.len() < self.max {
            self.slots.push(None);
            return Some(self.slots.len() - 1);
        }
        let active = |slot: &Option<Connection>| slot.as_ref().map_or(0, Connection::active_ms);
        let (idlest, slot) = self.slots.iter_mut().enumerate().min_by_key(|(_, slot)| active(slot))?;
        if now_ms.saturating_sub(active(slot)) < self.idle_ms {
            return None;
        }
        if let Some(mut connection) = slot.take() {
            connection.deregister(registry);
        }
        exchange.counts.evicted += 1;
        Some(idlest)
    }
}
