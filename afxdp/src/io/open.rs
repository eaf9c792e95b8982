use super::umem::{Memory, chain};
use super::xsk::{Mode, XskQueue};
use super::{Frames, XskIo};
use crate::steer::AttachedMode;
use crate::{Error, retry, sys};
use std::error::Error as _;
use std::ffi::CString;
use std::io;
use xsk_rs::Socket;
use xsk_rs::config::{BindFlags, Interface, LibxdpFlags, QueueSize, SocketConfig};

/// A NIC queue that a worker shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the interface.
    pub interface: String,
    /// Its index.
    pub ifindex: u32,
    /// The receive and transmit queue.
    pub queue: u32,
    /// Where the XDP program sits on this interface.
    pub attached: AttachedMode,
}

/// How a worker's sockets are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Entries of each ring; a power of two, at least 64.
    pub entries: u32,
    /// Largest packet in bytes, Ethernet header included.
    pub packet: u32,
    /// Try zero-copy before copy mode.
    pub zero_copy: bool,
    /// Prefer busy polling, for so many microseconds and packets at a time.
    pub busy_poll: Option<(u32, u32)>,
}

impl Default for Options {
    fn default() -> Options {
        Options { entries: 2048, packet: 1518, zero_copy: true, busy_poll: None }
    }
}

/// A worker's sockets.
#[derive(Debug)]
pub struct Opened {
    /// The queues over their UMEM; [`XskQueue::mode`] tells what was obtained.
    pub io: XskIo<XskQueue>,
    /// Why it is not zero-copy, when that was tried.
    pub no_zero_copy: Option<Error>,
}

/// Opens the sockets of one worker over one UMEM: all of them in zero-copy mode, or all in copy mode when one of the
/// NICs cannot do better, since queues that share a UMEM share its mode.
///
/// # Errors
/// The queue that could not be had, and why.
pub fn open(places: &[Place], options: &Options) -> Result<Opened, Error> {
    let native = places.iter().all(|place| place.attached == AttachedMode::Native);
    let mut no_zero_copy = None;
    if options.zero_copy && native {
        match open_all(places, options, BindFlags::XDP_ZEROCOPY) {
            Ok(io) => return Ok(Opened { io, no_zero_copy }),
            Err(error) => no_zero_copy = Some(error),
        }
    }
    let io = open_all(places, options, BindFlags::XDP_COPY)?;
    Ok(Opened { io, no_zero_copy })
}

fn open_all(places: &[Place], options: &Options, mode: BindFlags) -> Result<XskIo<XskQueue>, Error> {
    let entries = options.entries.max(64);
    // For every queue: a full fill ring, a full transmit ring, and what lies unread in the receive ring; and a burst
    // with its copies. So the fill ring can always be full.
    let count = places.len() as u32 * entries * 3 + 4 * flow::BURST as u32;
    // 256 bytes are the kernel's; 24 are for headers that are longer on the way out.
    let size = if options.packet + 256 + 24 <= 2048 { 2048 } else { 4096 };
    let memory = Memory::shared(count, size, entries)?;
    let mut queues = Vec::with_capacity(places.len());
    for (number, place) in places.iter().enumerate() {
        queues.push(open_queue(&memory, number as u8, place, options, entries, mode)?);
    }
    Ok(XskIo::new(Frames::new(memory), queues))
}

fn open_queue(
    memory: &Memory,
    number: u8,
    place: &Place,
    options: &Options,
    entries: u32,
    mode: BindFlags,
) -> Result<XskQueue, Error> {
    let refused =
        |reason: String| Error::Bind { interface: place.interface.clone(), queue: place.queue, reason };
    let ring = QueueSize::new(entries).map_err(|error| refused(error.to_string()))?;
    let config = SocketConfig::builder()
        .rx_queue_size(ring)
        .tx_queue_size(ring)
        .bind_flags(mode | BindFlags::XDP_USE_NEED_WAKEUP)
        .libxdp_flags(LibxdpFlags::XSK_LIBXDP_FLAGS_INHIBIT_PROG_LOAD)
        .build();
    let name = CString::new(place.interface.as_str()).map_err(|error| refused(error.to_string()))?;
    let umem = memory.umem().ok_or_else(|| refused("no shared memory".to_owned()))?;
    let name = Interface::new(name);
    // The kernel frees the queue of a socket that was closed only some 20 ms later.
    let made = retry::while_busy(|| {
        // SAFETY: no program is loaded by the library (see the flag), and each queue is bound once per UMEM.
        unsafe { Socket::new(config, umem, &name, place.queue) }.map_err(|error| {
            let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
            match source.and_then(io::Error::raw_os_error) {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::other(chain(&error)),
            }
        })
    });
    let (tx, rx, rings) = made.map_err(|error| refused(error.to_string()))?;
    let (fill, completion) = rings.ok_or_else(|| refused("the queue is bound twice".to_owned()))?;
    let mut queue = XskQueue {
        number,
        ifindex: place.ifindex,
        mode: Mode::Copy,
        entries,
        rx,
        tx,
        fill,
        completion,
        busy_poll: options.busy_poll.is_some(),
        scratch: Vec::with_capacity(4 * flow::BURST),
        foreign: 0,
    };
    let zero_copy = sys::is_zero_copy(queue.socket()).map_err(Error::sys("reading XDP_OPTIONS"))?;
    queue.mode = match place.attached {
        _ if zero_copy => Mode::ZeroCopy,
        AttachedMode::Native => Mode::Copy,
        AttachedMode::Generic => Mode::Generic,
    };
    sys::widen_transmit(queue.socket(), entries);
    if let Some((usecs, budget)) = options.busy_poll {
        sys::prefer_busy_poll(queue.socket(), usecs, budget).map_err(Error::sys("setting busy polling"))?;
    }
    Ok(queue)
}
