use crate::block::Barred;
use crate::media::{Media, PortPair};
use crate::party::{Party, PartyIx, Treatment};
use crate::{AddressId, Env, Family, FlowUse, PortError, Settings, Stamp};
use flow::{FlowKey, FlowSpec, Generation, Moment, Recorded, StreamId};
use std::net::SocketAddr;
use std::sync::Arc;

/// Number of a call in the book; reused after the call is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallNumber(pub u32);

/// A flow of a call as last told to the packet side.
#[derive(Clone, Debug)]
pub(crate) struct FlowEntry {
    pub(crate) party: PartyIx,
    pub(crate) media: usize,
    pub(crate) usage: FlowUse,
    /// As installed; `None` before the first install and after the withdrawal.
    pub(crate) installed: Option<Arc<FlowSpec>>,
    pub(crate) key: FlowKey,
    pub(crate) withdrawn: bool,
    /// Its counters when it was withdrawn.
    pub(crate) last: Option<Box<flow::Snapshot>>,
}

impl FlowEntry {
    pub(crate) fn new(party: PartyIx, media: usize, usage: FlowUse, key: FlowKey) -> FlowEntry {
        FlowEntry { party, media, usage, installed: None, key, withdrawn: false, last: None }
    }
}

/// One call: its parties and everything that was said about them. Changed by the verbs in the sibling files.
#[derive(Debug)]
pub struct Call {
    pub(crate) number: CallNumber,
    /// Never used for another call of the process.
    pub(crate) serial: u64,
    pub(crate) id: Box<[u8]>,
    /// The Call-ID as text, for the log.
    pub(crate) shown_id: Arc<str>,
    pub(crate) created: Stamp,
    pub(crate) last_signal: Stamp,
    /// Packet worker that carries all flows of the call.
    pub(crate) worker: u16,
    pub(crate) parties: Vec<Party>,
    pub(crate) flows: Vec<FlowEntry>,
    pub(crate) generation: Generation,
    /// An answer has been seen.
    pub(crate) answered: bool,
    /// Media was last seen moving (or the call was created) then.
    pub(crate) last_media: Moment,
    /// When the call shall be looked at again by the sweep.
    pub(crate) due: Moment,
    /// Deleted by request; gone at this moment.
    pub(crate) ends: Option<Moment>,
    /// How packets of a new party are treated.
    pub(crate) treatment: Treatment,
    /// Traffic class byte of everything the call sends.
    pub(crate) tos: u8,
    /// `block media` and `silence media` for the whole call.
    pub(crate) barred: Barred,
    /// Nobody is heard (`drop-traffic`).
    pub(crate) shut: bool,
    /// Its packets are copied for somebody who looks.
    pub(crate) traced: bool,
    /// Which of its packets go into a recording.
    pub(crate) recorded: Option<Recorded>,
    /// Keys that could pass from end to end are ours to open, since it was to be recorded before it had any.
    pub(crate) opened: bool,
    /// Free text kept for reports.
    pub(crate) metadata: Option<Box<[u8]>>,
}

impl Call {
    pub(crate) fn new(
        (number, serial): (CallNumber, u64),
        id: &[u8],
        now: Stamp,
        worker: u16,
        settings: &Settings,
    ) -> Call {
        Call {
            number,
            serial,
            id: id.into(),
            shown_id: String::from_utf8_lossy(id).into(),
            created: now,
            last_signal: now,
            worker,
            parties: Vec::with_capacity(2),
            flows: Vec::with_capacity(4),
            generation: Generation(0),
            answered: false,
            last_media: now.at,
            due: now.at,
            ends: None,
            treatment: settings.treatment(),
            tos: settings.tos,
            barred: Barred::default(),
            shut: false,
            traced: false,
            recorded: None,
            opened: false,
            metadata: None,
        }
    }

    /// The Call-ID.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// Its number in the book.
    pub fn number(&self) -> CallNumber {
        self.number
    }

