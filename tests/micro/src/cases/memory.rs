use flow::{Buffers, Frame};

/// Room for one packet.
const SIZE: usize = 256;

/// Buffers without a backend: the n-th frame of a burst has the n-th.
#[derive(Debug)]
pub(super) struct Memory(Vec<[u8; SIZE]>);

impl Memory {
    pub(super) fn new(count: usize) -> Memory {
        Memory(vec![[0; SIZE]; count])
    }

    /// Puts a packet there.
    pub(super) fn fill(&mut self, buffer: u32, bytes: &[u8]) {
        self.0[buffer as usize][..bytes.len()].copy_from_slice(bytes);
    }
}

impl Buffers for Memory {
    fn payload(&self, frame: &Frame) -> &[u8] {
        &self.0[frame.buffer as usize][..usize::from(frame.len)]
    }

    fn payload_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.0[frame.buffer as usize][..usize::from(frame.len)]
    }

    fn room_mut(&mut self, frame: &Frame) -> &mut [u8] {
        &mut self.0[frame.buffer as usize]
    }

    fn copy(&mut self, _frame: &Frame) -> Option<Frame> {
        None
    }
}
