//! How a request names a codec: `name[/clock[/channels[/bitrate[/ptime[/fmtp[/options]]]]]]`.

use super::Codec;
use crate::Text;

/// A codec as a request spells it. Empty parts are not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecSpec<'s> {
    /// Encoding name; case is ignored.
    pub name: Text<'s>,
    /// RTP clock, Hz.
    pub clock: Option<u32>,
    /// Channels.
    pub channels: Option<u16>,
    /// Encoder bitrate, bit/s.
    pub bitrate: Option<u32>,
    /// Packet time, ms.
    pub ptime: Option<u32>,
    /// Parameters for `a=fmtp`.
    pub fmtp: Option<Text<'s>>,
    /// Options for the encoder.
    pub options: Option<Text<'s>>,
}

impl<'s> CodecSpec<'s> {
    /// Reads a spec. Numbers that are none count as not said.
    pub fn parse(text: impl Into<Text<'s>>) -> CodecSpec<'s> {
        let text: Text<'s> = text.into();
        let mut parts = text.as_bytes().splitn(7, |&b| b == b'/').map(Text::new);
        let name = parts.next().unwrap_or_default();
        let (clock, channels) = (number(parts.next()), number(parts.next()));
        let (bitrate, ptime) = (number(parts.next()), number(parts.next()));
        let filled = |part: Option<Text<'s>>| part.filter(|p| !p.is_empty());
        let (fmtp, options) = (filled(parts.next()), filled(parts.next()));
        CodecSpec { name, clock, channels, bitrate, ptime, fmtp, options }
    }

    /// Whether the spec means that codec: same name, and same clock and channels where the spec says them.
    pub fn matches(&self, codec: &Codec<'_>) -> bool {
        self.name.as_bytes().eq_ignore_ascii_case(codec.name.as_bytes())
            && self.clock.is_none_or(|c| c == codec.clock)
            && self.channels.is_none_or(|c| c == codec.channels)
    }

    /// Whether the spec means every codec that is one: the word `all`.
    pub fn is_all(&self) -> bool {
        self.name == "all"
    }

    /// Whether the spec means every format: the word `full`.
    pub fn is_full(&self) -> bool {
        self.name == "full"
    }
}

fn number<N: TryFrom<u64>>(part: Option<Text<'_>>) -> Option<N> {
    part.and_then(Text::number)
}
