//! The detector of one-way audio: it looks at the counters of calls that are up, and says who is not heard, since when
//! and why, while it happens.
//!
//! A *direction* is from the audio section of one party to that of another. It is judged by what has been counted
//! between two looks. A look costs a copy of the counters of the calls looked at, so their number per second is bounded:
//! with very many calls each is looked at less often.

mod cause;
mod detector;
mod direction;
mod look;

pub use cause::Cause;
pub use detector::{OneWay, Watch};
pub use direction::{Counts, Ends, judge};
