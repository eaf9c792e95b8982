use crate::ethernet::{ETHERNET, TAG, TYPE_IPV4, TYPE_IPV6, TYPE_TAG};
use crate::packet::{IPV4, IPV6, PROTOCOL_UDP, UDP, pseudo_header};
use crate::{Mac, Sum, Tag};
use std::net::{IpAddr, SocketAddr};
use thiserror::Error;

/// The Ethernet side of a way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// Address of our NIC.
    pub src_mac: Mac,
    /// Address of the next hop.
    pub dst_mac: Mac,
    /// Tag to send with, if any.
    pub tag: Option<Tag>,
}

/// All headers of packets that leave from one local port to one peer, ready to be laid before a payload. Only the
/// lengths and checksums differ from packet to packet.
///
/// A relay is an endpoint: it sends with a TTL of its own, sets "don't fragment", and has no flow label. The IPv4
/// identification is zero, which RFC 6864 §4.1 allows for packets that are never fragmented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    bytes: [u8; Headers::MAX],
    len: u8,
    network: u8,
    v6: bool,
    /// Sum of the IPv4 header with total length and checksum zero; 0 for IPv6.
    network_sum: u16,
    /// Sum of addresses, protocol and ports.
    transport_sum: u16,
}

/// Lengths of all headers by family, without and with a tag; the fourth is [`Headers::MAX`].
const PLAIN_V4: usize = ETHERNET + IPV4 + UDP;
const TAGGED_V4: usize = PLAIN_V4 + TAG;
const PLAIN_V6: usize = ETHERNET + IPV6 + UDP;

/// Why headers could not be made or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HeadersError {
    /// Source and destination are not of the same family.
    #[error("source and destination are of different address families")]
    MixedFamilies,
    /// The frame is shorter than the headers.
    #[error("no room for {needed} bytes of headers in {room}")]
    NoRoom {
        /// Bytes of the headers.
        needed: usize,
        /// Bytes there are.
        room: usize,
    },
    /// More payload than a length field can say.
    #[error("{0} bytes of payload do not fit into one packet")]
    TooLong(usize),
}

impl Headers {
    /// The most bytes that headers take: Ethernet, tag, IPv6, UDP.
    pub const MAX: usize = ETHERNET + TAG + IPV6 + UDP;
    /// The TTL or hop limit of everything that leaves.
    pub const TTL: u8 = 64;

