//! ng over UDP. The reply leaves from the address the request was sent to, which matters when the socket is bound
//! to a wildcard address: clients drop what comes from elsewhere.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ops::Range;
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use udp::{Batch, Leaving};

use super::exchange::{Exchange, Step};
use super::{Error, Handler, Peer, Ticket, Transport};

/// Largest datagram, headers not counted.
const MAX_DATAGRAM: usize = 65_535;
/// Largest payload IPv4 can carry in a datagram; IPv6 could carry 20 bytes more.
const MAX_REPLY: usize = 65_507;
/// Datagrams taken per turn, so that a flood leaves the desk time for other work.
const PER_TURN: usize = 64;
/// Replies that are sent together at most. Few, so that the first of a turn do not wait for the last.
const TOGETHER: usize = 8;
/// Wanted receive buffer, in bytes: a second's worth of requests while the desk is busy. The kernel may give less.
const RECEIVE_BUFFER: usize = 4 << 20;

/// One bound socket.
pub(super) struct UdpListener {
    socket: UdpSocket,
    local: SocketAddr,
    buffer: Box<[u8]>,
    ancillary: Vec<u8>,
    outgoing: Outgoing,
    /// What is sent when this turn ends: requests that are answered later, and the replies to those that came after them.
    late: Vec<Late>,
    /// The bytes of these.
    kept: Vec<u8>,
}

/// Something that is sent when a turn ends.
struct Late {
    what: Held,
    peer: Peer,
}

/// What that is, and where its bytes are kept.
enum Held {
    /// The reply to this request, whose answer is still to come.
    Request(Ticket, Range<usize>),
    /// A reply that does not overtake those to earlier requests: some clients ask for nothing more once they have the last.
    Reply(Range<usize>),
}

/// Replies that wait to be sent together.
struct Outgoing {
    batch: Batch,
    replies: Vec<(Range<usize>, Peer)>,
    bytes: Vec<u8>,
}

impl UdpListener {
    /// Of what is sent from now on.
    pub(super) fn set_tos(&self, tos: u8) -> io::Result<()> {
        set_tos(&SockRef::from(&self.socket), self.local, Some(tos))
    }

    /// Binds `address`. IPv6 sockets take IPv6 only, so that both wildcards can be bound side by side.
    pub(super) fn bind(address: SocketAddr, tos: Option<u8>) -> Result<Self, Error> {
        let bind_error = |source| Error::Bind { transport: Transport::Udp, address, source };
        let refused =
            |option| move |source| Error::SocketOption { transport: Transport::Udp, address, option, source };
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP)).map_err(bind_error)?;
        socket.set_nonblocking(true).map_err(bind_error)?;
        if address.is_ipv6() {
            socket.set_only_v6(true).map_err(refused("IPV6_V6ONLY"))?;
            setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)
                .map_err(|errno| refused("IPV6_RECVPKTINFO")(errno.into()))?;
        } else {
            setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)
                .map_err(|errno| refused("IP_PKTINFO")(errno.into()))?;
        }
        set_tos(&socket, address, tos).map_err(refused("the TOS"))?;
        // A smaller buffer only means that a burst may be cut; clients retransmit.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        socket.bind(&address.into()).map_err(bind_error)?;
        let socket = UdpSocket::from_std(socket.into());
        let local = socket.local_addr().map_err(bind_error)?;
        Ok(UdpListener {
            socket,
            local,
            buffer: vec![0; MAX_DATAGRAM].into_boxed_slice(),
            ancillary: cmsg_space!(libc::in_pktinfo, libc::in6_pktinfo),
            outgoing: Outgoing { batch: Batch::new(TOGETHER), replies: Vec::new(), bytes: Vec::new() },
            late: Vec::new(),
            kept: Vec::new(),
        })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.socket, token, Interest::READABLE)
    }

    /// Answers what has arrived. True if there may be more than one turn's worth.
    pub(super) fn serve(&mut self, exchange: &mut Exchange, now_ms: u64, handler: &mut dyn Handler) -> bool {
        let more = self.take_turn(exchange, now_ms, handler);
        self.settle(exchange, handler);
        self.outgoing.send(&self.socket, exchange);
        more
    }

    fn take_turn(&mut self, exchange: &mut Exchange, now_ms: u64, handler: &mut dyn Handler) -> bool {
        for _ in 0..PER_TURN {
            let arrival = match self.receive() {
                Ok(arrival) => arrival,
                Err(Errno::EAGAIN | Errno::ENOMEM) => return false,
                // An ICMP error for an earlier reply, or a signal: there may be datagrams behind it.
                Err(_) => continue,
            };
            let Arrival { len, remote, local } = arrival;
            if remote == local {
                // A forged sender. An answer would come back here as a question, for ever.
                exchange.counts.malformed += 1;
                continue;
            }
            let peer = Peer { transport: Transport::Udp, remote, local };
            let message = &self.buffer[..len];
            match exchange.begin(message, MAX_REPLY, &peer, now_ms, handler) {
                Step::Silence => {}
                Step::Reply if self.late.is_empty() => {
                    if self.outgoing.add(exchange.reply(), peer) {
                        self.outgoing.send(&self.socket, exchange);
                    }
                }
                Step::Reply => {
                    let what = Held::Reply(append(&mut self.kept, exchange.reply()));
                    self.late.push(Late { what, peer });
                }
                Step::Later(ticket) => {
                    let what = Held::Request(ticket, append(&mut self.kept, message));
                    self.late.push(Late { what, peer });
                }
            }
        }
        true
    }

    /// Sends what was to be answered later, and what waited behind it.
    fn settle(&mut self, exchange: &mut Exchange, handler: &mut dyn Handler) {
        if self.late.is_empty() {
            return;
        }
        let told = handler.settle();
        for Late { what, peer } in self.late.drain(..) {
            let bytes = match &what {
                Held::Reply(bytes) => &self.kept[bytes.clone()],
                Held::Request(ticket, message) => {
                    let reply = told.iter().find(|(of, _)| of == ticket).map(|(_, reply)| reply);
                    let Some(reply) = reply else { continue };
                    let message = &self.kept[message.clone()];
                    exchange.finish(message, reply, MAX_REPLY, &peer, handler).unwrap_or_default()
                }
            };
            if self.outgoing.add(bytes, peer) {
                self.outgoing.send(&self.socket, exchange);
            }
        }
        empty(&mut self.kept);
    }

    /// Makes the poll report again what is still unread.
    pub(super) fn rearm(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.reregister(&mut self.socket, token, Interest::READABLE)
    }

    fn receive(&mut self) -> nix::Result<Arrival> {
        let mut slices = [IoSliceMut::new(&mut self.buffer)];
        let message = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut slices,
            Some(&mut self.ancillary),
            MsgFlags::MSG_DONTWAIT,
        )?;
        let remote = message.address.as_ref().and_then(socket_address).ok_or(Errno::EAFNOSUPPORT)?;
        let mut local = self.local;
        for ancillary in message.cmsgs()? {
            match ancillary {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    local.set_ip(IpAddr::V4(Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr))));
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    local.set_ip(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)));
                }
                _ => {}
            }
        }
        Ok(Arrival { len: message.bytes, remote, local })
    }
}

