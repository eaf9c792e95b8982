use crate::call::Call;
use crate::media::{Media, OfferedCodec, Transport, is_hold};
use crate::party::PartyIx;
use crate::security::Place;
use flow::{
    Carries, Change, FlowSpec, Gate, Generation, Learning, Micros, Moment, Output, Protection, Reporting,
    Security, Silence,
};
use ice::Component;
use sdp::Profile;
use smallvec::SmallVec;
use std::net::SocketAddr;
use std::sync::Arc;

/// Length of the learning window of the delayed and heuristic algorithms.
pub const LEARNING_WINDOW: Micros = Micros::from_secs(3);

/// What a sample of silence is, in codecs whose every byte is one.
const SILENT: [(&str, u8); 3] = [("PCMU", 0xff), ("PCMA", 0xd5), ("G722", 0xfa)];

/// Which of a pair's two ports a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowUse {
    /// The even port.
    Rtp,
    /// The odd port after it.
    Rtcp,
}

impl Call {
    /// Says what the packet side must change so that it does what the call now means. `relearn` starts the
    /// learning window of every flow anew, as each signalling message does.
    pub(crate) fn compile(&mut self, now: Moment, relearn: bool, changes: &mut Vec<Change>) {
        self.generation = Generation(self.generation.0 + 1);
        let passing = self.sections_that_pass();
        for at in 0..self.flows.len() {
            if self.flows[at].withdrawn {
                continue;
            }
            let entry = &self.flows[at];
            if self.parties[entry.party].deleted {
                self.withdraw(at, changes);
                continue;
            }
            let mut spec = self.spec(at, now, &passing);
            let before = self.flows[at].installed.as_deref();
            if let Some(before) = before.filter(|_| !relearn) {
                spec.learn_until = before.learn_until;
                spec.generation = before.generation;
                if *before == spec {
                    continue;
                }
                spec.generation = self.generation;
            }
            let spec = Arc::new(spec);
            self.flows[at].installed = Some(Arc::clone(&spec));
            changes.push(Change::Install(spec));
        }
    }

    /// Ends every flow of the call.
    pub(crate) fn withdraw_all(&mut self, changes: &mut Vec<Change>) {
        self.generation = Generation(self.generation.0 + 1);
        for at in 0..self.flows.len() {
            if !self.flows[at].withdrawn {
                self.withdraw(at, changes);
            }
        }
    }

    pub(crate) fn withdraw(&mut self, at: usize, changes: &mut Vec<Change>) {
        let entry = &mut self.flows[at];
        entry.withdrawn = true;
        entry.installed = None;
        changes.push(Change::Withdraw { key: entry.key, generation: self.generation });
        let (party, media, key) = (entry.party, entry.media, entry.key);
        for pair in &mut self.parties[party].medias[media].pairs {
            pair.closed |= pair.rtp == key;
        }
    }

