use crate::Hop;
use flow::{Departure, FlowKey};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use wire::{Headers, Link, Mac};

/// How packets from one local port to one destination leave.
#[derive(Clone, Debug)]
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

/// From a local port to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    from: FlowKey,
    to: SocketAddr,
}

impl Hash for Way {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.from.hash(state);
        // Address and port tell destinations apart, and are quickly hashed so.
        FlowKey::from(self.to).hash(state);
    }
}

/// All ways out that a worker knows.
#[derive(Debug, Default)]
pub(super) struct Exits {
    // Seeded: peers choose their own addresses.
    known: HashMap<Way, Exit, RandomState>,
}

impl Exits {
    /// Sets the way out by `hop` through the worker's queue `queue`, or by the kernel. `false` when the two addresses
    /// are not of one family.
    pub(super) fn set(&mut self, from: FlowKey, to: SocketAddr, way: Option<(usize, Hop)>) -> bool {
        let link = way.map_or(NO_LINK, |(_, hop)| hop.link);
        let Ok(headers) = Headers::new(link, from.into(), to, 0) else { return false };
        self.known.insert(Way { from, to }, Exit { headers, queue: way.map(|(queue, _)| queue) });
        true
    }

    pub(super) fn forget(&mut self, from: FlowKey, to: SocketAddr) {
        self.known.remove(&Way { from, to });
    }

    /// The way out, with the headers' traffic class set.
    pub(super) fn find(&mut self, from: FlowKey, to: SocketAddr, tos: u8) -> Option<&Exit> {
        let exit = self.known.get_mut(&Way { from, to })?;
        if exit.headers.tos() != tos {
            exit.headers.set_tos(tos);
        }
        Some(exit)
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}
