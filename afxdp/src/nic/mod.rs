//! The queues of a NIC: how many, which packets go to which, and how its interrupts behave.
//!
//! [`NicFacts`] is what a NIC can do, [`Plan`] what must change so that worker *i* has queue *i* of it, [`Restore`]
//! how everything is put back. The plan is pure; [`Nic`] carries it out. It must be carried out before sockets are
//! bound: a driver does not change queues that are in use.

mod apply;
mod attributes;
mod facts;
mod plan;
mod restore;
mod rules;
mod xdp;

pub use apply::Nic;
pub use facts::{Channels, NicFacts};
pub use plan::{Deferral, Plan, Refusal, Share, Step, Wish};
pub use restore::{Restore, RestoreError, Undo};
pub use rules::{PortRule, port_rules};
pub use xdp::{XdpFacts, XdpFeatures};
