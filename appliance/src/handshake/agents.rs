use super::count::Count;
use super::deadlines::Deadlines;
use super::identities::Identities;
use super::output::Output;
use super::section::{Arrival, Section, Tools};
use call::{Handshake, HandshakeChange};
use dtls::Gate;
use flow::{FlowKey, Moment, SessionId};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::sync::Arc;

/// All agents. Time comes in, and what they have to say goes out; to be driven by one thread.
#[derive(Debug)]
pub(super) struct Agents {
    identities: Identities,
    gate: Arc<Gate>,
    sections: HashMap<SessionId, Section, RandomState>,
    /// Who is heard at a port; mostly one. Who came last stands last.
    ports: HashMap<FlowKey, SmallVec<[SessionId; 2]>, RandomState>,
    deadlines: Deadlines,
}

/// What a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Stun,
    Dtls,
}

impl Agents {
    pub(super) fn new(identities: Identities, gate: Gate) -> Agents {
        Agents {
            identities,
            gate: Arc::new(gate),
            sections: HashMap::default(),
            ports: HashMap::default(),
            deadlines: Deadlines::default(),
        }
    }

    /// Sections there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sections.len()
    }

    /// Does what the desk says about a section whose call belongs to `worker`.
    pub(super) fn apply(&mut self, worker: u16, change: &HandshakeChange, now: Moment, out: &mut Output) {
        match change {
            HandshakeChange::Begin(said) => self.begin(worker, said, now, out),
            HandshakeChange::End(session) => self.end(session.of_section(), out),
        }
    }

    fn begin(&mut self, worker: u16, said: &Handshake, now: Moment, out: &mut Output) {
        let session = said.session.of_section();
        let section = self.sections.entry(session).or_insert_with(|| Section::new(worker, said));
        if said.generation < section.generation() {
            return;
        }
        let told = said.dtls.as_ref().and_then(|dtls| dtls.told.as_deref());
        let tools = Tools { context: self.identities.context(told), gate: &self.gate };
        let before: SmallVec<[FlowKey; 4]> = section.ports().collect();
        section.apply(said, tools, now, out);
        let after: SmallVec<[FlowKey; 4]> = section.ports().collect();
        for port in before.into_iter().filter(|port| !after.contains(port)) {
            self.leave(port, session);
        }
        for port in after {
            let heard = self.ports.entry(port).or_default();
            if !heard.contains(&session) {
                heard.push(session);
            }
        }
        self.note_deadline(session);
    }

    fn end(&mut self, session: SessionId, out: &mut Output) {
        let Some(mut section) = self.sections.remove(&session) else { return };
        section.end(out);
        self.deadlines.change(session, section.due, None);
        for port in section.ports() {
            self.leave(port, session);
        }
    }

    fn leave(&mut self, port: FlowKey, session: SessionId) {
        if let Some(heard) = self.ports.get_mut(&port) {
            heard.retain(|other| *other != session);
            if heard.is_empty() {
                self.ports.remove(&port);
            }
        }
    }

    /// Takes in a datagram.
    pub(super) fn handle(&mut self, what: What, arrival: Arrival<'_>, now: Moment, out: &mut Output) {
        let heard = self.ports.get(&arrival.local).cloned().unwrap_or_default();
        let mut result = Err(Count::NoAgent);
        for session in heard.into_iter().rev() {
            let Some(section) = self.sections.get_mut(&session) else { continue };
            result = match what {
                What::Stun => section.stun(arrival, now, out),
                What::Dtls => section.dtls(arrival, now, out),
            };
            if result.is_ok() {
                self.note_deadline(session);
                break;
            }
        }
        match (result, what) {
            (Ok(()), What::Dtls) => {}
            (Ok(()), What::Stun) => out.count(Count::Stun),
            (Err(why), _) => out.count(why),
        }
    }

    /// When [`Agents::on_timeout`] wants to be called.
    pub(super) fn next_timeout(&self) -> Option<Moment> {
        self.deadlines.next()
    }

    /// Does what is due, of so many sections at most.
    pub(super) fn on_timeout(&mut self, now: Moment, most: usize, out: &mut Output) {
        for _ in 0..most {
            let Some(session) = self.deadlines.over(now) else { break };
            if let Some(section) = self.sections.get_mut(&session) {
                section.on_timeout(now, out);
            }
            self.note_deadline(session);
        }
    }

    fn note_deadline(&mut self, session: SessionId) {
        let Some(section) = self.sections.get_mut(&session) else { return };
        let next = section.next_timeout();
        self.deadlines.change(session, section.due, next);
        section.due = next;
    }

    /// Makes a new certificate if it is time, in seconds since 1970.
    pub(super) fn renew(&mut self, unix_s: i64) {
        match self.identities.renew(unix_s) {
            Ok(true) => tracing::info!("new certificate for DTLS"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "no new certificate for DTLS; the old one stays"),
        }
    }
}
