//! Measures ways to relay packets side by side: what a packet costs, how many go through, how long they take.
//!
//! A [`Stage`] is one subject, ready to relay: three namespaces, the relay on a core of its own, calls set up over ng.
//! [`Traffic`] are the two ends: packets made by an XDP program in the kernel, so that they come to the relay as from a
//! driver, and an XDP program that judges and drops them. A [`Sample`] is one measurement; [`campaign`] takes them in
//! turns and [`report`] makes a table and a verdict of them; [`control`] is about calls instead of packets, [`suite`] is
//! everything at once, and [`plot`] draws it. [`paths`] counts instructions, in a guest.
//!
//! What is not here: tests of what the relay does. Every packet is checked, but only to know that the figures are of
//! packets that were relayed.

pub mod bare;
mod calls;
pub mod campaign;
pub mod control;
mod cpu;
mod error;
pub mod l2fwd;
mod machine;
pub mod paths;
pub mod plot;
mod probe;
mod profile;
pub mod program;
mod proxy;
pub mod report;
mod stage;
pub mod suite;
mod traffic;
pub mod udpfwd;
pub mod xdpfwd;

pub use error::BenchError;
pub use probe::{Load, Sample, highest};
pub use profile::{Profile, Role, Subject};
pub use stage::Stage;
pub use traffic::{Counts, Traffic};
