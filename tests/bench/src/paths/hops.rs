//! Sockets of the peers, and packets that go from one to another.

use super::filler::Filler;
use crate::BenchError;
use crate::traffic::{Route, Way};
use lab::{Namespace, Topology};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{SocketAddrV4, UdpSocket};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// From the end of sending to the first look at who has got what, and from each look to the next. Neither looking nor
/// sleeping is counted, so it does not matter how often: QEMU carries packets in its own time. Whether they are there is seen,
/// not hoped for after a sleep; a receiver that blocked instead would be woken for each packet, and that would be counted.
const SETTLE: Duration = Duration::from_millis(2);
/// How often it is seen what such a sleep costs; the median counts.
const SLEEPS: usize = 51;
/// Payload of a packet: RTP header and 20 ms of G.711.
const PAYLOAD: usize = 12 + 160;
/// Room for what arrives.
const ROOM: usize = 2048;

/// A way of a packet from one socket to another.
#[derive(Debug)]
struct Hop {
    from: Rc<UdpSocket>,
    to: SocketAddrV4,
    at: Rc<UdpSocket>,
    /// It carries on what has arrived by that hop, the round before.
    after: Option<usize>,
    ssrc: u32,
    /// What is sent this round; nothing if there is nothing yet.
    out: Vec<u8>,
    /// What went in in clear: what must come out at last.
    clear: Vec<u8>,
    arrived: Vec<u8>,
    got: usize,
}

/// All that is sent in a round: a packet by each hop.
#[derive(Debug)]
pub(super) struct Hops {
    all: Vec<Hop>,
    sequence: u32,
    /// Instructions of a sleep.
    sleep: u64,
}

/// What became of a round.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Round {
    /// Packets sent.
    pub(super) sent: u64,
    /// Instructions of the whole machine, in all.
    pub(super) work: u64,
    /// Packets that did not arrive, or changed.
    pub(super) lost: u64,
    /// How often somebody looked for them.
    pub(super) looks: u64,
}

/// Whose sockets they are, by address.
struct Sockets<'a> {
    net: &'a Topology,
    open: BTreeMap<SocketAddrV4, Rc<UdpSocket>>,
}

impl Sockets<'_> {
    fn at(&mut self, address: SocketAddrV4) -> Result<Rc<UdpSocket>, BenchError> {
        if let Some(socket) = self.open.get(&address) {
            return Ok(socket.clone());
        }
        let legs = [&self.net.caller, &self.net.callee];
        let peer = legs.iter().find(|leg| leg.peer_v4 == *address.ip()).map(|leg| &leg.ns);
        let namespace: &Namespace = peer.unwrap_or(&self.net.relay);
        let socket = namespace.udp(address.into())?;
        socket.set_nonblocking(true).map_err(BenchError::system("a socket that does not wait"))?;
        let socket = Rc::new(socket);
        self.open.insert(address, socket.clone());
        Ok(socket)
    }
}

impl Hops {
    /// Opens the sockets that routes need. Both directions take turns, and so do packets in clear and sealed ones.
    pub(super) fn open(net: &Topology, routes: &[Route]) -> Result<Hops, BenchError> {
        let mut sockets = Sockets { net, open: BTreeMap::new() };
        let mut all = Vec::new();
        let (there, back): (Vec<&Route>, Vec<&Route>) =
            routes.iter().partition(|route| route.way == Way::There);
        for number in 0..there.len().max(back.len()) {
            for route in [there.get(number), back.get(number)].into_iter().flatten() {
                let ssrc = 0xb5e1_0000 + all.len() as u32;
                let mut hop = |from, to, at, after| {
                    let (from, at) = (sockets.at(from)?, sockets.at(at)?);
                    let arrived = vec![0; ROOM];
                    all.push(Hop {
                        from,
                        to,
                        at,
                        after,
                        ssrc,
                        out: Vec::new(),
                        clear: Vec::new(),
                        arrived,
                        got: 0,
                    });
                    Ok::<_, BenchError>(all.len() - 1)
                };
                match route.turn {
                    None => drop(hop(route.from, route.to, route.receiver, None)?),
                    Some(turn) => {
                        let sealed = hop(route.from, route.to, turn.at, None)?;
                        hop(turn.sender, turn.to, route.receiver, Some(sealed))?;
                    }
                }
            }
        }
        Ok(Hops { all, sequence: 0, sleep: 0 })
    }

