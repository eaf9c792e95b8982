//! Ethernet, one VLAN tag, IPv4, IPv6 and UDP headers: read, written, rewritten.
//!
//! [`Packet::parse`] proves all lengths once and says what lies where; afterwards the bytes are trusted. Whatever
//! is not a plain unicast UDP packet is refused with a [`Reason`], and belongs to the kernel's stack. The XDP
//! program parses by the same rules in the same order, so the same packet gets the same reason in both.
//!
//! What is not here: ARP, ICMP, IP options, extension headers, fragments, and anything above UDP.
#![forbid(unsafe_code)]

mod checksum;
mod edit;
mod ethernet;
pub mod fuzz;
mod headers;
mod packet;
mod reason;

pub use checksum::{Sum, replace};
pub use edit::Edit;
pub use ethernet::{Mac, Tag};
pub use headers::{Headers, HeadersError, Link};
pub use packet::Packet;
pub use reason::Reason;
