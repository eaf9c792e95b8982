//! The system calls, and all that is unsafe about them. Every function here is safe to call with any arguments: memory
//! is borrowed for the length of a call, and offsets are checked.

mod batch;
mod errors;
mod memory;

pub use batch::{Batch, Leaving};
pub(crate) use errors::{Return, take_return};
pub(crate) use memory::Memory;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::ptr;

/// A `sockaddr_in` or `sockaddr_in6` as bytes, so that reading one needs no cast.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(crate) struct Name([u8; Name::SIZE]);

impl Name {
    const SIZE: usize = size_of::<libc::sockaddr_in6>();
    const V4: usize = size_of::<libc::sockaddr_in>();

    const EMPTY: Name = Name([0; Name::SIZE]);

    /// The address in the kernel's form, and how much of it counts.
    fn of(at: SocketAddr) -> (Name, libc::socklen_t) {
        let mut name = Name::EMPTY;
        let b = &mut name.0;
        b[2..4].copy_from_slice(&at.port().to_be_bytes());
        match at {
            SocketAddr::V4(v4) => {
                b[..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
                b[4..8].copy_from_slice(&v4.ip().octets());
                (name, Name::V4 as libc::socklen_t)
            }
            SocketAddr::V6(v6) => {
                b[..2].copy_from_slice(&(libc::AF_INET6 as u16).to_ne_bytes());
                b[8..24].copy_from_slice(&v6.ip().octets());
                b[24..28].copy_from_slice(&v6.scope_id().to_ne_bytes());
                (name, Name::SIZE as libc::socklen_t)
            }
        }
    }

    fn address(&self) -> Option<SocketAddr> {
        let b = &self.0;
        let port = u16::from_be_bytes([b[2], b[3]]);
        match i32::from(u16::from_ne_bytes([b[0], b[1]])) {
            libc::AF_INET => {
                let ip = Ipv4Addr::new(b[4], b[5], b[6], b[7]);
                Some(SocketAddr::new(IpAddr::V4(ip), port))
            }
            libc::AF_INET6 => {
                let octets: [u8; 16] = b[8..24].try_into().ok()?;
                let scope = u32::from_ne_bytes([b[24], b[25], b[26], b[27]]);
                Some(SocketAddrV6::new(Ipv6Addr::from(octets), port, 0, scope).into())
            }
            _ => None,
        }
    }
}

/// Arrays for `recvmmsg` and `sendmmsg`, allocated once. The pointers in them are written anew before each call
/// and mean nothing between calls.
pub(crate) struct Arrays {
    headers: Box<[libc::mmsghdr]>,
    vectors: Box<[libc::iovec]>,
    names: Box<[Name]>,
}

// SAFETY: the raw pointers inside are only followed by the kernel during the calls below, which write all of them first;
// moving the arrays to another thread between calls changes nothing that is used.
unsafe impl Send for Arrays {}

impl std::fmt::Debug for Arrays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Arrays({})", self.names.len())
    }
}

/// One received datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    pub(crate) len: usize,
    /// It was longer than its buffer.
    pub(crate) truncated: bool,
    pub(crate) from: Option<SocketAddr>,
}

