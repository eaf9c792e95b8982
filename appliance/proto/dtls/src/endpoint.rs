use crate::gate::Admission;
use crate::handshake::{Handshake, Step};
use crate::record::{self, Hello};
use crate::{Context, Error, Gate, Ignored, Keys, Peer, Reason, Restart, Role};
use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// Handshakes that a server has at a time: the peer's, and some of others who know the port and have a real address.
pub const MAX_HANDSHAKES: usize = 4;
/// Datagrams that may wait to be sent.
pub const MAX_TRANSMITS: usize = 64;
/// Events that may wait; beyond, failures are not told.
const MAX_EVENTS: usize = 16;
/// A handshake younger than this, in microseconds, is not put out for another.
const GRACE_US: u64 = 2_000_000;

/// A datagram to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub remote: SocketAddr,
    /// The payload, no larger than the settings' `mtu`.
    pub payload: Vec<u8>,
}

/// What the owner of an endpoint must know.
#[derive(Clone, Debug)]
pub enum Event {
    /// Keys are there, and the peer is who its SDP says. Keys of an earlier event are over once these are in use.
    Connected {
        /// The peer's address.
        remote: SocketAddr,
        /// The keys.
        keys: Keys,
    },
    /// A handshake came to nothing. A server goes on listening; a client may be told to connect again.
    Failed {
        /// With whom.
        remote: SocketAddr,
        /// Why.
        reason: Reason,
    },
    /// The peer ended the association. Its keys are over.
    Closed {
        /// Who.
        remote: SocketAddr,
    },
}

struct Slot {
    remote: SocketAddr,
    /// The ClientHello's, at a server.
    random: [u8; 32],
    begun_us: u64,
    handshake: Handshake,
}

