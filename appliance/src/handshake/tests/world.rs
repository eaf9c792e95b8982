use super::super::agents::{Agents, What};
use super::super::count::Count;
use super::super::identities::{Identities, Prints};
use super::super::output::Output;
use super::super::section::Arrival;
use ::dtls::{
    Context, Endpoint, Event, Gate, Hash, Identity, IdentityOptions, Keys, Peer, Reason, Role, Settings,
};
use call::{Dtls, Handshake, HandshakeChange, HandshakeEvent};
use flow::srtp::Setup;
use flow::{FlowKey, Generation, Moment, SessionId};
use std::net::SocketAddr;
use std::sync::Arc;

pub(super) const UNIX_S: i64 = 1_700_000_000;
pub(super) const WORKER: u16 = 3;

/// Our side: all agents, the time, and what they said.
pub(super) struct World {
    pub(super) agents: Agents,
    pub(super) out: Output,
    pub(super) now: Moment,
    pub(super) prints: Prints,
    generation: u64,
}

/// The keys of an event: of what arrives, of what leaves.
pub(super) type Pair = (Arc<Setup>, Arc<Setup>);

impl World {
    pub(super) fn new() -> World {
        let identities = Identities::new(IdentityOptions::default(), Settings::default(), UNIX_S).unwrap();
        let prints = identities.prints();
        let agents = Agents::new(identities, Gate::new().unwrap());
        World { agents, out: Output::default(), now: Moment(1_000_000), prints, generation: 0 }
    }

    /// What the desk would say of a section whose ports are `port` and, for RTCP, the next.
    pub(super) fn section(&self, port: u16, dtls: Dtls) -> Handshake {
        Handshake {
            session: session(),
            call_id: "the-call".into(),
            generation: Generation::default(),
            ports: (ours(port), None),
            peers: (None, None),
            dtls: Some(dtls),
            ice: None,
        }
    }

    pub(super) fn begin(&mut self, said: &Handshake) {
        self.generation += 1;
        let said = Handshake { generation: Generation(self.generation), ..said.clone() };
        self.agents.apply(WORKER, &HandshakeChange::Begin(Box::new(said)), self.now, &mut self.out);
    }

    pub(super) fn end(&mut self) {
        self.agents.apply(WORKER, &HandshakeChange::End(session()), self.now, &mut self.out);
    }

    pub(super) fn receive(&mut self, what: What, local: FlowKey, source: SocketAddr, payload: &[u8]) {
        self.agents.handle(what, Arrival { local, source, payload }, self.now, &mut self.out);
    }

    /// Takes out what is sent: from where, to where, what.
    pub(super) fn sent(&mut self) -> Vec<(FlowKey, SocketAddr, Vec<u8>)> {
        let parcels = std::mem::take(&mut self.out.parcels);
        let one = |(worker, parcel): (u16, crate::worker::Parcel)| {
            assert_eq!(worker, WORKER);
            (parcel.from, parcel.to, parcel.bytes.into_vec())
        };
        parcels.into_iter().map(one).collect()
    }

    pub(super) fn events(&mut self) -> Vec<HandshakeEvent> {
        std::mem::take(&mut self.out.events)
    }

    /// The one event there is, which brings keys.
    pub(super) fn keys(&mut self, of: SessionId) -> Pair {
        match self.events().as_slice() {
            [HandshakeEvent::Keys { session, open, seal, .. }] if *session == of => {
                (Arc::clone(open), Arc::clone(seal))
            }
            other => panic!("{other:?}"),
        }
    }

    /// The one event there is, which says that it failed.
    pub(super) fn failure(&mut self) -> &'static str {
        match self.events().as_slice() {
            [HandshakeEvent::Failed { reason, .. }] => reason,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn counted(&self, count: Count) -> u64 {
        self.out.tally.get(count)
    }

    /// Lets so many microseconds pass, with all that is due in them.
    pub(super) fn pass(&mut self, us: u64) {
        let end = Moment(self.now.0 + us);
        while let Some(next) = self.agents.next_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.agents.on_timeout(self.now, 100, &mut self.out);
        }
        self.now = end;
    }

    /// Lets both sides talk over DTLS until neither has anything to say; `local` is where the phone sends to.
    pub(super) fn talk(&mut self, phone: &mut Phone, local: FlowKey) {
        for _ in 0..50 {
            let mut quiet = true;
            while let Some(transmit) = phone.endpoint.poll_transmit() {
                quiet = false;
                assert_eq!(FlowKey::from(transmit.remote), local);
                self.receive(What::Dtls, local, phone.at, &transmit.payload);
            }
            for (from, to, bytes) in self.sent() {
                quiet = false;
                assert_eq!((from, to), (local, phone.at));
                // It may have begun anew meanwhile.
                let _ = phone.endpoint.handle(from.into(), &bytes, self.now.0);
            }
            phone.listen();
            if quiet {
                return;
            }
        }
        panic!("no end");
    }
}

/// The other side: a phone that speaks DTLS.
pub(super) struct Phone {
    pub(super) endpoint: Endpoint,
    pub(super) at: SocketAddr,
    pub(super) print: String,
    pub(super) connected: Vec<Keys>,
    pub(super) failed: Vec<Reason>,
    pub(super) closed: usize,
}

impl Phone {
    /// With a certificate of its own, and expecting one of ours.
    pub(super) fn new(role: Role, at: &str, expects: &str) -> Phone {
        let identity = Arc::new(Identity::generate(&IdentityOptions::default(), UNIX_S).unwrap());
        let print = identity.fingerprint(Hash::Sha256).unwrap().to_string();
        let context = Context::new(identity, &Settings::default()).unwrap();
        let peer = Peer {
            fingerprints: vec![::dtls::Fingerprint::parse(expects.as_bytes()).unwrap()],
            tls_id: None,
        };
        let endpoint = Endpoint::new(context, Arc::new(Gate::new().unwrap()), role, peer);
        Phone {
            endpoint,
            at: at.parse().unwrap(),
            print,
            connected: Vec::new(),
            failed: Vec::new(),
            closed: 0,
        }
    }

    /// As a client: sends its ClientHello to this port of ours.
    pub(super) fn call(&mut self, local: FlowKey, now: Moment) {
        self.endpoint.connect(local.into(), now.0).unwrap();
    }

    /// What its SDP says of it, `active` being our role.
    pub(super) fn said(&self, active: bool) -> Dtls {
        Dtls { active, told: None, fingerprints: vec![self.print.as_bytes().into()], tls_id: None }
    }

    pub(super) fn listen(&mut self) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Connected { keys, .. } => self.connected.push(keys),
                Event::Failed { reason, .. } => self.failed.push(reason),
                Event::Closed { .. } => self.closed += 1,
            }
        }
    }

    /// The keys of the event are this phone's, crosswise.
    pub(super) fn agrees(&self, (open, seal): &Pair) {
        let mine = self.connected.last().expect("connected");
        assert_eq!(open.key.expose(), mine.local.expose());
        assert_eq!(seal.key.expose(), mine.remote.expose());
        assert_eq!(open.key.suite().dtls(), Some(mine.profile.number()));
    }
}

pub(super) fn session() -> SessionId {
    SessionId::new(7, 1, 0)
}

pub(super) fn ours(port: u16) -> FlowKey {
    FlowKey::new("198.51.100.1".parse().unwrap(), port)
}
