//! What passes from a received body into a new one.

use super::{Draft, DraftMedia, DraftOrigin, Formats};
use crate::typed::Feedback;
use crate::{Attribute, Crypto, Field, Media, Name, Profile, Section, Session};
use std::net::Ipv4Addr;

pub(super) fn session<'a>(session: &Session<'a>) -> Draft<'a> {
    let field = |text: crate::Text<'a>| -> Field<'a> { text.into() };
    Draft {
        origin: session.origin.map_or_else(DraftOrigin::default, |o| DraftOrigin {
            user: o.user.into(),
            id: o.id.into(),
            version: o.version.into(),
            addr_type: o.addr_type.into(),
            address: o.address.into(),
        }),
        name: session.name.map(field).unwrap_or_default(),
        info: session.info.map(field),
        uri: session.uri.map(field),
        email: session.email.map(field),
        phone: session.phone.map(field),
        bandwidth: session.bandwidth,
        timing: session.timing.map(field),
        attributes: passing(&session.attributes).collect(),
        media: session.media.iter().map(|m| DraftMedia::from_media(session, m)).collect(),
        ..Draft::default()
    }
}

fn passing<'s, 'a>(attributes: &'s [Attribute<'a>]) -> impl Iterator<Item = Field<'a>> + use<'s, 'a> {
    // A colon with nothing behind it goes.
    let written = |a: &Attribute<'a>| if a.value().is_empty() { a.name_text() } else { a.raw() };
    attributes.iter().filter(|a| a.name.passes()).map(move |a| written(a).into())
}

pub(super) fn media<'a>(session: &Session<'a>, media: &Media<'a>) -> DraftMedia<'a> {
    let section = Section::new(session, media);
    if !media.profile.is_rtp() {
        let mut draft = raw(&section);
        if media.is_rejected() {
            draft.address = Ipv4Addr::UNSPECIFIED.into();
        }
        return draft;
    }
    let mut draft = DraftMedia {
        mid: section.mid().map(Field::from),
        label: section.label().map(Field::from),
        ..frame(&section)
    };
    if media.is_rejected() {
        draft.formats =
            Formats::Raw(if media.formats.is_empty() { "0".into() } else { media.formats.into() });
        reject(&mut draft);
        return draft;
    }
    let star = |a: &Attribute<'a>| match Feedback::parse(a.value()) {
        Some(Feedback { pt: None, what }) => Some(what.into()),
        _ => None,
    };
    draft.formats = Formats::Codecs(media.codecs());
    draft.extmaps = section.extmaps();
    draft.extmap_allow_mixed = !draft.extmaps.is_empty();
    draft.feedback = media.all(Name::RtcpFb).filter_map(star).collect();
    draft.attributes = passing(&media.attributes).collect();
    draft.direction = Some(section.direction().unwrap_or_default());
    draft.rtcp_mux = section.rtcp_mux();
    draft.ptime = section.ptime();
    draft.maxptime = section.maxptime();
    draft
}

/// The section as it is: raw formats, all attributes in order. `a=end-of-candidates` goes to its own place, and
/// `a=crypto` must be readable, as rtpengine has it.
pub(super) fn raw<'a>(section: &Section<'_, 'a>) -> DraftMedia<'a> {
    let goes = |a: &&Attribute<'a>| match a.name {
        Name::EndOfCandidates => false,
        Name::Crypto => Crypto::parse(a.value()).is_some(),
        _ => true,
    };
    DraftMedia {
        formats: Formats::Raw(section.formats.into()),
        attributes: section.media().attributes.iter().filter(goes).map(|a| a.raw().into()).collect(),
        ..frame(section)
    }
}

/// The lines that are not attributes.
fn frame<'a>(section: &Section<'_, 'a>) -> DraftMedia<'a> {
    DraftMedia {
        kind: section.kind.into(),
        port: section.port,
        protocol: match section.profile {
            Profile::Other => section.protocol.into(),
            known => known.as_str().into(),
        },
        title: section.title.map(Field::from),
        address: section.connection().map_or(Ipv4Addr::UNSPECIFIED.into(), |c| c.address),
        bandwidth: section.bandwidth,
        ..DraftMedia::default()
    }
}

pub(super) fn reject(draft: &mut DraftMedia<'_>) {
    let rtp = draft.profile().is_rtp();
    let old = std::mem::take(draft);
    *draft = DraftMedia {
        kind: old.kind,
        protocol: old.protocol,
        formats: match old.formats {
            Formats::Codecs(codecs) => Formats::Raw(payload_types(codecs.iter().map(|c| c.pt)).into()),
            raw => raw,
        },
        title: old.title,
        bandwidth: old.bandwidth,
        mid: old.mid,
        label: old.label,
        attributes: if rtp { Vec::new() } else { old.attributes },
        ..DraftMedia::default()
    };
}

fn payload_types(pts: impl Iterator<Item = u8>) -> String {
    let words: Vec<String> = pts.map(|pt| pt.to_string()).collect();
    if words.is_empty() { "0".to_owned() } else { words.join(" ") }
}

impl Default for DraftOrigin<'_> {
    /// What stands for a missing `o=` until the caller says better.
    fn default() -> Self {
        DraftOrigin {
            user: Field::fixed("-"),
            id: Field::fixed("0"),
            version: Field::fixed("0"),
            addr_type: Field::fixed("IP4"),
            address: Field::fixed("0.0.0.0"),
        }
    }
}
