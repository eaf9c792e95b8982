//! A whole body, and the session level of it.

mod bandwidth;
mod parse;

pub(crate) use parse::address_of;

pub use bandwidth::{Bandwidth, BandwidthKind};

use crate::{Attribute, Error, Lines, Media, Name, Section, Text, typed};
use std::net::IpAddr;
use std::ops::Range;

/// A body, read. Everything is borrowed from it.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    /// The bytes as received.
    pub body: &'a [u8],
    /// `o=`
    pub origin: Option<Origin<'a>>,
    /// `s=`
    pub name: Option<Text<'a>>,
    /// `i=`
    pub info: Option<Text<'a>>,
    /// `u=`
    pub uri: Option<Text<'a>>,
    /// `e=`
    pub email: Option<Text<'a>>,
    /// `p=`
    pub phone: Option<Text<'a>>,
    /// `c=` before the first `m=`.
    pub connection: Option<Connection<'a>>,
    /// `b=` before the first `m=`.
    pub bandwidth: Bandwidth,
    /// `t=`; of several the last.
    pub timing: Option<Text<'a>>,
    /// `a=` before the first `m=`.
    pub attributes: Vec<Attribute<'a>>,
    /// The media sections.
    pub media: Vec<Media<'a>>,
}

impl<'a> Session<'a> {
    /// Bodies larger than this are refused. Bytes.
    pub const MAX_BODY: usize = 256 * 1024;
    /// More lines than this are refused.
    pub const MAX_LINES: usize = 16_384;
    /// More media sections than this are refused.
    pub const MAX_MEDIA: usize = 256;
    /// More formats in one `m=` than this are refused.
    pub const MAX_FORMATS: usize = 256;

    /// Reads a body (RFC 8866). What follows the first empty line is not looked at.
    ///
    /// # Errors
    /// [`Error`]; its [`ng_text`](Error::ng_text) is what rtpengine answers to the same body.
    pub fn parse(body: &'a [u8]) -> Result<Session<'a>, Error> {
        parse::session(body, parse::Rules::Body)
    }

    /// Reads a trickle-ICE fragment (RFC 8840 §9): as a body, but `v=`, `c=` and `m=` may be missing.
    ///
    /// # Errors
    /// [`Error`], as for [`parse`](Self::parse).
    pub fn parse_fragment(body: &'a [u8]) -> Result<Session<'a>, Error> {
        parse::session(body, parse::Rules::Fragment)
    }

    /// All lines of the body with their byte ranges, those after an empty line too.
    pub fn lines(&self) -> Lines<'a> {
        Lines::new(self.body)
    }

    /// Where in the body a text taken from it stands; `None` if it was not taken from it.
    pub fn span(&self, text: Text<'_>) -> Option<Range<usize>> {
        let start = (text.as_ptr() as usize).checked_sub(self.body.as_ptr() as usize)?;
        let end = start.checked_add(text.len())?;
        (end <= self.body.len()).then_some(start..end)
    }

    /// Each media section together with what it inherits from the session.
    pub fn sections(&self) -> impl ExactSizeIterator<Item = Section<'_, 'a>> {
        self.media.iter().map(|media| Section::new(self, media))
    }

    /// The section at `index`, counted from 0.
    pub fn section(&self, index: usize) -> Option<Section<'_, 'a>> {
        self.media.get(index).map(|media| Section::new(self, media))
    }

    /// Session-level attributes of that name.
    pub fn all(&self, name: Name) -> impl Iterator<Item = &Attribute<'a>> {
        self.attributes.iter().filter(move |a| a.name == name)
    }

    /// The first session-level attribute of that name.
    pub fn first(&self, name: Name) -> Option<&Attribute<'a>> {
        self.all(name).next()
    }

    /// `a=group` lines (RFC 5888), malformed ones left out.
    pub fn groups(&self) -> impl Iterator<Item = typed::Group<'a>> {
        self.all(Name::Group).filter_map(|a| typed::Group::parse(a.value()))
    }

    /// Marks of `loop-protect` (`a=rtpengine:…`) at session level.
    pub fn loop_marks(&self) -> impl Iterator<Item = Text<'a>> {
        self.all(Name::LoopMark).map(Attribute::value)
    }

    /// Whether the session says `a=ice-lite`.
    pub fn ice_lite(&self) -> bool {
        self.first(Name::IceLite).is_some()
    }
}

/// `o=`: six fields as spelled; an empty user name reads `-`, an empty id or version `0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// User name, often `-`.
    pub user: Text<'a>,
    /// Session id: digits by the RFC, anything in practice.
    pub id: Text<'a>,
    /// Session version: as the id.
    pub version: Text<'a>,
    /// `IN`
    pub net_type: Text<'a>,
    /// `IP4` or `IP6`
    pub addr_type: Text<'a>,
    /// An address or host name; never resolved.
    pub address: Text<'a>,
}

/// `c=`: `IN`, `IP4` or `IP6`, and an address of that family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// The address.
    pub address: IpAddr,
    /// The value as spelled.
    pub raw: Text<'a>,
}

impl Connection<'_> {
    /// Whether this is the all-zeros address that means hold (RFC 3264 §8.4).
    pub fn is_zero(&self) -> bool {
        self.address.is_unspecified()
    }
}
