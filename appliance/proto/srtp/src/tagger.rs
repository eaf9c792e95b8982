use crate::cipher::{Lanes, Message};
use std::fmt;

/// Makes the tags of several packets at once: HMAC-SHA1, each with its own key. Of whichever sessions they are, and how
/// long, makes no difference. Which way is the fastest here it finds out when it is made.
#[derive(Clone, Copy)]
pub struct Tagger(Option<Lanes>);

/// All that the tag of an RTP packet depends on: asked of [`crate::Opener::covered`] and [`crate::Sealer::covered`].
#[derive(Clone, Copy)]
pub struct Covered<'a>(pub(crate) Message<'a>);

/// A tag before it is cut to the length that its suite sends. `Debug` does not show it, since one that was made for a
/// forged packet would open it.
#[derive(Clone, Copy)]
pub struct Tag(pub(crate) [u8; 20]);

impl Tagger {
    /// The fastest way that this processor has: in lanes of vectors if it has vectors (AVX2) and no instructions for SHA-1,
    /// else one after the other.
    pub fn new() -> Tagger {
        Tagger(Lanes::find())
    }

    /// In lanes of vectors, be it faster or not; `None` if the processor has none that serve.
    pub fn in_lanes() -> Option<Tagger> {
        Lanes::of_any_speed().map(|lanes| Tagger(Some(lanes)))
    }

    /// One after the other, on any processor.
    pub fn one_by_one() -> Tagger {
        Tagger(None)
    }

    /// The fewest packets that are done faster together than one after the other; `None` where none are.
    pub fn least(&self) -> Option<usize> {
        self.0.map(|_| Lanes::LEAST)
    }

    /// Makes the tag of each packet and puts it where its number says. Best with as many packets as there is room in `tags`.
    ///
    /// # Panics
    /// When a number lies outside of `tags`.
    pub fn tags<'a>(&self, packets: impl Iterator<Item = (usize, Covered<'a>)>, tags: &mut [Option<Tag>]) {
        let messages = packets.map(|(number, covered)| (number, covered.0));
        match self.0 {
            Some(lanes) if tags.len() >= Lanes::LEAST => {
                lanes.tags(messages, |number, tag| tags[number] = Some(Tag(tag)));
            }
            _ => messages.for_each(|(number, message)| tags[number] = Some(Tag(message.tag()))),
        }
    }
}

impl Default for Tagger {
    fn default() -> Tagger {
        Tagger::new()
    }
}

impl fmt::Debug for Tagger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tagger").field("lanes", &self.0.is_some()).finish()
    }
}

impl fmt::Debug for Covered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Covered").field("len", &self.0.data.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tag").finish_non_exhaustive()
    }
}