impl Arrays {
    pub(crate) fn new(count: usize) -> Arrays {
        let empty = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        // SAFETY: mmsghdr holds integers and pointers only, for which all zero bytes are a value.
        let header: libc::mmsghdr = unsafe { std::mem::zeroed() };
        Arrays {
            headers: vec![header; count].into_boxed_slice(),
            vectors: vec![empty; count].into_boxed_slice(),
            names: vec![Name::EMPTY; count].into_boxed_slice(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Points header `at` to its vector, its name and `bytes`.
    fn aim(&mut self, at: usize, base: *mut u8, len: usize, name_len: libc::socklen_t) {
        let vector = &mut self.vectors[at];
        vector.iov_base = base.cast();
        vector.iov_len = len;
        let header = &mut self.headers[at];
        header.msg_len = 0;
        header.msg_hdr.msg_iov = vector;
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_name = self.names[at].0.as_mut_ptr().cast();
        header.msg_hdr.msg_namelen = name_len;
        header.msg_hdr.msg_flags = 0;
    }

    /// Receives what is there, without waiting, into the pieces of `memory` of `size` bytes that start at `starts`;
    /// at most as many as there are arrays. Returns how many datagrams came; [`Arrays::received`] tells about each.
    pub(crate) fn receive(
        &mut self,
        fd: RawFd,
        memory: &mut [u8],
        size: usize,
        starts: impl ExactSizeIterator<Item = usize>,
    ) -> io::Result<usize> {
        let count = starts.len().min(self.len());
        for (at, start) in starts.take(count).enumerate() {
            let piece = &mut memory[start..start + size];
            let base = piece.as_mut_ptr();
            self.aim(at, base, size, Name::SIZE as libc::socklen_t);
        }
        let headers = self.headers.as_mut_ptr();
        // SAFETY: the first `count` headers point to live vectors, names and pieces of `memory`, checked and written
        // just now; all of it is borrowed exclusively until the call returns. Pieces may overlap only if the caller
        // said so, which mixes their bytes and no more. A null timeout is allowed.
        let got = unsafe {
            libc::recvmmsg(fd, headers, count as libc::c_uint, libc::MSG_DONTWAIT, ptr::null_mut())
        };
        usize::try_from(got).map_err(|_| io::Error::last_os_error())
    }

    /// What the last [`Arrays::receive`] put at place `at`.
    pub(crate) fn received(&self, at: usize) -> Received {
        let header = &self.headers[at];
        Received {
            len: (header.msg_len as usize).min(self.vectors[at].iov_len),
            truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
            from: self.names[at].address(),
        }
    }

    /// Makes `bytes` the datagram number `at` of the next [`Arrays::send`].
    fn load(&mut self, at: usize, bytes: &[u8], to: SocketAddr) {
        let (name, len) = Name::of(to);
        self.names[at] = name;
        // the kernel only reads through this pointer when sending
        self.aim(at, bytes.as_ptr().cast_mut(), bytes.len(), len);
    }

    /// Sends datagrams, at most as many as there are arrays, without waiting. Returns how many went out; the
    /// one behind them is at fault.
    pub(crate) fn send<'a>(
        &mut self,
        fd: RawFd,
        datagrams: impl Iterator<Item = (&'a [u8], SocketAddr)>,
    ) -> io::Result<usize> {
        let mut count = 0;
        for (bytes, to) in datagrams.take(self.len()) {
            self.load(count, bytes, to);
            count += 1;
        }
        let headers = self.headers.as_mut_ptr();
        // SAFETY: the first `count` headers point to live vectors, names and bytes that the caller lends for 'a, which
        // outlives this call; sendmmsg reads them and writes only msg_len.
        let sent = unsafe { libc::sendmmsg(fd, headers, count as libc::c_uint, libc::MSG_DONTWAIT) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

/// Receives one datagram into `bytes`, without waiting.
pub(crate) fn receive_one(fd: RawFd, bytes: &mut [u8]) -> io::Result<Received> {
    let mut name = Name::EMPTY;
    let mut name_len = Name::SIZE as libc::socklen_t;
    // SAFETY: `bytes`, `name` and `name_len` are live, exclusively ours and as long as said.
    let got = unsafe {
        libc::recvfrom(
            fd,
            bytes.as_mut_ptr().cast(),
            bytes.len(),
            // MSG_TRUNC here: tell the true length of what was cut off
            libc::MSG_DONTWAIT | libc::MSG_TRUNC,
            name.0.as_mut_ptr().cast(),
            &mut name_len,
        )
    };
    let len = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    Ok(Received { len: len.min(bytes.len()), truncated: len > bytes.len(), from: name.address() })
}

/// Asks the epoll instance `epoll` to report `fd` under its own number for as long as it can be read (level triggered).
pub(crate) fn watch(epoll: RawFd, fd: RawFd) -> io::Result<()> {
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: fd as u64 };
    // SAFETY: `event` is live; the kernel only reads it. Wrong descriptors are refused.
    let done = unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Sends one datagram without waiting.
pub(crate) fn send_one(fd: RawFd, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
    let (name, len) = Name::of(to);
    // SAFETY: `bytes` and `name` are live and as long as said; the kernel only reads them.
    let sent = unsafe {
        libc::sendto(fd, bytes.as_ptr().cast(), bytes.len(), libc::MSG_DONTWAIT, name.0.as_ptr().cast(), len)
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Sets a socket option that is a number.
pub(crate) fn set(socket: BorrowedFd<'_>, level: i32, option: i32, value: i32) -> io::Result<()> {
    let len = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the value is live and as long as said; the kernel only reads it. Wrong options are refused.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), len) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `SO_NETNS_COOKIE` of asm-generic/socket.h.
const NETNS_COOKIE: i32 = 71;

/// The number of the network namespace of a socket.
pub(crate) fn namespace_cookie(socket: BorrowedFd<'_>) -> io::Result<u64> {
    let (mut cookie, mut len) = (0_u64, size_of::<u64>() as libc::socklen_t);
    let (fd, at) = (socket.as_raw_fd(), (&raw mut cookie).cast());
    // SAFETY: `cookie` and `len` are live, exclusively ours and as long as said.
    let done = unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, NETNS_COOKIE, at, &raw mut len) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(cookie) }
}

/// Lets a socket take in nothing.
pub(crate) fn deafen(socket: BorrowedFd<'_>) -> io::Result<()> {
    // BPF_RET | BPF_K: accept 0 bytes
    let mut program = [libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: 0 }];
    let filter = libc::sock_fprog { len: 1, filter: program.as_mut_ptr() };
    let len = size_of::<libc::sock_fprog>() as libc::socklen_t;
    let (level, option) = (libc::SOL_SOCKET, libc::SO_ATTACH_FILTER);
    // SAFETY: the filter and the program behind it are live and as long as said; the kernel copies them.
    let done =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const filter).cast(), len) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