    /// Headers of packets from `src` to `dst`. IPv4-mapped IPv6 addresses count as IPv6.
    ///
    /// # Errors
    /// [`HeadersError::MixedFamilies`].
    pub fn new(link: Link, src: SocketAddr, dst: SocketAddr, tos: u8) -> Result<Headers, HeadersError> {
        let mut bytes = [0; Headers::MAX];
        let mut at = 0;
        let mut put = |part: &[u8]| {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
            at
        };
        put(&link.dst_mac.0);
        put(&link.src_mac.0);
        if let Some(tag) = link.tag {
            put(&TYPE_TAG.to_be_bytes());
            put(&tag.0.to_be_bytes());
        }
        let (network, v6) = match (src.ip(), dst.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let network = put(&TYPE_IPV4.to_be_bytes());
                put(&[0x45, tos, 0, 0, 0, 0, 0x40, 0, Headers::TTL, PROTOCOL_UDP, 0, 0]);
                put(&from.octets());
                put(&to.octets());
                (network, false)
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let network = put(&TYPE_IPV6.to_be_bytes());
                put(&[0x60 | tos >> 4, tos << 4, 0, 0, 0, 0, PROTOCOL_UDP, Headers::TTL]);
                put(&from.octets());
                put(&to.octets());
                (network, true)
            }
            _ => return Err(HeadersError::MixedFamilies),
        };
        put(&src.port().to_be_bytes());
        put(&dst.port().to_be_bytes());
        let len = put(&[0, 0, 0, 0]);
        let network_sum = if v6 { 0 } else { Sum::default().bytes(&bytes[network..network + IPV4]).fold() };
        let transport_sum = pseudo_header(src.ip(), dst.ip()).word(src.port()).word(dst.port()).fold();
        Ok(Headers { bytes, len: len as u8, network: network as u8, v6, network_sum, transport_sum })
    }

    /// The headers with lengths and checksums zero.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    /// Length of the headers in bytes.
    #[allow(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// True for IPv6.
    pub fn is_v6(&self) -> bool {
        self.v6
    }

    /// Ones' complement sum of the IPv4 header as in [`Headers::bytes`]; 0 for IPv6.
    pub fn network_sum(&self) -> u16 {
        self.network_sum
    }

    /// Ones' complement sum of addresses, protocol and ports.
    pub fn transport_sum(&self) -> u16 {
        self.transport_sum
    }

    /// Sets the traffic class byte.
    pub fn set_tos(&mut self, tos: u8) {
        let at = usize::from(self.network);
        if self.v6 {
            self.bytes[at] = 0x60 | tos >> 4;
            self.bytes[at + 1] = tos << 4;
        } else {
            self.bytes[at + 1] = tos;
            self.network_sum = Sum::default().bytes(&self.bytes[at..at + IPV4]).fold();
        }
    }

    /// The traffic class byte.
    pub fn tos(&self) -> u8 {
        let at = usize::from(self.network);
        if self.v6 { self.bytes[at] << 4 | self.bytes[at + 1] >> 4 } else { self.bytes[at + 1] }
    }

    /// How many of the headers' bytes come before the IP header.
    pub fn link_len(&self) -> usize {
        usize::from(self.network)
    }

    /// Writes the headers into the first [`Headers::len`] bytes of `frame`; the rest of `frame` is the payload.
    /// The checksums are computed in full.
    ///
    /// # Errors
    /// When `frame` is shorter than the headers or longer than a packet can be; it is then untouched.
    pub fn write(&self, frame: &mut [u8]) -> Result<(), HeadersError> {
        let payload = frame.get(self.len()..).unwrap_or_default();
        let payload = Sum::default().bytes(payload);
        self.write_summed(frame, payload)
    }

    /// As [`Headers::write`], of a payload whose sum is known. Of what is not its sum comes a wrong checksum.
    ///
    /// # Errors
    /// As [`Headers::write`].
    #[inline]
    pub fn write_summed(&self, frame: &mut [u8], payload: Sum) -> Result<(), HeadersError> {
        // Each length by itself, so that all places in the headers are known when this is compiled.
        match self.len() {
            PLAIN_V4 => self.lay::<PLAIN_V4>(frame, payload),
            TAGGED_V4 => self.lay::<TAGGED_V4>(frame, payload),
            PLAIN_V6 => self.lay::<PLAIN_V6>(frame, payload),
            _ => self.lay::<{ Headers::MAX }>(frame, payload),
        }
    }

    #[inline]
    fn lay<const LEN: usize>(&self, frame: &mut [u8], payload: Sum) -> Result<(), HeadersError> {
        let room = frame.len();
        let Some((head, rest)) = frame.split_first_chunk_mut::<LEN>() else {
            return Err(HeadersError::NoRoom { needed: LEN, room });
        };
        let v6 = LEN >= PLAIN_V6;
        let transport = LEN - UDP;
        let network = transport - if v6 { IPV6 } else { IPV4 };
        let total = u16::try_from(room - network).map_err(|_| HeadersError::TooLong(rest.len()))?;
        let udp_len = total - (transport - network) as u16;
        head.copy_from_slice(&self.bytes[..LEN]);
        if v6 {
            head[network + 4..network + 6].copy_from_slice(&udp_len.to_be_bytes());
        } else {
            head[network + 2..network + 4].copy_from_slice(&total.to_be_bytes());
            let checksum = Sum::default().word(self.network_sum).word(total).checksum();
            head[network + 10..network + 12].copy_from_slice(&checksum.to_be_bytes());
        }
        head[transport + 4..transport + 6].copy_from_slice(&udp_len.to_be_bytes());
        // The length is summed twice: once in the pseudo header, once in the UDP header.
        let sum = Sum::default().word(self.transport_sum).word(udp_len).word(udp_len).and(payload);
        head[transport + 6..transport + 8].copy_from_slice(&sum.udp_checksum().to_be_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
