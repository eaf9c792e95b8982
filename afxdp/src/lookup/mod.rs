//! The program that gives the packets of our ports to the sockets of packet threads (`bpf/lookup.bpf.c`), so that a
//! port needs no socket of its own. What is not here: the sockets, and who has which port.

mod program;

pub use program::{Lookup, LookupError};

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
    include!(concat!(env!("OUT_DIR"), "/lookup.skel.rs"));
}
