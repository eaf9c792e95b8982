//! What a payload type means.

use crate::Text;
use crate::media::payload_type;

/// `a=rtpmap` (RFC 8866 §6.6): `PT NAME/CLOCK[/CHANNELS]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtpmap<'a> {
    /// Payload type, 0 to 127.
    pub pt: u8,
    /// Encoding name as spelled; names ignore case.
    pub name: Text<'a>,
    /// RTP clock, Hz.
    pub clock: u32,
    /// Channels; 1 if not said or not readable.
    pub channels: u16,
}

impl<'a> Rtpmap<'a> {
    /// Reads a value. Without a clock there is nothing to read; what follows the channels does not matter.
    pub fn parse(value: Text<'a>) -> Option<Rtpmap<'a>> {
        let (pt, encoding) = value.split_once(b' ')?;
        let (name, rest) = encoding.split_once(b'/').filter(|(name, _)| !name.contains(&b' '))?;
        let rest = rest.words().next()?;
        let (clock, channels) = rest.split_once(b'/').unwrap_or((rest, Text::default()));
        let channels = channels.split_once(b'/').map_or(channels, |(first, _)| first);
        Some(Rtpmap {
            pt: payload_type(pt)?,
            name,
            clock: clock.number()?,
            channels: channels.number().filter(|&n: &u16| n > 0).unwrap_or(1),
        })
    }
}

/// `a=fmtp` (RFC 8866 §6.15): `FORMAT PARAMETERS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fmtp<'a> {
    /// Payload type, 0 to 127.
    pub pt: u8,
    /// The parameters as spelled, spaces included.
    pub parameters: Text<'a>,
}

impl<'a> Fmtp<'a> {
    /// Reads a value; without parameters there is nothing to read.
    pub fn parse(value: Text<'a>) -> Option<Fmtp<'a>> {
        let (pt, parameters) = value.split_once(b' ')?;
        (!parameters.is_empty()).then_some(Fmtp { pt: payload_type(pt)?, parameters })
    }
}

/// `a=rtcp-fb` (RFC 4585 §4.2): `PT|* FEEDBACK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback<'a> {
    /// Payload type, 0 to 127; `None` for `*`.
    pub pt: Option<u8>,
    /// What is supported, as spelled.
    pub what: Text<'a>,
}

impl<'a> Feedback<'a> {
    /// Reads a value.
    pub fn parse(value: Text<'a>) -> Option<Feedback<'a>> {
        let (pt, what) = value.split_once(b' ').unwrap_or((value, Text::default()));
        let pt = if pt == "*" { None } else { Some(payload_type(pt)?) };
        Some(Feedback { pt, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtpmaps_as_phones_write_them() {
        for (value, name, clock, channels) in [
            ("96 opus/48000/2", "opus", 48000, 2),
            ("08 PCMA/8000/1", "PCMA", 8000, 1),
            ("96 FOO/8000 x", "FOO", 8000, 1),
            ("96 FOO/8000/x", "FOO", 8000, 1),
            ("96 FOO/8000/2/3", "FOO", 8000, 2),
            ("96 FOO/8000/0", "FOO", 8000, 1),
            ("96 /8000", "", 8000, 1),
        ] {
            let map = Rtpmap::parse(value.into()).unwrap();
            assert_eq!(
                (map.name.to_string().as_str(), map.clock, map.channels),
                (name, clock, channels),
                "{value}"
            );
        }
        for value in
            ["", "96", "96 FOO", "96 FOO/x", "x FOO/8000", "200 FOO/8000", "96/8000", "96  FOO/8000", "96 F/"]
        {
            assert_eq!(Rtpmap::parse(value.into()), None, "{value}");
        }
    }

    #[test]
    fn fmtp_keeps_its_spaces() {
        assert_eq!(Fmtp::parse("96  x  y ".into()).unwrap().parameters, " x  y ");
        for value in ["", "96", "96 ", "x y", "* x"] {
            assert!(Fmtp::parse(value.into()).is_none(), "{value}");
        }
    }

    #[test]
    fn feedback_for_one_or_all() {
        assert_eq!(
            Feedback::parse("96 nack  pli ".into()),
            Some(Feedback { pt: Some(96), what: "nack  pli ".into() })
        );
        assert_eq!(Feedback::parse("* nack".into()), Some(Feedback { pt: None, what: "nack".into() }));
        assert_eq!(Feedback::parse("96".into()).unwrap().what, "");
        assert!(Feedback::parse(" x".into()).is_none());
    }
}
