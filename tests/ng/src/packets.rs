//! What a packet is, and a line for a group of packets that came together.

use crate::normal::Names;
use std::fmt::Write;

/// Bytes of a packet's content that are shown.
const SHOWN: usize = 24;

/// What a packet seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RTP of this payload type.
    Rtp(u8),
    /// RTCP whose first packet is of this type.
    Rtcp(u8),
    /// A STUN message of this type.
    Stun(u16),
    /// A DTLS record.
    Dtls,
    /// Anything else.
    Other,
}

/// Judges by the first bytes (RFC 7983, RFC 5761).
pub fn kind(packet: &[u8]) -> Kind {
    match packet {
        [0..=3, ..] if packet.len() >= 20 && packet[4..8] == [0x21, 0x12, 0xa4, 0x42] => {
            Kind::Stun(u16::from_be_bytes([packet[0], packet[1]]))
        }
        [20..=63, ..] => Kind::Dtls,
        [0x80..=0xbf, 192..=223, ..] if packet.len() >= 8 => Kind::Rtcp(packet[1]),
        [0x80..=0xbf, second, ..] if packet.len() >= 12 => Kind::Rtp(second & 0x7f),
        _ => Kind::Other,
    }
}

/// One line for packets of one sender that arrived at one place. Packets of different kinds are told apart. How many
/// there were and their sequence numbers are left out unless they are `counted`.
pub fn describe(packets: &[Vec<u8>], counted: bool, names: &mut Names) -> String {
    let mut groups: Vec<(Kind, Vec<&[u8]>)> = Vec::new();
    for packet in packets {
        let kind = kind(packet);
        match groups.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, group)) => group.push(packet),
            None => groups.push((kind, vec![packet])),
        }
    }
    let parts: Vec<String> =
        groups.iter().map(|(kind, group)| describe_group(*kind, group, counted, names)).collect();
    parts.join("; ")
}

fn describe_group(kind: Kind, group: &[&[u8]], counted: bool, names: &mut Names) -> String {
    let mut line = if counted { format!("{} ", group.len()) } else { String::new() };
    // Writing to a String cannot fail.
    let _ = match kind {
        Kind::Rtp(pt) => write!(line, "RTP pt {pt}"),
        Kind::Rtcp(first) => write!(line, "RTCP type {first}"),
        Kind::Stun(kind) => write!(line, "STUN {kind:#06x}"),
        Kind::Dtls => write!(line, "DTLS"),
        Kind::Other => write!(line, "other"),
    };
    // Lengths and contents of these are their writer's business and random.
    if matches!(kind, Kind::Stun(_) | Kind::Dtls) {
        return line;
    }
    let _ = write!(line, ", {} bytes", span(group.iter().map(|packet| packet.len())));
    let mut header = 0;
    if let Kind::Rtp(_) = kind {
        header = 12;
        let seq = |packet: &&[u8]| usize::from(u16::from_be_bytes([packet[2], packet[3]]));
        let mut ssrcs: Vec<u32> = group
            .iter()
            .map(|packet| u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]))
            .collect();
        ssrcs.sort_unstable();
        ssrcs.dedup();
        let ssrcs: Vec<String> = ssrcs
            .into_iter()
            .map(|ssrc| if names.knows_ssrc(ssrc) { format!("{ssrc:#010x}") } else { names.ssrc(ssrc) })
            .collect();
        if counted {
            let _ = write!(line, ", seq {}", span(group.iter().map(seq)));
        }
        let _ = write!(line, ", ssrc {}", ssrcs.join(" "));
    }
    if let [first, rest @ ..] = group
        && rest.iter().all(|packet| packet[header..] == first[header..])
    {
        let content = &first[header..];
        let _ = write!(line, ", ");
        for byte in content.iter().take(SHOWN) {
            let _ = write!(line, "{byte:02x}");
        }
        line.push_str(if content.len() > SHOWN { "…" } else { "" });
    }
    line.trim_end_matches(", ").to_owned()
}

/// `7` if all are equal, else first and last, in the order they came.
fn span(numbers: impl Iterator<Item = usize>) -> String {
    let all: Vec<usize> = numbers.collect();
    match all.as_slice() {
        [first, .., last] if all.iter().any(|number| number != first) => format!("{first}-{last}"),
        [first, ..] => first.to_string(),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_first_bytes() {
        assert_eq!(kind(&[0x80, 0x88, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]), Kind::Rtp(8));
        assert_eq!(kind(&[0x80, 200, 0, 1, 0, 0, 0, 0]), Kind::Rtcp(200));
        assert_eq!(kind(&[0x80, 8, 0, 1]), Kind::Other);
        assert_eq!(kind(&[22, 0xfe]), Kind::Dtls);
        assert_eq!(
            kind(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Kind::Stun(1)
        );
        assert_eq!(kind(&[]), Kind::Other);
    }

    #[test]
    fn equal_packets_are_one_group() {
        let mut names = Names::new("ssrc = 0x10", "c");
        let rtp = |seq, ssrc| vec![0x80, 8, 0, seq, 0, 0, 0, 0, 0, 0, 0, ssrc, 0xd5, 0xd5];
        assert_eq!(
            describe(&[rtp(1, 16), rtp(2, 16), vec![7]], true, &mut names),
            "2 RTP pt 8, 14 bytes, seq 1-2, ssrc 0x00000010, d5d5; 1 other, 1 bytes, 07"
        );
        assert_eq!(
            describe(&[rtp(1, 17)], true, &mut names),
            "1 RTP pt 8, 14 bytes, seq 1, ssrc SSRC1, d5d5"
        );
        assert_eq!(describe(&[vec![]], true, &mut names), "1 other, 0 bytes");
        assert_eq!(
            describe(&[rtp(1, 16), rtp(2, 16)], false, &mut names),
            "RTP pt 8, 14 bytes, ssrc 0x00000010, d5d5"
        );
    }
}
