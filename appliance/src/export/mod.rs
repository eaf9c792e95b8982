//! Global statistics for whoever asks: the `statistics` command, the control tool, Prometheus.

mod commands;
mod graphite;
mod homer;
mod metrics;
mod statistics;

pub use graphite::{Graphite, GraphiteError};
pub use homer::{Capture, Homer, HomerError, Protocol, Sent, report};
pub use metrics::metrics;
pub use statistics::statistics;
