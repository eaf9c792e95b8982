//! Life of the kernel module's tables in the daemon: which are ours, what a daemon before us has left in them, the
//! firewall rules that lead to them, and what becomes of all that at the end.
//!
//! What is not here: which flow goes to the module and when. That is `placement`'s, which is given each table as a
//! [`FastPath`](crate::placement::FastPath).

mod error;
mod keeper;
mod leftovers;
mod path;
mod rules;
mod shared;
mod tables;

pub use error::Error;
pub use leftovers::EndedCall;
pub use rules::{RulesAction, act_on_rules};
pub use tables::KernelTables;

#[cfg(test)]
mod tests;
