use std::io;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Sends whole IP packets by the kernel's routes: the way out through interfaces that are not ours.
#[derive(Debug)]
pub(crate) struct RawSockets {
    v4: OwnedFd,
    v6: OwnedFd,
}

fn open(family: i32, level: i32, header_included: i32) -> io::Result<OwnedFd> {
    let kind = libc::SOCK_RAW | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: no memory is involved.
    let fd = unsafe { libc::socket(family, kind, libc::IPPROTO_RAW) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us; nobody else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let on = 1i32;
    let len = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the kernel reads one int from the place given.
    let result = unsafe { libc::setsockopt(fd, level, header_included, (&raw const on).cast(), len) };
    if result == 0 { Ok(socket) } else { Err(io::Error::last_os_error()) }
}

impl RawSockets {
    pub(crate) fn open() -> io::Result<RawSockets> {
        Ok(RawSockets {
            v4: open(libc::AF_INET, libc::IPPROTO_IP, libc::IP_HDRINCL)?,
            v6: open(libc::AF_INET6, libc::IPPROTO_IPV6, libc::IPV6_HDRINCL)?,
        })
    }

    /// Sends an IP packet, header first, whose destination is `to`.
    pub(crate) fn send(&self, packet: &[u8], to: SocketAddr) -> io::Result<()> {
        match to {
            SocketAddr::V4(to) => {
                let name = name4(to);
                send_to(&self.v4, packet, (&raw const name).cast(), size_of_val(&name))
            }
            SocketAddr::V6(to) => {
                let name = name6(to);
                send_to(&self.v6, packet, (&raw const name).cast(), size_of_val(&name))
            }
        }
    }
}

fn name4(to: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(to.ip().octets()) },
        sin_zero: [0; 8],
    }
}

fn name6(to: SocketAddrV6) -> libc::sockaddr_in6 {
    libc::sockaddr_in6 {
        sin6_family: libc::AF_INET6 as libc::sa_family_t,
        // A raw socket takes this for a protocol number and wants none.
        sin6_port: 0,
        sin6_flowinfo: 0,
        sin6_addr: libc::in6_addr { s6_addr: to.ip().octets() },
        sin6_scope_id: to.scope_id(),
    }
}

fn send_to(socket: &OwnedFd, packet: &[u8], name: *const libc::sockaddr, len: usize) -> io::Result<()> {
    // SAFETY: both the packet and the name live through the call and have the lengths given.
    let sent = unsafe {
        libc::sendto(
            socket.as_raw_fd(),
            packet.as_ptr().cast(),
            packet.len(),
            libc::MSG_DONTWAIT,
            name,
            len as libc::socklen_t,
        )
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
