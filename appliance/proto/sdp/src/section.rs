//! A media section together with what the session says for all of them.

use crate::typed::{Candidate, Crypto, Direction, Extmap, Fingerprint, Rtcp, Setup};
use crate::{Attribute, Connection, Media, Name, Session, Text};
use std::ops::Deref;

/// A media section and its session. Derefs to the [`Media`]. Each method says whether the session's attribute counts
/// where the section has none; of several the first counts.
#[derive(Clone, Copy, Debug)]
pub struct Section<'s, 'a> {
    session: &'s Session<'a>,
    media: &'s Media<'a>,
}

impl<'a> Deref for Section<'_, 'a> {
    type Target = Media<'a>;

    fn deref(&self) -> &Media<'a> {
        self.media
    }
}

impl<'s, 'a> Section<'s, 'a> {
    pub(crate) fn new(session: &'s Session<'a>, media: &'s Media<'a>) -> Self {
        Section { session, media }
    }

    /// The session.
    pub fn session(&self) -> &'s Session<'a> {
        self.session
    }

    /// The section alone.
    pub fn media(&self) -> &'s Media<'a> {
        self.media
    }

    fn own(&self, name: Name) -> Option<&'s Attribute<'a>> {
        self.media.first(name)
    }

    fn own_or_session(&self, name: Name) -> Option<&'s Attribute<'a>> {
        self.own(name).or_else(|| self.session.first(name))
    }

    /// `c=`, or the session's. `None` only in fragments.
    pub fn connection(&self) -> Option<Connection<'a>> {
        self.media.connection.or(self.session.connection)
    }

    /// The direction attribute, or the session's. `None` if neither says one (which means `sendrecv`).
    pub fn direction(&self) -> Option<Direction> {
        let first = |attributes: &[Attribute<'a>]| attributes.iter().find_map(|a| Direction::of(a.name));
        first(&self.media.attributes).or_else(|| first(&self.session.attributes))
    }

    /// `a=mid` of the section.
    pub fn mid(&self) -> Option<Text<'a>> {
        self.own(Name::Mid).map(Attribute::value).filter(|v| !v.is_empty())
    }

    /// `a=label` of the section.
    pub fn label(&self) -> Option<Text<'a>> {
        self.own(Name::Label).map(Attribute::value).filter(|v| !v.is_empty())
    }

    /// `a=ptime` of the section, ms.
    pub fn ptime(&self) -> Option<u32> {
        self.own(Name::Ptime).and_then(milliseconds)
    }

    /// `a=maxptime` of the section, ms.
    pub fn maxptime(&self) -> Option<u32> {
        self.own(Name::Maxptime).and_then(milliseconds)
    }

    /// `a=rtcp` of the section.
    pub fn rtcp(&self) -> Option<Rtcp> {
        self.own(Name::Rtcp).and_then(|a| Rtcp::parse(a.value()))
    }

    /// Whether the section offers `a=rtcp-mux`, or says the same by an `a=rtcp` with the port of its RTP.
    pub fn rtcp_mux(&self) -> bool {
        self.own(Name::RtcpMux).is_some() || self.rtcp().is_some_and(|rtcp| rtcp.port == self.port)
    }

    /// Whether the section says `a=bundle-only`.
    pub fn bundle_only(&self) -> bool {
        self.own(Name::BundleOnly).is_some()
    }

    /// `a=extmap` lines: the session's only if the section has none. Malformed ones and repeated ids are left out.
    pub fn extmaps(&self) -> Vec<Extmap<'a>> {
        let from = |attributes: &[Attribute<'a>]| {
            let mut found: Vec<Extmap<'a>> = Vec::new();
            let mut seen = [false; 256];
            for a in attributes.iter().filter(|a| a.name == Name::Extmap) {
                if let Some(e) = Extmap::parse(a.value()).filter(|e| !seen[usize::from(e.id)]) {
                    seen[usize::from(e.id)] = true;
                    found.push(e);
                }
            }
            found
        };
        let own = from(&self.media.attributes);
        if own.is_empty() { from(&self.session.attributes) } else { own }
    }

    /// `a=extmap-allow-mixed`, or the session's.
    pub fn extmap_allow_mixed(&self) -> bool {
        self.own_or_session(Name::ExtmapAllowMixed).is_some()
    }

    /// `a=crypto` lines of the section, malformed ones left out.
    pub fn cryptos(&self) -> impl Iterator<Item = Crypto<'a>> + use<'s, 'a> {
        self.media.all(Name::Crypto).filter_map(|a| Crypto::parse(a.value()))
    }

    /// `a=setup`, or the session's.
    pub fn setup(&self) -> Option<Setup> {
        self.own_or_session(Name::Setup).and_then(|a| Setup::parse(a.value()))
    }

    /// Whether there is an `a=setup`, of a role we know or of another, in the section or the session.
    pub fn says_setup(&self) -> bool {
        self.own_or_session(Name::Setup).is_some()
    }

    /// `a=fingerprint`, or the session's.
    pub fn fingerprint(&self) -> Option<Fingerprint<'a>> {
        self.own_or_session(Name::Fingerprint).and_then(|a| Fingerprint::parse(a.value()))
    }

    /// All fingerprints of the section, or the session's if it has none.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint<'a>> + use<'s, 'a> {
        let own = self.own(Name::Fingerprint).is_some();
        let attributes = if own { &self.media.attributes } else { &self.session.attributes };
        let all = attributes.iter().filter(|a| a.name == Name::Fingerprint);
        all.filter_map(|a| Fingerprint::parse(a.value()))
    }

    /// `a=tls-id`, or the session's.
    pub fn tls_id(&self) -> Option<Text<'a>> {
        self.own_or_session(Name::TlsId).map(Attribute::value).filter(|v| !v.is_empty())
    }

    /// `a=ice-ufrag`, or the session's.
    pub fn ice_ufrag(&self) -> Option<Text<'a>> {
        self.own_or_session(Name::IceUfrag).map(Attribute::value).filter(|v| !v.is_empty())
    }

    /// `a=ice-pwd`, or the session's.
    pub fn ice_pwd(&self) -> Option<Text<'a>> {
        self.own_or_session(Name::IcePwd).map(Attribute::value).filter(|v| !v.is_empty())
    }

    /// Whether `a=ice-options` of the section, or the session's, has that word (`trickle`, `ice2`, …).
    pub fn ice_option(&self, option: &str) -> bool {
        let has = |a: &Attribute<'a>| a.value().words().any(|w| w == option);
        match self.own(Name::IceOptions) {
            Some(_) => self.media.all(Name::IceOptions).any(has),
            None => self.session.all(Name::IceOptions).any(has),
        }
    }

    /// `a=candidate` lines of the section, malformed ones left out.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate<'a>> + use<'s, 'a> {
        self.media.all(Name::Candidate).filter_map(|a| Candidate::parse(a.value()))
    }

    /// `a=end-of-candidates`, or the session's.
    pub fn end_of_candidates(&self) -> bool {
        self.own_or_session(Name::EndOfCandidates).is_some()
    }
}

fn milliseconds(attribute: &Attribute<'_>) -> Option<u32> {
    let digits = attribute.value().as_bytes().trim_ascii_start();
    Text::new(digits).number().filter(|&n: &u32| n > 0)
}

#[cfg(test)]
mod tests;
