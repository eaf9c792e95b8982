use flow::{Buffers, Frame};

/// Bytes of a buffer: the longest packet of a script and what sealing adds.
const SIZE: usize = 640;

/// Buffers, and which of them are free.
pub(super) struct Pool {
    bytes: Vec<[u8; SIZE]>,
    free: Vec<u32>,
}

impl Pool {
    pub(super) fn new(count: u32) -> Pool {
        Pool { bytes: vec![[0; SIZE]; count as usize], free: (0..count).collect() }
    }

    /// A frame with this payload.
    pub(super) fn fill(&mut self, frame: Frame, payload: &[u8]) -> Frame {
        let buffer = self.free.pop().expect("as many buffers as frames");
        self.bytes[buffer as usize][..payload.len()].copy_from_slice(payload);
        Frame { buffer, start: 0, len: payload.len() as u16, ..frame }
    }

    pub(super) fn give(&mut self, buffer: u32) {
        assert!(!self.free.contains(&buffer), "buffer {buffer} was given back twice");
        self.free.push(buffer);
    }

    pub(super) fn is_whole(&self) -> bool {
        self.free.len() == self.bytes.len()
    }
}

impl Buffers for Pool {
    fn payload(&self, frame: &Frame) -> &[u8] {
        &self.bytes[frame.buffer as usize][..usize::from(frame.len)]
    }

    fn payload_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.bytes[frame.buffer as usize][..usize::from(frame.len)]
    }

    fn room_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.bytes[frame.buffer as usize]
    }

    fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        let buffer = self.free.pop()?;
        self.bytes[buffer as usize] = self.bytes[frame.buffer as usize];
        Some(Frame { buffer, ..*frame })
    }
}
