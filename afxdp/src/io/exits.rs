use crate::Hop;
use flow::{Departure, FlowKey};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::hash::{Hash, Hasher};
use std::hint::black_box;
use std::net::{IpAddr, SocketAddr};
use wire::{Headers, Link, Mac};

/// How packets from one local port to one destination leave. In two lines of memory side by side.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Exit {
    pub(super) headers: Headers,
    /// The worker's queue they leave through; `None` is the kernel's routing.
    pub(super) queue: Option<usize>,
}

impl Exit {
    /// The kernel's way for one packet.
    pub(super) fn by_kernel(departure: Departure) -> Option<Exit> {
        let headers = Headers::new(NO_LINK, departure.from.into(), departure.to, departure.tos).ok()?;
        Some(Exit { headers, queue: None })
    }
}

/// What stands before packets whose Ethernet header the kernel writes.
const NO_LINK: Link = Link { src_mac: Mac([0; 6]), dst_mac: Mac([0; 6]), tag: None };

/// From a local port to a destination: as few numbers as the family needs, as they are hashed and compared for every packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    V4(u128),
    V6(u128, u128, u32),
}

impl Way {
    /// `None` when the two are not of one family.
    fn new(from: FlowKey, to: SocketAddr) -> Option<Way> {
        let ports = u32::from(from.port) << 16 | u32::from(to.port());
        match (from.addr, to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let addresses = u64::from(from.to_bits()) << 32 | u64::from(to.to_bits());
                Some(Way::V4(u128::from(addresses) << 32 | u128::from(ports)))
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => Some(Way::V6(from.to_bits(), to.to_bits(), ports)),
            _ => None,
        }
    }
}

impl Hash for Way {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            Way::V4(all) => state.write_u128(all),
            Way::V6(from, to, ports) => {
                state.write_u128(from);
                state.write_u128(to);
                state.write_u32(ports);
            }
        }
    }
}

/// All ways out that a worker knows.
#[derive(Debug, Default)]
pub(super) struct Exits {
    // Seeded: peers choose their own addresses.
    places: HashMap<Way, u32, RandomState>,
    exits: Vec<Exit>,
    free: Vec<u32>,
}

impl Exits {
    /// Sets the way out by `hop` through the worker's queue `queue`, or by the kernel. `false` when the two addresses
    /// are not of one family.
    pub(super) fn set(&mut self, from: FlowKey, to: SocketAddr, way: Option<(usize, Hop)>) -> bool {
        let link = way.map_or(NO_LINK, |(_, hop)| hop.link);
        let (Some(key), Ok(headers)) = (Way::new(from, to), Headers::new(link, from.into(), to, 0)) else {
            return false;
        };
        let exit = Exit { headers, queue: way.map(|(queue, _)| queue) };
        let known = self.places.get(&key).copied().or_else(|| self.free.pop());
        let place = known.unwrap_or(self.exits.len() as u32);
        match self.exits.get_mut(place as usize) {
            Some(room) => *room = exit,
            None => self.exits.push(exit),
        }
        self.places.insert(key, place);
        true
    }

    pub(super) fn forget(&mut self, from: FlowKey, to: SocketAddr) {
        self.free.extend(Way::new(from, to).and_then(|way| self.places.remove(&way)));
    }

    /// Where the way out stands until one is set or forgotten. It is not read for that.
    pub(super) fn find(&self, departure: &Departure) -> Option<u32> {
        self.places.get(&Way::new(departure.from, departure.to)?).copied()
    }

    /// Reads something of the exits at these places, so that packets do not wait for them one after the other.
    pub(super) fn warm(&self, places: &[Option<u32>]) {
        let exits = places.iter().filter_map(|place| self.exits.get((*place)? as usize));
        black_box(exits.fold(0, |read, exit| read ^ exit.headers.len() ^ usize::from(exit.headers.tos())));
    }

    /// The way out, with the headers' traffic class set.
    pub(super) fn at(&mut self, place: u32, tos: u8) -> Option<&Exit> {
        let exit = self.exits.get_mut(place as usize)?;
        if exit.headers.tos() != tos {
            exit.headers.set_tos(tos);
        }
        Some(exit)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_out_are_replaced_forgotten_and_their_places_used_again() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let ends = [
            ("192.0.2.1:5000", "192.0.2.9:4000"),
            ("192.0.2.1:5000", "192.0.2.9:4001"),
            ("192.0.2.1:5001", "192.0.2.9:4000"),
            ("[2001:db8::1]:5000", "[2001:db8::9]:4000"),
        ];
        let ends = ends.map(|(from, to)| Departure { from: at(from).into(), to: at(to), tos: 8 });
        let hop = |last| Hop { ifindex: 3, link: Link { dst_mac: Mac([last; 6]), ..NO_LINK } };
        let mut exits = Exits::default();
        let set = |exits: &mut Exits, which: usize, queue, last| {
            assert!(exits.set(ends[which].from, ends[which].to, Some((queue, hop(last)))));
        };
        for (which, last) in (0..ends.len()).zip([2, 4, 6, 8]) {
            set(&mut exits, which, which, last);
        }
        set(&mut exits, 1, 7, 10);
        exits.forget(ends[0].from, ends[0].to);
        exits.forget(ends[0].from, ends[0].to);
        assert_eq!((exits.len(), exits.find(&ends[0])), (3, None));
        for (which, queue, last) in [(1, 7, 10), (2, 2, 6), (3, 3, 8)] {
            let place = exits.find(&ends[which]).unwrap();
            let exit = exits.at(place, 8).unwrap();
            assert_eq!((exit.queue, &exit.headers.bytes()[..6]), (Some(queue), &[last; 6][..]));
            assert_eq!(exit.headers.tos(), 8);
        }
        set(&mut exits, 0, 1, 12);
        assert_eq!((exits.exits.len(), exits.free.len()), (4, 0));
        assert!(!exits.set(ends[0].from, ends[3].to, None), "of two families");
    }
}
