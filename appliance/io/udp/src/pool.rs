use flow::Frame;
use std::ops::Range;

/// Bytes per buffer. A UDP payload that does not fit is dropped as too long. Not a power of two: the headers of all
/// buffers would share a few cache lines' places.
pub(crate) const BUFFER: usize = 4096 + 64;

/// Buffers of equal size in one allocation, and which of them are free.
#[derive(Debug)]
pub(crate) struct Pool {
    bytes: Box<[u8]>,
    free: Vec<u32>,
}

impl Pool {
    pub(crate) fn new(count: usize) -> Pool {
        Pool { bytes: vec![0; count * BUFFER].into_boxed_slice(), free: (0..count as u32).rev().collect() }
    }

    fn range(frame: &Frame) -> Range<usize> {
        let start = frame.buffer as usize * BUFFER + usize::from(frame.start);
        start..start + usize::from(frame.len)
    }

    /// Takes a free buffer.
    pub(crate) fn take(&mut self) -> Option<u32> {
        self.free.pop()
    }

    /// Gives a buffer back.
    pub(crate) fn give(&mut self, buffer: u32) {
        debug_assert!(self.free.len() < self.free.capacity(), "more buffers given back than taken");
        self.free.push(buffer);
    }

    pub(crate) fn free(&self) -> usize {
        self.free.len()
    }

    /// All buffers side by side; number `n` starts at `n * BUFFER`.
    pub(crate) fn memory(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    pub(crate) fn buffer_mut(&mut self, buffer: u32) -> &mut [u8] {
        let start = buffer as usize * BUFFER;
        &mut self.bytes[start..start + BUFFER]
    }

    pub(crate) fn payload(&self, frame: &Frame) -> &[u8] {
        &self.bytes[Self::range(frame)]
    }

    pub(crate) fn payload_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.bytes[Self::range(frame)]
    }

    pub(crate) fn room_mut(&mut self, frame: &Frame) -> &mut [u8] {
        let start = Self::range(frame).start;
        let end = (frame.buffer as usize + 1) * BUFFER;
        &mut self.bytes[start..end]
    }

    pub(crate) fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        let copy = Frame { buffer: self.take()?, ..*frame };
        let target = Self::range(&copy).start;
        self.bytes.copy_within(Self::range(frame), target);
        Some(copy)
    }
}
