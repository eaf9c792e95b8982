//! Media ports without a socket each: one socket per packet thread, a program that chooses it, and what makes sure that
//! nobody else has the ports meanwhile.

mod claim;
mod foreign;
mod open;
mod reserve;
mod socket_list;

pub use claim::{Claimed, Claims, Overlap};
pub(super) use open::SharedPorts;
pub use open::{Manner, Plan};
pub use socket_list::{BoundSocket, bound_sockets};
