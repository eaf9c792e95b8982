//! A network in memory: delay, loss, walls, a NAT in front of agent 1. Everything follows from the seed.

use crate::{Agent, Event, Handled, Route, Transmit};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What stands between agent 1 and the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nat {
    None,
    /// One public port per inner port, open to whom packets were sent.
    PortRestricted,
    /// One public port per inner port and destination.
    Symmetric,
}

struct Flight {
    due: Duration,
    order: u64,
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

pub(super) struct Network {
    pub(super) agents: [Agent; 2],
    pub(super) now: Duration,
    pub(super) delay: Duration,
    /// Per mille of packets that are lost.
    pub(super) loss: u64,
    /// Addresses (as seen by the world) that nothing comes from or goes to.
    pub(super) dead: Vec<SocketAddr>,
    pub(super) nat: Nat,
    pub(super) public: IpAddr,
    pub(super) events: [Vec<(Duration, Event)>; 2],
    /// Packets sent by each, with their time.
    pub(super) sent: [Vec<(Duration, Transmit)>; 2],
    pub(super) seed: u64,
    flights: Vec<Flight>,
    order: u64,
    mappings: HashMap<(SocketAddr, Option<SocketAddr>), SocketAddr>,
    open: Vec<(SocketAddr, SocketAddr)>,
}

impl Network {
    pub(super) fn new(a: Agent, b: Agent) -> Network {
        Network {
            agents: [a, b],
            now: Duration::ZERO,
            delay: Duration::from_millis(10),
            loss: 0,
            dead: Vec::new(),
            nat: Nat::None,
            public: IpAddr::from([203, 0, 113, 77]),
            events: [Vec::new(), Vec::new()],
            sent: [Vec::new(), Vec::new()],
            seed: 1,
            flights: Vec::new(),
            order: 0,
            mappings: HashMap::new(),
            open: Vec::new(),
        }
    }

    /// Both get the other's SDP.
    pub(super) fn exchange(&mut self) {
        let (a, b) = (super::said(&self.agents[0]), super::said(&self.agents[1]));
        self.agents[0].set_remote(b, self.now);
        self.agents[1].set_remote(a, self.now);
        self.drain();
    }

    fn chance(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.seed >> 33) % 1000
    }

    /// The public side of agent 1's socket for this destination.
    fn outside(&mut self, from: SocketAddr, to: SocketAddr) -> SocketAddr {
        if self.nat == Nat::None {
            return from;
        }
        let key = (from, (self.nat == Nat::Symmetric).then_some(to));
        let port = 40_000 + self.mappings.len() as u16;
        let public = *self.mappings.entry(key).or_insert(SocketAddr::new(self.public, port));
        if !self.open.contains(&(public, to)) {
            self.open.push((public, to));
        }
        public
    }

    /// Fetches what the agents want to send and say.
    pub(super) fn drain(&mut self) {
        for who in 0..2 {
            while let Some(event) = self.agents[who].poll_event() {
                self.events[who].push((self.now, event));
                self.check_route(who, event);
            }
            while let Some(packet) = self.agents[who].poll_transmit() {
                self.sent[who].push((self.now, packet.clone()));
                let from = if who == 1 { self.outside(packet.local, packet.remote) } else { packet.local };
                let lost = self.chance() < self.loss;
                if !lost && !self.dead.contains(&from) && !self.dead.contains(&packet.remote) {
                    self.order += 1;
                    let due = self.now + self.delay;
                    self.flights.push(Flight {
                        due,
                        order: self.order,
                        from,
                        to: packet.remote,
                        bytes: packet.bytes,
                    });
                }
            }
        }
    }

    /// What an event says is what the route function says, unless a later event changed it.
    fn check_route(&self, who: usize, event: Event) {
        let (component, route) = match event {
            Event::NominatedPair { component, local, remote } => {
                (component, Route::Nominated { local, remote })
            }
            Event::ConsentLost { component } => (component, Route::Nowhere),
            _ => return,
        };
        let told = self.agents[who].route(component);
        assert!(told == route || matches!(told, Route::Nominated { .. }), "{event:?} but {told:?}");
    }

    /// Lands at agent 1 if the NAT lets it.
    fn inside(&self, from: SocketAddr, to: SocketAddr) -> Option<(usize, SocketAddr)> {
        if self.agents[0].local_at(to).is_some() {
            return Some((0, to));
        }
        if self.nat == Nat::None {
            return self.agents[1].local_at(to).map(|_| (1, to));
        }
        let inner = self.mappings.iter().find(|(_, public)| **public == to)?.0.0;
        self.open.contains(&(to, from)).then_some((1, inner))
    }

    /// Runs until this moment.
    pub(super) fn run_to(&mut self, end: Duration) {
        for _ in 0..200_000 {
            let timers = self.agents.iter().filter_map(Agent::next_timeout);
            let next = self.flights.iter().map(|flight| flight.due).chain(timers).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            let now = self.now;
            let (mut landed, flying) =
                std::mem::take(&mut self.flights).into_iter().partition(|f| f.due <= now);
            self.flights = flying;
            let landed: &mut Vec<Flight> = &mut landed;
            landed.sort_by_key(|flight| flight.order);
            for flight in landed.drain(..) {
                let Some((who, to)) = self.inside(flight.from, flight.to) else { continue };
                let handled = self.agents[who].handle(&flight.bytes, to, flight.from, now);
                assert_ne!(handled, Handled::Foreign);
                self.drain();
            }
            for who in 0..2 {
                if self.agents[who].next_timeout().is_some_and(|due| due <= now) {
                    self.agents[who].on_timeout(now);
                    let after = self.agents[who].next_timeout();
                    assert!(after.is_none_or(|due| due > now), "timer of {who} stands still at {now:?}");
                    self.drain();
                }
            }
        }
        panic!("no end in sight at {:?}", self.now);
    }

    /// Runs for so long.
    pub(super) fn run(&mut self, time: Duration) {
        self.run_to(self.now + time);
    }

    /// When an agent first said something like this.
    pub(super) fn when(&self, who: usize, what: impl Fn(&Event) -> bool) -> Option<Duration> {
        self.events[who].iter().find(|(_, event)| what(event)).map(|(when, _)| *when)
    }
}
