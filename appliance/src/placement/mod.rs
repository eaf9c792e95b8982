//! Which ports and which path carry which flow.

mod ports;
mod sockets;

pub use ports::{PortMap, PortMask};
pub use sockets::{PortUse, Ports};
