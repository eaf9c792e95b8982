use crate::checksum::replace;
use crate::packet::{IPV4, IPV6, UDP};
use crate::{Packet, Reason};
use std::net::{IpAddr, SocketAddr};

/// Changes single header fields of a frame in place and keeps its checksums right by the difference (RFC 1624), so
/// that damage which arrived with the packet still shows at its end. A UDP checksum of zero stays zero.
#[derive(Debug)]
pub struct Edit<'a> {
    frame: &'a mut [u8],
    network: usize,
    transport: usize,
    v6: bool,
    summed: bool,
}

impl<'a> Edit<'a> {
    /// Opens a frame for changes.
    ///
    /// # Errors
    /// When it is not a plain unicast UDP packet.
    pub fn new(frame: &'a mut [u8]) -> Result<Edit<'a>, Reason> {
        let packet = Packet::parse(frame)?;
        let (network, transport) = (usize::from(packet.network), usize::from(packet.transport));
        Ok(Edit { frame, network, transport, v6: packet.src.is_ipv6(), summed: packet.udp_checksum != 0 })
    }

    /// Sets the traffic class byte.
    pub fn set_tos(&mut self, tos: u8) {
        let at = self.network;
        if self.v6 {
            self.frame[at] = self.frame[at] & 0xf0 | tos >> 4;
            self.frame[at + 1] = self.frame[at + 1] & 0x0f | tos << 4;
        } else {
            self.set_network_word(at, u16::from_be_bytes([self.frame[at], tos]));
        }
    }

    /// Sets the time to live or hop limit.
    pub fn set_ttl(&mut self, ttl: u8) {
        let at = self.network;
        if self.v6 {
            self.frame[at + 7] = ttl;
        } else {
            self.set_network_word(at + 8, u16::from_be_bytes([ttl, self.frame[at + 9]]));
        }
    }

    /// Sets source address and port. `false`, and nothing is done, for an address of the other family.
    pub fn set_src(&mut self, src: SocketAddr) -> bool {
        let at = if self.v6 { self.network + 8 } else { self.network + 12 };
        self.set_address(at, src.ip()) && self.set_covered(self.transport, src.port())
    }

    /// Sets destination address and port. `false`, and nothing is done, for an address of the other family.
    pub fn set_dst(&mut self, dst: SocketAddr) -> bool {
        let at = if self.v6 { self.network + 24 } else { self.network + 16 };
        self.set_address(at, dst.ip()) && self.set_covered(self.transport + 2, dst.port())
    }

    /// Sets the length fields of IP and UDP for a payload of `len` bytes, at most what the frame holds, and sums
    /// UDP anew when it had a checksum. `false`, and nothing is done, when the frame is shorter.
    pub fn set_payload_len(&mut self, len: usize) -> bool {
        let end = self.transport + UDP + len;
        let Ok(udp_len) = u16::try_from(UDP + len) else { return false };
        let header = if self.v6 { IPV6 } else { IPV4 };
        if end > self.frame.len() || header + UDP + len > usize::from(u16::MAX) {
            return false;
        }
        self.put(self.transport + 4, udp_len);
        if self.v6 {
            self.put(self.network + 4, udp_len);
        } else {
            self.set_network_word(self.network + 2, udp_len + IPV4 as u16);
        }
        if self.summed {
            self.put(self.transport + 6, 0);
            let addresses = if self.v6 {
                self.network + 8..self.network + 40
            } else {
                self.network + 12..self.network + 20
            };
            let sum = crate::Sum::default()
                .bytes(&self.frame[addresses])
                .word(u16::from(crate::packet::PROTOCOL_UDP))
                .word(udp_len)
                .bytes(&self.frame[self.transport..end]);
            self.put(self.transport + 6, sum.udp_checksum());
        }
        true
    }

    /// Sets two bytes of the payload, `at` bytes behind its start. `false`, and nothing is done, when they are not
    /// at an even distance or not in the frame.
    pub fn set_payload_word(&mut self, at: usize, word: u16) -> bool {
        let place = self.transport + UDP + at;
        at.is_multiple_of(2) && place + 2 <= self.frame.len() && self.set_covered(place, word)
    }

    fn get(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.frame[at], self.frame[at + 1]])
    }

    fn put(&mut self, at: usize, word: u16) {
        self.frame[at..at + 2].copy_from_slice(&word.to_be_bytes());
    }

    fn set_address(&mut self, at: usize, address: IpAddr) -> bool {
        let octets: &[u8] = match &address {
            IpAddr::V4(v4) if !self.v6 => &v4.octets(),
            IpAddr::V6(v6) if self.v6 => &v6.octets(),
            _ => return false,
        };
        for (index, pair) in octets.as_chunks::<2>().0.iter().enumerate() {
            let word = u16::from_be_bytes(*pair);
            let place = at + index * 2;
            if !self.v6 {
                let checksum = replace(self.get(self.network + 10), self.get(place), word);
                self.put(self.network + 10, checksum);
            }
            self.set_covered(place, word);
        }
        true
    }

    /// A word under the IPv4 header checksum only.
    fn set_network_word(&mut self, at: usize, word: u16) {
        let checksum = replace(self.get(self.network + 10), self.get(at), word);
        self.put(self.network + 10, checksum);
        self.put(at, word);
    }

    /// A word under the UDP checksum.
    fn set_covered(&mut self, at: usize, word: u16) -> bool {
        if self.summed {
            let checksum = replace(self.get(self.transport + 6), self.get(at), word);
            self.put(self.transport + 6, if checksum == 0 { 0xffff } else { checksum });
        }
        self.put(at, word);
        true
    }
}

#[cfg(test)]
mod tests;
