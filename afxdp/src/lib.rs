//! AF_XDP: the fast path on dedicated NIC queues.
//!
//! An XDP program ([`steer`]) looks at every packet of the NICs given to us. Pure rewriting it does itself (the
//! *driver tier*, a [`flow::FlowTable`]); packets of richer flows go to the socket of their receive queue, where a
//! pinned worker takes them in bursts ([`XskIo`], a [`flow::PacketIo`]); everything else goes up the kernel's stack.
//!
//! | room | job |
//! |---|---|
//! | [`steer`] | the program, its maps, the driver tier's flow table |
//! | [`io`] | frames, rings, bursts, departures |
//! | [`hops`] | routes and neighbours from netlink: where a packet goes next |
//! | [`egress`] | which NICs take frames from the program |
//! | [`nic`] | queues, receive steering, interrupt settings; restored on exit |
//! | [`lookup`] | no AF_XDP, but BPF too: the program that lets many ports share one socket |
//!
//! What is not here: calls, learning, timeouts, threads. The crate names `flow` and `wire` and no other room.
//! Unsafe code stands in `sys`, `io/umem.rs` and `io/xsk.rs` only.

pub mod egress;
mod error;
pub mod fuzz;
pub mod hops;
pub mod io;
pub mod lookup;
mod netlink;
pub mod nic;
mod retry;
pub mod steer;
mod sys;

pub use error::Error;
pub use hops::{Hop, Hops, NoHop};
pub use io::XskIo;
pub use steer::{DriverTable, WorkerFlow};
