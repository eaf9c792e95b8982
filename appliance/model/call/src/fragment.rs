use crate::book::{Book, Outside};
use crate::call::Call;
use crate::ice::read;
use crate::media::Media;
use flow::{Micros, Moment};
use ice::{Candidate, MAX_REMOTE};
use sdp::Section;

/// How long candidates wait for the SDP they belong to.
const PATIENCE: Micros = Micros::from_secs(3);

/// Fragments that wait, of all calls together.
const MAX_WAITING: usize = 256;

/// Candidates that a party sends after its SDP (RFC 8840).
#[derive(Debug)]
pub struct Fragment<'a> {
    /// The call.
    pub call_id: &'a [u8],
    /// Tag of who sends it.
    pub tag: &'a [u8],
    /// The body.
    pub sdp: &'a sdp::Session<'a>,
}

/// What a fragment says about one section.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// `a=mid`; without it the place counts.
    mid: Option<Box<[u8]>>,
    place: usize,
    ufrag: Option<Box<str>>,
    candidates: Vec<Candidate>,
    end: bool,
}

/// A fragment that came before its SDP.
#[derive(Debug)]
pub(crate) struct Early {
    call_id: Box<[u8]>,
    tag: Box<[u8]>,
    parts: Vec<Part>,
    until: Moment,
}

impl Part {
    fn of(section: &Section<'_, '_>) -> Part {
        let text = |text: sdp::Text<'_>| text.as_str().map(Box::from);
        Part {
            mid: section.mid().map(|mid| mid.as_bytes().into()),
            place: section.index,
            ufrag: section.ice_ufrag().and_then(text),
            candidates: section.candidates().filter_map(|line| read(&line)).take(MAX_REMOTE).collect(),
            end: section.end_of_candidates(),
        }
    }

    /// Candidates above every `m=` line are about the first section: not as the RFC wants it, but sent by those who
    /// have only one.
    fn without_section(sdp: &sdp::Session<'_>) -> Option<Part> {
        let lines = sdp.all(sdp::Name::Candidate).filter_map(|a| sdp::Candidate::parse(a.value()));
        let candidates: Vec<_> = lines.filter_map(|line| read(&line)).take(MAX_REMOTE).collect();
        if candidates.is_empty() {
            return None;
        }
        let ufrag = sdp.first(sdp::Name::IceUfrag).and_then(|a| a.value().as_str().map(Box::from));
        let end = sdp.first(sdp::Name::EndOfCandidates).is_some();
        Some(Part { mid: None, place: 0, ufrag, candidates, end })
    }

    fn is_about(&self, place: usize, media: &Media) -> bool {
        match &self.mid {
            Some(mid) if media.mid.is_some() => media.mid.as_ref() == Some(mid),
            _ => self.place == place,
        }
    }
}

impl Book {
    /// Takes in candidates that were trickled. Those whose SDP is not here yet are kept for 3 s.
    pub fn fragment(&mut self, fragment: &Fragment<'_>, outside: &mut Outside<'_>) {
        let now = outside.now.at;
        let mut parts: Vec<Part> = fragment.sdp.sections().map(|section| Part::of(&section)).collect();
        parts.extend(Part::without_section(fragment.sdp));
        let rest = match self.number(fragment.call_id) {
            Some(number) => {
                self.with(number, outside, |call, _| call.trickle(fragment.tag, parts)).unwrap_or_default()
            }
            None => parts,
        };
        self.early.retain(|early| early.until > now);
        if !rest.is_empty() && self.early.len() < MAX_WAITING {
            self.early.push(Early {
                call_id: fragment.call_id.into(),
                tag: fragment.tag.into(),
                parts: rest,
                until: now + PATIENCE,
            });
        }
    }

    /// An SDP came: fragments that waited for it are taken in.
    pub(crate) fn take_up_fragments(&mut self, call_id: &[u8], outside: &mut Outside<'_>) {
        let now = outside.now.at;
        if self.early.is_empty() {
            return;
        }
        let Some(number) = self.number(call_id) else { return };
        self.early.retain(|early| early.until > now);
        let (mine, others) =
            std::mem::take(&mut self.early).into_iter().partition(|e| *e.call_id == *call_id);
        self.early = others;
        let mine: Vec<Early> = mine;
        for mut early in mine {
            let parts = std::mem::take(&mut early.parts);
            early.parts =
                self.with(number, outside, |call, _| call.trickle(&early.tag, parts)).unwrap_or_default();
            if !early.parts.is_empty() {
                self.early.push(early);
            }
        }
    }
}

impl Call {
    /// Adds what the parts say, and returns those that no section of the party fits.
    fn trickle(&mut self, tag: &[u8], parts: Vec<Part>) -> Vec<Part> {
        let Some(at) = self.party(tag) else { return parts };
        let party = &mut self.parties[at];
        parts.into_iter().filter(|part| !party.medias.iter_mut().enumerate().any(|m| take(m, part))).collect()
    }
}

/// Whether the part was about this section.
fn take((place, media): (usize, &mut Media), part: &Part) -> bool {
    if !part.is_about(place, media) {
        return false;
    }
    let fits = |remote: &&mut ice::Remote| {
        part.ufrag.as_ref().is_none_or(|ufrag| **ufrag == *remote.credentials.ufrag())
    };
    let Some(remote) = media.ice.remote.as_mut().filter(fits) else { return false };
    for candidate in &part.candidates {
        let known = remote
            .candidates
            .iter()
            .any(|old| (old.component, old.address) == (candidate.component, candidate.address));
        if !known && remote.candidates.len() < MAX_REMOTE {
            remote.candidates.push(*candidate);
        }
    }
    remote.end_of_candidates |= part.end;
    let remote = remote.clone();
    let agreed = media.ice.agreed.as_mut().and_then(|agreed| agreed.remote.as_mut());
    if let Some(agreed) = agreed.filter(|agreed| agreed.credentials == remote.credentials) {
        *agreed = remote;
    }
    true
}
