//! Mirrors the structures of `bpf/traffic.bpf.c`.

use std::net::SocketAddrV4;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Packets the kernel runs through the program before it puts them on the wire.
pub(crate) const BATCH: u32 = 64;
/// Steps per doubling of a delay.
const STEPS: u64 = 16;
/// Counters of delays.
pub(super) const BUCKETS: usize = 640;
/// The smallest SSRC; the flow's number is added to it.
const MARK: u32 = 0xb5e0_0000;
/// UDP length of every packet: header, RTP header, 160 bytes of payload.
const UDP_LEN: u16 = 180;
/// Bytes of every packet, Ethernet header included.
pub(super) const PACKET: usize = 14 + 20 + UDP_LEN as usize;
/// Where the payload that never changes begins: after the stamp.
const FIXED: usize = 14 + 20 + 8 + 12 + 16;

/// Addresses of a packet, in network order.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Ends {
    source: [u8; 4],
    destination: [u8; 4],
    source_port: [u8; 2],
    destination_port: [u8; 2],
}

impl Ends {
    pub(super) fn new(from: SocketAddrV4, to: SocketAddrV4) -> Ends {
        Ends {
            source: from.ip().octets(),
            destination: to.ip().octets(),
            source_port: from.port().to_be_bytes(),
            destination_port: to.port().to_be_bytes(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Flow {
    pub(super) sent: Ends,
    pub(super) expected: Ends,
    pub(super) comes: Ends,
    pub(super) goes: Ends,
    pub(super) side: u32,
    pub(super) sum: u32,
    pub(super) seq: u32,
    pub(super) next: u32,
    pub(super) heard: u64,
    pub(super) delay: u64,
}

#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Side {
    pub(super) to: [u8; 6],
    pub(super) from: [u8; 6],
    pub(super) pad: u32,
}

#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Control {
    pub(super) gap_ns: u64,
    pub(super) burst: u32,
    pub(super) first: u32,
    pub(super) count: u32,
    pub(super) spoil: u32,
}

/// What the two ends have counted during one probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, serde::Serialize)]
#[repr(C)]
pub struct Counts {
    /// Packets put on the wire towards the relay.
    pub sent: u64,
    /// Bursts left out because the generator was kept from running.
    pub skipped: u64,
    /// Packets of the flows, from the right address, at the right one, whole.
    pub received: u64,
    /// Of these, later than 100 ms.
    pub too_late: u64,
    /// Of these, behind a later one, or twice.
    pub out_of_order: u64,
    /// Sequence numbers jumped over.
    pub missing: u64,
    /// Packets of no flow, with wrong addresses or contents.
    pub strange: u64,
    /// Packets whose UDP checksum was looked at.
    pub checked: u64,
    /// Of these, wrong ones.
    pub bad_checksum: u64,
    /// Of these, left to a network card, as for packets of a socket with checksum offload.
    pub partial_checksum: u64,
    /// Differences in delay between packets that follow each other in a flow, added up, in nanoseconds.
    pub jitter_ns: u64,
}

/// The program's own state.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct State {
    turn: u64,
    next: u64,
    flow: u64,
    burst: u32,
    spoil: u32,
}

/// The payload of every packet; its first bytes are overwritten by the stamp.
pub(super) fn template() -> [u8; PACKET] {
    let mut packet = [0; PACKET];
    for (at, byte) in packet.iter_mut().enumerate().skip(FIXED) {
        *byte = (at as u8).wrapping_mul(29) ^ 0xd5;
    }
    packet
}

/// The sum of the words of the UDP checksum that are the same in every packet of a flow, as the program adds them: in
/// the machine's order.
pub(super) fn fixed_sum(number: u32, ends: &Ends) -> u32 {
    let mut bytes = Vec::with_capacity(PACKET);
    bytes.extend_from_slice(ends.as_bytes());
    // Pseudo header: protocol and length; UDP header: length once more.
    bytes.extend_from_slice(&17u16.to_be_bytes());
    bytes.extend_from_slice(&UDP_LEN.to_be_bytes());
    bytes.extend_from_slice(&UDP_LEN.to_be_bytes());
    bytes.extend_from_slice(&[0x80, 0]);
    bytes.extend_from_slice(&(MARK | number).to_be_bytes());
    bytes.extend_from_slice(&template()[FIXED..]);
    let words =
        bytes.chunks(2).map(|pair| u32::from(u16::from_ne_bytes([pair[0], *pair.get(1).unwrap_or(&0)])));
    words.sum()
}

/// The delay in nanoseconds that `percent` % of all do not exceed; `None` when nothing was counted.
pub(crate) fn percentile(delays: &[u64], percent: f64) -> Option<u64> {
    let total: u64 = delays.iter().sum();
    let wanted = (total as f64 * percent / 100.0).ceil().max(1.0) as u64;
    let mut seen = 0;
    for (bucket, count) in delays.iter().enumerate() {
        seen += count;
        if seen >= wanted {
            return Some(upper_edge(bucket as u64));
        }
    }
    None
}

fn upper_edge(bucket: u64) -> u64 {
    if bucket < STEPS {
        return bucket;
    }
    let octave = bucket / STEPS - 1;
    ((bucket % STEPS + STEPS + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_program_s_buckets() {
        let mut delays = vec![0; BUCKETS];
        assert_eq!(percentile(&delays, 50.0), None);
        // 1024 ns and what lies within a sixteenth above it share a bucket: octave 6, step 0.
        delays[16 * 7] = 99;
        delays[16 * 8] = 1;
        assert_eq!(percentile(&delays, 50.0), Some(1087));
        assert_eq!(percentile(&delays, 99.5), Some(2175));
        assert_eq!(upper_edge(15), 15);
        assert_eq!(upper_edge(16), 16);
    }

    #[test]
    fn structures_are_as_large_as_the_program_has_them() {
        assert_eq!((size_of::<Flow>(), size_of::<Side>(), size_of::<Control>()), (80, 16, 24));
        assert_eq!((size_of::<Counts>(), size_of::<State>()), (88, 32));
    }
}
