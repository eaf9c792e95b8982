//! Per-packet work on a burst: classify, look up, open, learn, rewrite, seal, fan out.
//!
//! One [`Engine`] belongs to one worker thread. The worker applies changes between bursts and calls, per burst,
//! [`Engine::run`] (decides about every frame), the backend's `finish` (sends), and [`Engine::settle`] (counts how the
//! frames ended). What is not here: sockets, rings, threads, clocks, calls. Nothing in `run` and `settle` allocates.
#![forbid(unsafe_code)]

mod addresses;
mod apply;
mod arrive;
mod classify;
mod engine;
mod flow;
mod forward;
pub mod fuzz;
mod learn;
mod overheard;
mod part;
mod reel;
mod sent;
mod sessions;
mod settle;
mod ssrc;
mod table;
mod tags;
mod tape;
#[cfg(test)]
mod tests;
mod totals;
mod warm;

pub use addresses::AddressTraffic;
pub use apply::Applied;
pub use engine::Engine;
pub use overheard::{Overheard, Rtcp};
pub use reel::{REEL, Wound, wound};
pub use ssrc::MAX_SSRCS;
pub use tape::{Copied, Passing, TAPE, copies};
pub use totals::Totals;
