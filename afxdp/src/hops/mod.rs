//! Where a packet goes next: routes, neighbours, links and addresses, kept current by netlink.
//!
//! [`View`] is what the kernel has told us, pure and testable; [`NetlinkHops`] asks the kernel for routes, listens to
//! its events, and keeps the answers that are in use right.

mod fact;
mod hop;
mod kernel;
mod view;

pub use fact::{Fact, LinkFacts, NeighbourFacts};
pub use hop::{FixedHops, Hop, Hops, NoHop};
pub use kernel::NetlinkHops;
pub use view::{Answer, Concern, Route, View};
