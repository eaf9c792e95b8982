//! The memory behind the buffers. Unsafe code: slices of memory that the kernel also writes to and reads from. It is
//! sound because `Frames` asks for the bytes of held buffers only, and the kernel has no held buffer.

use crate::Error;
use std::num::NonZeroU32;
use std::ops::Range;
use std::{ptr, slice};
use xsk_rs::config::{FrameSize, QueueSize, UmemConfig};
use xsk_rs::{FrameDesc, Umem};

/// The room XDP keeps before every packet (XDP_PACKET_HEADROOM).
const HEADROOM: usize = 256;

/// Buffers of equal size, side by side. A packet's first byte is the first byte of its buffer; what the kernel
/// reserves before it is not seen here.
#[derive(Debug)]
pub(super) struct Memory {
    size: usize,
    /// Shared buffers begin 2 to the power of this apart.
    shift: u32,
    count: u32,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Heap(Box<[u8]>),
    Shared {
        umem: Umem,
        /// Where the packet of each buffer starts, and all the room there is from there on.
        descs: Box<[FrameDesc]>,
        huge_pages: bool,
    },
}

impl Memory {
    pub(super) fn heap(count: u32, size: usize) -> Memory {
        Memory { size, shift: 0, count, kind: Kind::Heap(vec![0; size * count as usize].into()) }
    }

    /// Memory shared with the kernel, on huge pages where there are any. `size` counts the kernel's reserve.
    pub(super) fn shared(count: u32, size: u32, ring: u32) -> Result<Memory, Error> {
        // Whole huge pages, so that the mapping does not fail for its length alone.
        let count = count.next_multiple_of((2 << 20) / size.max(1));
        let frames = NonZeroU32::new(count).ok_or_else(|| Error::Umem("no buffers asked for".to_owned()))?;
        let ring = QueueSize::new(ring).map_err(|error| Error::Umem(error.to_string()))?;
        let config = UmemConfig::builder()
            .frame_size(FrameSize::new(size).map_err(|_| Error::Umem(format!("buffers of {size} bytes")))?)
            .fill_queue_size(ring)
            .comp_queue_size(ring)
            .build()
            .map_err(|error| Error::Umem(error.to_string()))?;
        let (huge_pages, (umem, descs)) = match Umem::new(config, frames, true) {
            Ok(made) => (true, made),
            Err(_) => (false, Umem::new(config, frames, false).map_err(|error| Error::Umem(chain(&error)))?),
        };
        let kind = Kind::Shared { umem, descs: descs.into(), huge_pages };
        // The library takes powers of two only.
        let shift = size.trailing_zeros();
        let mut memory = Memory { size: size as usize - HEADROOM, shift, count, kind };
        for buffer in 0..count {
            if let Some(desc) = memory.desc(buffer) {
                memory.note(desc);
            }
        }
        Ok(memory)
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// True when the region lies on huge pages.
    pub(super) fn huge_pages(&self) -> bool {
        matches!(self.kind, Kind::Shared { huge_pages: true, .. })
    }

    pub(super) fn umem(&self) -> Option<&Umem> {
        match &self.kind {
            Kind::Heap(_) => None,
            Kind::Shared { umem, .. } => Some(umem),
        }
    }

    /// The bytes of a buffer that the kernel does not have.
    pub(super) fn bytes(&self, buffer: u32) -> &[u8] {
        assert!(buffer < self.count);
        match &self.kind {
            Kind::Heap(bytes) => &bytes[buffer as usize * self.size..][..self.size],
            Kind::Shared { umem, descs, .. } => {
                // SAFETY: the descriptor is of this UMEM; the caller asks for held buffers only, which the kernel does
                // not touch, and nobody writes through `&self`.
                unsafe { umem.data(&descs[buffer as usize]) }.contents()
            }
        }
    }

    /// Has the processor fetch the first bytes of such a buffer, which will be asked for soon.
    pub(super) fn prefetch(&self, buffer: u32) {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let first = self.bytes(buffer).as_ptr();
            // SAFETY: a hint that reads nothing, at an address that is valid besides.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(first.cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = buffer;
    }

    /// The bytes of a buffer that the kernel does not have, to change.
    pub(super) fn bytes_mut(&mut self, buffer: u32) -> &mut [u8] {
        assert!(buffer < self.count);
        match &mut self.kind {
            Kind::Heap(bytes) => &mut bytes[buffer as usize * self.size..][..self.size],
            Kind::Shared { umem, descs, .. } => {
                // SAFETY: as in `bytes`, and `&mut self` excludes every other slice.
                let mut data = unsafe { umem.data_mut(&mut descs[buffer as usize]) };
                let bytes = data.contents_mut();
                let (start, len) = (bytes.as_mut_ptr(), bytes.len());
                // SAFETY: the same slice, for as long as `self` is borrowed; the library's type ends its own borrow
                // too early. The region stays mapped as long as `umem`, which `self` owns.
                unsafe { slice::from_raw_parts_mut(start, len) }
            }
        }
    }

    /// Copies bytes between two buffers that the kernel does not have. `false` when they do not lie within both.
    pub(super) fn copy(&mut self, from: u32, to: u32, bytes: Range<usize>) -> bool {
        assert!(from != to && from < self.count && to < self.count);
        if bytes.start > bytes.end || bytes.end > self.size {
            return false;
        }
        if let Kind::Heap(all) = &mut self.kind {
            let base = from as usize * self.size;
            all.copy_within(base + bytes.start..base + bytes.end, to as usize * self.size + bytes.start);
            return true;
        }
        let Some(source) = self.bytes(from).get(bytes.clone()) else { return false };
        let (source, len) = (source.as_ptr(), source.len());
        let Some(target) = self.bytes_mut(to).get_mut(bytes) else { return false };
        // SAFETY: `len` bytes are valid at both places, and different buffers do not overlap.
        unsafe { ptr::copy_nonoverlapping(source, target.as_mut_ptr(), len) };
        true
    }

    /// Which buffer a descriptor of the kernel's lies in; remembers where its packet starts. The buffer must be one
    /// that the kernel has just given back.
    pub(super) fn note(&mut self, mut desc: FrameDesc) -> Option<u32> {
        let Kind::Shared { umem, descs, .. } = &mut self.kind else { return None };
        let buffer = u32::try_from(desc.addr() >> self.shift).ok()?;
        let place = descs.get_mut(buffer as usize)?;
        // SAFETY: the address was just found to lie in a buffer of this UMEM; only the descriptor is written. The
        // cursor stops at the buffer's end.
        unsafe { umem.data_mut(&mut desc) }.cursor().set_pos(usize::MAX);
        *place = desc;
        Some(buffer)
    }

    /// The kernel's description of a whole buffer.
    pub(super) fn desc(&self, buffer: u32) -> Option<FrameDesc> {
        match &self.kind {
            Kind::Heap(_) => None,
            Kind::Shared { descs, .. } => descs.get(buffer as usize).copied(),
        }
    }

    /// The kernel's description of a packet of `len` bytes.
    pub(super) fn desc_of(&mut self, buffer: u32, len: u16) -> Option<FrameDesc> {
        let Kind::Shared { umem, descs, .. } = &mut self.kind else { return None };
        let mut desc = *descs.get(buffer as usize)?;
        // SAFETY: the descriptor is of this UMEM and no slice of it is alive; only its length is written.
        unsafe { umem.data_mut(&mut desc) }.cursor().set_pos(usize::from(len));
        Some(desc)
    }
}

/// An error with everything it stems from.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
