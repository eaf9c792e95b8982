use crate::book::{Book, Outside};
use crate::call::{Call, CallNumber};
use crate::ice::Way;
use crate::media::Media;
use crate::party::PartyIx;
use crate::{Handshake, HandshakeChange, HandshakeEvent};
use flow::{FlowKey, FlowSpec, Generation, Learning, SessionId};
use ice::Component;
use std::net::SocketAddr;

/// Low bits of a serial number that are the number of the call in the book.
const NUMBER_BITS: u32 = 24;

/// The serial number of a call: never used again, and it leads to the call.
pub(crate) fn serial(created: u64, number: CallNumber) -> u64 {
    created << NUMBER_BITS | u64::from(number.0) & ((1 << NUMBER_BITS) - 1)
}

impl Book {
    /// Takes in what agents report. What follows for the packet side is in `outside`.
    pub fn hear_handshake(&mut self, event: &HandshakeEvent, outside: &mut Outside<'_>) {
        let session = match event {
            HandshakeEvent::Keys { session, .. }
            | HandshakeEvent::Failed { session, .. }
            | HandshakeEvent::Route { session, .. }
            | HandshakeEvent::Unreachable { session, .. } => *session,
        };
        let number = CallNumber((session.call & ((1 << NUMBER_BITS) - 1)) as u32);
        if self.get(number).is_none_or(|call| call.serial != session.call) {
            return;
        }
        self.with(number, outside, |call, env| {
            match event {
                HandshakeEvent::Route { local, peer, .. } => {
                    call.find_way(session, Way::Found(*local, *peer))
                }
                HandshakeEvent::Unreachable { .. } => call.find_way(session, Way::Lost),
                HandshakeEvent::Keys { generation, open, seal, .. } => {
                    call.hear_keys(session, *generation, Some((open.clone(), seal.clone())));
                }
                HandshakeEvent::Failed { generation, .. } => call.hear_keys(session, *generation, None),
            }
            call.compile(env.now, false, &mut env.changes);
        });
    }
}

impl Call {
    /// Says what the agents must know that they do not know yet.
    pub(crate) fn tell_agents(&mut self, changes: &mut Vec<HandshakeChange>) {
        for party in 0..self.parties.len() {
            for place in 0..self.parties[party].medias.len() {
                let session = self.session((party, place));
                let wanted = self.handshake(party, place);
                let told = &mut self.parties[party].medias[place].agents;
                match wanted {
                    None if told.take().is_some() => changes.push(HandshakeChange::End(session)),
                    None => {}
                    Some(mut wanted) => {
                        if let Some(told) = told {
                            wanted.generation = told.generation;
                            if **told == *wanted {
                                continue;
                            }
                        }
                        // Not every message compiles the flows anew, and each of ours must be newer than the last.
                        let last = told.as_ref().map_or(Generation(0), |told| told.generation);
                        if self.generation <= last {
                            self.generation = Generation(last.0 + 1);
                        }
                        wanted.generation = self.generation;
                        *told = Some(wanted.clone());
                        changes.push(HandshakeChange::Begin(wanted));
                    }
                }
            }
        }
    }

    fn handshake(&self, at: PartyIx, place: usize) -> Option<Box<Handshake>> {
        let party = &self.parties[at];
        let media = &party.medias[place];
        // Whoever shares a port has the agents of it.
        let own = !party.deleted && !media.rejected && party.lead(place).is_none();
        let pair = media.pair().filter(|_| own)?;
        let (dtls, ice) = (media.keying.association(), media.ice.agreed.clone());
        if dtls.is_none() && ice.is_none() {
            return None;
        }
        Some(Box::new(Handshake {
            session: self.session((at, place)),
            call_id: self.shown_id.clone(),
            generation: Generation(0),
            ports: (pair.rtp, pair.rtcp.filter(|_| !media.mux.active)),
            peers: (media.rtp, media.rtcp.filter(|_| !media.mux.active)),
            dtls,
            ice,
        }))
    }

    /// An agent found the party, or lost it. That it never found it is no news: media goes on as without ICE.
    fn find_way(&mut self, session: SessionId, way: Way) {
        let (party, place) = session.place();
        let component = if session == session.of_section() { Component::Rtp } else { Component::Rtcp };
        let ours = |key: FlowKey| {
            self.flows.iter().any(|f| (f.party, f.media, f.key) == (party, place, key) && !f.withdrawn)
        };
        if matches!(way, Way::Found(local, _) if !ours(local)) {
            return;
        }
        let Some(media) = self.parties.get_mut(party).and_then(|p| p.medias.get_mut(place)) else { return };
        if media.ice.agreed.is_none() {
            return;
        }
        let before = media.ice.way_mut(component);
        if way != Way::Lost || *before != Way::Unproven {
            *before = way;
        }
    }
}

impl Media {
    /// The port that media for the party leaves from: where its agent found it, else the one in its SDP.
    pub(crate) fn egress(&self, component: Component) -> Option<FlowKey> {
        if let Way::Found(local, _) = self.ice.way(component) {
            return Some(local);
        }
        let pair = self.pair()?;
        match component {
            Component::Rtp => Some(pair.rtp),
            Component::Rtcp => pair.rtcp,
        }
    }

    /// What agents change about a flow: who has a way needs no learning, and who was lost is sent nothing.
    pub(crate) fn steer(&self, component: Component, spec: &mut FlowSpec) {
        spec.foreign |= self.passes();
        if self.ice.agreed.is_none() {
            return;
        }
        spec.foreign = false;
        spec.handshakes = true;
        let found: Option<SocketAddr> = match self.ice.way(component) {
            // Other addresses of ours than the one in the SDP are nobody's before there is a way.
            Way::Unproven if self.is_company(spec.key) => None,
            Way::Unproven => return,
            Way::Found(local, peer) if local == spec.key => Some(peer),
            Way::Found(..) | Way::Lost => None,
        };
        spec.peer = found;
        spec.confirmed = found.is_some();
        spec.learning = Learning::Off;
    }

    fn is_company(&self, key: FlowKey) -> bool {
        self.pairs.iter().any(|pair| pair.company_of.is_some() && (pair.rtp == key || pair.rtcp == Some(key)))
    }
}
