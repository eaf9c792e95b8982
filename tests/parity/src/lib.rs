//! One list of scenarios, packets in and packets out, that every way to move packets must play.
//!
//! A [`Scenario`] is data: a call, the packets its parties send, and for each of them which bytes must arrive where and
//! from which of our ports. A [`Datapath`] is a way to move packets; [`play`] runs a scenario over one and says what was
//! different. Offload is a placement, never a feature: the list does not know who carries the packets out, and a path
//! that cannot do something says so ([`Datapath::lacks`]) instead of having a list of its own.
//!
//! * [`Memory`]: the engine alone, its packets in memory, its clock a number. No root, no sockets.
//! * [`Relay`]: the whole daemon in a namespace, told by ng, its flows placed as [`Placement`] says. With `LAB_RELAY` the
//!   same list is played to somebody else's daemon, which is how the list itself was checked.
//!
//! Scenarios are written in clear. Where a party has a key, what it sends is sealed, and what it is sent must be what its
//! relay has to send, byte for byte: it is opened, and sealed again for the comparison ([`phones`]).
//!
//! Packets are built here with code of its own ([`packet`]), so that a mistake of the product cannot hide itself.

mod datapath;
mod ends;
mod memory;
pub mod packet;
mod phones;
mod play;
mod relay;
mod scenario;
pub mod scenarios;

pub use datapath::{Counts, Datapath, Session};
pub use ends::{Arrival, End, Lane, Party, Place, Port, Target};
pub use memory::Memory;
pub use play::{Rhythm, play};
pub use relay::{Placement, Relay, Sockets};
pub use scenario::{
    CallShape, Gate, Learning, LegShape, Media, Packet, Rewrite, Scenario, Sealing, Signal, Step, Told,
};
