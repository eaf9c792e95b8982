/// Length of the sender information behind the SSRC, in bytes.
pub(super) const INFO: usize = 20;
/// Length of a report block in bytes.
pub(super) const BLOCK: usize = 24;

/// Sender information of an SR (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall clock of the sender: seconds since 1900 in the upper half, fraction in the lower.
    pub ntp: u64,
    /// The same instant in units of the RTP clock.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub octets: u32,
}

/// A report block of an SR or RR (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// Whose packets are reported on.
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost in all; negative when more came than expected.
    pub lost: i32,
    /// Highest extended sequence number.
    pub last_seq: u32,
    /// Interarrival jitter in units of the RTP clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last SR, 0 for none.
    pub last_sr: u32,
    /// Time since that SR in 1/65536 s.
    pub delay: u32,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let b = &bytes[at..at + 4];
    u32::from_be_bytes([b[0], b[1], b[2], b[3]])
}

impl SenderInfo {
    pub(super) fn read(bytes: &[u8; INFO]) -> SenderInfo {
        SenderInfo {
            ntp: u64::from(word(bytes, 0)) << 32 | u64::from(word(bytes, 4)),
            timestamp: word(bytes, 8),
            packets: word(bytes, 12),
            octets: word(bytes, 16),
        }
    }

    /// The middle 32 bits of the NTP time, as a receiver echoes them in [`ReportBlock::last_sr`].
    pub fn ntp_middle(&self) -> u32 {
        (self.ntp >> 16) as u32
    }
}

impl ReportBlock {
    pub(super) fn read(bytes: &[u8; BLOCK]) -> ReportBlock {
        let loss = word(bytes, 4);
        ReportBlock {
            ssrc: word(bytes, 0),
            fraction_lost: (loss >> 24) as u8,
            // 24 bits, signed: shifted up and back down so that the sign follows
            lost: (loss << 8) as i32 >> 8,
            last_seq: word(bytes, 8),
            jitter: word(bytes, 12),
            last_sr: word(bytes, 16),
            delay: word(bytes, 20),
        }
    }
}
