use crate::exchange::Role;
use crate::ice::IceLeg;
use crate::intent::Options;
use crate::media::{Media, Transport};
use crate::party::Party;
use ice::{Component, Kind, LocalCandidate};
use sdp::{Candidate, CandidateKind, DraftMedia, Field, Formats, Name, Section, Session};

impl IceLeg {
    /// Writes what we tell the party.
    pub(crate) fn render(&self, role: Role, options: &Options<'_>, out: &mut DraftMedia<'_>) {
        let Some(ours) = self.ours.as_ref().filter(|_| self.on) else { return };
        out.ice_ufrag = Some(Field::from(ours.ufrag().to_owned()));
        out.ice_pwd = Some(Field::from(ours.pwd().to_owned()));
        // Who trickles is told that we know how, and that nothing will follow.
        let trickle = self.trickles || (options.trickle && role == Role::Offer);
        let words: Vec<&str> = [(trickle, "trickle"), (options.ice2, "ice2")]
            .into_iter()
            .filter_map(|(on, word)| on.then_some(word))
            .collect();
        out.ice_options = (!words.is_empty()).then(|| Field::from(words.join(" ")));
        out.candidates.extend(self.candidates.iter().map(line));
        out.end_of_candidates = trickle;
    }
}

impl Media {
    /// Writes the section as it came, with our candidates behind its own.
    pub(crate) fn render_beside<'a>(
        &self,
        section: &Section<'_, 'a>,
        session: &Session<'a>,
        options: &Options<'a>,
        out: &mut DraftMedia<'a>,
    ) {
        *out = DraftMedia::from_media_raw(session, section.media());
        if self.transport != Transport::Rtp {
            return;
        }
        out.protocol = Field::from(self.protocol.to_vec());
        let edited = options.codecs.apply(section.codecs());
        if edited.kept.len() != section.codecs().len() {
            let types: Vec<String> = edited.kept.iter().map(|codec| codec.pt.to_string()).collect();
            out.formats = Formats::Raw(Field::from(types.join(" ")));
        }
        // What the session says for all sections is said by each, since nobody says it for the session.
        let said = |name| section.media().first(name).is_some();
        if !said(Name::Setup) {
            out.setup = section.setup();
        }
        if !said(Name::Fingerprint) {
            let text = |f: sdp::Fingerprint<'_>| Field::from(format!("{} {}", f.hash, f.digest));
            out.fingerprint = section.fingerprints().next().map(text);
        }
        if !said(Name::TlsId) {
            out.tls_id = section.tls_id().map(Field::from);
        }
        let directions = [Name::Sendrecv, Name::Sendonly, Name::Recvonly, Name::Inactive];
        if !directions.into_iter().any(said) {
            out.direction = section.direction();
        }
        if section.ice_ufrag().is_none() {
            return;
        }
        if !said(Name::IceUfrag) {
            out.ice_ufrag = section.ice_ufrag().map(Field::from);
        }
        if !said(Name::IcePwd) {
            out.ice_pwd = section.ice_pwd().map(Field::from);
        }
        if !said(Name::IceOptions) && section.ice_option("trickle") {
            out.ice_options = Some(Field::fixed("trickle"));
        }
        if self.ice.passes.is_some() {
            out.candidates.extend(self.ice.candidates.iter().map(line));
        }
    }
}

impl Party {
    /// Whether `a=ice-lite` stands in what the party is told.
    pub(crate) fn says_lite(&self, came: &Session<'_>) -> bool {
        self.medias.iter().filter(|media| media.transport == Transport::Rtp && !media.rejected).any(|media| {
            match media.passes() {
                true => came.ice_lite(),
                false => media.ice.on && media.ice.lite,
            }
        })
    }
}

/// A candidate of ours as SDP writes it.
fn line<'a>(local: &LocalCandidate) -> Candidate<'a> {
    let candidate = &local.candidate;
    Candidate {
        foundation: Field::from(candidate.foundation.as_str().to_owned()),
        component: match candidate.component {
            Component::Rtp => 1,
            Component::Rtcp => 2,
        },
        transport: Field::fixed("UDP"),
        priority: candidate.priority,
        address: Field::from(candidate.address.ip().to_string()),
        port: candidate.address.port(),
        kind: match candidate.kind {
            Kind::Relayed => CandidateKind::Relay,
            _ => CandidateKind::Host,
        },
        related_address: candidate.related.map(|at| Field::from(at.ip().to_string())),
        related_port: candidate.related.map(|at| at.port()),
        extensions: Field::fixed(""),
    }
}
