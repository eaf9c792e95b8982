//! Frames, rings, bursts: the worker's side of the fast path.
//!
//! [`Pool`] says where every buffer is and never lets one be in two places; [`Frames`] is the memory behind it.
//! [`Rings`] are the four rings of one NIC queue: [`XskQueue`] in the kernel's form, [`MemoryQueue`] without any
//! NIC. [`XskIo`] puts one UMEM and all queues of one worker together as a [`flow::PacketIo`].

mod burst;
mod exits;
mod frames;
mod memory;
mod open;
mod pool;
mod rings;
mod summed;
mod umem;
mod xsk;

pub use burst::{IoCounters, XskIo};
pub use frames::Frames;
pub use memory::MemoryQueue;
pub use open::{Opened, Options, Place as QueuePlace, open};
pub use pool::{Place, Pool};
pub use rings::{Packet, Rings};
pub use xsk::{Mode, QueueCounters, XskQueue};
