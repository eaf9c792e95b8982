//! Sender and receiver reports (RFC 3550 §6.4) to send, and a reader for what comes out of the relay.

/// Packet type of a sender report.
pub const SENDER_REPORT: u8 = 200;
/// Packet type of a receiver report.
pub const RECEIVER_REPORT: u8 = 201;
/// Packet type of a source description.
pub const SOURCE_DESCRIPTION: u8 = 202;

/// One report block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Block {
    /// The source reported on.
    pub ssrc: u32,
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; 24 bits, signed.
    pub lost: i32,
    /// Extended highest sequence number received.
    pub highest_sequence: u32,
    /// Interarrival jitter, timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report.
    pub last_sr: u32,
    /// Delay since then, 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// What a sender report says about its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sender {
    /// NTP time, 32.32 fixed point.
    pub ntp: u64,
    /// The same moment as RTP timestamp.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub bytes: u32,
}

/// One packet out of a compound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The packet type, 200–207.
    pub kind: u8,
    /// The sender's SSRC (0 if the packet is too short to have one).
    pub ssrc: u32,
    /// For sender reports.
    pub sender: Option<Sender>,
    /// For sender and receiver reports.
    pub blocks: Vec<Block>,
}

/// Writes a sender report followed by the CNAME a compound must have.
pub fn sender_report(ssrc: u32, sender: &Sender, blocks: &[Block]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(sender.ntp.to_be_bytes());
    for field in [sender.timestamp, sender.packets, sender.bytes] {
        body.extend(field.to_be_bytes());
    }
    compound(SENDER_REPORT, ssrc, body, blocks)
}

/// Writes a receiver report followed by the CNAME a compound must have.
pub fn receiver_report(ssrc: u32, blocks: &[Block]) -> Vec<u8> {
    compound(RECEIVER_REPORT, ssrc, Vec::new(), blocks)
}

fn compound(kind: u8, ssrc: u32, mut body: Vec<u8>, blocks: &[Block]) -> Vec<u8> {
    for block in blocks {
        let lost = block.lost.to_be_bytes();
        body.extend(block.ssrc.to_be_bytes());
        body.extend([block.fraction_lost, lost[1], lost[2], lost[3]]);
        for field in [block.highest_sequence, block.jitter, block.last_sr, block.delay_since_last_sr] {
            body.extend(field.to_be_bytes());
        }
    }
    let mut out = packet(blocks.len() as u8, kind, ssrc, &body);
    // SDES: item 1 (CNAME), length 3, "lab", then the ending zero and padding to 32 bits.
    out.extend(packet(1, SOURCE_DESCRIPTION, ssrc, &[1, 3, b'l', b'a', b'b', 0, 0, 0]));
    out
}

fn packet(count: u8, kind: u8, ssrc: u32, body: &[u8]) -> Vec<u8> {
    let words = (body.len() / 4 + 1) as u16;
    let mut out = vec![0x80 | (count & 0x1f), kind];
    out.extend(words.to_be_bytes());
    out.extend(ssrc.to_be_bytes());
    out.extend_from_slice(body);
    out
}

/// Reads a compound; `None` if lengths or versions do not fit.
pub fn parse(mut bytes: &[u8]) -> Option<Vec<Packet>> {
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        let head = bytes.first_chunk::<4>()?;
        if head[0] >> 6 != 2 {
            return None;
        }
        let length = 4 * (usize::from(u16::from_be_bytes([head[2], head[3]])) + 1);
        let (one, rest) = bytes.split_at_checked(length)?;
        packets.push(parse_one(one)?);
        bytes = rest;
    }
    (!packets.is_empty()).then_some(packets)
}

fn parse_one(bytes: &[u8]) -> Option<Packet> {
    let (count, kind) = (usize::from(bytes[0] & 0x1f), bytes[1]);
    let ssrc = word(bytes, 4).unwrap_or_default();
    let mut packet = Packet { kind, ssrc, sender: None, blocks: Vec::new() };
    let mut at = 8;
    if kind == SENDER_REPORT {
        let ntp = u64::from(word(bytes, 8)?) << 32 | u64::from(word(bytes, 12)?);
        let sender =
            Sender { ntp, timestamp: word(bytes, 16)?, packets: word(bytes, 20)?, bytes: word(bytes, 24)? };
        packet.sender = Some(sender);
        at = 28;
    }
    if kind == SENDER_REPORT || kind == RECEIVER_REPORT {
        for number in 0..count {
            packet.blocks.push(parse_block(bytes, at + 24 * number)?);
        }
    }
    Some(packet)
}

fn parse_block(bytes: &[u8], at: usize) -> Option<Block> {
    let loss = word(bytes, at + 4)?;
    Some(Block {
        ssrc: word(bytes, at)?,
        fraction_lost: (loss >> 24) as u8,
        // Moves the 24-bit number to the top and back, to extend its sign.
        lost: ((loss << 8) as i32) >> 8,
        highest_sequence: word(bytes, at + 8)?,
        jitter: word(bytes, at + 12)?,
        last_sr: word(bytes, at + 16)?,
        delay_since_last_sr: word(bytes, at + 20)?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|chunk| u32::from_be_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_report_round_trip() {
        let sender = Sender { ntp: 0x0123_4567_89ab_cdef, timestamp: 1, packets: 2, bytes: 320 };
        let block = Block {
            ssrc: 9,
            fraction_lost: 3,
            lost: -2,
            highest_sequence: 70_000,
            jitter: 5,
            ..Block::default()
        };
        let packets = parse(&sender_report(7, &sender, &[block])).unwrap();
        assert_eq!(packets.len(), 2);
        assert_eq!((packets[0].kind, packets[0].ssrc, packets[0].sender), (200, 7, Some(sender)));
        assert_eq!(packets[0].blocks, [block]);
        assert_eq!((packets[1].kind, packets[1].ssrc), (202, 7));
    }

    #[test]
    fn receiver_report_without_blocks() {
        let bytes = receiver_report(7, &[]);
        assert_eq!(&bytes[..8], [0x80, 201, 0, 1, 0, 0, 0, 7]);
        assert!(parse(&bytes[..bytes.len() - 1]).is_none());
        assert!(parse(&[]).is_none());
    }
}
