//! RTP packets (RFC 3550 §5.1) as tests need them: no extensions, no CSRCs.

/// Length of a header without extensions and CSRCs, bytes.
pub const HEADER_BYTES: usize = 12;

/// The fields of an RTP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Payload type, 0–127.
    pub payload_type: u8,
    /// Marker bit.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp, in units of the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// Writes a packet.
pub fn write(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(HEADER_BYTES + payload.len());
    packet.push(0x80);
    packet.push(u8::from(header.marker) << 7 | (header.payload_type & 0x7f));
    packet.extend(header.sequence.to_be_bytes());
    packet.extend(header.timestamp.to_be_bytes());
    packet.extend(header.ssrc.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// Reads a packet; `None` if it is not RTP version 2, has padding, extension or CSRCs, or is too short.
pub fn parse(packet: &[u8]) -> Option<(Header, &[u8])> {
    let (head, payload) = packet.split_first_chunk::<HEADER_BYTES>()?;
    let [first, second, s0, s1, t0, t1, t2, t3, x0, x1, x2, x3] = *head;
    if first != 0x80 {
        return None;
    }
    let header = Header {
        payload_type: second & 0x7f,
        marker: second & 0x80 != 0,
        sequence: u16::from_be_bytes([s0, s1]),
        timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
        ssrc: u32::from_be_bytes([x0, x1, x2, x3]),
    };
    Some((header, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let header = Header {
            payload_type: 8,
            marker: true,
            sequence: 65535,
            timestamp: 0xdead_beef,
            ssrc: 0x0102_0304,
        };
        let packet = write(&header, b"payload");
        assert_eq!(&packet[..4], [0x80, 0x88, 0xff, 0xff]);
        assert_eq!(parse(&packet), Some((header, &b"payload"[..])));
    }

    #[test]
    fn other_things_are_not_rtp() {
        assert_eq!(parse(&[0x80; 11]), None);
        assert_eq!(parse(&[0x00; 20]), None);
    }
}
