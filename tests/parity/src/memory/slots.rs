use flow::{Buffers, Frame};

/// Room behind each packet, for one that grows.
const ROOM: usize = 64;

/// Buffers of frames, little larger than their packets, and which of them are free.
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
        self.bytes[buffer as usize] = [bytes, &[0; ROOM]].concat();
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

    fn room_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.bytes[frame.buffer as usize][usize::from(frame.start)..]
    }

    fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        let buffer = self.free.pop()?;
        self.bytes[buffer as usize] = self.bytes[frame.buffer as usize].clone();
        Some(Frame { buffer, ..*frame })
    }
}
