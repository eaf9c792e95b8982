use crate::call::Call;
use crate::dialogue::Dialogue;
use crate::dtls::KeyPair;
use crate::exchange::Role;
use crate::intent::Options;
use crate::keying::{Guard, Keying};
use crate::media::{Media, Transport};
use crate::party::PartyIx;
use crate::sdes::Line;
use crate::{Env, FlowUse};
use flow::srtp::Setup;
use flow::{Generation, Protection, Security, SessionId};
use sdp::{Profile, Section};
use std::sync::Arc;

/// A section of a party.
pub(crate) type Place = (PartyIx, usize);

impl Call {
    /// What a message says about keys, on both legs of a section, and what comes of it.
    pub(crate) fn exchange_keys(
        &mut self,
        between: Dialogue,
        role: Role,
        index: usize,
        section: &Section<'_, '_>,
        options: &Options<'_>,
        env: &mut Env<'_>,
    ) {
        let sender = &self.parties[between.sender].medias[index];
        if sender.rejected || sender.transport != Transport::Rtp {
            // Who refused a section has not said what it speaks.
            self.parties[between.sender].medias[index].keying.offered = false;
            return;
        }
        // Who keeps its own candidates keeps its own keys: both pass us by.
        if sender.passes() {
            let told = Keying { told: Line::read_all(section), ..Keying::default() };
            match role {
                Role::Offer => self.parties[between.sender].medias[index].keying = Keying::default(),
                Role::Answer => self.parties[between.sender].medias[index].keying = told.clone(),
            }
            self.parties[between.receiver].medias[index].keying = match role {
                Role::Offer => told,
                Role::Answer => Keying::default(),
            };
            return;
        }
        match role {
            Role::Offer => self.offer_keys(between, index, section, options, env),
            Role::Answer => self.answer_keys(between, index, section, options, env),
        }
    }

    fn offer_keys(
        &mut self,
        between: Dialogue,
        index: usize,
        section: &Section<'_, '_>,
        options: &Options<'_>,
        env: &mut Env<'_>,
    ) {
        let sender = &mut self.parties[between.sender].medias[index].keying;
        sender.hear_offer(section, &options.sdes);
        sender.dtls.hear(section, &options.dtls);
        sender.dtls.prefer(&options.dtls, env.settings.dtls_passive);
        sender.recrypt = options.recrypt;
        let best_effort = !sender.secure && (!sender.said.is_empty() || sender.dtls.said.is_some());
        sender.await_keys(sender.secure || best_effort);
        let theirs = sender.said.clone();
        let receiver = &mut self.parties[between.receiver].medias[index];
        // Keys under a plain profile go on as they came, unless a profile was asked for.
        let wanted = Profile::of(&receiver.protocol).is_secure()
            || options.osrtp.offer
            || (receiver.asked.is_none() && best_effort);
        // Who speaks DTLS, or was offered it, is not told to stop: it may know nothing else.
        let dtls = &receiver.keying.dtls;
        let speaks = dtls.told.is_some() || (receiver.initialized && dtls.said.is_some());
        let handshake = (speaks || !options.dtls.off) && !receiver.leaves_dtls();
        let lines = !receiver.leaves_sdes();
        let receiver = &mut receiver.keying;
        receiver.recrypt = options.recrypt;
        receiver.offered = wanted;
        if wanted && lines {
            receiver.offer_lines(&theirs, &options.sdes, env.secrets);
        } else {
            receiver.answer_nothing();
        }
        if !(wanted && handshake && receiver.dtls.offer(&options.dtls, env.secrets)) {
            receiver.dtls.told = None;
        }
        receiver.await_keys(wanted);
    }

    fn answer_keys(
        &mut self,
        between: Dialogue,
        index: usize,
        section: &Section<'_, '_>,
        options: &Options<'_>,
        env: &mut Env<'_>,
    ) {
        let next = Generation(self.generation.0 + 1);
        let callee = &mut self.parties[between.sender].medias[index].keying;
        let keys = callee.hear_answer(section);
        callee.dtls.hear(section, &options.dtls);
        let refused = !callee.said.is_empty() && callee.offered;
        let guard = match keys {
            _ if callee.dtls.conclude(next) => Guard::Dtls,
            Some((arriving, leaving)) => Guard::Sdes { arriving, leaving },
            None if callee.secure || refused => Guard::Awaited,
            None => Guard::Plain,
        };
        callee.settle(guard);
        let follows = callee.offered && callee.guard == Guard::Plain;
        let other = matches!(callee.guard, Guard::Sdes { .. }).then(|| callee.clone());
        let caller = &mut self.parties[between.receiver].medias[index];
        // A profile asked for in the answer is what the caller gets, whatever it offered.
        let told_plain = !Profile::of(&caller.protocol).is_secure();
        let caller = &mut caller.keying;
        let offers = !caller.said.is_empty() || caller.dtls.said.is_some();
        if if caller.secure { told_plain } else { follows || !offers } {
            caller.answer_nothing();
            caller.settle(Guard::Plain);
            return;
        }
        let sdes_first = caller.prefer_sdes && !caller.said.is_empty();
        if !sdes_first && caller.dtls.answer(next, env.secrets) {
            caller.answer_nothing();
            caller.settle(Guard::Dtls);
            return;
        }
        match caller.answer_line(other.as_ref(), &options.sdes, env.secrets) {
            Some((arriving, leaving)) => caller.settle(Guard::Sdes { arriving, leaving }),
            None => {
                caller.answer_nothing();
                caller.settle(Guard::Awaited);
            }
        }
    }

