//! The fast path of mode `appliance`: the XDP program on the NICs, and the AF_XDP sides of the packet threads.
//!
//! A flow that the program can carry out by itself (the *driver tier*) costs no polling core, so that is tried first. What
//! is left goes to the packet thread of the queue it arrives at (the *worker tier*): every thread gets the flow, and the
//! program redirects its packets to the socket of their queue.

mod farewell;
mod look;
mod open;
mod path;
mod pulse;
mod workers;

pub use open::{Nic, Obtained, OpenError, Options};
pub use path::{Appliance, Forward};
