//! Payload types with a fixed meaning (RFC 3551 §6).

/// What a static payload type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticCodec {
    /// Payload type.
    pub pt: u8,
    /// Encoding name.
    pub name: &'static str,
    /// RTP clock, Hz.
    pub clock: u32,
    /// Channels.
    pub channels: u16,
}

const fn entry(pt: u8, name: &'static str, clock: u32, channels: u16) -> StaticCodec {
    StaticCodec { pt, name, clock, channels }
}

const TABLE: [StaticCodec; 24] = [
    entry(0, "PCMU", 8000, 1),
    entry(3, "GSM", 8000, 1),
    entry(4, "G723", 8000, 1),
    entry(5, "DVI4", 8000, 1),
    entry(6, "DVI4", 16000, 1),
    entry(7, "LPC", 8000, 1),
    entry(8, "PCMA", 8000, 1),
    entry(9, "G722", 8000, 1),
    entry(10, "L16", 44100, 1),
    entry(11, "L16", 44100, 2),
    entry(12, "QCELP", 8000, 1),
    entry(13, "CN", 8000, 1),
    entry(14, "MPA", 90000, 1),
    entry(15, "G728", 8000, 1),
    entry(16, "DVI4", 11025, 1),
    entry(17, "DVI4", 22050, 1),
    entry(18, "G729", 8000, 1),
    entry(25, "CelB", 90000, 1),
    entry(26, "JPEG", 90000, 1),
    entry(28, "nv", 90000, 1),
    entry(31, "H261", 90000, 1),
    entry(32, "MPV", 90000, 1),
    entry(33, "MP2T", 90000, 1),
    entry(34, "H263", 90000, 1),
];

impl StaticCodec {
    /// The meaning of `pt`, if it has a fixed one.
    pub fn of(pt: u8) -> Option<StaticCodec> {
        TABLE.iter().find(|s| s.pt == pt).copied()
    }

    /// The static payload type of a codec, name case ignored.
    pub fn find(name: &[u8], clock: u32, channels: u16) -> Option<StaticCodec> {
        let fits = |s: &&StaticCodec| {
            s.clock == clock && s.channels == channels && s.name.as_bytes().eq_ignore_ascii_case(name)
        };
        TABLE.iter().find(fits).copied()
    }
}
