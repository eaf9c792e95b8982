//! Where a packet goes next: routes, neighbours, links and addresses, kept current by netlink.

mod hop;

pub use hop::{FixedHops, Hop, Hops, NoHop};
