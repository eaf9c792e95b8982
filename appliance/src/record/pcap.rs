use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};

/// What packets of a file begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Their IP header (`LINKTYPE_RAW` of the pcap link types).
    #[default]
    Raw,
    /// An Ethernet header whose addresses are zero (`LINKTYPE_ETHERNET`).
    Ethernet,
}

impl Link {
    /// The number of the pcap link types.
    pub fn number(self) -> u32 {
        match self {
            Link::Raw => 101,
            Link::Ethernet => 1,
        }
    }
}

/// Bytes of a packet that are kept at most.
const LONGEST: u32 = 65_535;
const UDP: u8 = 17;
const HOPS: u8 = 64;
/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;

/// Writes a pcap file (classic format, microseconds): UDP payloads get the headers that they had or will have.
#[derive(Debug)]
pub struct PcapWriter<W> {
    out: W,
    link: Link,
}

impl<W: Write> PcapWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn new(mut out: W, link: Link) -> io::Result<PcapWriter<W>> {
        out.write_all(&file_header(link))?;
        Ok(PcapWriter { out, link })
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
        let Some(record) = packet_record(self.link, wall_us, from, to, payload) else { return Ok(false) };
        self.out.write_all(&record)?;
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

/// Bytes of the header of a file.
pub(super) const FILE_HEADER: usize = 24;
/// Bytes before a packet.
const PACKET_HEADER: usize = 16;

/// The header of a file.
pub(super) fn file_header(link: Link) -> [u8; FILE_HEADER] {
    let mut head = [0; FILE_HEADER];
    head[..4].copy_from_slice(&0xa1b2_c3d4u32.to_le_bytes());
    head[4..6].copy_from_slice(&2u16.to_le_bytes());
    head[6..8].copy_from_slice(&4u16.to_le_bytes());
    head[16..20].copy_from_slice(&LONGEST.to_le_bytes());
    head[20..24].copy_from_slice(&link.number().to_le_bytes());
    head
}

/// A packet with what stands before it in a file; `None` between two families, or if it is too long for a datagram.
pub(super) fn packet_record(
    link: Link,
    wall_us: u64,
    from: SocketAddr,
    to: SocketAddr,
    payload: &[u8],
) -> Option<Vec<u8>> {
    let packet = datagram(from, to, payload)?;
    let ethernet = match link {
        Link::Raw => &[][..],
        Link::Ethernet if from.is_ipv4() => &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0],
        Link::Ethernet => &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd],
    };
    let length = (ethernet.len() + packet.len()) as u32;
    // The format has 32 bits for the second, which last until 2106.
    let (second, micro) = ((wall_us / 1_000_000) as u32, (wall_us % 1_000_000) as u32);
    let mut record = Vec::with_capacity(PACKET_HEADER + ETHERNET + packet.len());
    for field in [second, micro, length, length] {
        record.extend_from_slice(&field.to_le_bytes());
    }
    record.extend_from_slice(ethernet);
    record.extend_from_slice(&packet);
    Some(record)
}

/// How many bytes of a file are whole packets with the file's header, and how many packets these are; `None` if not even
/// the header is whole.
pub(super) fn whole(file: &mut impl Read) -> io::Result<Option<(u64, u64)>> {
    let mut head = [0; FILE_HEADER];
    if fill(file, &mut head)? < head.len() || head[..4] != 0xa1b2_c3d4u32.to_le_bytes() {
        return Ok(None);
    }
    let (mut at, mut packets) = (FILE_HEADER as u64, 0);
    let mut before = [0; PACKET_HEADER];
    loop {
        if fill(file, &mut before)? < before.len() {
            return Ok(Some((at, packets)));
        }
        let length = u64::from(u32::from_le_bytes([before[8], before[9], before[10], before[11]]));
        if length > u64::from(LONGEST) + ETHERNET as u64
            || io::copy(&mut file.by_ref().take(length), &mut io::sink())? < length
        {
            return Ok(Some((at, packets)));
        }
        at += before.len() as u64 + length;
        packets += 1;
    }
}

/// Reads until `room` is full or the file ends; how much it was.
fn fill(file: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < room.len() {
        match file.read(&mut room[done..])? {
            0 => break,
            more => done += more,
        }
    }
    Ok(done)
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
        let mut file = PcapWriter::new(Vec::new(), Link::Raw).unwrap();
        let v4 = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert!(
            file.add(1_700_000_000_000_007, v4("192.0.2.1:30000"), v4("198.51.100.2:4000"), b"abc").unwrap()
        );
        assert!(file.add(1, v4("[2001:db8::1]:1"), v4("[2001:db8::2]:2"), &[]).unwrap());
        assert!(!file.add(1, v4("[2001:db8::1]:1"), v4("192.0.2.1:2"), &[]).unwrap());
        let bytes = file.out;
        assert_eq!(&bytes[..8], [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
        assert_eq!(bytes[20..24], 101u32.to_le_bytes());
        assert_eq!(bytes[24..28], 1_700_000_000u32.to_le_bytes());
        assert_eq!(bytes[28..36], [7, 0, 0, 0, 31, 0, 0, 0]);
        let packet = &bytes[40..71];
        assert_eq!(sum(&[&packet[..20]]), 0xffff, "the header's sum is right");
        let pseudo = [&packet[12..20], &[0, 17, 0, 11]].concat();
        assert_eq!(sum(&[&pseudo, &packet[20..]]), 0xffff, "and the datagram's");
        assert_eq!((&packet[20..24], &packet[28..]), (&[0x75, 0x30, 0x0f, 0xa0][..], &b"abc"[..]));
        let packet = &bytes[71 + 16..];
        assert_eq!((packet.len(), packet[0], packet[6]), (48, 0x60, 17));
        let last = bytes.len() - 1;
        assert_eq!(whole(&mut &bytes[..]).unwrap(), Some((bytes.len() as u64, 2)));
        assert_eq!(whole(&mut &bytes[..last]).unwrap(), Some((71, 1)), "the last is cut off");
        assert_eq!(whole(&mut &bytes[..80]).unwrap(), Some((71, 1)));
        assert_eq!(whole(&mut &bytes[..20]).unwrap(), None);
        assert_eq!(whole(&mut &[0; 40][..]).unwrap(), None, "no file of ours");
    }

    #[test]
    fn with_ethernet_the_family_is_said() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        for (from, to, said) in
            [("192.0.2.1:1", "192.0.2.2:2", [8, 0]), ("[2001:db8::1]:1", "[2001:db8::2]:2", [0x86, 0xdd])]
        {
            let record = packet_record(Link::Ethernet, 0, at(from), at(to), b"abc").unwrap();
            let raw = packet_record(Link::Raw, 0, at(from), at(to), b"abc").unwrap();
            assert_eq!((&record[28..30], &record[30..]), (&said[..], &raw[16..]));
            assert_eq!(usize::from(record[8]), record.len() - 16);
        }
    }
}
