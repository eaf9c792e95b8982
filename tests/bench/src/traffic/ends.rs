use super::layout::{self, BATCH, BUCKETS, Control, Counts, Ends, Flow, Side, State};
use super::maker::{Maker, Maps, Wire};
use crate::BenchError;
use lab::Namespace;
use libbpf_rs::{MapCore, MapFlags, MapHandle};
use std::net::SocketAddrV4;
use std::time::Duration;
use zerocopy::{FromBytes, IntoBytes};

/// Packets that the relay has not sent on by then are lost.
const DRAIN: Duration = Duration::from_millis(120);
/// As often it is waited again for a relay that still sends.
const MOST_DRAINS: u32 = 30;

/// Which way a flow goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the caller to the callee.
    There,
    /// From the callee to the caller.
    Back,
}

/// One flow of packets through the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// Which way.
    pub(crate) way: Way,
    /// Who sends.
    pub(crate) from: SocketAddrV4,
    /// The relay's port on that side.
    pub(crate) to: SocketAddrV4,
    /// The relay's port on the other side.
    pub(crate) out: SocketAddrV4,
    /// Who receives.
    pub(crate) receiver: SocketAddrV4,
    /// Where it comes by before.
    pub(crate) turn: Option<Turn>,
}

/// A far end that sends packets of a flow back to the relay, which relays them a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The relay's port they come from.
    pub(crate) from: SocketAddrV4,
    /// Where they come to.
    pub(crate) at: SocketAddrV4,
    /// The same host, as who sends them back.
    pub(crate) sender: SocketAddrV4,
    /// To this port of the relay.
    pub(crate) to: SocketAddrV4,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// Packets per second, all flows together, in turn.
    pub(crate) rate_pps: u64,
    /// Time between bursts in microseconds, as interrupt coalescing hands packets over; the burst is what is due then.
    pub(crate) tick_us: u64,
    /// The first flow, in the order they were given, ...
    pub(crate) first: u32,
    /// ... and how many from there on are sent.
    pub(crate) count: u32,
    /// Every so many packets one is sent with a wrong checksum, and a sequence number is left out; 0: never.
    pub(crate) spoil: u32,
}

/// Generator and sink of one lab.
#[derive(Debug)]
pub struct Traffic {
    maker: Maker,
    maps: Maps,
    flows: u32,
}

/// A wire of the relay, seen from the peers.
#[derive(Clone, Debug)]
pub(crate) struct PeerEnd {
    pub(crate) namespace: Namespace,
    pub(crate) ifindex: u32,
    pub(crate) mac: [u8; 6],
    pub(crate) relay_mac: [u8; 6],
}

impl Traffic {
    /// Puts the sink on both wires (caller's, callee's) and makes room for so many flows. The generator will run on
    /// `core`.
    pub(crate) fn open(ends: &[PeerEnd; 2], flows: u32, core: usize) -> Result<Traffic, BenchError> {
        let wire = |end: &PeerEnd| Wire { namespace: end.namespace.clone(), ifindex: end.ifindex };
        let (maker, maps) = Maker::start([wire(&ends[0]), wire(&ends[1])], flows, core)?;
        for (number, end) in (0u32..).zip(ends) {
            put(&maps.sides, number, &Side { to: end.relay_mac, from: end.mac, pad: 0 })?;
        }
        Ok(Traffic { maker, maps, flows })
    }

    /// Says what the flows are, numbered from zero.
    pub(crate) fn set_routes(&mut self, routes: &[Route]) -> Result<(), BenchError> {
        for (number, route) in (0..self.flows).zip(routes) {
            let sent = Ends::new(route.from, route.to);
            let (comes, goes) = route.turn.map_or_else(Default::default, |turn| {
                (Ends::new(turn.from, turn.at), Ends::new(turn.sender, turn.to))
            });
            let flow = Flow {
                sent,
                expected: Ends::new(route.out, route.receiver),
                comes,
                goes,
                side: u32::from(route.way == Way::Back),
                sum: layout::fixed_sum(number, &sent),
                ..Flow::default()
            };
            put(&self.maps.flows, number, &flow)?;
        }
        Ok(())
    }

