//! Datagrams of many ports over one socket: each says by control messages to which of our ports it came, or from which
//! of our addresses it leaves.

use super::Name;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::ptr;

/// Bytes of the longest control messages, received or sent.
pub(super) const CONTROL: usize = 128;
/// Where the payload of a control message starts.
const HEAD: usize = align(size_of::<libc::cmsghdr>());

/// Control messages start at whole words.
const fn align(len: usize) -> usize {
    len.next_multiple_of(size_of::<usize>())
}

#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(super) struct Control(pub(super) [u8; CONTROL]);

/// A datagram that came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) len: usize,
    /// It was longer than its buffer.
    pub(crate) truncated: bool,
    pub(crate) from: Option<SocketAddr>,
    /// Where it was sent to.
    pub(crate) local: Option<SocketAddr>,
}

/// A datagram that is to leave.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'a> {
    /// The address of ours that it leaves from.
    pub from: IpAddr,
    /// Where it goes. For a raw socket the port is 0, and is in the UDP header: there it would be a protocol number.
    pub to: SocketAddr,
    /// The traffic class byte; 0 leaves it to the socket.
    pub tos: u8,
    /// All of it that is ours to write.
    pub datagram: &'a [u8],
}

/// Arrays for `recvmmsg` and `sendmmsg`, allocated once. The pointers in them are written anew before each call
/// and mean nothing between calls.
pub struct Batch {
    headers: Box<[libc::mmsghdr]>,
    vectors: Box<[libc::iovec]>,
    names: Box<[Name]>,
    controls: Box<[Control]>,
}

// SAFETY: the raw pointers inside are only followed by the kernel during the calls below, which write all of them first;
// moving the arrays to another thread between calls changes nothing that is used.
unsafe impl Send for Batch {}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Batch({})", self.names.len())
    }
}

impl Batch {
    /// Arrays for so many datagrams at a time.
    pub fn new(count: usize) -> Batch {
        let empty = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        // SAFETY: mmsghdr holds integers and pointers only, for which all zero bytes are a value.
        let header: libc::mmsghdr = unsafe { std::mem::zeroed() };
        Batch {
            headers: vec![header; count].into_boxed_slice(),
            vectors: vec![empty; count].into_boxed_slice(),
            names: vec![Name::EMPTY; count].into_boxed_slice(),
            controls: vec![Control([0; CONTROL]); count].into_boxed_slice(),
        }
    }

    fn len(&self) -> usize {
        self.names.len()
    }

    /// Receives what is there, without waiting, into the pieces of `memory` of `size` bytes that start at `starts`;
    /// at most as many as there are arrays. Returns how many datagrams came; [`Batch::arrived`] tells about each.
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
            let vector = &mut self.vectors[at];
            vector.iov_base = piece.as_mut_ptr().cast();
            vector.iov_len = size;
            let header = &mut self.headers[at].msg_hdr;
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            header.msg_name = self.names[at].0.as_mut_ptr().cast();
            header.msg_namelen = Name::SIZE as libc::socklen_t;
            header.msg_control = self.controls[at].0.as_mut_ptr().cast();
            header.msg_controllen = CONTROL;
            header.msg_flags = 0;
        }
        let headers = self.headers.as_mut_ptr();
        // SAFETY: the first `count` headers point to live vectors, names, controls and pieces of `memory`, checked and
        // written just now; all of it is borrowed exclusively until the call returns. Pieces may overlap only if the
        // caller said so, which mixes their bytes and no more. A null timeout is allowed.
        let got = unsafe {
            libc::recvmmsg(fd, headers, count as libc::c_uint, libc::MSG_DONTWAIT, ptr::null_mut())
        };
        usize::try_from(got).map_err(|_| io::Error::last_os_error())
    }

    /// What the last [`Batch::receive`] put at place `at`.
    pub(crate) fn arrived(&self, at: usize) -> Arrived {
        let header = &self.headers[at];
        let control = header.msg_hdr.msg_controllen.min(CONTROL);
        Arrived {
            len: (header.msg_len as usize).min(self.vectors[at].iov_len),
            truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
            from: self.names[at].address(),
            local: original(&self.controls[at].0[..control]),
        }
    }

    /// Sends datagrams of one family, at most as many as there are arrays, without waiting. Returns how many went out;
    /// the one behind them is at fault. One that is too long for UDP is one at fault, too.
    ///
    /// # Errors
    /// What the system said of the first of them.
    pub fn send<'a>(&mut self, fd: RawFd, datagrams: impl Iterator<Item = Leaving<'a>>) -> io::Result<usize> {
        let mut count = 0;
        for datagram in datagrams.take(self.len()) {
            self.load(count, datagram);
            count += 1;
        }
        let headers = self.headers.as_mut_ptr();
        // SAFETY: the first `count` headers point to live vectors, names, controls and bytes that the caller lends for
        // 'a, which outlives this call; sendmmsg reads them and writes only msg_len.
        let sent = unsafe { libc::sendmmsg(fd, headers, count as libc::c_uint, libc::MSG_DONTWAIT) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }

    fn load(&mut self, at: usize, datagram: Leaving<'_>) {
        let Leaving { from, to, tos, datagram } = datagram;
        let (name, name_len) = Name::of(to);
        self.names[at] = name;
        let control_len = say(&mut self.controls[at].0, from, tos);
        // One, because the kernel has a shorter way for that. It only reads through this pointer when sending.
        let vector = &mut self.vectors[at];
        vector.iov_base = datagram.as_ptr().cast_mut().cast();
        vector.iov_len = datagram.len();
        let header = &mut self.headers[at].msg_hdr;
        header.msg_iov = vector;
        header.msg_iovlen = 1;
        header.msg_name = self.names[at].0.as_mut_ptr().cast();
        header.msg_namelen = name_len;
        header.msg_control = self.controls[at].0.as_mut_ptr().cast();
        header.msg_controllen = control_len;
        header.msg_flags = 0;
    }
}

