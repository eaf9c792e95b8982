use libbpf_rs::libbpf_sys;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

pub(crate) const XDP_FLAGS_SKB_MODE: u32 = 1 << 1;
pub(crate) const XDP_FLAGS_DRV_MODE: u32 = 1 << 2;

/// Room that a program may add before a packet.
const GROWTH: usize = 256;

fn checked(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::from_raw_os_error(-result)) } else { Ok(result) }
}

/// Attaches an XDP program by a link: closing the returned descriptor detaches it.
pub(crate) fn link_xdp(program: BorrowedFd<'_>, ifindex: u32, flags: u32) -> io::Result<OwnedFd> {
    let ifindex = i32::try_from(ifindex).map_err(|_| io::Error::from_raw_os_error(libc::ENODEV))?;
    let opts = libbpf_sys::bpf_link_create_opts {
        sz: size_of::<libbpf_sys::bpf_link_create_opts>() as libbpf_sys::size_t,
        flags,
        ..Default::default()
    };
    // SAFETY: the program descriptor is open for the call, and `opts` says its own size.
    let fd = checked(unsafe {
        libbpf_sys::bpf_link_create(program.as_raw_fd(), ifindex, libbpf_sys::BPF_XDP, &opts)
    })?;
    // SAFETY: the kernel has just made this descriptor for us; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Runs one frame through an XDP program; returns the action and the frame afterwards.
pub(crate) fn test_run(program: BorrowedFd<'_>, frame: &[u8]) -> io::Result<(u32, Vec<u8>)> {
    let mut out = vec![0; frame.len() + GROWTH];
    let len =
        |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| io::Error::from_raw_os_error(libc::EMSGSIZE));
    let mut opts = libbpf_sys::bpf_test_run_opts {
        sz: size_of::<libbpf_sys::bpf_test_run_opts>() as libbpf_sys::size_t,
        data_in: frame.as_ptr().cast(),
        data_size_in: len(frame)?,
        data_out: out.as_mut_ptr().cast(),
        data_size_out: len(&out)?,
        ctx_in: ptr::null(),
        ctx_out: ptr::null_mut(),
        repeat: 1,
        ..Default::default()
    };
    // SAFETY: both buffers live through the call and are as long as `opts` says; the kernel writes to `out` only.
    checked(unsafe { libbpf_sys::bpf_prog_test_run_opts(program.as_raw_fd(), &mut opts) })?;
    out.truncate(opts.data_size_out as usize);
    Ok((opts.retval, out))
}
