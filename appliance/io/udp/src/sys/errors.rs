//! What others have told this system about packets of ours (ICMP), out of the error queue of a socket.

use super::batch::{CONTROL, Control, messages};
use std::io;
use std::os::fd::RawFd;
use std::ptr;

/// Why a packet of ours did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Return {
    /// Too long for a hop, and not to be cut. The system has noted how long the next may be, and cuts them.
    TooLong,
    /// Nobody is there, or nobody lets it pass.
    Unreachable,
}

/// Takes one message out of the error queue; `None` is one that is not about a packet's way.
///
/// # Errors
/// `WouldBlock` when there is no more.
pub(crate) fn take_return(fd: RawFd) -> io::Result<Option<Return>> {
    let mut control = Control([0; CONTROL]);
    // SAFETY: msghdr holds integers and pointers only, for which all zero bytes are a value.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = CONTROL;
    header.msg_iov = ptr::null_mut();
    // SAFETY: the header is live and points to `control`, which is live and as long as said. Without a vector the packet's
    // bytes are thrown away.
    let got = unsafe { libc::recvmsg(fd, &raw mut header, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT) };
    if got < 0 {
        return Err(io::Error::last_os_error());
    }
    let len = header.msg_controllen.min(CONTROL);
    Ok(meaning(&control.0[..len]))
}

/// Reads `struct sock_extended_err` of linux/errqueue.h.
fn meaning(control: &[u8]) -> Option<Return> {
    let report = messages(control).find_map(|(level, kind, payload)| {
        let ours = (level, kind) == (libc::SOL_IP, libc::IP_RECVERR)
            || (level, kind) == (libc::SOL_IPV6, libc::IPV6_RECVERR);
        ours.then_some(payload)
    })?;
    let errno = i32::from_ne_bytes(report.get(..4)?.try_into().ok()?);
    Some(if errno == libc::EMSGSIZE { Return::TooLong } else { Return::Unreachable })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::fd::{AsFd, AsRawFd};

    #[test]
    fn a_packet_to_a_closed_port_comes_back_as_unreachable() {
        let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let fd = socket.as_raw_fd();
        super::super::set(socket.as_fd(), libc::SOL_IP, libc::IP_RECVERR, 1).unwrap();
        assert_eq!(take_return(fd).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        // Over the loopback the answer is there when the call returns.
        socket.send_to(&[1; 300], closed).unwrap();
        assert_eq!(take_return(fd).unwrap(), Some(Return::Unreachable));
        assert_eq!(take_return(fd).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn what_is_no_report_means_nothing() {
        assert_eq!(meaning(&[]), None);
        assert_eq!(meaning(&[0; CONTROL]), None);
        let mut control = [0; CONTROL];
        let len = 16 + 16;
        control[..8].copy_from_slice(&usize::to_ne_bytes(len));
        control[8..12].copy_from_slice(&libc::SOL_IPV6.to_ne_bytes());
        control[12..16].copy_from_slice(&libc::IPV6_RECVERR.to_ne_bytes());
        control[16..20].copy_from_slice(&libc::EMSGSIZE.to_ne_bytes());
        assert_eq!(meaning(&control[..len]), Some(Return::TooLong));
        assert_eq!(meaning(&control[..len - 1]), None, "cut off");
    }
}
