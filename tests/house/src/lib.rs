//! Tests of the house itself: who names whom, room sizes, unsafe inventory.
//!
//! Each module is one rule: data at the top, a checker that takes what it checks as arguments and returns what is
//! wrong, and tests that the checker notices a bad sample. `tests/house.rs` lets them loose on the real tree.

pub mod docs;
pub mod floors;
pub mod licences;
pub mod named;
pub mod rooms;
pub mod source;
pub mod top;
pub mod tree;
pub mod unsafety;
