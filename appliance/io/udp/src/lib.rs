//! Bursts of packets over ordinary UDP sockets, one bound socket per port.
//!
//! [`PortSocket`] is a port that was bound (by the control side, so that errors can be answered); [`UdpIo`] receives
//! and sends for many of them on one thread. What is not here: flows, threads, clocks, logs. All `unsafe` is in
//! `sys.rs`.

mod bind;
mod io;
mod pool;
mod sys;

pub use bind::{BindError, PortSocket, SocketBuffers};
pub use io::{Door, UdpIo};
