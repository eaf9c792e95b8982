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
    /// Reads a spec. Numbers that are none count as not said, but a clock that is none means no codec at all.
    pub fn parse(text: impl Into<Text<'s>>) -> CodecSpec<'s> {
        let text: Text<'s> = text.into();
        let mut parts = text.as_bytes().splitn(7, |&b| b == b'/').map(Text::new);
        let name = parts.next().unwrap_or_default();
        let clock = parts.next().map(|clock| clock.number().unwrap_or(u32::MAX));
        let channels = number(parts.next());
        let (bitrate, ptime) = (number(parts.next()), number(parts.next()));
        let filled = |part: Option<Text<'s>>| part.filter(|p| !p.is_empty());
        let (fmtp, options) = (filled(parts.next()), filled(parts.next()));
        CodecSpec { name, clock, channels, bitrate, ptime, fmtp, options }
    }

    /// Whether the spec means that codec: the name alone, or name, clock and channels (1 if not said).
    pub fn matches(&self, codec: &Codec<'_>) -> bool {
        self.name.as_bytes().eq_ignore_ascii_case(codec.name.as_bytes())
            && self
                .clock
                .is_none_or(|clock| clock == codec.clock && self.channels.unwrap_or(1) == codec.channels)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_of_a_spec_are_read() {
        let spec = CodecSpec::parse("opus/48000/2/32000/20/useinbandfec=1; stereo=1/cbr=on/x");
        assert_eq!(spec.name, "opus");
        assert_eq!((spec.clock, spec.channels), (Some(48000), Some(2)));
        assert_eq!((spec.bitrate, spec.ptime), (Some(32000), Some(20)));
        assert_eq!(spec.fmtp.unwrap(), "useinbandfec=1; stereo=1");
        assert_eq!(spec.options.unwrap(), "cbr=on/x");
    }

    #[test]
    fn parts_may_be_left_out() {
        let spec = CodecSpec::parse("AMR/8000/1//20");
        assert_eq!((spec.channels, spec.bitrate, spec.ptime), (Some(1), None, Some(20)));
        assert_eq!(CodecSpec::parse("PCMA").clock, None);
        assert!(CodecSpec::parse("pcma").matches(&Codec::new(8, "PCMA", 8000, 1)));
        assert!(!CodecSpec::parse("opus/").matches(&Codec::new(96, "opus", 48000, 2)));
    }
}
