//! A body to be written: a new one, in one fixed order, not an edit of the one received.

mod attributes;
mod carry;
mod write;

pub use attributes::{AttributeEdits, ScopeEdits};

use crate::{
    Bandwidth, Candidate, Codec, Crypto, Direction, Extmap, Field, Media, Profile, Rtcp, Section, Session,
    Setup,
};
use std::net::{IpAddr, Ipv4Addr};

/// A whole body. Field order is line order.
#[derive(Clone, Debug, Default)]
pub struct Draft<'a> {
    /// `o=`
    pub origin: DraftOrigin<'a>,
    /// `s=`, written even if empty.
    pub name: Field<'a>,
    /// `i=`
    pub info: Option<Field<'a>>,
    /// `u=`
    pub uri: Option<Field<'a>>,
    /// `e=`
    pub email: Option<Field<'a>>,
    /// `p=`
    pub phone: Option<Field<'a>>,
    /// `b=` of the session.
    pub bandwidth: Bandwidth,
    /// `t=`; `0 0` if `None`.
    pub timing: Option<Field<'a>>,
    /// `a=rtpengine`: our mark of `loop-protect`.
    pub loop_mark: Option<Field<'a>>,
    /// `a=ice-lite`
    pub ice_lite: bool,
    /// Values of `a=group`, one line each (`BUNDLE 0 1`).
    pub groups: Vec<Field<'a>>,
    /// Other session attributes, everything after `a=`.
    pub attributes: Vec<Field<'a>>,
    /// The media sections.
    pub media: Vec<DraftMedia<'a>>,
    /// What a request wants added, removed or replaced in the lines so written (`sdp-attr`).
    pub edits: AttributeEdits<'a>,
}

/// `o=`; the network type is always `IN`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of RFC 8866 §5.2")]
pub struct DraftOrigin<'a> {
    pub user: Field<'a>,
    pub id: Field<'a>,
    pub version: Field<'a>,
    pub addr_type: Field<'a>,
    pub address: Field<'a>,
}

/// The formats of an `m=` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formats<'a> {
    /// Payload types with their rtpmap, fmtp and rtcp-fb lines. None at all is written as `0`.
    Codecs(Vec<Codec<'a>>),
    /// Text that is written as it is, without further lines.
    Raw(Field<'a>),
}

/// One media section. Field order is line order.
#[derive(Clone, Debug)]
pub struct DraftMedia<'a> {
    /// `audio`, …
    pub kind: Field<'a>,
    /// The port; 0 refuses the stream.
    pub port: u16,
    /// The protocol's spelling.
    pub protocol: Field<'a>,
    /// What stands behind it.
    pub formats: Formats<'a>,
    /// `i=`
    pub title: Option<Field<'a>>,
    /// The address of `c=`.
    pub address: IpAddr,
    /// `b=`
    pub bandwidth: Bandwidth,
    /// `a=mid`
    pub mid: Option<Field<'a>>,
    /// `a=bundle-only`
    pub bundle_only: bool,
    /// `a=label`
    pub label: Option<Field<'a>>,
    /// `a=extmap-allow-mixed`
    pub extmap_allow_mixed: bool,
    /// `a=extmap` lines.
    pub extmaps: Vec<Extmap<'a>>,
    /// Values of `a=rtcp-fb:*` lines, without the star.
    pub feedback: Vec<Field<'a>>,
    /// Other attributes, everything after `a=`.
    pub attributes: Vec<Field<'a>>,
    /// The direction line; `None` writes none.
    pub direction: Option<Direction>,
    /// `a=rtcp`
    pub rtcp: Option<Rtcp>,
    /// `a=rtcp-mux`
    pub rtcp_mux: bool,
    /// `a=crypto` lines.
    pub cryptos: Vec<Crypto<'a>>,
    /// `a=setup`
    pub setup: Option<Setup>,
    /// The value of `a=fingerprint`: hash name, space, digest.
    pub fingerprint: Option<Field<'a>>,
    /// `a=tls-id`
    pub tls_id: Option<Field<'a>>,
    /// `a=ptime`, ms.
    pub ptime: Option<u32>,
    /// `a=maxptime`, ms.
    pub maxptime: Option<u32>,
    /// `a=ice-ufrag`
    pub ice_ufrag: Option<Field<'a>>,
    /// `a=ice-pwd`
    pub ice_pwd: Option<Field<'a>>,
    /// `a=ice-options`
    pub ice_options: Option<Field<'a>>,
    /// `a=candidate` lines.
    pub candidates: Vec<Candidate<'a>>,
    /// `a=end-of-candidates`
    pub end_of_candidates: bool,
}

