//! The two ends of the relay under test: packets made in the kernel, and what becomes of them.

mod ends;
mod layout;
mod maker;

pub use ends::Traffic;
pub(crate) use ends::{Pattern, PeerEnd, Route, Turn, Way};
pub use layout::Counts;
pub(crate) use layout::percentile;

#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    reason = "generated"
)]
mod skeleton {
    include!(concat!(env!("OUT_DIR"), "/traffic.skel.rs"));
}
