use crate::bundle;
use crate::call::{Call, Facing};
use crate::dialogue::Dialogue;
use crate::doubles::Double;
use crate::intent::{Intent, Options, Refusal};
use crate::media::{Media, Transport};
use crate::party::{PartyIx, Treatment};
use crate::section::transport;
use crate::{Env, Family, Settings};
use sdp::{Draft, Section, Session};

/// Which half of an offer/answer exchange (RFC 3264) a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Offer,
    Answer,
}

impl Intent<'_> {
    /// Refuses what cannot be carried out, before anything is changed.
    pub(crate) fn vet(&self, settings: &Settings) -> Result<(), Refusal> {
        let options = &self.options;
        if !options.trust_address.unwrap_or(!settings.sip_source) && options.received_from.is_none() {
            return Err(Refusal::NoSource);
        }
        Ok(())
    }
}

impl Call {
    /// Carries out one SDP on its way from one party to another: takes in what the sender says, opens the ports that
    /// both sides need, tells the packet side, and writes the SDP for the receiver.
    pub(crate) fn exchange(
        &mut self,
        between: Dialogue,
        role: Role,
        intent: &Intent<'_>,
        env: &mut Env<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        let options = &intent.options;
        let accepts = options.bundle.accept && role == Role::Offer;
        let with_ports = if accepts { bundle::with_ports(intent.sdp) } else { None };
        let sdp = with_ports.as_ref().unwrap_or(intent.sdp);
        let (folded, mut doubles) = match self.fold(between.sender, options.osrtp.accept_doubles, sdp) {
            Some(folded) => (Some(folded.session), folded.doubles),
            None => (None, Vec::new()),
        };
        let sdp = folded.as_ref().unwrap_or(sdp);
        doubles.resize(sdp.media.len(), None);
        let mut draft = Draft::from_session(sdp);
        // An answer keeps the sections of its offer (RFC 3264 §6).
        let removed = match role {
            Role::Offer => draft.remove_media(&options.remove_media),
            Role::Answer => Vec::new(),
        };
        if draft.media.is_empty() {
            return Err(Refusal::NothingLeft);
        }
        self.last_signal = env.stamp;
        self.ends = None;
        for party in [between.sender, between.receiver] {
            self.parties[party].ends = None;
        }
        self.due = env.now;
        self.remember(between, intent, env);
        let places: Vec<usize> = (0..sdp.media.len()).map(|nth| self.place(between.sender, nth)).collect();
        if role == Role::Offer {
            self.parties[between.receiver].hidden = removed.iter().map(|nth| places[*nth]).collect();
        }
        self.hear_group(between, role, intent);
        let sections = self.exchange_sections(
            between,
            role,
            (sdp, options),
            (&places, doubles),
            &removed,
            &mut draft,
            env,
        );
        // Also after a refusal: ports may have been closed before it came to that.
        self.compile(env.now, true, &mut env.changes);
        let body = sections.map(|()| self.render(between, role, intent, draft, env));
        self.tidy();
        self.due = self.fate(env.settings).1;
        body
    }

