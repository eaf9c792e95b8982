//! Calls come and go on fast paths, are re-INVITEd, and lose their link now and then, for as long as one likes.
//!
//! By hand, as root: `cargo run --release -p soak -- 1800`. A short form is among the tests.

mod round;
mod soak;

pub use soak::{Progress, Summary, soak};
