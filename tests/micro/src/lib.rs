//! What small parts cost, each by itself: instructions, counted by valgrind and compared with those kept in the tree
//! ([`counts`]), and time (`cargo bench -p micro`); and what waiting for memory costs with very many flows ([`pace`]).
//!
//! [`cases`] are the parts: an ng message, an offer with its answer, a packet under each kind of recipe, a packet of one of
//! many flows, a burst through rings. Not here: whole daemons and wires, which `tests/bench` measures.
#![forbid(unsafe_code)]

pub mod cases;
pub mod counts;
mod error;
pub mod pace;

pub use error::MicroError;
