//! The daemon in mode `appliance` on veth pairs: what its fast paths promise beside the bytes.
//!
//! Here is what several of the tests below `tests/` need: a daemon whose flows go to one tier, what it says about their
//! paths, and media that flows while something happens. That every byte is the same on all paths is the subject of
//! another package, `parity`.

mod cpu;
mod live;
mod stand;
mod standing;

pub use cpu::Cpu;
pub use live::{Heard, Live, while_talking};
pub use stand::{Stand, Tier, text_interface};
pub use standing::{Standing, await_standing, standing};

use std::time::Duration;

/// How long after it was due a packet, a reply or a change of path may come. Nothing here is about speed, but where a test
/// says so.
pub const PATIENCE: Duration = Duration::from_secs(20);