/// DTLS of one local port: who we are, whom we expect, and what is under way. All times are microseconds of one clock
/// that does not go back.
pub struct Endpoint {
    context: Context,
    gate: Arc<Gate>,
    peer: Peer,
    role: Role,
    slots: Vec<Slot>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Endpoint {
    /// Makes an endpoint that waits: a server for a ClientHello, a client for [`Endpoint::connect`].
    pub fn new(context: Context, gate: Arc<Gate>, role: Role, peer: Peer) -> Endpoint {
        Endpoint {
            context,
            gate,
            peer,
            role,
            slots: Vec::new(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Our role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether there are keys in use.
    pub fn is_connected(&self) -> bool {
        self.slots.iter().any(|slot| slot.handshake.is_connected())
    }

    /// Handshakes under way or done, at most [`MAX_HANDSHAKES`].
    pub fn handshakes(&self) -> usize {
        self.slots.len()
    }

    /// As a client: begins with `remote`, or goes on there if the peer's address is another one now. As a server:
    /// does nothing.
    ///
    /// # Errors
    /// [`Error::Library`].
    pub fn connect(&mut self, remote: SocketAddr, now_us: u64) -> Result<(), Error> {
        if self.role == Role::Server {
            return Ok(());
        }
        if let Some(slot) = self.slots.first_mut() {
            if slot.remote == remote || slot.handshake.has_heard() {
                slot.remote = remote;
                return Ok(());
            }
            // Nobody answered at the old address: begin anew rather than wait for the timer.
            self.slots.clear();
        }
        let handshake = Handshake::client(&self.context, now_us)?;
        self.slots.push(Slot { remote, random: [0; 32], begun_us: now_us, handshake });
        self.drain(0);
        Ok(())
    }

    /// Takes in a datagram from `source`.
    ///
    /// # Errors
    /// Why it was left alone.
    pub fn handle(&mut self, source: SocketAddr, datagram: &[u8], now_us: u64) -> Result<(), Ignored> {
        if self.role == Role::Server
            && let Some(hello) = Hello::parse(datagram)
        {
            let known =
                self.slots.iter().position(|slot| slot.remote == source && slot.random == hello.random);
            return match known {
                Some(at) if !hello.cookie.is_empty() => self.feed(at, datagram, now_us),
                _ => self.knock(source, &hello, datagram, now_us),
            };
        }
        // A peer that began anew has two associations; what is encrypted may belong to either, and the one that it does
        // not belong to ignores it. The newer comes last.
        match self.slots.iter().rposition(|slot| slot.remote == source) {
            Some(at) => self.feed(at, datagram, now_us),
            None if self.role == Role::Client && self.slots.is_empty() => Err(Ignored::Idle),
            None => Err(Ignored::UnknownSource),
        }
    }

    /// Takes out the next datagram to send. To be called until there is none, after every other call.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// Takes out the next event. To be called until there is none, after every other call.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Endpoint::on_timeout`] is to be called; `None` if nothing is under way.
    pub fn next_timeout(&self) -> Option<u64> {
        self.slots.iter().filter_map(|slot| slot.handshake.next_timeout()).min()
    }

    /// Does what is due: sends flights again, gives handshakes up.
    pub fn on_timeout(&mut self, now_us: u64) {
        for at in (0..self.slots.len()).rev() {
            let step = self.slots[at].handshake.on_timeout(now_us);
            self.settle(at, step);
        }
    }

    /// Takes in what the next SDP says, and begins anew if it must; the keys there are stay good until the next
    /// [`Event::Connected`]. `context` is for associations that begin from now on. Says whether and why it began anew;
    /// a client then goes on with the address it had.
    ///
    /// # Errors
    /// [`Error::Library`].
    pub fn update(
        &mut self,
        context: Context,
        role: Role,
        peer: Peer,
        now_us: u64,
    ) -> Result<Option<Restart>, Error> {
        let restart = self.peer.restart(self.role, &peer, role);
        self.peer = peer;
        let Some(reason) = restart else {
            self.judge_held();
            return Ok(None);
        };
        self.context = context;
        // Who has only knocked at a server may be anybody.
        let is_peer = |slot: &&Slot| self.role == Role::Client || slot.handshake.is_connected();
        let remote = self.slots.iter().find(is_peer).map(|slot| slot.remote);
        // A server may have heard from the new peer before its SDP came. All else is over; the peer knows, and a
        // close_notify would end what it begins now.
        let keep = role == Role::Server && self.role == Role::Server && reason != Restart::TlsId;
        self.slots.retain(|slot| keep && !slot.handshake.is_connected());
        self.role = role;
        self.judge_held();
        match remote {
            Some(remote) if role == Role::Client => self.connect(remote, now_us)?,
            _ => {}
        }
        Ok(Some(reason))
    }

    /// Ends all associations and tells the peers.
    pub fn close(&mut self) {
        for at in 0..self.slots.len() {
            self.slots[at].handshake.close();
            self.drain(at);
        }
        self.slots.clear();
    }

    /// A ClientHello that belongs to no handshake that is under way.
    fn knock(
        &mut self,
        source: SocketAddr,
        hello: &Hello<'_>,
        datagram: &[u8],
        now_us: u64,
    ) -> Result<(), Ignored> {
        // Its other records, if it has any, are in clear.
        record::check(datagram, Role::Server, usize::MAX)?;
        match self.gate.judge(source, hello, now_us)? {
            Admission::Verify(payload) => {
                self.transmit(source, payload);
                Ok(())
            }
            Admission::Admitted => {
                self.make_room(source, now_us)?;
                let handshake =
                    Handshake::server(&self.context, hello, now_us).map_err(|_| Ignored::NoRoom)?;
                self.slots.push(Slot { remote: source, random: hello.random, begun_us: now_us, handshake });
                self.feed(self.slots.len() - 1, datagram, now_us)
            }
        }
    }

    /// Sees to it that one more handshake fits. What is connected stays.
    fn make_room(&mut self, source: SocketAddr, now_us: u64) -> Result<(), Ignored> {
        // The client at this address began anew: it does not go on with what it left.
        self.slots.retain(|slot| slot.remote != source || slot.handshake.is_connected());
        if self.slots.len() < MAX_HANDSHAKES {
            return Ok(());
        }
        let old =
            |slot: &Slot| !slot.handshake.is_connected() && slot.begun_us.saturating_add(GRACE_US) <= now_us;
        let at = self.slots.iter().position(old).ok_or(Ignored::NoRoom)?;
        self.slots.remove(at);
        Ok(())
    }

    fn feed(&mut self, at: usize, datagram: &[u8], now_us: u64) -> Result<(), Ignored> {
        let step = self.slots[at].handshake.handle(datagram, now_us)?;
        self.settle(at, step);
        Ok(())
    }

    /// Sees to what came of a step of the handshake at `at`.
    fn settle(&mut self, at: usize, step: Step) {
        self.drain(at);
        match step {
            Step::Nothing => {}
            Step::Done => self.judge(at),
            Step::Failed(reason) => self.fail(at, reason),
            Step::Closed => {
                let remote = self.slots.remove(at).remote;
                self.events.push_back(Event::Closed { remote });
            }
        }
    }

    /// Judges the peer of a handshake that is done, if there is something to judge by.
    fn judge(&mut self, at: usize) {
        if self.peer.fingerprints.is_empty() {
            return;
        }
        match self.slots[at].handshake.judge(&self.peer.fingerprints) {
            Ok(keys) => {
                // Whoever else is here is not the peer, or not any more.
                let slot = self.slots.swap_remove(at);
                self.slots.clear();
                self.events.push_back(Event::Connected { remote: slot.remote, keys });
                self.slots.push(slot);
            }
            // Perhaps the SDP with this fingerprint is still on its way.
            Err(Reason::WrongFingerprint) if self.is_connected() => {}
            Err(reason) => {
                self.slots[at].handshake.close();
                self.drain(at);
                self.fail(at, reason);
            }
        }
    }

    fn judge_held(&mut self) {
        for at in (0..self.slots.len()).rev() {
            if self.slots.get(at).is_some_and(|slot| slot.handshake.is_held()) {
                self.judge(at);
            }
        }
    }

    fn fail(&mut self, at: usize, reason: Reason) {
        let remote = self.slots.remove(at).remote;
        if self.events.len() < MAX_EVENTS {
            self.events.push_back(Event::Failed { remote, reason });
        }
    }

    fn drain(&mut self, at: usize) {
        let remote = self.slots[at].remote;
        while let Some(payload) = self.slots[at].handshake.poll_transmit() {
            self.transmit(remote, payload);
        }
    }

    fn transmit(&mut self, remote: SocketAddr, payload: Vec<u8>) {
        // Beyond the bound a datagram is lost, as on any network.
        if self.transmits.len() < MAX_TRANSMITS {
            self.transmits.push_back(Transmit { remote, payload });
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("role", &self.role)
            .field("peer", &self.peer)
            .field("handshakes", &self.slots.len())
            .field("is_connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
