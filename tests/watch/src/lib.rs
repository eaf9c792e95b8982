//! What an operator watches: a call that talks and reports, a page of metrics, a Prometheus that reads it.

mod page;
mod pcap;
mod prometheus;
mod scene;
mod specification;
mod terminal;

pub use page::{Metric, Page};
pub use pcap::{Packet, Pcap, files, until};
pub use prometheus::Prometheus;
pub use scene::{Scene, get};
pub use specification::{Figure, Specification};
pub use terminal::Terminal;

use std::time::Duration;

/// Longest wait for anything; the machine may be slow and busy.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Where the daemon serves HTTP inside its namespace.
pub const HTTP: &str = "127.0.0.1:2225";

/// The text of a file of the repository.
///
/// # Panics
/// When it is not there.
pub fn repository(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
