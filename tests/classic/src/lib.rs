//! Classic mode: the daemon with the kernel module, as its operators know it.
//!
//! The tests need a kernel with the module, so they run in guests (`tests/vm/run`); elsewhere they skip. Every test has
//! a table of the number it likes: they run one after the other.
//!
//! What is not here: packets through the module without a daemon (`compat-procfs/tests/guest`).

mod host;
mod proc;

pub use host::{Host, placed, udp_delivered};
pub use proc::{Status, list, say, stats, status, tables, targets};

use std::time::Duration;

/// How long after it was due something may come. Guests are emulated and slow; nothing here is about speed.
pub const PATIENCE: Duration = Duration::from_secs(20);
