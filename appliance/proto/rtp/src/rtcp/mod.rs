//! RTCP (RFC 3550 §6): a walker over compound packets, views of the packets in them, and a writer of reports.

mod packet;
mod report;
mod retain;
#[cfg(test)]
mod tests;
mod walk;
mod write;

pub use packet::{Header, Packet, Type};
pub use report::{ReportBlock, SenderInfo};
pub use retain::retain;
pub use walk::{MAX_PACKETS, walk};
pub use write::Report;
