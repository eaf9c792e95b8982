//! Figures for Graphite, under the names that rtpengine gives them.

mod page;
mod report;
mod sender;
#[cfg(test)]
mod tests;

pub use report::Graphite;
pub use sender::GraphiteError;
