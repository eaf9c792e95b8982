use crate::checksum::Sum;
use crate::ethernet::{ETHERNET, TAG, TYPE_IPV4, TYPE_IPV6, TYPE_SERVICE_TAG, TYPE_TAG};
use crate::{Mac, Reason, Tag};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

pub(crate) const IPV4: usize = 20;
pub(crate) const IPV6: usize = 40;
pub(crate) const UDP: usize = 8;
pub(crate) const PROTOCOL_UDP: u8 = 17;

/// What lies where in a frame that holds a plain unicast UDP packet. All lengths have been proved against the frame
/// it was parsed from; the view is small, holds no borrow, and is meant for that frame only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Source Ethernet address.
    pub src_mac: Mac,
    /// Destination Ethernet address.
    pub dst_mac: Mac,
    /// The VLAN tag, when the frame still carries one.
    pub tag: Option<Tag>,
    /// Source address and port.
    pub src: SocketAddr,
    /// Destination address and port.
    pub dst: SocketAddr,
    /// Traffic class byte.
    pub tos: u8,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// UDP checksum as received; 0 says there is none (IPv4 only).
    pub udp_checksum: u16,
    pub(crate) network: u8,
    pub(crate) transport: u8,
    pub(crate) udp_len: u16,
}

impl Packet {
    /// Reads a frame from its Ethernet header on. Padding behind the IP packet is allowed and not counted.
    ///
    /// # Errors
    /// The first thing that keeps the frame from being a plain unicast UDP packet, in the order of [`Reason`]'s
    /// checks; the XDP program finds the same.
    #[inline]
    pub fn parse(frame: &[u8]) -> Result<Packet, Reason> {
        let (ethernet, mut rest) = frame.split_first_chunk::<ETHERNET>().ok_or(Reason::ShortFrame)?;
        let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = *ethernet;
        let dst_mac = Mac([d0, d1, d2, d3, d4, d5]);
        let src_mac = Mac([s0, s1, s2, s3, s4, s5]);
        let mut kind = u16::from_be_bytes([t0, t1]);
        let mut tag = None;
        let mut network = ETHERNET;
        if kind == TYPE_TAG || kind == TYPE_SERVICE_TAG {
            let (&[c0, c1, t0, t1], after) = rest.split_first_chunk::<TAG>().ok_or(Reason::ShortFrame)?;
            tag = Some(Tag(u16::from_be_bytes([c0, c1])));
            kind = u16::from_be_bytes([t0, t1]);
            rest = after;
            network += TAG;
        }
        let ip = match kind {
            TYPE_IPV4 => Ip::parse_v4(rest)?,
            TYPE_IPV6 => Ip::parse_v6(rest)?,
            TYPE_TAG | TYPE_SERVICE_TAG => return Err(Reason::StackedTags),
            _ => return Err(Reason::NotIp),
        };
        if dst_mac.is_group() {
            return Err(Reason::Group);
        }
        let udp = ip.payload.first_chunk::<UDP>().ok_or(Reason::BadUdpLength)?;
        let [sp0, sp1, dp0, dp1, l0, l1, c0, c1] = *udp;
        let udp_len = u16::from_be_bytes([l0, l1]);
        if usize::from(udp_len) != ip.payload.len() {
            return Err(Reason::BadUdpLength);
        }
        let udp_checksum = u16::from_be_bytes([c0, c1]);
        if udp_checksum == 0 && ip.src.is_ipv6() {
            return Err(Reason::NoChecksum);
        }
        Ok(Packet {
            src_mac,
            dst_mac,
            tag,
            src: SocketAddr::new(ip.src, u16::from_be_bytes([sp0, sp1])),
            dst: SocketAddr::new(ip.dst, u16::from_be_bytes([dp0, dp1])),
            tos: ip.tos,
            ttl: ip.ttl,
            udp_checksum,
            network: network as u8,
            transport: (network + ip.header) as u8,
            udp_len,
        })
    }

    /// Where the UDP payload lies in the frame.
    pub fn payload_range(&self) -> Range<usize> {
        let start = self.headers_len();
        start..start + self.payload_len()
    }

    /// Length of the UDP payload in bytes.
    pub fn payload_len(&self) -> usize {
        usize::from(self.udp_len) - UDP
    }

    /// Length of all headers, Ethernet to UDP, in bytes.
    pub fn headers_len(&self) -> usize {
        usize::from(self.transport) + UDP
    }

