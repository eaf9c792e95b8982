//! BUNDLE (RFC 9143): sections of one party that share the port, keys and ICE of the first of them.

use crate::call::Call;
use crate::dialogue::Dialogue;
use crate::exchange::Role;
use crate::intent::Intent;
use crate::media::{Media, Transport};
use crate::party::{Party, PartyIx};
use flow::{FlowKey, Part};
use sdp::{Draft, Field, Name, Section, Session};

/// The header extension that carries the `mid` in packets (RFC 9143 §15).
const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";

/// What is done about BUNDLE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BundleWish {
    /// Accept the sender's group.
    pub accept: bool,
    /// Offer a group, whether the sender has one or not.
    pub offer: bool,
    /// Offer all sections on one port and give no other choice.
    pub require: bool,
}

/// BUNDLE of one section of a party.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bundling {
    /// Its last SDP had the section in a group.
    pub(crate) grouped: bool,
    /// Number under which it sends the name of the section in packets.
    pub(crate) extension: Option<u8>,
    /// Senders that its SDP names.
    ssrcs: Vec<u32>,
    /// The section is among those that share a port.
    pub(crate) shared: bool,
    /// It was offered no port of its own.
    only: bool,
}

/// The most senders of a section that are kept from an SDP.
const MOST_SSRCS: usize = 16;

impl Bundling {
    pub(crate) fn take_in(&mut self, section: &Section<'_, '_>) {
        self.grouped = is_grouped(section);
        self.extension = section.extmaps().iter().find(|e| e.uri == MID_URI).map(|e| e.id);
        let ssrcs = section.media().all(Name::Ssrc).filter_map(|line| {
            let value = line.value();
            value.split_once(b' ').map_or(value, |(ssrc, _)| ssrc).number::<u32>()
        });
        self.ssrcs.clear();
        for ssrc in ssrcs {
            if self.ssrcs.len() < MOST_SSRCS && !self.ssrcs.contains(&ssrc) {
                self.ssrcs.push(ssrc);
            }
        }
    }
}

fn is_grouped(section: &Section<'_, '_>) -> bool {
    let Some(mid) = section.mid() else { return false };
    section.session().groups().any(|group| group.is_bundle() && group.mids().any(|member| member == mid))
}

/// The body with a port in every section that has none because it shares another's (`a=bundle-only`); `None` when there
/// is no such section.
pub(crate) fn with_ports<'a>(came: &Session<'a>) -> Option<Session<'a>> {
    let bundle_only: Vec<bool> = came
        .sections()
        .map(|section| section.is_rejected() && section.bundle_only() && is_grouped(&section))
        .collect();
    let port = came.sections().find(|section| !section.is_rejected() && is_grouped(section))?.port;
    if !bundle_only.contains(&true) {
        return None;
    }
    let mut adopted = came.clone();
    for (media, _) in adopted.media.iter_mut().zip(bundle_only).filter(|(_, only)| *only) {
        media.port = port;
        media.attributes.retain(|attribute| attribute.name != Name::BundleOnly);
    }
    Some(adopted)
}

impl Call {
    /// Decides, for one section, whether it shares a port with others, on both legs. Comes after the answer on rtcp-mux:
    /// sections that share a port have no others (RFC 9143 §9.3).
    pub(crate) fn settle_bundle(
        &mut self,
        between: Dialogue,
        role: Role,
        place: usize,
        several: bool,
        wish: BundleWish,
    ) {
        let sender = &mut self.parties[between.sender];
        let (offered, media) = (sender.told_group, &mut sender.medias[place]);
        let relayed = media.transport == Transport::Rtp && !media.passes();
        match role {
            Role::Offer => media.bundling.shared &= media.bundling.grouped && relayed,
            Role::Answer => {
                let agreed = media.bundling.grouped && offered && media.mux.active;
                media.bundling.shared = relayed && several && (agreed || media.bundling.only);
            }
        }
        let receiver = &mut self.parties[between.receiver];
        let (accepted, media) = (receiver.bundles, &mut receiver.medias[place]);
        match role {
            Role::Offer => {
                media.bundling.only = wish.require && several && media.transport == Transport::Rtp;
                media.bundling.shared |= media.bundling.only;
                media.bundling.shared &= relayed;
            }
            Role::Answer => {
                let agreed = media.bundling.grouped && accepted && media.mux.active;
                media.bundling.shared = relayed && several && agreed;
            }
        }
    }