    /// Whether it has media over IPv4, and whether over IPv6.
    pub fn families(&self) -> (bool, bool) {
        let is_v4 = |f: &FlowEntry| f.key.addr.is_ipv4();
        let mut open = self.flows.iter().filter(|f| !f.withdrawn);
        (open.clone().any(is_v4), open.any(|f| !is_v4(f)))
    }

    /// Number of the packet worker that carries the call.
    pub fn worker(&self) -> u16 {
        self.worker
    }

    /// When the call was created.
    pub fn created(&self) -> Stamp {
        self.created
    }

    /// True once an answer has been seen.
    pub fn is_answered(&self) -> bool {
        self.answered
    }

    /// True when it was deleted by request and stays for the delay only.
    pub fn is_ending(&self) -> bool {
        self.ends.is_some()
    }

    /// Traffic class byte of everything that it sends.
    pub fn tos(&self) -> u8 {
        self.tos
    }

    /// True while its packets are copied for somebody.
    pub fn is_traced(&self) -> bool {
        self.traced
    }

    /// Which of its packets go into a recording.
    pub fn recorded(&self) -> Option<Recorded> {
        self.recorded
    }

    /// Free text kept for reports.
    pub fn metadata(&self) -> Option<&[u8]> {
        self.metadata.as_deref()
    }

    /// True when SRTP of some section passes from end to end without being opened here.
    pub fn passes_keys(&self) -> bool {
        !self.sections_that_pass().is_empty()
    }

    /// The party with that tag, present or former.
    pub(crate) fn party(&self, tag: &[u8]) -> Option<PartyIx> {
        self.parties
            .iter()
            .position(|p| !p.tag.is_empty() && *p.tag == *tag)
            .or_else(|| self.parties.iter().position(|p| p.is(tag)))
    }

    pub(crate) fn add_party(&mut self, tag: &[u8], now: Stamp) -> PartyIx {
        self.parties.push(Party::new(tag, now, self.treatment));
        self.parties.len() - 1
    }

    /// The party that `party` talks with, latest first, that is not deleted.
    pub(crate) fn peer_of(&self, party: PartyIx) -> Option<PartyIx> {
        self.parties[party].peers.iter().copied().find(|p| !self.parties[*p].deleted)
    }

    /// An offer brings two parties together. The caller keeps whom it has, so that the early media of every branch
    /// reaches it; the callee leaves its others.
    pub(crate) fn join(&mut self, sender: PartyIx, receiver: PartyIx) {
        if self.parties[sender].peers.contains(&receiver) {
            return;
        }
        self.leave_all_but(receiver, None);
        self.parties[sender].peers.insert(0, receiver);
        self.parties[receiver].peers.push(sender);
    }

    /// An answer makes it the only dialogue of the party that offered.
    pub(crate) fn pair_up(&mut self, offerer: PartyIx, answerer: PartyIx) {
        self.leave_all_but(offerer, Some(answerer));
        for (one, other) in [(offerer, answerer), (answerer, offerer)] {
            if !self.parties[one].peers.contains(&other) {
                self.parties[one].peers.push(other);
            }
        }
    }

    /// `party` talks with nobody any more, or with one only.
    fn leave_all_but(&mut self, party: PartyIx, one: Option<PartyIx>) {
        for peer in self.parties[party].peers.clone() {
            if Some(peer) != one {
                self.parties[party].leave(peer);
                self.parties[peer].leave(party);
            }
        }
    }

