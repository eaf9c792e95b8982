use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

/// Packets begin with their IP header (`LINKTYPE_RAW` of the pcap link types).
pub const LINK_RAW: u32 = 101;
/// Bytes of a packet that are kept at most.
const LONGEST: u32 = 65_535;
const UDP: u8 = 17;
const HOPS: u8 = 64;

/// Writes a pcap file (classic format, microseconds): UDP payloads get the headers that they had or will have.
#[derive(Debug)]
pub struct PcapWriter<W> {
    out: W,
}

impl<W: Write> PcapWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn new(mut out: W) -> io::Result<PcapWriter<W>> {
        let mut head = Vec::with_capacity(24);
        head.extend_from_slice(&0xa1b2_c3d4u32.to_le_bytes());
        head.extend_from_slice(&2u16.to_le_bytes());
        head.extend_from_slice(&4u16.to_le_bytes());
        head.extend_from_slice(&[0; 8]);
        head.extend_from_slice(&LONGEST.to_le_bytes());
        head.extend_from_slice(&LINK_RAW.to_le_bytes());
        out.write_all(&head)?;
        Ok(PcapWriter { out })
    }

    /// Adds a packet that passed at `wall_us` (microseconds since 1970). Between two families, or too long for a datagram, it
    /// is left out: false.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn add(
        &mut self,
        wall_us: u64,
        from: SocketAddr,
        to: SocketAddr,
        payload: &[u8],
    ) -> io::Result<bool> {
        let Some(packet) = datagram(from, to, payload) else { return Ok(false) };
        // The format has 32 bits for the second, which last until 2106.
        let (second, micro) = ((wall_us / 1_000_000) as u32, (wall_us % 1_000_000) as u32);
        let length = packet.len() as u32;
        for field in [second, micro, length, length] {
            self.out.write_all(&field.to_le_bytes())?;
        }
        self.out.write_all(&packet)?;
        Ok(true)
    }

    /// Brings everything to where it is going.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A whole IP packet (RFC 791, RFC 8200) with a UDP datagram (RFC 768) in it.
fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(8 + payload.len()).ok()?;
    let mut udp = Vec::with_capacity(usize::from(length));
    udp.extend_from_slice(&from.port().to_be_bytes());
    udp.extend_from_slice(&to.port().to_be_bytes());
    udp.extend_from_slice(&length.to_be_bytes());
    udp.extend_from_slice(&[0, 0]);
    udp.extend_from_slice(payload);
    let mut pseudo = Vec::with_capacity(40);
    let mut packet = Vec::with_capacity(40 + udp.len());
    match (from.ip(), to.ip()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let total = length.checked_add(20)?;
            packet.extend_from_slice(&[0x45, 0]);
            packet.extend_from_slice(&total.to_be_bytes());
            packet.extend_from_slice(&[0, 0, 0x40, 0, HOPS, UDP, 0, 0]);
            packet.extend_from_slice(&source.octets());
            packet.extend_from_slice(&destination.octets());
            let sum = !sum(&[&packet]);
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
            pseudo.extend_from_slice(&packet[12..20]);
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            packet.extend_from_slice(&[0x60, 0, 0, 0]);
            packet.extend_from_slice(&length.to_be_bytes());
            packet.extend_from_slice(&[UDP, HOPS]);
            packet.extend_from_slice(&source.octets());
            packet.extend_from_slice(&destination.octets());
            pseudo.extend_from_slice(&packet[8..40]);
        }
        _ => return None,
    }
    pseudo.extend_from_slice(&[0, UDP]);
    pseudo.extend_from_slice(&length.to_be_bytes());
    // Zero would mean that there is none.
    let checksum = match !sum(&[&pseudo, &udp]) {
        0 => 0xffff,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&checksum.to_be_bytes());
    packet.extend_from_slice(&udp);
    Some(packet)
}

/// One's complement sum (RFC 1071) over parts of even length but for the last.
fn sum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0u32;
    for word in parts.iter().flat_map(|part| part.chunks(2)) {
        sum += u32::from(u16::from_be_bytes([word[0], word.get(1).copied().unwrap_or(0)]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_of_each_family_is_what_it_should_be() {
        let mut file = PcapWriter::new(Vec::new()).unwrap();
        let v4 = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert!(
            file.add(1_700_000_000_000_007, v4("192.0.2.1:30000"), v4("198.51.100.2:4000"), b"abc").unwrap()
        );
        assert!(file.add(1, v4("[2001:db8::1]:1"), v4("[2001:db8::2]:2"), &[]).unwrap());
        assert!(!file.add(1, v4("[2001:db8::1]:1"), v4("192.0.2.1:2"), &[]).unwrap());
        let bytes = file.out;
        assert_eq!(&bytes[..8], [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
        assert_eq!(bytes[20..24], LINK_RAW.to_le_bytes());
        assert_eq!(bytes[24..28], 1_700_000_000u32.to_le_bytes());
        assert_eq!(bytes[28..36], [7, 0, 0, 0, 31, 0, 0, 0]);
        let packet = &bytes[40..71];
        assert_eq!(sum(&[&packet[..20]]), 0xffff, "the header's sum is right");
        let pseudo = [&packet[12..20], &[0, 17, 0, 11]].concat();
        assert_eq!(sum(&[&pseudo, &packet[20..]]), 0xffff, "and the datagram's");
        assert_eq!((&packet[20..24], &packet[28..]), (&[0x75, 0x30, 0x0f, 0xa0][..], &b"abc"[..]));
        let packet = &bytes[71 + 16..];
        assert_eq!((packet.len(), packet[0], packet[6]), (48, 0x60, 17));
    }
}
