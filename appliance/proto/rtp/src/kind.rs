/// What a UDP payload is, by its first byte (RFC 7983 §7) and, for RTP and RTCP, its second (RFC 5761 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// First byte 0–3 (RFC 8489).
    Stun,
    /// First byte 20–63 (RFC 6347, RFC 9147).
    Dtls,
    /// First byte 128–191, and the second is not an RTCP packet type.
    Rtp,
    /// First byte 128–191, second 192–223.
    Rtcp,
    /// Anything else, and nothing at all.
    Other,
}

impl Kind {
    /// Looks at the first two bytes. One byte of 128–191 alone is neither RTP nor RTCP.
    pub fn of(payload: &[u8]) -> Kind {
        match payload {
            [0..=3, ..] => Kind::Stun,
            [20..=63, ..] => Kind::Dtls,
            [128..=191, 192..=223, ..] => Kind::Rtcp,
            [128..=191, _, ..] => Kind::Rtp,
            _ => Kind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn first_byte_tells_the_protocol() {
        let edges = [
            (0, Kind::Stun),
            (3, Kind::Stun),
            (4, Kind::Other),
            (16, Kind::Other),
            (19, Kind::Other),
            (20, Kind::Dtls),
            (63, Kind::Dtls),
            (64, Kind::Other),
            (127, Kind::Other),
            (128, Kind::Rtp),
            (191, Kind::Rtp),
            (192, Kind::Other),
            (255, Kind::Other),
        ];
        for (first, kind) in edges {
            assert_eq!(Kind::of(&[first, 0]), kind, "first byte {first}");
        }
        assert_eq!(Kind::of(&[]), Kind::Other);
        assert_eq!(Kind::of(&[128]), Kind::Other);
    }

    #[test]
    fn second_byte_tells_rtcp_from_rtp() {
        for second in 0..=255u8 {
            let kind = if (192..=223).contains(&second) { Kind::Rtcp } else { Kind::Rtp };
            assert_eq!(Kind::of(&[0x80, second]), kind, "second byte {second}");
        }
    }
}
