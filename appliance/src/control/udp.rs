//! ng over UDP. The reply leaves from the address the request was sent to, which matters when the socket is bound
//! to a wildcard address: clients drop what comes from elsewhere.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt, sockopt,
};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::exchange::{Exchange, Step};
use super::{Error, Handler, Peer, Ticket, Transport};

/// Largest datagram, headers not counted.
const MAX_DATAGRAM: usize = 65_535;
/// Largest payload IPv4 can carry in a datagram; IPv6 could carry 20 bytes more.
const MAX_REPLY: usize = 65_507;
/// Datagrams taken per turn, so that a flood leaves the desk time for other work.
const PER_TURN: usize = 64;
/// Wanted receive buffer, in bytes: a second's worth of requests while the desk is busy. The kernel may give less.
const RECEIVE_BUFFER: usize = 4 << 20;

/// One bound socket.
pub(super) struct UdpListener {
    socket: UdpSocket,
    local: SocketAddr,
    buffer: Box<[u8]>,
    ancillary: Vec<u8>,
    /// What is sent when this turn ends: requests that are answered later, and the replies to those that came after them.
    late: Vec<Late>,
}

/// Something that is sent when a turn ends.
struct Late {
    what: Held,
    peer: Peer,
    interface: u32,
}

/// What that is.
enum Held {
    /// The reply to this request, whose answer is still to come.
    Request(Ticket, Box<[u8]>),
    /// A reply that does not overtake those to earlier requests: some clients ask for nothing more once they have the last.
    Reply(Box<[u8]>),
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
            late: Vec::new(),
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
            let Arrival { len, remote, local, interface } = arrival;
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
                    let sent = send(&self.socket, exchange.reply(), remote, local.ip(), interface);
                    note(sent, &peer, exchange);
                }
                Step::Reply => {
                    self.late.push(Late { what: Held::Reply(exchange.reply().into()), peer, interface });
                }
                Step::Later(ticket) => {
                    self.late.push(Late { what: Held::Request(ticket, message.into()), peer, interface });
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
        for Late { what, peer, interface } in self.late.drain(..) {
            let bytes = match &what {
                Held::Reply(bytes) => bytes,
                Held::Request(ticket, message) => {
                    let reply = told.iter().find(|(of, _)| of == ticket).map(|(_, reply)| reply);
                    let Some(reply) = reply else { continue };
                    exchange.finish(message, reply, MAX_REPLY, &peer, handler).unwrap_or_default()
                }
            };
            let sent = send(&self.socket, bytes, peer.remote, peer.local.ip(), interface);
            note(sent, &peer, exchange);
        }
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
        let mut interface = 0;
        for ancillary in message.cmsgs()? {
            match ancillary {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    local.set_ip(IpAddr::V4(Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr))));
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    local.set_ip(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)));
                    interface = info.ipi6_ifindex;
                }
                _ => {}
            }
        }
        Ok(Arrival { len: message.bytes, remote, local, interface })
    }
}

fn note(sent: nix::Result<usize>, peer: &Peer, exchange: &mut Exchange) {
    if let Err(error) = sent {
        // A full send buffer included: the client asks again and finds the stored reply.
        tracing::debug!(peer = %peer.remote, %error, "control reply not sent");
        exchange.counts.unsent += 1;
    }
}

/// A datagram in the buffer.
struct Arrival {
    len: usize,
    remote: SocketAddr,
    local: SocketAddr,
    /// IPv6 interface index; 0 for IPv4.
    interface: u32,
}

fn send(
    socket: &UdpSocket,
    reply: &[u8],
    remote: SocketAddr,
    from: IpAddr,
    interface: u32,
) -> nix::Result<usize> {
    let to = SockaddrStorage::from(remote);
    let bytes = [IoSlice::new(reply)];
    let fd = socket.as_raw_fd();
    match from {
        IpAddr::V4(address) => {
            let info = libc::in_pktinfo {
                // 0: the route decides where it leaves, only the source address is ours to say.
                ipi_ifindex: 0,
                ipi_spec_dst: libc::in_addr { s_addr: u32::from(address).to_be() },
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            sendmsg(fd, &bytes, &[ControlMessage::Ipv4PacketInfo(&info)], MsgFlags::MSG_DONTWAIT, Some(&to))
        }
        IpAddr::V6(address) => {
            let info = libc::in6_pktinfo {
                ipi6_addr: libc::in6_addr { s6_addr: address.octets() },
                // Link-local addresses mean something only together with their link.
                ipi6_ifindex: if address.is_unicast_link_local() { interface as _ } else { 0 },
            };
            sendmsg(fd, &bytes, &[ControlMessage::Ipv6PacketInfo(&info)], MsgFlags::MSG_DONTWAIT, Some(&to))
        }
    }
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
