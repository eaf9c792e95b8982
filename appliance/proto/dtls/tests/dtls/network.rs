//! A network between two endpoints, and the people at its ends.

use crate::wall;
use dtls::{
    Context, Endpoint, Event, Gate, Hash, Identity, IdentityOptions, KeyKind, Keys, Peer, Reason, Role,
    Settings,
};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

/// Microseconds from one end to the other.
pub(crate) const DELAY_US: u64 = 10_000;

pub(crate) const NOW_S: i64 = 1_700_000_000;

/// Identities are made once: an RSA key takes its time.
pub(crate) fn identity(key: KeyKind, nth: usize) -> Arc<Identity> {
    static MADE: OnceLock<[[Arc<Identity>; 2]; 2]> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        [KeyKind::EcdsaP256, KeyKind::Rsa(2048)].map(|key| {
            [(); 2].map(|()| {
                Arc::new(
                    Identity::generate(&IdentityOptions { key, ..IdentityOptions::default() }, NOW_S)
                        .unwrap(),
                )
            })
        })
    });
    made[usize::from(key != KeyKind::EcdsaP256)][nth].clone()
}

pub(crate) fn context(key: KeyKind, nth: usize, settings: &Settings) -> Context {
    Context::new(identity(key, nth), settings).unwrap()
}

/// The SDP of whoever has this context.
pub(crate) fn peer(of: &Context) -> Peer {
    Peer { fingerprints: vec![of.fingerprint(Hash::Sha256).unwrap()], tls_id: Some("one".into()) }
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    IsLost,
    ComesTwice,
    /// So many microseconds later than the others.
    IsLate(u64),
}

/// One end: its address, and what it was told.
pub(crate) struct End {
    pub(crate) endpoint: Endpoint,
    pub(crate) address: SocketAddr,
    pub(crate) connected: Vec<Keys>,
    pub(crate) failed: Vec<Reason>,
    pub(crate) closed: usize,
}

impl End {
    pub(crate) fn new(endpoint: Endpoint, address: &str) -> End {
        End {
            endpoint,
            address: address.parse().unwrap(),
            connected: Vec::new(),
            failed: Vec::new(),
            closed: 0,
        }
    }

    pub(crate) fn keys(&self) -> &Keys {
        self.connected.last().expect("connected")
    }
}

pub(crate) struct Network {
    /// Client first.
    pub(crate) ends: [End; 2],
    pub(crate) now_us: u64,
    /// When, to whom, what.
    flying: Vec<(u64, usize, Vec<u8>)>,
    /// When each datagram was sent, by whom, and its bytes.
    pub(crate) sent: Vec<(u64, usize, Vec<u8>)>,
    fate: Box<dyn FnMut(usize) -> Fate>,
}

impl Network {
    /// Two strangers with P-256 certificates.
    pub(crate) fn new() -> Network {
        let [ours, theirs] = [0, 1].map(|nth| context(KeyKind::EcdsaP256, nth, &Settings::default()));
        Network::with(ours, theirs)
    }

    pub(crate) fn with(client: Context, server: Context) -> Network {
        let gate = Arc::new(Gate::new().unwrap());
        let [of_client, of_server] = [&client, &server].map(peer);
        let client = Endpoint::new(client, gate.clone(), Role::Client, of_server);
        let server = Endpoint::new(server, gate, Role::Server, of_client);
        wall::set(0);
        Network {
            ends: [End::new(client, "192.0.2.1:4000"), End::new(server, "[2001:db8::2]:5000")],
            now_us: 0,
            flying: Vec::new(),
            sent: Vec::new(),
            fate: Box::new(|_| Fate::Arrives),
        }
    }

    /// Lets `fate` decide by the number of the datagram.
    pub(crate) fn fate(mut self, fate: impl FnMut(usize) -> Fate + 'static) -> Network {
        self.fate = Box::new(fate);
        self
    }

    pub(crate) fn connect(&mut self) {
        let remote = self.ends[1].address;
        self.ends[0].endpoint.connect(remote, self.now_us).unwrap();
    }

    /// Takes out what both ends have to say.
    pub(crate) fn drain(&mut self) {
        let addresses = self.ends.each_ref().map(|end| end.address);
        for (at, end) in self.ends.iter_mut().enumerate() {
            while let Some(transmit) = end.endpoint.poll_transmit() {
                if transmit.remote != addresses[1 - at] {
                    // Somebody else's.
                    continue;
                }
                let number = self.sent.len();
                self.sent.push((self.now_us, at, transmit.payload.clone()));
                let arrives = self.now_us + DELAY_US;
                match (self.fate)(number) {
                    Fate::Arrives => self.flying.push((arrives, 1 - at, transmit.payload)),
                    Fate::IsLost => {}
                    Fate::ComesTwice => {
                        self.flying.push((arrives, 1 - at, transmit.payload.clone()));
                        self.flying.push((arrives, 1 - at, transmit.payload));
                    }
                    Fate::IsLate(us) => self.flying.push((arrives + us, 1 - at, transmit.payload)),
                }
            }
            while let Some(event) = end.endpoint.poll_event() {
                match event {
                    Event::Connected { keys, .. } => end.connected.push(keys),
                    Event::Failed { reason, .. } => end.failed.push(reason),
                    Event::Closed { .. } => end.closed += 1,
                }
            }
        }
    }

    /// Lets time pass until nothing is under way any more, or until `end_us`.
    pub(crate) fn run(&mut self, end_us: u64) {
        self.drain();
        for _ in 0..5_000 {
            let arrivals = self.flying.iter().map(|(at, ..)| *at);
            let timeouts = self.ends.iter().filter_map(|end| end.endpoint.next_timeout());
            let Some(next) = arrivals.chain(timeouts).min().filter(|at| *at <= end_us) else { return };
            self.now_us = self.now_us.max(next);
            wall::set(self.now_us);
            if let Some(first) = (0..self.flying.len()).find(|at| self.flying[*at].0 <= self.now_us) {
                let (_, to, payload) = self.flying.remove(first);
                let from = self.ends[1 - to].address;
                let _ = self.ends[to].endpoint.handle(from, &payload, self.now_us);
            } else {
                for end in &mut self.ends {
                    end.endpoint.on_timeout(self.now_us);
                }
            }
            self.drain();
        }
        panic!("no end after 5000 steps, {} datagrams", self.sent.len());
    }

    /// Both have keys, and the same ones crosswise.
    pub(crate) fn assert_agreed(&self) {
        let [client, server] = &self.ends;
        let (ours, theirs) = (client.keys(), server.keys());
        assert_eq!(ours.profile, theirs.profile);
        assert_eq!(ours.local.expose(), theirs.remote.expose());
        assert_eq!(ours.remote.expose(), theirs.local.expose());
        assert_ne!(ours.local.expose(), ours.remote.expose());
        assert!(client.endpoint.is_connected() && server.endpoint.is_connected());
    }
}
