//! Calls come and go on fast paths, are re-INVITEd, and lose their link now and then, for as long as one likes.
//!
//! By hand, as root: `cargo run --release -p soak -- 1800`. A short form is among the tests. And very many calls at once:
//! `cargo run --release -p soak -- crowd 50000 2000`.

mod crowd;
mod found;
mod pipeline;
mod round;
mod soak;

pub use crowd::Crowd;
pub use found::Found;
pub use soak::{Progress, Summary, soak};
