use crate::addresses::{AddressTraffic, Addresses};
use crate::classify::Class;
use crate::flow::Flow;
use crate::overheard::Overheard;
use crate::reel::Reel;
use crate::sessions::Sessions;
use crate::ssrc::SpareRoom;
use crate::table::Table;
use crate::tags::Tags;
use crate::tape::Tape;
use crate::totals::Totals;
use flow::{Departure, FlowKey, Moment, Snapshot};
use rtp::Kind;
use srtp::Tagger;

/// The flows of one worker and what is done with their packets. See the crate's front page for who calls what when.
#[derive(Debug)]
pub struct Engine {
    pub(crate) table: Table,
    /// For each frame of the burst in hand, between `run` and `settle`.
    pub(crate) places: Vec<Places>,
    pub(crate) totals: Totals,
    pub(crate) sessions: Sessions,
    pub(crate) tags: Tags,
    pub(crate) tape: Tape,
    pub(crate) reel: Reel,
    pub(crate) overheard: Overheard,
    pub(crate) addresses: Addresses,
    pub(crate) spare: SpareRoom,
}

/// The flows a frame has to do with, as places in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// The flow it arrived at.
    pub(crate) ingress: Option<u32>,
    /// The flow of the port it is to leave from.
    pub(crate) egress: Option<u32>,
}

impl Engine {
    /// Makes room for `flows` flows (more are taken, at the price of an allocation when they are installed) and for
    /// bursts of up to `burst` frames, fan-out copies included.
    pub fn new(flows: usize, burst: usize) -> Engine {
        Engine::with_tagger(flows, burst, Tagger::new())
    }

    /// As [`Engine::new`], with tags made in this way.
    pub fn with_tagger(flows: usize, burst: usize, tagger: Tagger) -> Engine {
        let mut spare = SpareRoom::default();
        spare.refill();
        Engine {
            table: Table::with_capacity(flows),
            places: Vec::with_capacity(burst),
            totals: Totals::default(),
            sessions: Sessions::default(),
            tags: Tags::new(tagger, burst),
            tape: Tape::default(),
            reel: Reel::default(),
            overheard: Overheard::default(),
            addresses: Addresses::default(),
            spare,
        }
    }

    /// Makes ready what packets may need, so that they allocate nothing. To be called between bursts, now and then.
    pub fn make_ready(&mut self) {
        self.spare.refill();
    }

    /// A copy of what is known of one flow.
    pub fn snapshot(&self, key: FlowKey) -> Option<Snapshot> {
        let flow = self.table.get(self.table.find(key)?)?;
        let progress = flow.held.map(|held| self.sessions.progress(held)).unwrap_or_default();
        Some(flow.snapshot(progress))
    }

    /// When a flow had its last packet.
    pub fn last_packet(&self, key: FlowKey) -> Option<Moment> {
        self.port(key)?.counters.last_packet
    }

    /// How a packet of our own would leave through a port: `None` while its peer is not known.
    pub fn way_out(&self, key: FlowKey) -> Option<Departure> {
        let flow = self.port(key)?;
        match flow.via.as_deref().copied() {
            Some(via) => Some(Departure { from: via, to: self.port(via)?.peer.address()?, tos: flow.tos }),
            None => Some(Departure { from: key, to: flow.peer.address()?, tos: flow.tos }),
        }
    }

    /// The flow of a port.
    pub(crate) fn port(&self, key: FlowKey) -> Option<&Flow> {
        self.table.get(self.table.find(key)?)
    }

    /// Makes RTCP of our own, in the first `len` bytes of `room`, ready to leave through a port: where it goes to, and its
    /// length then. `None` while that cannot be.
    pub fn report(&mut self, key: FlowKey, room: &mut [u8], len: usize) -> Option<(Departure, usize)> {
        let departure = self.way_out(key)?;
        let seal = self.port(departure.from)?.sealed_by().ok()?;
        let len = match seal {
            Some(session) => self.sessions.seal(session, Class::Rtcp, room, len).ok()?,
            None => len,
        };
        let place = self.table.find(key)?;
        self.table.get_mut(place)?.counters.sent.count(len);
        self.totals.sent.count(len);
        Some((departure, len))
    }

    /// The traffic class byte of a datagram of an agent that leaves through a port; `None` when that has no flow. DTLS
    /// counts as sent to the party, checks of ICE do not, since upstream has it so.
    pub fn send_own(&mut self, key: FlowKey, bytes: &[u8]) -> Option<u8> {
        let flow = self.table.get_mut(self.table.find(key)?)?;
        if Kind::of(bytes) == Kind::Dtls {
            flow.counters.sent.count(bytes.len());
            self.totals.sent.count(bytes.len());
        }
        Some(flow.tos)
    }

    /// What was counted over all flows since the start.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The same by our address, without packets of no flow.
    pub fn addresses(&self) -> &[AddressTraffic] {
        self.addresses.all()
    }

    /// How many flows there are.
    pub fn flows(&self) -> usize {
        self.table.len()
    }
}
