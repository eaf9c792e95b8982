use crate::exchange::Role;
use crate::ice::IceLeg;
use crate::intent::Options;
use crate::media::Transport;
use crate::party::Party;
use ice::{Component, Kind, LocalCandidate};
use sdp::{Candidate, CandidateKind, DraftMedia, Field, Section, Session};

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

    /// Writes the section as it came, with our candidates behind its own.
    pub(crate) fn render_beside<'a>(
        &self,
        section: &Section<'_, 'a>,
        session: &Session<'a>,
        out: &mut DraftMedia<'a>,
    ) {
        *out = DraftMedia::from_media_raw(session, section.media());
        if section.ice_ufrag().is_none() {
            return;
        }
        // What the session says for all sections is said by each, since nobody says it for the session.
        let said = |name| section.media().first(name).is_some();
        if !said(sdp::Name::IceUfrag) {
            out.ice_ufrag = section.ice_ufrag().map(Field::from);
        }
        if !said(sdp::Name::IcePwd) {
            out.ice_pwd = section.ice_pwd().map(Field::from);
        }
        if !said(sdp::Name::IceOptions) && section.ice_option("trickle") {
            out.ice_options = Some(Field::fixed("trickle"));
        }
        out.candidates.extend(self.candidates.iter().map(line));
    }
}

impl Party {
    /// Whether `a=ice-lite` stands in what the party is told.
    pub(crate) fn says_lite(&self, came: &Session<'_>) -> bool {
        self.medias.iter().filter(|media| media.transport == Transport::Rtp && !media.rejected).any(|media| {
            match media.ice.passes {
                Some(_) => came.ice_lite(),
                None => media.ice.on && media.ice.lite,
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
