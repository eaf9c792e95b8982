//! What goes to a HEP collector (Homer): RTCP of all calls and, if wished, ng messages.

mod hep;
mod report;
mod sender;
#[cfg(test)]
mod tests;

pub use hep::{Capture, Protocol};
pub use report::report;
pub use sender::{Homer, HomerError, Sent};
