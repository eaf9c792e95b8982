//! `sdp-attr` and `sdp-media-remove`: changes to the text we are about to write, without regard to what it means.

use super::Draft;
use crate::{Attribute, Field, Name, Text};

/// What a request wants done to attributes, by scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeEdits<'a> {
    /// To session-level attributes (`none`, `global`).
    pub session: ScopeEdits<'a>,
    /// To attributes of sections of a kind (`audio`, …).
    pub media: Vec<(Field<'a>, ScopeEdits<'a>)>,
}

impl<'a> AttributeEdits<'a> {
    /// The edits for a scope as requests name it (`none` and `global` are the session), made if it is not there yet.
    pub fn scope_mut(&mut self, scope: impl Into<Field<'a>>) -> &mut ScopeEdits<'a> {
        let scope = scope.into();
        if scope == "none" || scope == "global" {
            return &mut self.session;
        }
        let at = match self.media.iter().position(|(kind, _)| *kind == scope) {
            Some(at) => at,
            None => {
                self.media.push((scope, ScopeEdits::default()));
                self.media.len() - 1
            }
        };
        &mut self.media[at].1
    }

    /// The edits for sections of that kind.
    pub(super) fn for_kind(&self, kind: &Field<'_>) -> Option<&ScopeEdits<'a>> {
        self.media.iter().find(|(k, _)| k.as_bytes() == kind.as_bytes()).map(|(_, edits)| edits)
    }
}

/// What to do to the attributes of one scope. Everything is the text after `a=`.
///
/// `remove` and the first half of `substitute` name attributes: by name, by `name:tag` where the tag is the first
/// word of an attribute that has one (payload type, crypto tag, SSRC, …), or whole. Case is ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeEdits<'a> {
    /// Written behind everything else; nothing below applies to these.
    pub add: Vec<Field<'a>>,
    /// Not written.
    pub remove: Vec<Field<'a>>,
    /// Written differently; what stands instead is not looked at again.
    pub substitute: Vec<(Field<'a>, Field<'a>)>,
}

/// What becomes of a line.
pub(super) enum Fate<'e> {
    Stays,
    Goes,
    Becomes(&'e Field<'e>),
}

impl ScopeEdits<'_> {
    /// What becomes of the attribute `raw`.
    pub(super) fn fate(&self, raw: &[u8]) -> Fate<'_> {
        let attribute = Attribute::new(Text::new(raw), 0);
        if self.remove.iter().any(|wanted| meant(wanted, &attribute)) {
            return Fate::Goes;
        }
        match self.substitute.iter().find(|(wanted, _)| meant(wanted, &attribute)) {
            Some((_, instead)) => Fate::Becomes(instead),
            None => Fate::Stays,
        }
    }
}

fn meant(wanted: &[u8], attribute: &Attribute<'_>) -> bool {
    let is = |text: &[u8]| text.eq_ignore_ascii_case(wanted);
    is(&attribute.name_text()) || is(&attribute.raw()) || tagged(attribute).is_some_and(is)
}

/// `name:tag` of an attribute whose value begins with a tag.
fn tagged<'a>(attribute: &Attribute<'a>) -> Option<&'a [u8]> {
    let has_tag = matches!(
        attribute.name,
        Name::Rtpmap
            | Name::Fmtp
            | Name::RtcpFb
            | Name::Crypto
            | Name::Fingerprint
            | Name::Extmap
            | Name::Ssrc
            | Name::Candidate
    );
    has_tag.then(|| attribute.raw().split_once(b' ').map(|(head, _)| head.as_bytes())).flatten()
}

/// The kinds `other` does not mean.
const KINDS: [&str; 6] = ["audio", "video", "text", "application", "message", "image"];

pub(super) fn remove_media(draft: &mut Draft<'_>, kinds: &[&str]) -> Vec<usize> {
    let mut gone = Vec::new();
    let mut at = 0;
    draft.media.retain(|media| {
        let unknown = KINDS.iter().all(|k| media.kind != *k);
        let goes = kinds.iter().any(|k| if *k == "other" { unknown } else { !unknown && media.kind == *k });
        if goes {
            gone.push(at);
        }
        at += 1;
        !goes
    });
    gone
}