impl<'a> Draft<'a> {
    /// Takes over what passes unchanged: `o=`, `s=`, `i=`, `u=`, `e=`, `p=`, `b=`, `t=`, the session attributes that
    /// are nobody's business, and the media sections ([`DraftMedia::from_media`]). Groups, loop marks and ICE-lite
    /// are left out: they are said by the caller.
    pub fn from_session(session: &Session<'a>) -> Draft<'a> {
        carry::session(session)
    }

    /// Writes the body with CRLF line ends, behind what `out` holds.
    pub fn write(&self, out: &mut Vec<u8>) {
        write::draft(self, out);
    }

    /// Drops whole sections by kind (`audio`, `video`, …; case ignored; `other` means the kinds we do not know), as
    /// `sdp-media-remove` asks. Gives the indexes they had.
    pub fn remove_media(&mut self, kinds: &[&str]) -> Vec<usize> {
        attributes::remove_media(self, kinds)
    }
}

impl<'a> DraftMedia<'a> {
    /// Takes over what passes unchanged: kind, protocol, formats with their lines, `i=`, `b=`, `mid`, `label`,
    /// extmaps, `ptime`, `maxptime`, and the attributes that are nobody's business in the order received. Also the
    /// received port and address (the session's `c=` if the section has none), direction (`sendrecv` if none is said)
    /// and rtcp-mux, for the caller to replace. No `a=rtcp`, SRTP or ICE line is taken over. A rejected stream comes
    /// as [`reject`](Self::reject) leaves it.
    ///
    /// Sections that are not RTP keep all their attributes in order, `a=end-of-candidates` and `a=crypto` excepted.
    pub fn from_media(session: &Session<'a>, media: &Media<'a>) -> DraftMedia<'a> {
        carry::media(session, media)
    }

    /// Takes a section over as it is, whatever its protocol: the form of streams we only add candidates to
    /// (`ICE=optional`, `ICE=force-relay`). Port, address and all attributes are the received ones;
    /// `a=end-of-candidates` moves behind the candidates.
    pub fn from_media_raw(session: &Session<'a>, media: &Media<'a>) -> DraftMedia<'a> {
        let section = Section::new(session, media);
        DraftMedia { end_of_candidates: section.end_of_candidates(), ..carry::raw(&section) }
    }

    /// Turns the section into the form of a refused stream: port 0, address 0.0.0.0, and of an RTP stream's
    /// attributes only `mid` and `label`.
    pub fn reject(&mut self) {
        carry::reject(self);
    }

    /// The protocol, recognised.
    pub fn profile(&self) -> Profile {
        Profile::of(self.protocol.as_bytes())
    }

    /// The codecs; empty for other protocols.
    pub fn codecs(&self) -> &[Codec<'a>] {
        match &self.formats {
            Formats::Codecs(codecs) => codecs,
            Formats::Raw(_) => &[],
        }
    }

    /// The codecs to change; `None` for other protocols.
    pub fn codecs_mut(&mut self) -> Option<&mut Vec<Codec<'a>>> {
        match &mut self.formats {
            Formats::Codecs(codecs) => Some(codecs),
            Formats::Raw(_) => None,
        }
    }
}

impl Default for DraftMedia<'_> {
    fn default() -> Self {
        DraftMedia {
            kind: Field::fixed("audio"),
            port: 0,
            protocol: Field::fixed("RTP/AVP"),
            formats: Formats::Codecs(Vec::new()),
            title: None,
            address: Ipv4Addr::UNSPECIFIED.into(),
            bandwidth: Bandwidth::default(),
            mid: None,
            bundle_only: false,
            label: None,
            extmap_allow_mixed: false,
            extmaps: Vec::new(),
            feedback: Vec::new(),
            attributes: Vec::new(),
            direction: None,
            rtcp: None,
            rtcp_mux: false,
            cryptos: Vec::new(),
            setup: None,
            fingerprint: None,
            tls_id: None,
            ptime: None,
            maxptime: None,
            ice_ufrag: None,
            ice_pwd: None,
            ice_options: None,
            candidates: Vec::new(),
            end_of_candidates: false,
        }
    }
}

#[cfg(test)]
mod tests;