/// A datagram in the buffer.
struct Arrival {
    len: usize,
    remote: SocketAddr,
    local: SocketAddr,
}

impl Outgoing {
    /// Adds a reply. True when there are enough to be sent.
    fn add(&mut self, reply: &[u8], peer: Peer) -> bool {
        let bytes = append(&mut self.bytes, reply);
        self.replies.push((bytes, peer));
        self.replies.len() >= TOGETHER
    }

    /// Sends all of them, in order.
    fn send(&mut self, socket: &UdpSocket, exchange: &mut Exchange) {
        let mut rest = &self.replies[..];
        while let [(_, first), others @ ..] = rest {
            let leaving = rest.iter().map(|(at, peer)| Leaving {
                from: peer.local.ip(),
                to: peer.remote,
                // That of the socket.
                tos: 0,
                datagram: &self.bytes[at.clone()],
            });
            match self.batch.send(socket.as_raw_fd(), leaving) {
                Ok(sent) if sent > 0 => rest = rest.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                sent => {
                    // A full send buffer included: the client asks again and finds the stored reply.
                    tracing::debug!(peer = %first.remote, error = ?sent.err(), "control reply not sent");
                    exchange.counts.unsent += 1;
                    rest = others;
                }
            }
        }
        self.replies.clear();
        empty(&mut self.bytes);
    }
}

/// Room of replies that is kept from turn to turn, in bytes.
const ROOM: usize = 256 * 1024;

fn append(room: &mut Vec<u8>, bytes: &[u8]) -> Range<usize> {
    let start = room.len();
    room.extend_from_slice(bytes);
    start..room.len()
}

fn empty(room: &mut Vec<u8>) {
    room.clear();
    room.shrink_to(ROOM);
}

fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
        (Some(v4), _) => Some(SocketAddr::from((v4.ip(), v4.port()))),
        (_, Some(v6)) => Some(SocketAddrV6::new(v6.ip(), v6.port(), v6.flowinfo(), v6.scope_id()).into()),
        _ => None,
    }
}

/// Sets `control-tos`.
pub(super) fn set_tos(socket: &Socket, address: SocketAddr, tos: Option<u8>) -> io::Result<()> {
    match (tos, address) {
        (None, _) => Ok(()),
        (Some(tos), SocketAddr::V4(_)) => socket.set_tos_v4(u32::from(tos)),
        (Some(tos), SocketAddr::V6(_)) => socket.set_tclass_v6(u32::from(tos)),
    }
}
