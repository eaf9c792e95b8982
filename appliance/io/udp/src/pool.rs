use flow::Frame;
use std::ops::Range;

/// Bytes of a buffer for payload. A UDP payload that does not fit is dropped as too long.
pub(crate) const BUFFER: usize = 4096 + 64;
/// Bytes before them, for headers.
pub(crate) const HEAD: usize = 128;
/// From one buffer to the next. An odd number of cache lines: the headers of all buffers would share a few of their places.
const STRIDE: usize = HEAD + BUFFER;

/// Buffers of equal size in one allocation, and which of them are free.
#[derive(Debug)]
pub(crate) struct Pool {
    bytes: Box<[u8]>,
    free: Vec<u32>,
}

impl Pool {
    pub(crate) fn new(count: usize) -> Pool {
        Pool { bytes: vec![0; count * STRIDE].into_boxed_slice(), free: (0..count as u32).rev().collect() }
    }

    fn range(frame: &Frame) -> Range<usize> {
        let start = frame.buffer as usize * STRIDE + usize::from(frame.start);
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

    /// All buffers side by side; the payload of each starts where [`Pool::start`] says.
    pub(crate) fn memory(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Where in [`Pool::memory`] the [`BUFFER`] bytes for the payload of a buffer start.
    pub(crate) fn start(buffer: u32) -> usize {
        buffer as usize * STRIDE + HEAD
    }

    pub(crate) fn buffer_mut(&mut self, buffer: u32) -> &mut [u8] {
        let start = Self::start(buffer);
        &mut self.bytes[start..start + BUFFER]
    }

    /// The payload and as many bytes before it; `None` if there are not so many.
    pub(crate) fn headed(&self, frame: &Frame, header: usize) -> Option<&[u8]> {
        let start = usize::from(frame.start).checked_sub(header)?;
        let end = usize::from(frame.start) + usize::from(frame.len);
        let buffer = frame.buffer as usize * STRIDE;
        self.bytes.get(buffer + start..buffer + end)
    }

    /// Like [`Pool::headed`], to be written.
    pub(crate) fn headed_mut(&mut self, frame: &Frame, header: usize) -> Option<&mut [u8]> {
        let start = usize::from(frame.start).checked_sub(header)?;
        let end = usize::from(frame.start) + usize::from(frame.len);
        let buffer = frame.buffer as usize * STRIDE;
        self.bytes.get_mut(buffer + start..buffer + end)
    }

    pub(crate) fn payload(&self, frame: &Frame) -> &[u8] {
        &self.bytes[Self::range(frame)]
    }

    pub(crate) fn payload_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.bytes[Self::range(frame)]
    }

    pub(crate) fn room_mut(&mut self, frame: &Frame) -> &mut [u8] {
        let start = Self::range(frame).start;
        let end = (frame.buffer as usize + 1) * STRIDE;
        &mut self.bytes[start..end]
    }

    pub(crate) fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        let copy = Frame { buffer: self.take()?, ..*frame };
        let target = Self::range(&copy).start;
        self.bytes.copy_within(Self::range(frame), target);
        Some(copy)
    }
}
