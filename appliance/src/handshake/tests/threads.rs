use super::super::{Count, Handshakes, Identities, StartError};
use super::world::Phone;
use crate::worker::Pool;
use ::dtls::{IdentityOptions, Role, Settings};
use call::{Handshake, HandshakeChange, HandshakeEvent};
use flow::*;
use mio::{Events, Poll, Token, Waker};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use udp::{PortSocket, SocketBuffers};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// One packet thread, the thread under test, and the desk they report to.
struct Lab {
    pool: Pool,
    handshakes: Handshakes,
    epoch: Instant,
    poll: Poll,
    desk: Arc<Waker>,
}

fn identities() -> Identities {
    // Of today, or the thread would renew it at once.
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Identities::new(IdentityOptions::default(), Settings::default(), wall.as_secs() as i64).unwrap()
}

impl Lab {
    fn new() -> Lab {
        let poll = Poll::new().unwrap();
        let desk = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let epoch = Instant::now();
        let pool = Pool::start(&[None], epoch, Arc::clone(&desk)).unwrap();
        let handshakes =
            Handshakes::start(identities(), pool.punted(), pool.posts(), epoch, Arc::clone(&desk)).unwrap();
        Lab { pool, handshakes, epoch, poll, desk }
    }

    fn phone(&self, role: Role) -> (Phone, UdpSocket) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let at = socket.local_addr().unwrap().to_string();
        (Phone::new(role, &at, &self.handshakes.prints().get("sha-256").unwrap()), socket)
    }

    /// A port of ours that takes handshakes.
    fn open(&self, peer: SocketAddr) -> FlowKey {
        let port = PortSocket::bind(FlowKey::new(peer.ip(), 0), 0, SocketBuffers::default()).unwrap();
        let key = port.key();
        let spec = FlowSpec {
            key,
            generation: Generation(1),
            stream: StreamId(1),
            carries: Carries::RtpAndRtcp,
            peer: Some(peer),
            confirmed: false,
            learning: Learning::Off,
            learn_until: Moment(0),
            gate: Gate::Open,
            rtp: Default::default(),
            rtcp: Default::default(),
            tos: 0,
            blocked: false,
            foreign: false,
            handshakes: true,
            security: None,
            one_way: false,
            reporting: Default::default(),
            parts: Vec::new(),
            via: None,
            traced: false,
            recorded: None,
        };
        self.pool.open(0, port).unwrap();
        self.pool.apply(0, Change::Install(spec.into())).unwrap();
        key
    }

    fn begin(&self, call: u64, port: FlowKey, phone: &Phone, active: bool) {
        let said = Handshake {
            session: SessionId::new(call, 0, 0),
            call_id: "the-call".into(),
            generation: Generation(1),
            ports: (port, None),
            peers: (Some(phone.at), None),
            dtls: Some(phone.said(active)),
            ice: None,
        };
        let mut changes = vec![(0, HandshakeChange::Begin(Box::new(said)))];
        self.handshakes.tell(&mut changes);
        assert!(changes.is_empty());
    }

    /// Waits as the desk does.
    fn event(&mut self) -> HandshakeEvent {
        let deadline = Instant::now() + PATIENCE;
        let (mut events, mut said) = (Events::with_capacity(4), Vec::new());
        loop {
            self.handshakes.drain_events(&mut said);
            if let Some(event) = said.pop() {
                return event;
            }
            let left = deadline.checked_duration_since(Instant::now()).expect("an event");
            self.poll.poll(&mut events, Some(left)).unwrap();
        }
    }

    /// Lets the phone talk over its socket until it has keys.
    fn connect(&self, phone: &mut Phone, socket: &UdpSocket) {
        let mut bytes = [0; 2048];
        loop {
            while let Some(transmit) = phone.endpoint.poll_transmit() {
                socket.send_to(&transmit.payload, transmit.remote).unwrap();
            }
            phone.listen();
            if !phone.connected.is_empty() {
                return;
            }
            let received = socket.recv_from(&mut bytes);
            let now_us = self.epoch.elapsed().as_micros() as u64;
            match received {
                Ok((len, source)) => drop(phone.endpoint.handle(source, &bytes[..len], now_us)),
                // As a phone would: what was lost is sent again.
                Err(_) => phone.endpoint.on_timeout(now_us),
            }
            assert!(now_us < PATIENCE.as_micros() as u64, "no keys");
        }
    }
}

#[test]
fn phones_shake_hands_through_a_packet_thread_and_the_desk_gets_the_keys() {
    let mut lab = Lab::new();
    for (call, role) in [(1, Role::Client), (2, Role::Server)] {
        let (mut phone, socket) = lab.phone(role);
        let port = lab.open(phone.at);
        lab.begin(call, port, &phone, role == Role::Server);
        phone.call(port, Moment(lab.epoch.elapsed().as_micros() as u64));
        lab.connect(&mut phone, &socket);
        match lab.event() {
            HandshakeEvent::Keys { session, open, seal, .. } => {
                assert_eq!(session, SessionId::new(call, 0, 0));
                phone.agrees(&(open, seal));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(lab.handshakes.stop().is_ok());
    lab.pool.stop().unwrap();
}

#[test]
fn events_and_counters_come_out_and_an_end_closes_the_association() {
    let mut lab = Lab::new();
    let (mut phone, socket) = lab.phone(Role::Client);
    let (right, _) = lab.phone(Role::Client);
    let port = lab.open(phone.at);
    lab.begin(1, port, &right, false);
    phone.call(port, Moment(1));
    lab.connect(&mut phone, &socket);
    match lab.event() {
        HandshakeEvent::Failed { reason, .. } => assert_eq!(reason, "wrong-fingerprint"),
        other => panic!("{other:?}"),
    }
    // What is counted is there once the thread has answered a change that came later.
    let (mut other, socket) = lab.phone(Role::Client);
    let port = lab.open(other.at);
    lab.begin(2, port, &other, false);
    other.call(port, Moment(1));
    lab.connect(&mut other, &socket);
    assert!(matches!(lab.event(), HandshakeEvent::Keys { .. }));
    lab.handshakes.tell(&mut vec![(0, HandshakeChange::End(SessionId::new(2, 0, 0)))]);
    let mut bytes = [0; 2048];
    while other.closed == 0 {
        assert!(lab.epoch.elapsed() < 2 * PATIENCE, "no close_notify");
        let Ok((len, source)) = socket.recv_from(&mut bytes) else { continue };
        let _ = other.endpoint.handle(source, &bytes[..len], 1);
        other.listen();
    }
    let tally = lab.handshakes.tally();
    assert_eq!((tally.get(Count::Begun), tally.get(Count::Done)), (2, 1));
    assert_eq!(tally.get(Count::WrongFingerprint), 1);
}

#[test]
fn there_is_one_such_thread() {
    let lab = Lab::new();
    let second = Handshakes::start(
        identities(),
        lab.pool.punted(),
        lab.pool.posts(),
        lab.epoch,
        Arc::clone(&lab.desk),
    );
    assert!(matches!(second, Err(StartError::Another)));
}
