//! Packets as scenarios need them, odd ones included.

/// What an RTP packet (RFC 3550 §5.1) is made of. The bits that say so are set by [`Rtp::bytes`].
#[derive(Debug, Clone)]
pub struct Rtp {
    /// Marker bit.
    pub marker: bool,
    /// Payload type.
    pub pt: u8,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Contributing sources, at most 15.
    pub csrcs: Vec<u32>,
    /// Header extension: profile and words.
    pub extension: Option<(u16, Vec<u32>)>,
    /// Payload.
    pub payload: Vec<u8>,
    /// Bytes of padding, the last of which says how many.
    pub padding: u8,
}

/// A packet of PCMA of 20 ms; the payload tells packets apart.
pub fn rtp(seq: u16) -> Rtp {
    Rtp {
        marker: false,
        pt: 8,
        seq,
        timestamp: 160_000u32.wrapping_add(u32::from(seq).wrapping_mul(160)),
        ssrc: 0x1111_1111,
        csrcs: Vec::new(),
        extension: None,
        payload: (0..160u16).map(|at| (at.wrapping_mul(7) ^ seq) as u8).collect(),
        padding: 0,
    }
}

impl Rtp {
    /// With a payload of so many bytes.
    pub fn sized(mut self, bytes: usize) -> Rtp {
        let seq = usize::from(self.seq);
        self.payload = (0..bytes).map(|at| (at * 31 + (at >> 8) + seq) as u8).collect();
        self
    }

    /// On the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let extended = u8::from(self.extension.is_some());
        let padded = u8::from(self.padding > 0);
        let mut out = vec![
            0x80 | padded << 5 | extended << 4 | (self.csrcs.len() as u8 & 0x0f),
            u8::from(self.marker) << 7 | self.pt,
        ];
        out.extend(self.seq.to_be_bytes());
        out.extend(self.timestamp.to_be_bytes());
        out.extend(self.ssrc.to_be_bytes());
        out.extend(self.csrcs.iter().flat_map(|csrc| csrc.to_be_bytes()));
        if let Some((profile, words)) = &self.extension {
            out.extend(profile.to_be_bytes());
            out.extend((words.len() as u16).to_be_bytes());
            out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        }
        out.extend(&self.payload);
        out.extend((0..self.padding).map(|at| if at + 1 == self.padding { self.padding } else { 0 }));
        out
    }
}

/// A sender report (RFC 3550 §6.4.1) without blocks; the numbers tell reports apart.
pub fn sender_report(ssrc: u32, packets: u32) -> Vec<u8> {
    let mut out = vec![0x80, 200, 0, 6];
    for word in [ssrc, 0xe000_0000, 0x8000_0000, 160_000, packets, packets * 160] {
        out.extend(word.to_be_bytes());
    }
    out
}

/// RTCP, by its first two bytes (RFC 5761 §4).
pub fn is_rtcp(packet: &[u8]) -> bool {
    matches!(packet, [0x80..=0xbf, 192..=223, ..])
}

/// A STUN binding request (RFC 8489 §5) without attributes.
pub fn stun() -> Vec<u8> {
    let mut out = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    out.extend(*b"transaction!");
    out
}

/// The start of a DTLS handshake record (RFC 6347 §4.1), its length right.
pub fn dtls() -> Vec<u8> {
    let mut out = vec![22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4];
    out.extend([1, 0, 0, 0]);
    out
}
