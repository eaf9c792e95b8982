//! Behaviour scripts, played against a daemon and compared with stored transcripts.
//!
//! A script (`tests/oracle/*.toml`) asks; a transcript (`tests/ng/transcripts/NAME.txt`) says what a real rtpengine
//! answered, with everything that differs from run to run replaced by names. Where we answer differently on purpose,
//! `NAME.ours.txt` says what we answer and `appliance/docs/differences.md` why. Scripts that need something this build
//! does not have stand in `tests/ng/not-yet.toml`, with the reason.
//!
//! The rooms, in the order things happen: [`shelf`] finds the files, [`script`] reads one, [`Stand`] is a namespace with
//! a daemon, [`play`] plays a script there with [`phones`] as its clients and [`normal`] to take out what is random,
//! [`transcript`] is what comes of it, [`lanes`] does many at a time, and [`verdict`] says what to make of the result.
//!
//! What is not here: SDP, ng or RTP code of the product. What there is comes from `lab`, or is this crate's own.

pub mod captures;
mod error;
pub mod lanes;
pub mod normal;
pub mod packets;
pub mod paths;
pub mod phones;
mod play;
mod render;
pub mod script;
pub mod shelf;
mod stand;
pub mod toml_order;
pub mod transcript;
pub mod verdict;

pub use error::{Error, Result};
pub use play::play;
pub use stand::Stand;
