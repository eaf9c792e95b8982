//! The NICs of mode appliance: which ones the configuration means, how their queues must be laid out, and how they
//! were before. Everything is written down before it is changed, so that a start after a crash puts it back first.

mod device;
mod error;
mod layout;
mod prepare;
mod record;
mod survey;

pub use error::Error;
pub use prepare::{PreparedNic, prepare};
pub use survey::{Surveyed, check, survey};
