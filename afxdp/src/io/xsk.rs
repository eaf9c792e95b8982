//! One AF_XDP socket: the four rings of a NIC queue. Unsafe code: handing buffers to the kernel and taking them
//! back. It is sound because only buffers that the pool has just moved are handed over, so the kernel and a burst
//! never have the same one.

use super::{Frames, Packet, Place, Rings};
use crate::{Error, sys};
use std::os::fd::{AsRawFd, BorrowedFd};
use xsk_rs::{CompQueue, FillQueue, FrameDesc, RxQueue, TxQueue};

/// How packets get from the NIC to the worker, as the kernel says it is, not as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The NIC writes into our buffers.
    ZeroCopy,
    /// The kernel copies each packet in the driver's receive path.
    Copy,
    /// The kernel copies each packet after it has made a socket buffer of it.
    Generic,
}

impl Mode {
    /// The word that the control tool and metrics show.
    pub const fn code(self) -> &'static str {
        match self {
            Mode::ZeroCopy => "zero-copy",
            Mode::Copy => "copy",
            Mode::Generic => "generic",
        }
    }
}

/// Most descriptors that are moved at once.
const BATCH: usize = 64;

/// The rings of one NIC queue, shared with the kernel.
#[derive(Debug)]
pub struct XskQueue {
    pub(super) number: u8,
    pub(super) ifindex: u32,
    pub(super) mode: Mode,
    pub(super) entries: u32,
    pub(super) rx: RxQueue,
    pub(super) tx: TxQueue,
    pub(super) fill: FillQueue,
    pub(super) completion: CompQueue,
    /// Packets arrive only when the socket is polled.
    pub(super) busy_poll: bool,
    pub(super) scratch: Vec<FrameDesc>,
    /// Buffers of ours that the kernel gave back although it did not have them. Always zero.
    pub(super) foreign: u64,
}

/// What the kernel counted at a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounters {
    /// Received packets dropped because the receive ring was full.
    pub rx_ring_full: u64,
    /// Received packets dropped because there was no buffer in the fill ring.
    pub fill_ring_empty: u64,
    /// Received packets dropped for other reasons, such as their length.
    pub rx_dropped: u64,
    /// Descriptors of ours that the kernel refused; always zero.
    pub invalid: u64,
}

impl XskQueue {
    /// The mode obtained.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The socket, for the socket map and for waiting.
    pub fn socket(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is the socket's, open as long as the queues that `self` owns.
        unsafe { BorrowedFd::borrow_raw(self.rx.fd().as_raw_fd()) }
    }

    /// What the kernel counted.
    ///
    /// # Errors
    /// When the socket does not answer.
    pub fn counters(&self) -> Result<QueueCounters, Error> {
        let theirs = self.rx.fd().xdp_statistics().map_err(Error::sys("reading AF_XDP statistics"))?;
        Ok(QueueCounters {
            rx_ring_full: theirs.rx_ring_full(),
            fill_ring_empty: theirs.rx_fill_ring_empty_descs(),
            rx_dropped: theirs.rx_dropped(),
            invalid: theirs.rx_invalid_descs() + theirs.tx_invalid_descs() + self.foreign,
        })
    }
}

impl Rings for XskQueue {
    fn ifindex(&self) -> u32 {
        self.ifindex
    }

    fn receive(&mut self, frames: &mut Frames, max: usize, into: &mut Vec<Packet>) {
        let max = max.min(BATCH);
        self.scratch.resize(BATCH, FrameDesc::default());
        // SAFETY: the ring belongs to the UMEM of `frames`; the descriptors are only written to.
        let mut count = unsafe { self.rx.consume(&mut self.scratch[..max]) };
        if count == 0 && (self.busy_poll || self.fill.needs_wakeup()) {
            sys::nudge_receive(self.socket());
            // SAFETY: as above.
            count = unsafe { self.rx.consume(&mut self.scratch[..max]) };
        }
        for desc in &self.scratch[..count] {
            let len = desc.lengths().data() as u16;
            let moved = frames
                .memory_mut()
                .note(*desc)
                .filter(|&buffer| frames.shift(buffer, Place::Filling(self.number), Place::Held));
            match moved {
                Some(buffer) => into.push(Packet { buffer, len }),
                None => self.foreign += 1,
            }
        }
    }

    fn refill(&mut self, frames: &mut Frames) {
        loop {
            let room = self.fill.nb_free(BATCH as u32) as usize;
            // In batches: the other side's cache line is touched less often.
            if room < BATCH / 4 {
                return;
            }
            self.scratch.clear();
            while self.scratch.len() < room.min(BATCH) {
                let Some(buffer) = frames.take(Place::Filling(self.number)) else { break };
                self.scratch.extend(frames.memory().desc(buffer));
            }
            if self.scratch.is_empty() {
                return;
            }
            // SAFETY: these buffers are of this UMEM and were free a moment ago; the pool has just noted them as the
            // kernel's. There is room for all, so all are taken.
            unsafe { self.fill.produce(&self.scratch) };
            // The driver has run out and sleeps until it is told.
            if self.fill.needs_wakeup() {
                sys::nudge_receive(self.socket());
            }
        }
    }

    fn send(&mut self, frames: &mut Frames, packets: &[Packet]) -> usize {
        let room = self.tx.nb_free(packets.len() as u32) as usize;
        let count = room.min(packets.len());
        self.scratch.clear();
        for packet in &packets[..count] {
            if frames.shift(packet.buffer, Place::Held, Place::Sending(self.number)) {
                self.scratch.extend(frames.memory_mut().desc_of(packet.buffer, packet.len));
            }
        }
        // SAFETY: these buffers are of this UMEM and were held a moment ago; the pool has just noted them as the
        // kernel's. There is room for all, so all are taken.
        unsafe { self.tx.produce(&self.scratch) };
        count
    }

    fn reap(&mut self, frames: &mut Frames) {
        self.scratch.resize(BATCH, FrameDesc::default());
        loop {
            // SAFETY: the ring belongs to the UMEM of `frames`; the descriptors are only written to.
            let count = unsafe { self.completion.consume(&mut self.scratch) };
            for desc in &self.scratch[..count] {
                let moved = frames
                    .memory_mut()
                    .note(*desc)
                    .is_some_and(|buffer| frames.shift(buffer, Place::Sending(self.number), Place::Free));
                self.foreign += u64::from(!moved);
            }
            if count < BATCH {
                return;
            }
        }
    }

    fn kick(&mut self) {
        let waiting = self.entries - self.tx.nb_free_exact().min(self.entries);
        if waiting > 0 && self.tx.needs_wakeup() {
            sys::kick_transmit(self.socket(), waiting);
        }
    }
}