    /// Gives back what room was had for what turned out not to be there.
    fn tidy(&mut self) {
        for media in self.parties.iter_mut().flat_map(|party| &mut party.medias) {
            media.ice.tidy();
            media.keying.dtls.tidy();
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one message with everything that is known of it")]
    fn exchange_sections<'a>(
        &mut self,
        between: Dialogue,
        role: Role,
        (sdp, options): (&Session<'a>, &Options<'a>),
        (places, doubles): (&[usize], Vec<Option<Double>>),
        removed: &[usize],
        draft: &mut Draft<'a>,
        env: &mut Env<'_>,
    ) -> Result<(), Refusal> {
        let several = sdp.media.len() > 1;
        let mut outs = draft.media.iter_mut();
        for ((section, place), double) in sdp.sections().zip(places.iter().copied()).zip(doubles) {
            let hidden = removed.contains(&section.index);
            let ice_before = [between.sender, between.receiver]
                .map(|party| self.parties[party].medias.get(place).is_some_and(|media| media.ice.on));
            self.take_in(between, role, place, &section, hidden, options, env);
            let ends = (between.sender, between.receiver);
            self.settle_double(ends, role, place, double, options.osrtp.offer_doubles);
            if hidden {
                continue;
            }
            self.settle_ice(between, role, place, &section, sdp.ice_lite(), options);
            if role == Role::Answer {
                self.settle_mux(between, place);
            }
            self.open_ports(between, role, place, ice_before, options, env)?;
            // The callee's RTCP port stays open: it may have sent there before it agreed.
            if role == Role::Answer && self.parties[between.receiver].medias[place].mux.active {
                self.close_rtcp(between.receiver, place, env);
            }
            self.settle_bundle(between, role, place, several, options.bundle);
            self.exchange_keys(between, role, place, &section, options, env);
            self.agree_on_ice(between, role, place, options, env);
            if let Some(out) = outs.next() {
                self.render_section(between, role, place, &section, sdp, options, env, out);
            }
        }
        Ok(())
    }

    /// Index in the call of the n-th section of a party's SDP: sections the party was not told of are passed over.
    pub(crate) fn place(&self, party: PartyIx, nth: usize) -> usize {
        self.parties[party]
            .hidden
            .iter()
            .fold(nth, |place, hidden| if *hidden <= place { place + 1 } else { place })
    }

    /// What sticks to the call and its parties from this message on.
    fn remember(&mut self, between: Dialogue, intent: &Intent<'_>, env: &Env<'_>) {
        let options = &intent.options;
        if let Some(tos) = options.tos {
            self.tos = tos.unwrap_or(env.settings.tos);
        }
        self.shut = options.shut.unwrap_or(self.shut);
        if let Some(text) = options.metadata {
            self.metadata = Some(text.into());
            self.parties[between.sender].metadata = Some(text.into());
        }
        let interfaces =
            [(between.sender, options.towards_sender), (between.receiver, options.towards_receiver)];
        for (party, name) in interfaces {
            let party = &mut self.parties[party];
            let named = name.and_then(|n| env.interfaces.find(n, env.turn));
            party.interface = named.or(party.interface).or(Some(env.interfaces.default_interface()));
        }
        for party in [between.sender, between.receiver] {
            self.parties[party].unrecorded |= options.unrecorded;
        }
        let sender = &mut self.parties[between.sender];
        if let Some(label) = intent.label {
            sender.label = Some(label.into());
        }
        sender.treatment = Treatment {
            learning: options.learning.unwrap_or(sender.treatment.learning),
            gate: options.gate.unwrap_or(self.treatment.gate),
            one_way: options.one_way,
            asymmetric: options.asymmetric,
            pierce: options.pierce || sender.treatment.pierce,
        };
    }

    #[expect(clippy::too_many_arguments, reason = "one section with everything that is known of it")]
    fn take_in(
        &mut self,
        between: Dialogue,
        role: Role,
        place: usize,
        section: &Section<'_, '_>,
        hidden: bool,
        options: &Options<'_>,
        env: &Env<'_>,
    ) {
        let family = section.connection().map_or(Family::V4, |c| Family::of(c.address));
        let known = self.parties[between.receiver].medias.len() > place;
        for party in [between.sender, between.receiver] {
            let medias = &mut self.parties[party].medias;
            medias.reserve_exact((place + 1).saturating_sub(medias.len()));
            let called = (role == Role::Offer) == (party == between.receiver);
            while medias.len() <= place {
                let new = Media::new(&section.kind, &section.protocol, transport(section), family);
                medias.push(Media { called, ..new });
            }
        }
        let sender = &mut self.parties[between.sender].medias[place];
        let stays = sender.protocol.eq_ignore_ascii_case(section.protocol.as_bytes());
        sender.take_in(section, options, env.settings);
        if hidden {
            sender.turn_off();
        }
        sender.reports = options.generate_rtcp.unwrap_or(sender.reports);
        let (sends, receives, off, family) = (sender.recv, sender.send, sender.rejected, sender.family);
        let codecs = sender.codecs.clone();
        let other = &mut self.parties[between.receiver].medias[place];
        (other.send, other.recv, other.rejected) = (sends, receives, off);
        other.reports = options.generate_rtcp.unwrap_or(other.reports);
        other.kind = section.kind.as_bytes().into();
        other.transport = transport(section);
        if !other.initialized {
            other.codecs = codecs;
        }
        other.choose_protocol(section, options.transport, known && (stays || role == Role::Answer));
        if role == Role::Offer {
            other.formats = section.formats.as_bytes().into();
        }
        if let Some(family) = options.family.or((!other.initialized).then_some(family)) {
            other.family = family;
        }
    }

    fn open_ports(
        &mut self,
        between: Dialogue,
        role: Role,
        index: usize,
        ice_before: [bool; 2],
        options: &Options<'_>,
        env: &mut Env<'_>,
    ) -> Result<(), Refusal> {
        let endpoint = |call: &Call, party: PartyIx| {
            let media = &call.parties[party].medias[index];
            media.rtp.filter(|_| media.initialized)
        };
        let sender = &self.parties[between.sender].medias[index];
        if sender.rejected || sender.transport == Transport::Untouched {
            return Ok(());
        }
        // Other ports would need an ICE restart; and who is on hold hears nothing through others.
        let held = options.port_latching.is_none() && !sender.send;
        let [sender_latch, latch] = ice_before.map(|ice| options.port_latching.unwrap_or(ice));
        if role == Role::Offer {
            self.wish_mux(between, index, options);
        }
        // A leg that muxes, and goes on to, needs no port for RTCP.
        let rtp_only = |call: &Call, party: PartyIx| {
            let mux = call.parties[party].medias[index].mux;
            mux.rtp_only || (mux.active && mux.offered)
        };
        let towards_receiver = Facing {
            counterpart: endpoint(self, between.sender),
            deaf: held,
            latch: latch || held,
            rtcp: !rtp_only(self, between.receiver),
            company: self.wants_company(between.receiver, index, env),
            stay: false,
        };
        self.face(between.receiver, index, towards_receiver, env)?;
        // The sender's own ports change when its counterpart speaks, not now.
        let towards_sender = Facing {
            counterpart: None,
            deaf: false,
            latch: sender_latch || latch || role == Role::Answer,
            rtcp: !rtp_only(self, between.sender),
            company: self.wants_company(between.sender, index, env),
            stay: true,
        };
        self.face(between.sender, index, towards_sender, env)?;
        Ok(())
    }
}
