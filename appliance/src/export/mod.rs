//! Global statistics for whoever asks: the `statistics` command, the control tool, monitoring.

mod commands;
mod statistics;

pub use statistics::statistics;
