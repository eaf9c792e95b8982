//! The XDP program and what it is told.
//!
//! `bpf/steer.h` is the contract; [`layout`] mirrors it. [`Program`] is one load of the program, attached to one
//! NIC; all loads share the maps of [`Maps`].

mod encode;
mod layout;
mod maps;
mod places;
mod program;
mod reason;
mod report;
mod rows;
mod table;

pub use encode::WorkerFlow;
pub use maps::{Maps, Sizes};
pub use program::{Attached, AttachedMode, Program, Rehearsal};
pub use reason::SteerReason;
pub use report::Clock;
pub use table::{DriverTable, Late, Lost};

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
    include!(concat!(env!("OUT_DIR"), "/steer.skel.rs"));
}
