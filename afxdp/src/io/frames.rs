use super::umem::Memory;
use super::{Place, Pool};
use std::ops::Range;

/// The buffers of one worker, and where each of them is.
#[derive(Debug)]
pub struct Frames {
    pool: Pool,
    memory: Memory,
}

impl Frames {
    /// Buffers in ordinary memory, for rings without a NIC. `size` is that of one buffer in bytes.
    pub fn in_memory(count: u32, size: usize) -> Frames {
        Frames::new(Memory::heap(count, size))
    }

    pub(super) fn new(memory: Memory) -> Frames {
        Frames { pool: Pool::new(memory.count()), memory }
    }

    /// Where the buffers are.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Takes a free buffer to another place.
    pub fn take(&mut self, to: Place) -> Option<u32> {
        self.pool.take(to)
    }

    /// Moves a buffer; `false`, and nothing is done, when it is not at `from`.
    pub fn shift(&mut self, buffer: u32, from: Place, to: Place) -> bool {
        self.pool.shift(buffer, from, to)
    }

    /// Gives a held buffer back; `false` when it is not held.
    pub fn give_back(&mut self, buffer: u32) -> bool {
        self.pool.shift(buffer, Place::Held, Place::Free)
    }

    /// True when the buffers lie on huge pages.
    pub fn on_huge_pages(&self) -> bool {
        self.memory.huge_pages()
    }

    /// The most bytes a packet can have.
    pub fn size(&self) -> usize {
        self.memory.size()
    }

    /// The bytes of a held buffer, from its packet's first to the end of the buffer; none of one that is not held.
    pub fn bytes(&self, buffer: u32) -> &[u8] {
        match self.pool.place(buffer) {
            Some(Place::Held) => self.memory.bytes(buffer),
            _ => &[],
        }
    }

    /// Has the processor fetch the headers in a held buffer, so that those of a batch are waited for together.
    pub fn prefetch(&self, buffer: u32) {
        if self.pool.place(buffer) == Some(Place::Held) {
            self.memory.prefetch(buffer);
        }
    }

    /// The bytes of a held buffer, to change; none of one that is not held.
    pub fn bytes_mut(&mut self, buffer: u32) -> &mut [u8] {
        match self.pool.place(buffer) {
            Some(Place::Held) => self.memory.bytes_mut(buffer),
            _ => &mut [],
        }
    }

    /// Copies bytes of one held buffer to the same place in another. `false`, and nothing is done, unless both are
    /// held and the bytes lie within them.
    pub fn copy(&mut self, from: u32, to: u32, bytes: Range<usize>) -> bool {
        let held = |buffer| self.pool.place(buffer) == Some(Place::Held);
        from != to && held(from) && held(to) && self.memory.copy(from, to, bytes)
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(super) fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }
}
