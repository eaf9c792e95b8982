//! The packet threads `poll-0`, `poll-1`, …: each owns sockets and an engine, takes orders from a bounded mailbox at
//! the loop boundary and tells the desk by events. Nobody reads a worker's live state; one asks for a copy.
//!
//! Waiting: a worker waits in its poll and nowhere else. A caller waits at most for the time it says.

mod ask;
mod doorbell;
#[cfg(feature = "appliance")]
mod fast;
mod hearing;
#[cfg(feature = "appliance")]
mod lane;
mod mailbox;
mod outbox;
mod poller;
mod pool;
mod post;
mod punted;
mod reels;
mod sync;
mod tape;
#[cfg(test)]
mod tests;

#[cfg(feature = "appliance")]
pub use fast::{FastOrder, Idle, Slip};
#[cfg(feature = "appliance")]
pub use lane::{Beat, Lane};
pub use pool::{Asked, Pool, PoolError, StartError};
pub use post::{OwnReport, Parcel, Post};
pub use punted::{LONGEST, Letter, Punted};
pub use reels::{Reel, Reels};
pub use tape::Copies;
