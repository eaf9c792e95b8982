use super::{Frames, Packet, Place, Rings};
use std::collections::VecDeque;

/// A NIC queue without a NIC: what is put in arrives, what is sent can be taken out. For the packet path where there
/// is no privilege, and for tests of its every corner.
#[derive(Debug)]
pub struct MemoryQueue {
    number: u8,
    ifindex: u32,
    capacity: usize,
    /// At most so many packets are sent per kick.
    pub per_kick: usize,
    filled: VecDeque<u32>,
    arriving: VecDeque<Vec<u8>>,
    sending: VecDeque<Packet>,
    kicked: usize,
    sent: VecDeque<Vec<u8>>,
    /// Packets that found no buffer to be received into.
    pub starved: usize,
}

impl MemoryQueue {
    /// Queue `number` of its worker, of interface `ifindex`, with rings of `capacity` entries.
    pub fn new(number: u8, ifindex: u32, capacity: usize) -> MemoryQueue {
        MemoryQueue {
            number,
            ifindex,
            capacity,
            per_kick: capacity,
            filled: VecDeque::new(),
            arriving: VecDeque::new(),
            sending: VecDeque::new(),
            kicked: 0,
            sent: VecDeque::new(),
            starved: 0,
        }
    }

    /// A packet arrives.
    pub fn arrive(&mut self, packet: Vec<u8>) {
        self.arriving.push_back(packet);
    }

    /// What has been sent since the last call.
    pub fn take_sent(&mut self) -> Vec<Vec<u8>> {
        self.sent.drain(..).collect()
    }
}

impl Rings for MemoryQueue {
    fn ifindex(&self) -> u32 {
        self.ifindex
    }

    fn receive(&mut self, frames: &mut Frames, max: usize, into: &mut Vec<Packet>) {
        for _ in 0..max {
            let Some(bytes) = self.arriving.pop_front() else { break };
            let Some(buffer) = self.filled.pop_front() else {
                self.starved += 1;
                continue;
            };
            frames.shift(buffer, Place::Filling(self.number), Place::Held);
            match frames.bytes_mut(buffer).get_mut(..bytes.len()) {
                Some(room) => {
                    room.copy_from_slice(&bytes);
                    into.push(Packet { buffer, len: bytes.len() as u16 });
                }
                None => {
                    frames.give_back(buffer);
                }
            }
        }
    }

    fn refill(&mut self, frames: &mut Frames) {
        while self.filled.len() < self.capacity {
            let Some(buffer) = frames.take(Place::Filling(self.number)) else { break };
            self.filled.push_back(buffer);
        }
    }

    fn send(&mut self, frames: &mut Frames, packets: &[Packet]) -> usize {
        let count = packets.len().min(self.capacity - self.sending.len());
        for packet in &packets[..count] {
            let bytes = frames.bytes(packet.buffer);
            self.sent.extend(bytes.get(..usize::from(packet.len)).map(<[u8]>::to_vec));
            frames.shift(packet.buffer, Place::Held, Place::Sending(self.number));
            self.sending.push_back(*packet);
        }
        count
    }

    fn reap(&mut self, frames: &mut Frames) {
        for _ in 0..self.kicked.min(self.sending.len()) {
            if let Some(packet) = self.sending.pop_front() {
                frames.shift(packet.buffer, Place::Sending(self.number), Place::Free);
            }
        }
        self.kicked = 0;
    }

    fn kick(&mut self) {
        self.kicked = self.per_kick;
    }
}
