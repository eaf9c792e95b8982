//! Source attributes (RFC 5576) and WebRTC track names (RFC 8830).

use crate::Text;

/// `a=ssrc`: `SSRC ATTRIBUTE[:VALUE]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsrcAttribute<'a> {
    /// The source.
    pub ssrc: u32,
    /// `cname`, `msid`, …
    pub name: Text<'a>,
    /// What follows the colon; empty if there is none.
    pub value: Text<'a>,
}

impl<'a> SsrcAttribute<'a> {
    /// Reads a value.
    pub fn parse(value: Text<'a>) -> Option<SsrcAttribute<'a>> {
        let (ssrc, rest) = value.split_once(b' ').unwrap_or((value, Text::default()));
        let (name, value) = rest.split_once(b':').unwrap_or((rest, Text::default()));
        Some(SsrcAttribute { ssrc: ssrc.number()?, name, value })
    }
}

/// `a=ssrc-group`: a meaning and the sources it holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsrcGroup<'a> {
    /// `FID`, `FEC`, `SIM`, …
    pub semantics: Text<'a>,
    members: Text<'a>,
}

impl<'a> SsrcGroup<'a> {
    /// Reads `SEMANTICS SSRC…`.
    pub fn parse(value: Text<'a>) -> Option<SsrcGroup<'a>> {
        let (semantics, members) = value.split_once(b' ')?;
        (!semantics.is_empty()).then_some(SsrcGroup { semantics, members })
    }

    /// The sources, in order; words that are no SSRC are left out.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.members.words().filter_map(Text::number)
    }
}

/// `a=msid`: stream and track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msid<'a> {
    /// The stream's name, `-` for none.
    pub stream: Text<'a>,
    /// The track's name; empty if there is none.
    pub track: Text<'a>,
}

impl<'a> Msid<'a> {
    /// Reads `STREAM [TRACK]`.
    pub fn parse(value: Text<'a>) -> Option<Msid<'a>> {
        let mut words = value.words();
        Some(Msid { stream: words.next()?, track: words.next().unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_lines() {
        let a = SsrcAttribute::parse("4294967295 msid:s t".into()).unwrap();
        assert_eq!(
            (a.ssrc, a.name.to_string(), a.value.to_string()),
            (u32::MAX, "msid".into(), "s t".into())
        );
        assert_eq!(SsrcAttribute::parse("4294967296 cname:x".into()), None);
        assert_eq!(SsrcGroup::parse("FID 1 x 2".into()).unwrap().ssrcs().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(Msid::parse("- t".into()).unwrap().track, "t");
        assert_eq!(Msid::parse("".into()), None);
    }
}
