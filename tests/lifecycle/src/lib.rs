//! Start, stop, limits, timeouts, ports: the daemon as its operator knows it.
//!
//! Here is only what several of the tests below `tests/` ask of a daemon; each file there is one subject.

mod ended;
mod figures;
mod text;

pub use ended::{Ended, ended};
pub use figures::Figures;
pub use text::line;

use std::time::Duration;

/// How long after it was due a packet, a reply or a line in the log may come. Nothing here is about speed.
pub const PATIENCE: Duration = Duration::from_secs(5);
