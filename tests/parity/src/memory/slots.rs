use flow::{Buffers, Frame};

/// Buffers of frames, as large as their packets, and which of them are free.
#[derive(Debug)]
pub(super) struct Slots {
    bytes: Vec<Vec<u8>>,
    free: Vec<u32>,
}

impl Slots {
    pub(super) fn new(count: u32) -> Slots {
        Slots { bytes: vec![Vec::new(); count as usize], free: (0..count).rev().collect() }
    }

    /// Puts a packet into a free buffer.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Option<u32> {
        let buffer = self.free.pop()?;
        self.bytes[buffer as usize] = bytes.to_vec();
        Some(buffer)
    }

    /// Takes the buffer of a frame back.
    ///
    /// # Panics
    /// If it is free already: a frame ended twice.
    pub(super) fn give(&mut self, frame: &Frame) {
        assert!(!self.free.contains(&frame.buffer), "buffer {} was given back twice", frame.buffer);
        self.free.push(frame.buffer);
    }

    /// True when every buffer is free.
    pub(super) fn whole(&self) -> bool {
        self.free.len() == self.bytes.len()
    }
}

impl Buffers for Slots {
    fn payload(&self, frame: &Frame) -> &[u8] {
        &self.bytes[frame.buffer as usize][usize::from(frame.start)..][..usize::from(frame.len)]
    }

    fn payload_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.bytes[frame.buffer as usize][usize::from(frame.start)..][..usize::from(frame.len)]
    }

    fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        let bytes = self.bytes[frame.buffer as usize].clone();
        Some(Frame { buffer: self.put(&bytes)?, ..*frame })
    }
}