    /// Notes whether the sender's group is accepted. `several`: its SDP has more than one section.
    pub(crate) fn hear_group(&mut self, between: Dialogue, role: Role, intent: &Intent<'_>) {
        let wish = intent.options.bundle;
        if role == Role::Offer {
            let offers = intent.sdp.groups().any(|group| group.is_bundle());
            let sender = &mut self.parties[between.sender];
            sender.bundles = offers && (wish.accept || sender.medias.iter().any(|m| m.bundling.shared));
        }
    }

    /// Writes the receiver's group. The header extension with names of sections is not added: whoever is told of it takes
    /// packets of unknown senders by their name only, and packets of who knows no such extension have none.
    pub(crate) fn bundle<'a>(
        &mut self,
        between: Dialogue,
        role: Role,
        intent: &Intent<'a>,
        draft: &mut Draft<'a>,
    ) {
        let receiver = &mut self.parties[between.receiver];
        let told: Vec<usize> = receiver.told_of().collect();
        let shared = |nth: usize, party: &Party| {
            told.get(nth).is_some_and(|place| party.medias[*place].bundling.shared)
        };
        let several = draft.media.len() > 1;
        let offers = intent.options.bundle.offer || (0..draft.media.len()).any(|nth| shared(nth, receiver));
        if role == Role::Offer {
            receiver.told_group = offers;
        }
        let mut group = b"BUNDLE".to_vec();
        for (nth, section) in draft.media.iter_mut().enumerate() {
            let member = match role {
                Role::Offer => offers,
                Role::Answer if several => shared(nth, receiver),
                Role::Answer => receiver.bundles,
            };
            if !member || section.port == 0 || !section.profile().is_rtp() {
                continue;
            }
            let media = told.get(nth).map(|place| &receiver.medias[*place]);
            if role == Role::Offer {
                section.mid.get_or_insert_with(|| Field::from((nth + 1).to_string()));
                let lead = told.get(nth).and_then(|place| receiver.lead(*place));
                section.bundle_only = lead.is_some() && media.is_some_and(|media| media.bundling.only);
            }
            if let Some(mid) = &section.mid {
                group.push(b' ');
                group.extend_from_slice(mid);
            }
        }
        if group.len() > b"BUNDLE".len() {
            draft.groups.push(Field::from(group));
        }
    }

    /// The sections that share the port of this one, and how their packets are told apart.
    pub(crate) fn parts(&self, party: PartyIx, place: usize) -> Vec<Part> {
        let party = &self.parties[party];
        if !party.leads(place) {
            return Vec::new();
        }
        let types =
            |media: &Media| media.codecs.iter().fold(0, |types, codec| types | 1_u128 << (codec.pt & 127));
        let members = || (0..party.medias.len()).filter(|at| party.shares(*at));
        let part = |at: usize| {
            let media = &party.medias[at];
            let others = members().filter(|other| *other != at);
            let taken = others.fold(0, |taken, other| taken | types(&party.medias[other]));
            let named = media.mid.as_ref().and_then(|mid| Some((media.bundling.extension?, mid.clone())));
            Some(Part {
                flow: media.pair()?.rtp,
                mid: named,
                ssrcs: media.bundling.ssrcs.clone(),
                payload_types: types(media) & !taken,
            })
        };
        members().filter(|at| *at != place).filter_map(part).collect()
    }

    /// The port that packets of this section leave through, if it is another section's.
    pub(crate) fn via(&self, party: PartyIx, place: usize) -> Option<FlowKey> {
        let party = &self.parties[party];
        party.medias[party.lead(place)?].egress(ice::Component::Rtp)
    }
}

impl Party {
    /// The section is one of several that share a port.
    fn shares(&self, place: usize) -> bool {
        self.medias.get(place).is_some_and(|m| m.bundling.shared && !m.rejected && m.pair().is_some())
    }

    /// The section whose port this one uses; `None` when it uses its own.
    pub(crate) fn lead(&self, place: usize) -> Option<usize> {
        if !self.shares(place) {
            return None;
        }
        (0..place).find(|at| self.shares(*at))
    }

    fn leads(&self, place: usize) -> bool {
        self.shares(place) && self.lead(place).is_none()
    }

    /// The section whose port, keys and ICE the party knows this one by.
    pub(crate) fn carrier(&self, place: usize) -> &Media {
        &self.medias[self.lead(place).unwrap_or(place)]
    }
}
