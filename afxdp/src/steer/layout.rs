//! Mirror of `bpf/steer.h`.

use std::net::{IpAddr, SocketAddr};
use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

pub(crate) const HEADERS_MAX: usize = wire::Headers::MAX;
pub(crate) const SENDERS: usize = 2;

/// `struct address`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoBytes, FromBytes, Immutable, KnownLayout)]
#[repr(C, align(4))]
pub(crate) struct Address {
    pub(crate) addr: [u8; 16],
    pub(crate) family: u32,
}

impl From<IpAddr> for Address {
    fn from(addr: IpAddr) -> Address {
        let Endpoint { addr, family, .. } = Endpoint::new(addr, 0);
        Address { addr, family: u32::from(family) }
    }
}

pub(crate) const FEW: usize = 4;

/// One of `struct few`: an address and its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoBytes, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(crate) struct Addressed {
    pub(crate) address: Address,
    pub(crate) row: u32,
}

/// `struct few`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoBytes, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(crate) struct Few {
    pub(crate) of: [Addressed; FEW],
}

impl Few {
    pub(crate) const NONE: Few = zerocopy::transmute!([0u8; size_of::<Few>()]);
}

/// `struct place`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoBytes, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(crate) struct Place {
    pub(crate) slot: u32,
    pub(crate) meter: u32,
}

/// `struct endpoint`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoBytes, FromBytes, Immutable, KnownLayout)]
#[repr(C, align(4))]
pub(crate) struct Endpoint {
    pub(crate) addr: [u8; 16],
    pub(crate) port: U16,
    pub(crate) family: u16,
}

impl Endpoint {
    pub(crate) fn new(addr: IpAddr, port: u16) -> Endpoint {
        let mut bytes = [0; 16];
        let family = match addr {
            IpAddr::V4(v4) => {
                bytes[..4].copy_from_slice(&v4.octets());
                4
            }
            IpAddr::V6(v6) => {
                bytes = v6.octets();
                6
            }
        };
        Endpoint { addr: bytes, port: U16::new(port), family }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(at: SocketAddr) -> Endpoint {
        Endpoint::new(at.ip(), at.port())
    }
}

/// `enum action`.
pub(crate) const ACTION_NONE: u8 = 0;
pub(crate) const ACTION_WORKER: u8 = 1;
pub(crate) const ACTION_DRIVER: u8 = 2;

/// `enum recipe_flags`.
pub(crate) const FLAG_STRICT: u16 = 1;
pub(crate) const FLAG_OPAQUE: u16 = 1 << 1;
pub(crate) const FLAG_RTCP: u16 = 1 << 2;
pub(crate) const FLAG_SSRC: u16 = 1 << 3;
pub(crate) const FLAG_PT: u16 = 1 << 4;

/// `struct recipe`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoBytes, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(crate) struct Recipe {
    pub(crate) flow: u32,
    pub(crate) meter: u32,
    pub(crate) flags: u16,
    pub(crate) action: u8,
    pub(crate) headers_len: u8,
    pub(crate) network_sum: U16,
    pub(crate) transport_delta: U16,
    pub(crate) partial_sum: U16,
    pub(crate) seq_offset: u16,
    pub(crate) pt_from: u8,
    pub(crate) pt_to: u8,
    pub(crate) port: u16,
    pub(crate) ifindex: u32,
    pub(crate) ssrc: U32,
    pub(crate) source: Endpoint,
    pub(crate) reserved: u32,
    pub(crate) headers: [u8; HEADERS_MAX],
    pub(crate) end: [u8; 6],
}

impl Recipe {
    pub(crate) const EMPTY: Recipe = zerocopy::transmute!([0u8; size_of::<Recipe>()]);
}

/// `struct sender`.
#[derive(Clone, Copy, Debug, IntoBytes, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(crate) struct Sender {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) window: u64,
    pub(crate) ssrc: u32,
    pub(crate) first_seq: u32,
    pub(crate) last_seq: u32,
    pub(crate) since_first: u32,
    pub(crate) lost_before: u32,
    pub(crate) last_timestamp: u32,
    pub(crate) duplicates: u32,
    pub(crate) reordered: u32,
    pub(crate) transit: u32,
    pub(crate) jitter: u32,
    pub(crate) after_jump: u16,
    pub(crate) jumped: u8,
    pub(crate) last_pt: u8,
    pub(crate) used: u8,
    pub(crate) reserved: [u8; 3],
}

/// `struct meter`.
#[derive(Clone, Copy, Debug, IntoBytes, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(crate) struct Meter {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) last_ns: u64,
    pub(crate) strays: u64,
    pub(crate) ifindex: u32,
    pub(crate) queue: u32,
    pub(crate) senders: [Sender; SENDERS],
    pub(crate) reserved: [u8; 72],
}

impl Meter {
    pub(crate) const ZERO: Meter = zerocopy::transmute!([0u8; size_of::<Meter>()]);
}

#[cfg(test)]
mod tests;