/// Control messages, each with its level and kind, as far as they are whole.
pub(super) fn messages(mut control: &[u8]) -> impl Iterator<Item = (i32, i32, &[u8])> {
    const WORD: usize = size_of::<usize>();
    std::iter::from_fn(move || {
        let len = usize::from_ne_bytes(control.get(..WORD)?.try_into().ok()?);
        let int = |at: usize| control.get(at..at + 4)?.try_into().map(i32::from_ne_bytes).ok();
        let (level, kind) = (int(WORD)?, int(WORD + 4)?);
        let payload = control.get(HEAD..len)?;
        control = control.get(align(len)..).unwrap_or_default();
        Some((level, kind, payload))
    })
}

/// Where a datagram was sent to (`IP_ORIGDSTADDR`, `IPV6_ORIGDSTADDR`), out of its control messages.
fn original(control: &[u8]) -> Option<SocketAddr> {
    let address = |&(level, kind, _): &(i32, i32, &[u8])| {
        (level, kind) == (libc::SOL_IP, libc::IP_ORIGDSTADDR)
            || (level, kind) == (libc::SOL_IPV6, libc::IPV6_ORIGDSTADDR)
    };
    let (_, _, payload) = messages(control).find(address)?;
    let mut name = Name::EMPTY;
    let len = payload.len().min(Name::SIZE);
    name.0[..len].copy_from_slice(&payload[..len]);
    name.address()
}

/// Writes control messages that say from which address a datagram leaves and with which traffic class. Returns how many
/// bytes.
fn say(control: &mut [u8; CONTROL], from: IpAddr, tos: u8) -> usize {
    let mut at = 0;
    let mut add = |level: i32, kind: i32, payload: &[u8]| {
        let len = HEAD + payload.len();
        let word = size_of::<usize>();
        let message = &mut control[at..at + align(len)];
        message[..word].copy_from_slice(&len.to_ne_bytes());
        message[word..word + 4].copy_from_slice(&level.to_ne_bytes());
        message[word + 4..word + 8].copy_from_slice(&kind.to_ne_bytes());
        message[HEAD..len].copy_from_slice(payload);
        at += align(len);
    };
    let class = i32::from(tos).to_ne_bytes();
    match from {
        IpAddr::V4(addr) => {
            // struct in_pktinfo: any interface, from this address
            let mut info = [0; 12];
            info[4..8].copy_from_slice(&addr.octets());
            add(libc::SOL_IP, libc::IP_PKTINFO, &info);
            if tos != 0 {
                add(libc::SOL_IP, libc::IP_TOS, &class);
            }
        }
        IpAddr::V6(addr) => {
            // struct in6_pktinfo, likewise
            let mut info = [0; 20];
            info[..16].copy_from_slice(&addr.octets());
            add(libc::SOL_IPV6, libc::IPV6_PKTINFO, &info);
            if tos != 0 {
                add(libc::SOL_IPV6, libc::IPV6_TCLASS, &class);
            }
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_read_as_messages() {
        let mut control = [0; CONTROL];
        let len = say(&mut control, "192.0.2.7".parse().unwrap(), 184);
        assert_eq!(len, align(HEAD + 12) + HEAD + align(4));
        assert_eq!(&control[HEAD + 4..HEAD + 8], [192, 0, 2, 7]);
        assert_eq!(control[align(HEAD + 12) + HEAD], 184_i32.to_ne_bytes()[0]);
        assert_eq!(original(&control[..len]), None, "no address of arrival is in it");
        assert_eq!(original(&control[..len - 9]), None, "cut off");
        assert_eq!(original(&[0xff; HEAD + 4]), None, "a length that is not there");
        assert_eq!(original(&[0; CONTROL]), None, "a message without a length ends the list");
    }

    #[test]
    fn the_address_of_arrival_is_found_behind_others() {
        let at: SocketAddr = "192.0.2.7:30000".parse().unwrap();
        let mut control = [0; CONTROL];
        let first = say(&mut control, "192.0.2.9".parse().unwrap(), 0);
        let len = HEAD + 16;
        let message = &mut control[first..first + len];
        message[..8].copy_from_slice(&len.to_ne_bytes());
        message[8..12].copy_from_slice(&libc::SOL_IP.to_ne_bytes());
        message[12..16].copy_from_slice(&libc::IP_ORIGDSTADDR.to_ne_bytes());
        message[HEAD..].copy_from_slice(&Name::of(at).0.0[..16]);
        assert_eq!(original(&control[..first + len]), Some(at));
    }
}
