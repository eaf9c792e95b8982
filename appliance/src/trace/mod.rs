//! Calls whose packets are copied for an operator.
//!
//! A traced call goes on as before. Its flows carry a mark; the engines of its packet thread copy every packet of theirs
//! to a tape: what arrives after it was opened, what leaves before it is sealed. Flows that packet threads take from NIC
//! queues stay there. The XDP program and the kernel module copy nothing, so they hand theirs over in the way that any flow changes
//! its path, without a loss, and get them back when the trace is over.

mod copy;
mod traces;

pub use copy::Copy;
pub use traces::{Begun, Piece, Refused, Traces};
