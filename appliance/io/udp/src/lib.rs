//! Bursts of packets over UDP sockets: a bound socket for each port, or one for all ports of a thread.
//!
//! [`PortSocket`] is a port that was bound (by the control side, so that errors can be answered). [`SharedSockets`] are
//! those of a packet thread whose ports have none: which are open says a [`PortTable`], which a program in the kernel
//! reads. [`UdpIo`] receives and sends for one thread, either way. What is not here: the program, flows, threads, clocks,
//! logs. All `unsafe` is in `sys.rs` and its folder.

mod bind;
mod header;
mod io;
mod pool;
mod shared;
mod sys;
mod table;

pub use bind::{BindError, PortSocket, SocketBuffers, find_address, namespace_cookie};
pub use io::{Door, UdpIo};
pub use shared::{Returned, SharedSockets};
pub use sys::{Batch, Leaving};
pub use table::PortTable;
