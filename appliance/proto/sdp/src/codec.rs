//! Codecs of a stream: what a payload type stands for, and lists of them.

mod edit;
mod list;
mod opus;
mod spec;
mod table;

pub use edit::{CodecEdits, Edited};
pub(crate) use list::of_media;
pub use spec::CodecSpec;
pub use table::StaticCodec;

use crate::{Field, Text};

/// A payload type of an RTP stream with all its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec<'a> {
    /// Payload type, 0 to 127.
    pub pt: u8,
    /// Encoding name as spelled; empty if there is neither an rtpmap nor a static meaning.
    pub name: Field<'a>,
    /// RTP clock, Hz; 0 if the name is empty.
    pub clock: u32,
    /// Channels, at least 1.
    pub channels: u16,
    /// Parameters of `a=fmtp`; opus' in the order we write them.
    pub fmtp: Option<Field<'a>>,
    /// What `a=rtcp-fb` says for this payload type, line by line.
    pub feedback: Vec<Field<'a>>,
}

impl<'a> Codec<'a> {
    /// A codec without fmtp or feedback.
    pub fn new(pt: u8, name: impl Into<Field<'a>>, clock: u32, channels: u16) -> Codec<'a> {
        Codec { pt, name: name.into(), clock, channels, fmtp: None, feedback: Vec::new() }
    }

    /// What a static payload type stands for (RFC 3551).
    pub fn from_static(pt: u8) -> Option<Codec<'static>> {
        StaticCodec::of(pt).map(|s| Codec::new(pt, s.name, s.clock, s.channels))
    }

    /// Whether the name is `name`, case ignored.
    pub fn is(&self, name: &str) -> bool {
        self.name.as_text().same(name)
    }

    /// Whether this is `telephone-event` (RFC 4733).
    pub fn is_dtmf(&self) -> bool {
        self.is("telephone-event")
    }

    /// Whether this is comfort noise (RFC 3389).
    pub fn is_comfort_noise(&self) -> bool {
        self.is("CN")
    }

    /// Whether name, clock and channels are those of `other`; the payload type may differ.
    pub fn same_format(&self, other: &Codec<'_>) -> bool {
        self.clock == other.clock
            && self.channels == other.channels
            && self.name.as_bytes().eq_ignore_ascii_case(other.name.as_bytes())
    }

    /// The value of the fmtp parameter `name` (case ignored) where parameters are `name=value` joined by `;`.
    pub fn parameter(&self, name: &str) -> Option<Text<'_>> {
        let fmtp = self.fmtp.as_ref()?.as_text();
        fmtp.as_bytes().split(|&b| b == b';').find_map(|member| {
            let (key, value) = Text::new(member).split_once(b'=')?;
            key.trimmed().same(name).then(|| value.trimmed())
        })
    }

    /// The same codec, no longer borrowing from the body.
    pub fn into_owned(self) -> Codec<'static> {
        Codec {
            pt: self.pt,
            name: self.name.into_owned(),
            clock: self.clock,
            channels: self.channels,
            fmtp: self.fmtp.map(Field::into_owned),
            feedback: self.feedback.into_iter().map(Field::into_owned).collect(),
        }
    }
}
