//! Packet threads with real sockets on the loopback.

mod handshakes;
mod packets;
mod queues;
mod relaying;
mod threads;

use super::{Letter, Pool, PoolError, Punted, StartError};
use flow::*;
use mio::{Events, Poll, Token, Waker};
use packets::{SR, rtp};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use udp::{PortSocket, SocketBuffers};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A pool with the desk it reports to.
struct Lab {
    pool: Pool,
    epoch: Instant,
    poll: Poll,
    seen: Vec<(usize, Event)>,
}

impl Lab {
    fn new(workers: usize) -> Lab {
        let poll = Poll::new().unwrap();
        let desk = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let epoch = Instant::now();
        let pool = Pool::start(&vec![None; workers], epoch, desk).unwrap();
        Lab { pool, epoch, poll, seen: Vec::new() }
    }

    fn open(&self, worker: usize, ip: &str) -> FlowKey {
        let key = FlowKey::new(ip.parse().unwrap(), 0);
        let port = PortSocket::bind(key, 0, SocketBuffers::default()).unwrap();
        let key = port.key();
        self.pool.open(worker, port).unwrap();
        key
    }

    fn install(&self, worker: usize, spec: FlowSpec) {
        self.pool.apply(worker, Change::Install(spec.into())).unwrap();
    }

    /// Opens two ports on one worker and lets them forward to each other's peers.
    fn pair(
        &self,
        worker: usize,
        a: SocketAddr,
        b: SocketAddr,
        change: impl Fn(&mut FlowSpec),
    ) -> [FlowKey; 2] {
        let ip = a.ip().to_string();
        let keys = [self.open(worker, &ip), self.open(worker, &ip)];
        for (n, peer) in [a, b].into_iter().enumerate() {
            let mut spec = spec(keys[n], peer, keys[1 - n]);
            change(&mut spec);
            self.install(worker, spec);
        }
        keys
    }

    fn snapshot(&self, worker: usize, key: FlowKey) -> Snapshot {
        self.pool.snapshots(worker, &[key], PATIENCE).unwrap().remove(0)
    }

    /// Waits as the desk does until an event answers the question.
    fn event<T>(&mut self, mut find: impl FnMut(usize, &Event) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut events = Events::with_capacity(4);
        loop {
            self.pool.drain_events(&mut self.seen);
            if let Some(found) = self.seen.iter().find_map(|(worker, event)| find(*worker, event)) {
                return found;
            }
            let left = deadline.checked_duration_since(Instant::now());
            let left = left.unwrap_or_else(|| panic!("no such event, only {:?}", self.seen));
            self.poll.poll(&mut events, Some(left)).unwrap();
        }
    }

    fn withdrawn(&mut self, key: FlowKey) -> Snapshot {
        self.event(|_, event| match event {
            Event::Withdrawn(last) if last.key == key => Some(Snapshot::clone(last)),
            _ => None,
        })
    }
}

fn spec(key: FlowKey, peer: SocketAddr, egress: FlowKey) -> FlowSpec {
    FlowSpec {
        key,
        generation: Generation(1),
        stream: StreamId(key.port.into()),
        carries: Carries::Rtp,
        peer: Some(peer),
        confirmed: false,
        learning: Learning::Heuristic,
        learn_until: Moment(3_000_000),
        gate: Gate::Open,
        rtp: [Output::plain(egress)].into_iter().collect(),
        rtcp: Default::default(),
        tos: 184,
        blocked: false,
        foreign: false,
        handshakes: false,
        security: None,
        one_way: false,
        reporting: Default::default(),
        parts: Vec::new(),
        via: None,
        traced: false,
        recorded: None,
    }
}

/// A party's socket.
struct Party {
    socket: UdpSocket,
    at: SocketAddr,
}

impl Party {
    fn new(ip: &str) -> Party {
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Party { at: socket.local_addr().unwrap(), socket }
    }

    fn send(&self, to: FlowKey, bytes: &[u8]) {
        self.socket.send_to(bytes, SocketAddr::from(to)).unwrap();
    }

    /// The next packet must be this, from there.
    fn hears(&self, bytes: &[u8], from: FlowKey) {
        let mut got = [0; 2048];
        let (len, source) = self.socket.recv_from(&mut got).unwrap();
        assert_eq!((&got[..len], FlowKey::from(source)), (bytes, from));
    }
}
