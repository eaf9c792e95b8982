//! HEP version 3: chunks of vendor, type, length and value behind a header, all in network byte order.

use std::net::{IpAddr, SocketAddr};

/// Chunks of the generic vendor that we write.
mod chunk {
    pub(super) const FAMILY: u16 = 1;
    pub(super) const TRANSPORT: u16 = 2;
    pub(super) const SOURCE_V4: u16 = 3;
    pub(super) const DESTINATION_V4: u16 = 4;
    pub(super) const SOURCE_V6: u16 = 5;
    pub(super) const DESTINATION_V6: u16 = 6;
    pub(super) const SOURCE_PORT: u16 = 7;
    pub(super) const DESTINATION_PORT: u16 = 8;
    pub(super) const SECONDS: u16 = 9;
    pub(super) const MICROSECONDS: u16 = 10;
    pub(super) const PROTOCOL: u16 = 11;
    pub(super) const CAPTURE_ID: u16 = 12;
    pub(super) const PAYLOAD: u16 = 15;
    pub(super) const CORRELATION: u16 = 17;
}

/// Address families, as HEP numbers them.
const V4: u8 = 2;
const V6: u8 = 10;
/// Bytes before the value of a chunk.
const HEAD: usize = 6;
/// `HEP3` and the length of the whole.
const MAGIC: &[u8; 4] = b"HEP3";

/// What a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RTCP as JSON.
    Rtcp,
    /// Any other, by its number.
    Other(u8),
}

impl Protocol {
    /// Its number in HEP.
    pub const fn number(self) -> u8 {
        match self {
            Protocol::Rtcp => 5,
            Protocol::Other(number) => number,
        }
    }
}

/// Something that was captured.
#[derive(Clone, Copy, Debug)]
pub struct Capture<'a> {
    /// Who sent it.
    pub from: SocketAddr,
    /// Who got it.
    pub to: SocketAddr,
    /// It came over TCP; else over UDP.
    pub over_tcp: bool,
    /// When, in microseconds since 1970.
    pub wall_us: u64,
    /// What it is.
    pub protocol: Protocol,
    /// The Call-ID; empty if there is none.
    pub call_id: &'a [u8],
    /// The bytes of it.
    pub payload: &'a [u8],
}

impl Capture<'_> {
    /// Writes it as one HEP packet of the capture agent `id` behind what is in `out`. False, and nothing written, when it
    /// is longer than the 65,535 bytes a packet can have.
    pub fn write(&self, id: u32, out: &mut Vec<u8>) -> bool {
        let begin = out.len();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[0, 0]);
        // Both ends are of one family wherever we capture; one that is not is told as what the sender is.
        let v4 = self.from.is_ipv4();
        put(out, chunk::FAMILY, &[if v4 { V4 } else { V6 }]);
        put(
            out,
            chunk::TRANSPORT,
            &[if self.over_tcp { libc::IPPROTO_TCP } else { libc::IPPROTO_UDP } as u8],
        );
        put(out, chunk::SOURCE_PORT, &self.from.port().to_be_bytes());
        put(out, chunk::DESTINATION_PORT, &self.to.port().to_be_bytes());
        put(out, chunk::SECONDS, &((self.wall_us / 1_000_000) as u32).to_be_bytes());
        put(out, chunk::MICROSECONDS, &((self.wall_us % 1_000_000) as u32).to_be_bytes());
        put(out, chunk::PROTOCOL, &[self.protocol.number()]);
        put(out, chunk::CAPTURE_ID, &id.to_be_bytes());
        address(out, self.from.ip(), chunk::SOURCE_V4, chunk::SOURCE_V6);
        address(out, self.to.ip(), chunk::DESTINATION_V4, chunk::DESTINATION_V6);
        let room = usize::from(u16::MAX) - (out.len() - begin);
        if HEAD + self.call_id.len() + HEAD + self.payload.len() > room {
            out.truncate(begin);
            return false;
        }
        if !self.call_id.is_empty() {
            put(out, chunk::CORRELATION, self.call_id);
        }
        put(out, chunk::PAYLOAD, self.payload);
        let length = (out.len() - begin) as u16;
        out[begin + 4..begin + HEAD].copy_from_slice(&length.to_be_bytes());
        true
    }
}

fn address(out: &mut Vec<u8>, addr: IpAddr, v4: u16, v6: u16) {
    match addr {
        IpAddr::V4(addr) => put(out, v4, &addr.octets()),
        IpAddr::V6(addr) => put(out, v6, &addr.octets()),
    }
}

/// A chunk of the generic vendor; the caller knows that it fits.
fn put(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&((HEAD + value.len()) as u16).to_be_bytes());
    out.extend_from_slice(value);
}
