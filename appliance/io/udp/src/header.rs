//! UDP headers of our own.

use std::net::SocketAddr;

/// Bytes of a UDP header.
pub(crate) const UDP: usize = 8;

/// Writes the header of a datagram, whose payload stands behind its first [`UDP`] bytes; it has at least these, and at most
/// 65535 (buffers are shorter). Over IPv6 the kernel fills in the checksum, and counts the field as 0 for that.
pub(crate) fn write(from: SocketAddr, to: SocketAddr, datagram: &mut [u8]) {
    let len = datagram.len() as u16;
    let Some(head) = datagram.first_chunk_mut::<UDP>() else { return };
    head[..2].copy_from_slice(&from.port().to_be_bytes());
    head[2..4].copy_from_slice(&to.port().to_be_bytes());
    head[4..6].copy_from_slice(&len.to_be_bytes());
    head[6..].fill(0);
    if from.is_ipv4() {
        let pseudo = wire::Sum::default().address(from.ip()).address(to.ip());
        let sum = pseudo.word(PROTOCOL).word(len).bytes(datagram).udp_checksum();
        datagram[6..UDP].copy_from_slice(&sum.to_be_bytes());
    }
}

/// The number of UDP among protocols.
const PROTOCOL: u16 = 17;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_rfc_768() {
        let mut datagram = *b"garbage.abc";
        write("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:5000".parse().unwrap(), &mut datagram);
        let mut sum = 0u32;
        for word in [0xc000u16, 0x0201, 0xc000, 0x0202, 17, 11, 4000, 5000, 11, 0x6162, 0x6300] {
            sum += u32::from(word);
        }
        let folded = (sum >> 16) + (sum & 0xffff);
        assert_eq!(datagram[..6], [0x0f, 0xa0, 0x13, 0x88, 0, 11]);
        assert_eq!(u16::from_be_bytes([datagram[6], datagram[7]]), !(folded as u16));
    }

    #[test]
    fn over_ipv6_the_checksum_is_for_others_to_fill_in() {
        let mut datagram = [0xff; 9];
        write("[2001:db8::1]:4000".parse().unwrap(), "[2001:db8::2]:5000".parse().unwrap(), &mut datagram);
        assert_eq!(datagram, [0x0f, 0xa0, 0x13, 0x88, 0, 9, 0, 0, 0xff]);
    }
}
