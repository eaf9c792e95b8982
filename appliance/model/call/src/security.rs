use crate::call::Call;
use crate::dialogue::Dialogue;
use crate::intent::Options;
use crate::keying::{Guard, Keying};
use crate::media::Transport;
use crate::party::PartyIx;
use crate::{Env, exchange::Role};
use flow::{Protection, Security, SessionId};
use sdp::{Profile, Section};

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
        sender.recrypt = options.recrypt;
        let secured = sender.secure || !sender.said.is_empty();
        sender.await_keys(secured);
        let theirs = sender.said.clone();
        let receiver = &mut self.parties[between.receiver].medias[index];
        // Keys under a plain profile go on as they came, unless a profile was asked for.
        let wanted = Profile::of(&receiver.protocol).is_secure()
            || options.osrtp.offer
            || (receiver.asked.is_none() && secured);
        let receiver = &mut receiver.keying;
        receiver.recrypt = options.recrypt;
        receiver.offered = wanted;
        if wanted {
            receiver.offer_lines(&theirs, &options.sdes, env.secrets);
        } else {
            receiver.answer_nothing();
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
        let callee = &mut self.parties[between.sender].medias[index].keying;
        let keys = callee.hear_answer(section);
        let refused = !callee.said.is_empty() && callee.offered;
        callee.settle(match keys {
            Some((arriving, leaving)) => Guard::Sdes { arriving, leaving },
            None if callee.secure || refused => Guard::Awaited,
            None => Guard::Plain,
        });
        let follows = callee.offered && callee.guard == Guard::Plain;
        let other = matches!(callee.guard, Guard::Sdes { .. }).then(|| callee.clone());
        let caller = &mut self.parties[between.receiver].medias[index];
        // A profile asked for in the answer is what the caller gets, whatever it offered.
        let told_plain = !Profile::of(&caller.protocol).is_secure();
        let caller = &mut caller.keying;
        let plain = if caller.secure { told_plain } else { caller.said.is_empty() || follows };
        if plain {
            caller.answer_nothing();
            caller.settle(Guard::Plain);
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

    /// The sections whose packets pass as they are because both ends have the same keys, both ways. One whose packets
    /// must be opened for somebody is opened for everybody.
    pub(crate) fn sections_that_pass(&self) -> Vec<Place> {
        let mut passing: Vec<Place> = Vec::new();
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

    /// How packets at the ports that face a section are opened and sealed; `None` when they pass as they are.
    pub(crate) fn security(&self, at: Place, passing: &[Place]) -> Option<Security> {
        let section = &self.parties[at.0].medias[at.1];
        if section.transport != Transport::Rtp || passing.contains(&at) {
            return None;
        }
        let (arriving, leaving) = match &section.keying.guard {
            Guard::Plain => return None,
            Guard::Awaited => (Protection::Awaited, Protection::Awaited),
            Guard::Sdes { arriving, leaving } => {
                (Protection::Srtp(arriving.clone()), Protection::Srtp(leaving.clone()))
            }
        };
        Some(Security { session: self.session(at), arriving, leaving })
    }

    /// The name of a section for whoever keeps keys.
    pub(crate) fn session(&self, (party, media): Place) -> SessionId {
        SessionId::new(self.serial, party, media)
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
