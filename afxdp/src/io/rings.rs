use super::Frames;

/// A packet, Ethernet header first, at the start of its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Number of the buffer.
    pub buffer: u32,
    /// Its length in bytes.
    pub len: u16,
}

/// The rings of one NIC queue. Each method moves buffers between the places that [`super::Pool`] knows.
pub trait Rings {
    /// The interface of this queue.
    fn ifindex(&self) -> u32;
    /// Takes at most `max` packets that have arrived; their buffers are then held.
    fn receive(&mut self, frames: &mut Frames, max: usize, into: &mut Vec<Packet>);
    /// Gives free buffers to the receive side until it has as many as it can hold.
    fn refill(&mut self, frames: &mut Frames);
    /// Hands over held packets to be sent. Returns how many of the first were taken; the others are still held.
    fn send(&mut self, frames: &mut Frames, packets: &[Packet]) -> usize;
    /// Takes back the buffers of packets that have been sent.
    fn reap(&mut self, frames: &mut Frames);
    /// Tells the kernel that there is something to send, when it needs to be told.
    fn kick(&mut self);
}