    /// Sees to it that ports face section `media` of `party`.
    pub(crate) fn face(
        &mut self,
        party: PartyIx,
        media: usize,
        facing: Facing,
        env: &mut Env<'_>,
    ) -> Result<(), PortError> {
        let interface = self.parties[party].interface.unwrap_or(env.interfaces.default_interface());
        let section = &mut self.parties[party].medias[media];
        let address = env
            .interfaces
            .pick(interface, section.family)
            .ok_or(PortError::Exhausted { addr: std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED) })?;
        // Hold by address is no move.
        let counterpart = facing.counterpart.filter(|c| !crate::media::is_hold(c.ip()));
        let hears = counterpart.filter(|_| !facing.deaf);
        if let Some(found) = section.find_pair(address, hears, &facing) {
            section.selected = Some(found);
            section.pairs[found].company &= facing.company || facing.stay;
            section.pairs[found].stands_for = section.pairs[found].stands_for.or(hears);
            return Ok(());
        }
        let (rtp, rtcp) = env.ports.take(address, self.worker, self.tos, facing.rtcp)?;
        section.selected = Some(section.pairs.len());
        // Few have a second one.
        section.pairs.reserve_exact(1);
        section.pairs.push(PortPair {
            stands_for: counterpart,
            address,
            rtp,
            rtcp,
            opened: env.now,
            closed: false,
            company: facing.company,
            company_of: None,
        });
        for (key, usage) in [(Some(rtp), FlowUse::Rtp), (rtcp, FlowUse::Rtcp)] {
            let Some(key) = key else { continue };
            self.flows.push(FlowEntry::new(party, media, usage, key));
        }
        Ok(())
    }

    /// Closes the RTCP port of the pair that faces a section: RTCP comes on the RTP port now.
    pub(crate) fn close_rtcp(&mut self, party: PartyIx, media: usize, env: &mut Env<'_>) {
        let section = &mut self.parties[party].medias[media];
        let Some(pair) = section.selected.and_then(|at| section.pairs.get_mut(at)) else { return };
        let Some(key) = pair.rtcp.take() else { return };
        if let Some(at) = self.flows.iter().position(|f| f.key == key && !f.withdrawn) {
            self.withdraw(at, &mut env.changes);
        }
    }

    pub(crate) fn stream_id(&self, flow: usize) -> StreamId {
        StreamId(u64::from(self.number.0) << 32 | flow as u64)
    }

    /// The call and the flow of it that a stream id names.
    pub fn of_stream(stream: StreamId) -> (CallNumber, usize) {
        (CallNumber((stream.0 >> 32) as u32), (stream.0 & u64::from(u32::MAX)) as usize)
    }
}

/// What a section's ports must be like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facing {
    /// Signalled endpoint of the counterpart; `None` while it has not spoken.
    pub(crate) counterpart: Option<SocketAddr>,
    /// It wants no media now: where it is does not move ports that are there.
    pub(crate) deaf: bool,
    /// Keep the present ports whatever the counterpart's endpoint.
    pub(crate) latch: bool,
    /// A port for RTCP is wanted.
    pub(crate) rtcp: bool,
    /// Ports on other addresses are wanted beside it.
    pub(crate) company: bool,
    /// The party is told nothing now: what it has will do.
    pub(crate) stay: bool,
}

impl Media {
    /// The pair that stands for a counterpart at that endpoint.
    fn find_pair(
        &self,
        address: AddressId,
        counterpart: Option<SocketAddr>,
        facing: &Facing,
    ) -> Option<usize> {
        // Who answers in another family than it was offered has no use for the ports it was offered, unless ICE has.
        let family = |pair: &PortPair| Family::of(pair.rtp.addr) == self.family;
        let latch = |pair| facing.latch && (!facing.stay || self.ice.on || family(pair));
        let fits = |at: &usize| {
            let pair = &self.pairs[*at];
            !pair.closed
                && pair.company_of.is_none()
                && (pair.address == address || latch(pair))
                && (pair.rtcp.is_some() || !facing.rtcp)
                && (pair.company || !facing.company || facing.stay)
        };
        let present = self.selected.filter(fits);
        let Some(counterpart) = counterpart.filter(|_| !facing.latch) else { return present };
        present
            .into_iter()
            .chain((0..self.pairs.len()).filter(fits))
            .find(|at| self.pairs[*at].stands_for == Some(counterpart))
            .or_else(|| present.filter(|at| self.pairs[*at].stands_for.is_none()))
    }
}