    fn spec(&self, at: usize, now: Moment, passing: &[Place]) -> FlowSpec {
        let entry = &self.flows[at];
        let party = &self.parties[entry.party];
        let media = &party.medias[entry.media];
        let signalled = match entry.usage {
            FlowUse::Rtp => media.rtp,
            FlowUse::Rtcp if media.mux.active => None,
            FlowUse::Rtcp => media.rtcp,
        };
        let carries = match (media.transport, entry.usage) {
            (Transport::Rtp, FlowUse::Rtp) if media.mux.active || media.mux.offered => Carries::RtpAndRtcp,
            (Transport::Rtp, FlowUse::Rtp) => Carries::Rtp,
            (Transport::Rtp, FlowUse::Rtcp) => Carries::Rtcp,
            _ => Carries::Opaque,
        };
        // Who has not spoken yet is heard but not followed.
        let learning = match party.treatment {
            treatment if media.initialized && !treatment.asymmetric => treatment.learning,
            _ => Learning::Off,
        };
        let component = match entry.usage {
            FlowUse::Rtp => Component::Rtp,
            FlowUse::Rtcp => Component::Rtcp,
        };
        let mut spec = FlowSpec {
            key: entry.key,
            generation: self.generation,
            stream: self.stream_id(at),
            carries,
            peer: signalled.filter(|at| sendable(*at)),
            confirmed: false,
            learning,
            learn_until: now + LEARNING_WINDOW,
            gate: if self.shut { Gate::Shut } else { party.treatment.gate },
            // Whatever is not RTP goes to the port of the same place, so the odd port's "RTP" is the odd port's.
            rtp: self.outputs((entry.party, entry.media), entry.usage, passing),
            rtcp: self.outputs((entry.party, entry.media), FlowUse::Rtcp, passing),
            tos: self.tos,
            blocked: self.barred.blocked || party.barred.blocked,
            // Who has the same keys as the other end may speak ICE and DTLS with it too.
            foreign: passing.contains(&(entry.party, entry.media)),
            handshakes: media.keying.expects_handshakes(),
            security: self.security((entry.party, entry.media), entry.usage, passing),
            one_way: party.treatment.one_way,
            reporting: Reporting {
                feedback: Profile::of(&media.protocol).has_feedback(),
                ours: media.reports,
            },
            parts: Vec::new(),
            via: self.via(entry.party, entry.media),
            traced: self.traced,
            recorded: self.recorded.filter(|_| !party.unrecorded),
        };
        media.steer(component, &mut spec);
        if spec.via.is_some() {
            // The port is not the party's any more: nothing that comes there is heard.
            let (arriving, leaving) = (Protection::Awaited, Protection::Awaited);
            let session = self.session((entry.party, entry.media));
            spec.security = Some(Security { session, arriving, leaving });
            spec.learning = Learning::Off;
        } else if entry.usage == FlowUse::Rtp {
            spec.parts = self.parts(entry.party, entry.media);
        }
        spec
    }

    /// What `party` sends to `to` is replaced by silence.
    fn is_silenced(&self, party: PartyIx, to: PartyIx) -> bool {
        let sender = &self.parties[party];
        self.barred.silenced || sender.barred.silenced || sender.aside.silenced.contains(&to)
    }

    /// Where what `party` sends in section `media` goes: to the same section of everybody it talks with.
    fn outputs(&self, (party, media): Place, usage: FlowUse, passing: &[Place]) -> SmallVec<[Output; 1]> {
        let mut out = SmallVec::new();
        let Some(mine) = self.parties[party].medias.get(media).filter(|m| relayed(m)) else { return out };
        for at in &self.parties[party].peers {
            let peer = &self.parties[*at];
            let Some(section) = peer.medias.get(media).filter(|m| !peer.deleted && relayed(m)) else {
                continue;
            };
            // The last SDP of the pair says which way media goes; RTCP goes both ways whatever it says.
            let gated = usage == FlowUse::Rtp && section.initialized;
            if gated && !(mine.recv && section.send) {
                continue;
            }
            if usage == FlowUse::Rtp && self.parties[party].aside.blocked.contains(at) {
                continue;
            }
            // Nor does it go to who holds by 0.0.0.0 (RFC 2543 §B.5), whatever its packets have shown.
            if gated && section.holds {
                continue;
            }
            let egress = match usage {
                FlowUse::Rtcp if !section.mux.active => section.egress(Component::Rtcp),
                _ => section.egress(Component::Rtp),
            };
            let silenced = usage == FlowUse::Rtp && self.is_silenced(party, *at);
            // Two texts under the same key and number would give both away to who sees both legs.
            if silenced && passing.contains(&(party, media)) {
                continue;
            }
            let silence = if silenced { mine.silence() } else { None };
            out.extend(egress.map(|egress| Output { silence, ..Output::plain(egress) }));
        }
        out
    }
}

impl Media {
    /// What silence is in the codecs that the party listed; in others nobody knows here.
    fn silence(&self) -> Option<Arc<[Silence]>> {
        let known = |codec: &OfferedCodec| {
            let byte = SILENT.iter().find(|(name, _)| codec.name.eq_ignore_ascii_case(name.as_bytes()))?.1;
            Some(Silence { pt: codec.pt, byte })
        };
        Some(self.codecs.iter().filter_map(known).collect())
    }
}

fn relayed(media: &Media) -> bool {
    !media.rejected && media.transport != Transport::Untouched
}

fn sendable(at: SocketAddr) -> bool {
    at.port() != 0 && !is_hold(at.ip())
}
