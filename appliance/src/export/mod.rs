//! Global statistics for whoever asks: the `statistics` command, the control tool, Prometheus.

mod commands;
mod homer;
mod metrics;
mod statistics;

pub use homer::{Capture, Homer, HomerError, Protocol, Sent, report};
pub use metrics::metrics;
pub use statistics::statistics;
