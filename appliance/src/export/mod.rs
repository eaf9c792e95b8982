//! Global statistics for whoever asks: the `statistics` command, the control tool, Prometheus.

mod commands;
mod metrics;
mod statistics;

pub use metrics::metrics;
pub use statistics::statistics;