    /// Sees what a sleep costs when there is nothing else to do.
    pub(super) fn rest(&mut self, filler: &Filler) {
        let sleep = |_| {
            let before = filler.now();
            // This is what is measured.
            std::thread::sleep(SETTLE);
            filler.work_since(&before)
        };
        let mut sleeps: Vec<u64> = (0..SLEEPS).map(sleep).collect();
        sleeps.sort_unstable();
        self.sleep = sleeps[SLEEPS / 2];
    }

    /// The same without anybody between: from each peer to a socket of the relay's namespace, at the address where the relay
    /// would be.
    pub(super) fn nobody(net: &Topology, count: u32) -> Result<Hops, BenchError> {
        let routes = crate::calls::mirrored(net, count);
        let end = |route: &Route| Route { receiver: route.to, ..*route };
        Hops::open(net, &routes.iter().map(end).collect::<Vec<_>>())
    }

    /// Sends a packet by each hop, so many at a time, and waits for each at most `patience`.
    pub(super) fn round(
        &mut self,
        filler: &Filler,
        at_a_time: usize,
        patience: Duration,
    ) -> Result<Round, BenchError> {
        self.write();
        let mut round = Round::default();
        for some in self.all.chunks_mut(at_a_time.max(1)) {
            for hop in some.iter_mut() {
                // What is late from a round before.
                while receive(hop)? {}
                hop.got = 0;
            }
            let before = filler.now();
            let mut due = 0;
            for hop in some.iter().filter(|hop| !hop.out.is_empty()) {
                hop.from.send_to(&hop.out, hop.to).map_err(BenchError::system("sending"))?;
                due += 1;
            }
            let (began, mut there) = (Instant::now(), 0);
            let mut apart = 0;
            while there < due && (there == 0 && apart == 0 || began.elapsed() < patience) {
                std::thread::sleep(SETTLE);
                let looking = filler.now();
                for hop in some.iter_mut().filter(|hop| !hop.out.is_empty() && hop.got == 0) {
                    there += u64::from(receive(hop)?);
                }
                round.looks += 1;
                apart += self.sleep + filler.work_since(&looking);
            }
            round.work += filler.work_since(&before).saturating_sub(apart);
            round.sent += due;
            round.lost += some.iter().filter(|hop| !hop.out.is_empty() && !hop.whole()).count() as u64;
        }
        Ok(round)
    }

    /// Writes the packets of the next round.
    fn write(&mut self) {
        // What follows another is read before that is written anew.
        for at in (0..self.all.len()).rev() {
            let (out, clear) = match self.all[at].after.map(|before| &self.all[before]) {
                None => {
                    let packet = packet(self.all[at].ssrc, self.sequence);
                    (packet.clone(), packet)
                }
                Some(before) => (before.arrived[..before.got].to_vec(), before.clear.clone()),
            };
            self.all[at].out = out;
            self.all[at].clear = clear;
        }
        self.sequence += 1;
    }
}

impl Hop {
    /// What goes on sealed is judged when it has been opened again.
    fn whole(&self) -> bool {
        self.got == self.clear.len() && self.arrived[..self.got] == self.clear[..]
            || self.after.is_none() && self.got > self.clear.len()
    }
}

/// Takes one packet if there is one.
fn receive(hop: &mut Hop) -> Result<bool, BenchError> {
    match hop.at.recv(&mut hop.arrived) {
        Ok(len) => {
            hop.got = len;
            Ok(true)
        }
        // An ICMP error for something sent earlier: a relay that was not there yet.
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionRefused) => {
            Ok(false)
        }
        Err(error) => Err(BenchError::system("receiving")(error)),
    }
}

fn packet(ssrc: u32, sequence: u32) -> Vec<u8> {
    let mut packet = Vec::with_capacity(PAYLOAD);
    packet.extend([0x80, 0]);
    packet.extend((sequence as u16).to_be_bytes());
    packet.extend(sequence.wrapping_mul(160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.resize(PAYLOAD, 0xd5);
    packet
}