    /// The UDP payload of the frame this was parsed from (empty for a shorter frame).
    pub fn payload<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        frame.get(self.payload_range()).unwrap_or_default()
    }

    /// True when the UDP checksum field holds the sum of the pseudo header only: the sender's system left the rest to a
    /// network card. Seen between namespaces of one host; one right checksum in 65,536 looks the same.
    pub fn checksum_is_partial(&self) -> bool {
        self.udp_checksum == pseudo_header(self.src.ip(), self.dst.ip()).word(self.udp_len).fold()
    }

    /// The sum of the UDP payload of the frame this was parsed from; `None` for a shorter frame.
    #[inline]
    pub fn payload_sum(&self, frame: &[u8]) -> Option<Sum> {
        Some(Sum::default().bytes(frame.get(self.payload_range())?))
    }

    /// True when the UDP checksum is absent (IPv4) or right for a payload of this sum.
    #[inline]
    pub fn agrees_with(&self, payload: Sum) -> bool {
        let ports = pseudo_header(self.src.ip(), self.dst.ip()).word(self.src.port()).word(self.dst.port());
        // The length is summed twice: once in the pseudo header, once in the UDP header.
        let header = ports.word(self.udp_len).word(self.udp_len).word(self.udp_checksum);
        self.udp_checksum == 0 || header.and(payload).fold() == 0xffff
    }

    /// True when the UDP checksum is absent (IPv4) or right.
    pub fn checksum_holds(&self, frame: &[u8]) -> bool {
        self.payload_sum(frame).is_some_and(|payload| self.agrees_with(payload))
    }
}

/// Addresses and protocol of a pseudo header; the length is still to be added. The same sum serves both families:
/// what IPv6's has more is zero (RFC 768, RFC 8200 §8.1).
pub(crate) fn pseudo_header(src: IpAddr, dst: IpAddr) -> Sum {
    Sum::default().address(src).address(dst).word(u16::from(PROTOCOL_UDP))
}

struct Ip<'a> {
    src: IpAddr,
    dst: IpAddr,
    tos: u8,
    ttl: u8,
    header: usize,
    payload: &'a [u8],
}

impl Ip<'_> {
    #[inline]
    fn parse_v4(bytes: &[u8]) -> Result<Ip<'_>, Reason> {
        let header = bytes.first_chunk::<IPV4>().ok_or(Reason::ShortFrame)?;
        let [first, tos, l0, l1, _, _, f0, f1, ttl, protocol, _, _, addresses @ ..] = *header;
        if first >> 4 != 4 {
            return Err(Reason::BadVersion);
        }
        match first & 0x0f {
            5 => {}
            6.. => return Err(Reason::IpOptions),
            _ => return Err(Reason::BadLength),
        }
        let total = usize::from(u16::from_be_bytes([l0, l1]));
        let payload = bytes.get(IPV4..total).ok_or(Reason::BadLength)?;
        if Sum::default().bytes(header).fold() != 0xffff {
            return Err(Reason::BadHeaderChecksum);
        }
        // More fragments, or an offset; "don't fragment" and the reserved bit do not matter.
        if u16::from_be_bytes([f0, f1]) & 0x3fff != 0 {
            return Err(Reason::Fragment);
        }
        if protocol != PROTOCOL_UDP {
            return Err(Reason::NotUdp);
        }
        let [s0, s1, s2, s3, d0, d1, d2, d3] = addresses;
        let dst = Ipv4Addr::new(d0, d1, d2, d3);
        if dst.is_multicast() || dst.is_broadcast() {
            return Err(Reason::Group);
        }
        let src = Ipv4Addr::new(s0, s1, s2, s3);
        Ok(Ip { src: src.into(), dst: dst.into(), tos, ttl, header: IPV4, payload })
    }

    fn parse_v6(bytes: &[u8]) -> Result<Ip<'_>, Reason> {
        let header = bytes.first_chunk::<IPV6>().ok_or(Reason::ShortFrame)?;
        let [b0, b1, _, _, l0, l1, next, ttl, addresses @ ..] = *header;
        if b0 >> 4 != 6 {
            return Err(Reason::BadVersion);
        }
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        let payload = bytes.get(IPV6..IPV6 + len).ok_or(Reason::BadLength)?;
        match next {
            PROTOCOL_UDP => {}
            44 => return Err(Reason::Fragment),
            // Hop by hop, routing, authentication, destination, mobility, HIP, shim6 (RFC 7045 §4).
            0 | 43 | 51 | 60 | 135 | 139 | 140 => return Err(Reason::ExtensionHeader),
            _ => return Err(Reason::NotUdp),
        }
        let (src, dst) = addresses.split_at(16);
        let address = |bytes: &[u8]| bytes.try_into().map(|octets: [u8; 16]| Ipv6Addr::from(octets));
        let src = address(src).map_err(|_| Reason::ShortFrame)?;
        let dst = address(dst).map_err(|_| Reason::ShortFrame)?;
        if dst.is_multicast() {
            return Err(Reason::Group);
        }
        let tos = b0 << 4 | b1 >> 4;
        Ok(Ip { src: src.into(), dst: dst.into(), tos, ttl, header: IPV6, payload })
    }
}

#[cfg(test)]
mod tests;
