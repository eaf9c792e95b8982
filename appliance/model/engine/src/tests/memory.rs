use flow::{Buffers, Frame};

/// Buffers in memory. Copying takes none from the allocator.
#[derive(Debug)]
pub(crate) struct Memory {
    buffers: Vec<[u8; 512]>,
    free: Vec<u32>,
}

impl Memory {
    pub(crate) fn new(count: u32) -> Memory {
        Memory { buffers: vec![[0; 512]; count as usize], free: (0..count).collect() }
    }

    pub(crate) fn free(&self) -> usize {
        self.free.len()
    }

    /// A frame that holds `bytes`.
    pub(crate) fn fill(&mut self, frame: Frame, bytes: &[u8]) -> Option<Frame> {
        let buffer = self.free.pop()?;
        self.buffers[buffer as usize][..bytes.len()].copy_from_slice(bytes);
        Some(Frame { buffer, start: 0, len: bytes.len() as u16, ..frame })
    }

    pub(crate) fn give(&mut self, frame: &Frame) {
        assert!(!self.free.contains(&frame.buffer), "a buffer was given back twice");
        self.free.push(frame.buffer);
    }
}

impl Buffers for Memory {
    fn payload(&self, frame: &Frame) -> &[u8] {
        &self.buffers[frame.buffer as usize][..usize::from(frame.len)]
    }

    fn payload_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.buffers[frame.buffer as usize][..usize::from(frame.len)]
    }

    fn room_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.buffers[frame.buffer as usize]
    }

    fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        let buffer = self.free.pop()?;
        self.buffers[buffer as usize] = self.buffers[frame.buffer as usize];
        Some(Frame { buffer, ..*frame })
    }
}
