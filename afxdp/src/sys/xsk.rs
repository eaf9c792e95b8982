use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

const XDP_OPTIONS: i32 = 8;
const XDP_OPTIONS_ZEROCOPY: u32 = 1;
/// Packets one send call takes in copy mode; Linux 6.16 (option 9 of SOL_XDP).
const XDP_MAX_TX_SKB_BUDGET: i32 = 9;
/// What one send call takes where that option is not known.
const DEFAULT_BUDGET: u32 = 32;

fn set(socket: BorrowedFd<'_>, level: i32, name: i32, value: i32) -> io::Result<()> {
    // SAFETY: the kernel reads one int from the place given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            ptr::from_ref(&value).cast(),
            size_of::<i32>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// True when the socket was bound in zero-copy mode, as the kernel says.
pub(crate) fn is_zero_copy(socket: BorrowedFd<'_>) -> io::Result<bool> {
    let mut flags = 0u32;
    let mut len = size_of::<u32>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes, the size of `flags`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_XDP,
            XDP_OPTIONS,
            ptr::from_mut(&mut flags).cast(),
            &mut len,
        )
    };
    if result == 0 { Ok(flags & XDP_OPTIONS_ZEROCOPY != 0) } else { Err(io::Error::last_os_error()) }
}

/// Copy mode takes packets from the socket's send buffer and only some per call: makes both large. Best effort: with
/// less, sending is slower, not wrong.
pub(crate) fn widen_transmit(socket: BorrowedFd<'_>, entries: u32) {
    let entries = i32::try_from(entries).unwrap_or(i32::MAX);
    let _ = set(socket, libc::SOL_XDP, XDP_MAX_TX_SKB_BUDGET, entries);
    let bytes = entries.saturating_mul(4096);
    if set(socket, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, bytes).is_err() {
        let _ = set(socket, libc::SOL_SOCKET, libc::SO_SNDBUF, bytes);
    }
}

/// Packets are taken from the NIC by whoever polls the socket, at most `budget` at a time, and no longer by
/// interrupts while it does so.
pub(crate) fn prefer_busy_poll(socket: BorrowedFd<'_>, usecs: u32, budget: u32) -> io::Result<()> {
    let int = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    set(socket, libc::SOL_SOCKET, libc::SO_PREFER_BUSY_POLL, 1)?;
    set(socket, libc::SOL_SOCKET, libc::SO_BUSY_POLL, int(usecs))?;
    set(socket, libc::SOL_SOCKET, libc::SO_BUSY_POLL_BUDGET, int(budget))
}

/// Lets the kernel take packets from the NIC now.
pub(crate) fn nudge_receive(socket: BorrowedFd<'_>) {
    // SAFETY: no buffer is given, so nothing is written.
    unsafe {
        libc::recvfrom(
            socket.as_raw_fd(),
            ptr::null_mut(),
            0,
            libc::MSG_DONTWAIT,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
}

/// Lets the kernel send what waits in the transmit ring. It takes only some per call, so it is asked until it has
/// taken all or can take no more now; what remains is asked for again with the next burst.
pub(crate) fn kick_transmit(socket: BorrowedFd<'_>, waiting: u32) {
    for _ in 0..=waiting.div_ceil(DEFAULT_BUDGET) {
        // SAFETY: no buffer is given, so nothing is read.
        let result =
            unsafe { libc::sendto(socket.as_raw_fd(), ptr::null(), 0, libc::MSG_DONTWAIT, ptr::null(), 0) };
        // EAGAIN: the budget of this call is spent. Anything else is final or has to wait (ENOBUFS, EBUSY, ENETDOWN).
        if result == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::EAGAIN) {
            return;
        }
    }
}
