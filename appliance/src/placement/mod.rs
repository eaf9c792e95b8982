//! Which ports and which path carry which flow.

#[cfg(feature = "appliance")]
pub mod appliance;
mod fast;
mod learner;
mod paths;
mod ports;
mod shared;
mod sockets;

pub use fast::{FastPath, Finding, Leaving, Stable, TablePath};
pub use learner::Learner;
pub use paths::{Moves, Paths};
pub use ports::{PortMap, PortMask};
pub use shared::{BoundSocket, Claimed, Claims, Manner, Overlap, Plan, bound_sockets};
pub use sockets::{PortUse, Ports};