    /// Has the generator run, silently.
    pub(crate) fn start(&mut self) -> Result<(), BenchError> {
        put(&self.maps.control, 0, &Control::default())?;
        put(&self.maps.state, 0, &State::default())?;
        self.maker.run();
        Ok(())
    }

    /// Begins to send; everything counts from zero.
    pub(crate) fn begin(&mut self, pattern: &Pattern) -> Result<(), BenchError> {
        for number in pattern.first..pattern.first + pattern.count {
            let mut flow: Flow = get(&self.maps.flows, number)?;
            flow.next = flow.seq;
            flow.heard = 0;
            flow.delay = 0;
            put(&self.maps.flows, number, &flow)?;
        }
        put(&self.maps.counts, 0, &Counts::default())?;
        for bucket in 0..BUCKETS as u32 {
            put(&self.maps.delays, bucket, &0u64)?;
        }
        let (burst, gap_ns) = burst(pattern.rate_pps, pattern.tick_us);
        let (first, count, spoil) = (pattern.first, pattern.count, pattern.spoil);
        put(&self.maps.control, 0, &Control { gap_ns, burst, first, count, spoil })
    }

    /// Falls silent.
    pub(crate) fn pause(&mut self) -> Result<(), BenchError> {
        put(&self.maps.control, 0, &Control::default())
    }

    /// Waits for what is still on its way, and tells what was counted.
    pub(crate) fn end(&mut self) -> Result<(Counts, Vec<u64>), BenchError> {
        // Nobody tells when a relay has no packet left; those that need longer are lost.
        std::thread::sleep(DRAIN);
        let counts: Counts = get(&self.maps.counts, 0)?;
        let delays: Result<Vec<u64>, _> =
            (0..BUCKETS as u32).map(|bucket| get(&self.maps.delays, bucket)).collect();
        // An overloaded relay has more to say; none of that belongs to the next probe.
        let mut last = counts.received;
        for _ in 0..MOST_DRAINS {
            std::thread::sleep(DRAIN);
            let now = get::<Counts>(&self.maps.counts, 0)?.received;
            if std::mem::replace(&mut last, now) == now {
                break;
            }
        }
        Ok((counts, delays?))
    }

    /// How many packets of each of these flows came during the last probe.
    pub(crate) fn heard(&self, first: u32, count: u32) -> Result<Vec<u64>, BenchError> {
        (first..first + count)
            .map(|number| get::<Flow>(&self.maps.flows, number).map(|flow| flow.heard))
            .collect()
    }
}

/// Packets per burst, and nanoseconds from one to the next.
fn burst(rate_pps: u64, tick_us: u64) -> (u32, u64) {
    let rate = rate_pps.max(1);
    let burst = (rate * tick_us).div_ceil(1_000_000).clamp(1, u64::from(BATCH));
    (burst as u32, burst * 1_000_000_000 / rate)
}

fn put<T: IntoBytes + zerocopy::Immutable>(map: &MapHandle, key: u32, value: &T) -> Result<(), BenchError> {
    map.update(&key.to_ne_bytes(), value.as_bytes(), MapFlags::ANY)
        .map_err(BenchError::bpf("writing to a map"))
}

fn get<T: FromBytes>(map: &MapHandle, key: u32) -> Result<T, BenchError> {
    let found = map.lookup(&key.to_ne_bytes(), MapFlags::ANY).map_err(BenchError::bpf("reading a map"))?;
    let value = found.as_deref().and_then(|bytes| T::read_from_bytes(bytes).ok());
    value.ok_or_else(|| BenchError::Profile(format!("a map has no entry {key} of the expected size")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_make_up_the_rate() {
        assert_eq!(burst(100_000, 50), (5, 50_000));
        assert_eq!(burst(10_000_000, 50), (64, 6_400));
        assert_eq!(burst(50, 50), (1, 20_000_000));
        assert_eq!(burst(100_000, 0), (1, 10_000));
    }
}
