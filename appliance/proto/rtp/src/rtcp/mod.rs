//! RTCP (RFC 3550 §6): a walker over compound packets and views of the packets in them.

mod packet;
mod report;
#[cfg(test)]
mod tests;
mod walk;

pub use packet::{Header, Packet, Type};
pub use report::{ReportBlock, SenderInfo};
pub use walk::{MAX_PACKETS, walk};