    /// Takes in the keys of a DTLS handshake, or that it gave none.
    pub(crate) fn hear_keys(&mut self, session: SessionId, knew: Generation, keys: Option<KeyPair>) {
        let (party, media) = session.place();
        // The generation grows with everything that is heard.
        let context = u32::try_from(self.generation.0).map_or(u32::MAX, |now| now.saturating_add(1));
        let media = self.parties.get_mut(party).and_then(|party| party.medias.get_mut(media));
        if let Some(media) = media {
            media.keying.dtls.hear_keys(session != session.of_section(), knew, context, keys);
        }
    }

    /// The sections whose packets pass as they are because both ends have the same keys, both ways. One whose packets
    /// must be opened for somebody is opened for everybody.
    pub(crate) fn sections_that_pass(&self) -> Vec<Place> {
        let mut passing: Vec<Place> = Vec::new();
        if self.opened {
            return passing;
        }
        for (at, party) in self.parties.iter().enumerate().filter(|(_, party)| !party.deleted) {
            for (media, section) in party.medias.iter().enumerate() {
                if matches!(section.keying.guard, Guard::Sdes { .. }) && !section.keying.recrypt {
                    passing.push((at, media));
                }
            }
        }
        loop {
            let before = passing.len();
            let all = passing.clone();
            passing.retain(|(party, media)| {
                let mut peers = self.parties[*party].peers.iter().filter(|p| !self.parties[**p].deleted);
                peers.all(|peer| {
                    let Some(section) = self.parties[*peer].medias.get(*media) else { return true };
                    let mine = &self.parties[*party].medias[*media].keying;
                    all.contains(&(*peer, *media)) && mine.mirrors(&section.keying)
                })
            });
            if passing.len() == before {
                return passing;
            }
        }
    }

    /// How packets at a port that faces a section are opened and sealed; `None` when they pass as they are.
    pub(crate) fn security(&self, at: Place, usage: FlowUse, passing: &[Place]) -> Option<Security> {
        let section = &self.parties[at.0].medias[at.1];
        let ours = section.transport == Transport::Rtp && !section.passes();
        if !ours || passing.contains(&at) {
            return None;
        }
        let session = self.session(at);
        let keys = |keys: Option<(&Arc<Setup>, &Arc<Setup>)>| match keys {
            Some((arriving, leaving)) => {
                (Protection::Srtp(arriving.clone()), Protection::Srtp(leaving.clone()))
            }
            None => (Protection::Awaited, Protection::Awaited),
        };
        // DTLS has an association per port (RFC 5764 §4.1).
        let own = section.keying.guard == Guard::Dtls && usage == FlowUse::Rtcp && !section.mux.active;
        let (arriving, leaving) = match &section.keying.guard {
            Guard::Plain => return None,
            Guard::Awaited => keys(None),
            Guard::Sdes { arriving, leaving } => keys(Some((arriving, leaving))),
            Guard::Dtls => keys(section.keying.dtls.keys(own).map(|(open, seal)| (open, seal))),
        };
        let session = if own { session.for_rtcp() } else { session };
        Some(Security { session, arriving, leaving })
    }

    /// The name of a section for whoever keeps keys.
    pub(crate) fn session(&self, (party, media): Place) -> SessionId {
        SessionId::new(self.serial, party, media)
    }
}

impl Media {
    /// It could have said a fingerprint in its last SDP, and did not.
    fn leaves_dtls(&self) -> bool {
        self.initialized && (self.keying.secure || self.keying.offered) && self.keying.dtls.said.is_none()
    }

    /// It offered DTLS, and was answered with that alone.
    fn leaves_sdes(&self) -> bool {
        self.keying.guard == Guard::Dtls && self.keying.told.is_empty()
    }
}

impl Keying {
    /// What one sends is under the keys that the other expects, both ways.
    fn mirrors(&self, other: &Keying) -> bool {
        match (&self.guard, &other.guard) {
            (
                Guard::Sdes { arriving, leaving },
                Guard::Sdes { arriving: other_arriving, leaving: other_leaving },
            ) => arriving == other_leaving && leaving == other_arriving,
            _ => false,
        }
    }
}
