use super::ports::{PortMap, PortMask};
use super::shared::{Claimed, Manner, Overlap, SharedPorts};
use crate::worker::Pool;
use call::{AddressId, PortError, PortSource};
use flow::FlowKey;
use foldhash::fast::RandomState;
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::rc::Rc;
use udp::{BindError, PortSocket, SocketBuffers};

/// How many pairs are tried when others hold ports of our range.
const TRIES: usize = 64;

/// Ports of one address of one interface.
#[derive(Debug)]
struct Range {
    map: usize,
    mask: Rc<PortMask>,
}

/// The port pools of all addresses: takes ports, opens them, and gives them to their worker.
#[derive(Debug)]
pub struct Ports {
    maps: Vec<PortMap>,
    ranges: Vec<Range>,
    pool: Pool,
    buffers: SocketBuffers,
    random: RandomState,
    turn: u64,
    /// Ports that are open and announced, and not yet handed to their worker.
    opened: Vec<(u16, PortSocket)>,
    manner: Manner,
}

/// How full one range is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortUse {
    /// Ports that may be handed out.
    pub size: u32,
    /// Ports that are.
    pub used: u32,
    /// Lowest port.
    pub low: u16,
    /// Highest port.
    pub high: u16,
}

impl Ports {
    /// No ports yet. Those that are opened go to the workers of `pool`, which have the sockets that `manner` is about.
    pub fn new(pool: Pool, buffers: SocketBuffers, manner: Manner) -> Ports {
        Ports {
            maps: Vec::new(),
            ranges: Vec::new(),
            pool,
            buffers,
            random: RandomState::default(),
            turn: 0,
            opened: Vec::new(),
            manner,
        }
    }

    /// How ports are open, for people.
    pub fn manner(&self) -> &Manner {
        &self.manner
    }

    /// Has the ports of a range that comes, or has changed, while the daemon runs. `Some` says why they get sockets although
    /// those of others do not.
    ///
    /// # Errors
    /// [`Overlap`] when another process has some of them; then they must not be used.
    pub fn claim(&mut self, range: Claimed, ports: &BTreeSet<u16>) -> Result<Option<String>, Overlap> {
        self.manner.add(range, ports)
    }

    /// Adds the ports of an address, in the order of [`AddressId`]s.
    pub fn add(&mut self, addr: IpAddr, ports: impl Iterator<Item = u16>) {
        let map = self.maps.iter().position(|m| m.addr() == addr).unwrap_or_else(|| {
            self.maps.push(PortMap::new(addr));
            self.maps.len() - 1
        });
        self.ranges.push(Range { map, mask: Rc::new(PortMask::of(ports)) });
    }

    /// Hands out these ports of an address from now on, and no others. Those that calls have stay theirs.
    pub fn set(&mut self, address: AddressId, ports: impl Iterator<Item = u16>) {
        if let Some(range) = self.ranges.get_mut(usize::from(address.0)) {
            range.mask = Rc::new(PortMask::of(ports));
        }
    }

    /// Buffers of sockets that are opened from now on.
    pub fn set_buffers(&mut self, buffers: SocketBuffers) {
        self.buffers = buffers;
    }

    /// The workers.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The ports opened for a worker since this was last asked, to be handed over with their flows.
    pub fn opened(&mut self, worker: u16) -> Vec<PortSocket> {
        self.opened.extract_if(.., |(of, _)| *of == worker).map(|(_, socket)| socket).collect()
    }

    /// Takes the workers out, to end them.
    pub fn into_pool(self) -> Pool {
        self.pool
    }

    /// How full the ports of an address are.
    pub fn usage(&self, address: AddressId) -> PortUse {
        let range = &self.ranges[usize::from(address.0)];
        PortUse {
            size: range.mask.size(),
            used: self.maps[range.map].used(&range.mask),
            low: range.mask.low(),
            high: range.mask.high(),
        }
    }

    /// Free ports of all addresses together.
    pub fn free(&self) -> u64 {
        let of = |r: &Range| u64::from(r.mask.size() - self.maps[r.map].used(&r.mask));
        self.ranges.iter().map(of).sum()
    }

    /// A port is free again: its flow is gone and its socket closed.
    pub fn release(&mut self, key: FlowKey) {
        if let Some(map) = self.maps.iter_mut().find(|m| m.addr() == key.addr) {
            map.release(key.port);
        }
    }

    /// Opens a port or a pair without sockets.
    fn open_shared(
        shared: &SharedPorts,
        first: FlowKey,
        worker: u16,
        rtcp: bool,
    ) -> Result<Option<FlowKey>, BindError> {
        let worker = usize::from(worker);
        shared.take(first, worker)?;
        if !rtcp {
            return Ok(None);
        }
        let second = FlowKey::new(first.addr, first.port + 1);
        shared.take(second, worker).inspect_err(|_| shared.give_back(first))?;
        Ok(Some(second))
    }

    fn bind(&self, key: FlowKey, tos: u8) -> Result<PortSocket, BindError> {
        PortSocket::bind(key, tos, self.buffers)
    }

    fn open(
        &mut self,
        first: FlowKey,
        worker: u16,
        tos: u8,
        rtcp: bool,
    ) -> Result<Option<FlowKey>, BindError> {
        if let Some(shared) = self.manner.sharing().filter(|shared| shared.serves(first.addr)) {
            return Ports::open_shared(shared, first, worker, rtcp);
        }
        let even = self.bind(first, tos)?;
        let second = FlowKey::new(first.addr, first.port + u16::from(rtcp));
        let odd = if rtcp { Some(self.bind(second, tos)?) } else { None };
        let has_rtcp = odd.is_some();
        for socket in std::iter::once(&even).chain(&odd) {
            self.pool.announce(usize::from(worker), socket).map_err(|error| BindError::Other {
                key: socket.key(),
                error: std::io::Error::other(error.to_string()),
            })?;
        }
        self.opened.extend(std::iter::once(even).chain(odd).map(|socket| (worker, socket)));
        Ok(has_rtcp.then_some(second))
    }
}

impl PortSource for Ports {
    fn take(
        &mut self,
        address: AddressId,
        worker: u16,
        tos: u8,
        rtcp: bool,
    ) -> Result<(FlowKey, Option<FlowKey>), PortError> {
        let Range { map, mask } = &self.ranges[usize::from(address.0)];
        let (map, mask) = (*map, Rc::clone(mask));
        let addr = self.maps[map].addr();
        // Sockets are tried for as long as they fail for good reason; a bit costs nothing to try.
        let shared = self.manner.sharing_mut().filter(|shared| shared.serves(addr));
        let tries = if shared.is_some() { usize::MAX } else { TRIES };
        if let Some(shared) = shared {
            shared.refresh();
        }
        let mut refused = None;
        // Ports that others hold stay taken until the search is over, so that it moves on.
        let mut foreign = Vec::new();
        let result = loop {
            self.turn += 1;
            let seed = self.random.hash_one(self.turn);
            let found = match rtcp {
                true => self.maps[map].take_pair(&mask, seed),
                false => self.maps[map].take_one(&mask, seed),
            };
            let Some(port) = found else { break Err(PortError::Exhausted { addr }) };
            let first = FlowKey::new(addr, port);
            match self.open(first, worker, tos, rtcp) {
                Ok(second) => break Ok((first, second)),
                Err(BindError::Descriptors(_)) => {
                    self.give_back(map, port, rtcp);
                    let limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
                    break Err(PortError::DescriptorLimit { limit: limit.map_or(0, |(soft, _)| soft) });
                }
                Err(error) => {
                    foreign.push(port);
                    let hopeless = matches!(error, BindError::NotHere(_));
                    refused = Some(error.to_string());
                    if hopeless || foreign.len() == tries {
                        break Err(PortError::Exhausted { addr });
                    }
                }
            }
        };
        for port in foreign {
            self.give_back(map, port, rtcp);
        }
        match (result, refused) {
            (Err(PortError::Exhausted { addr }), Some(why)) => Err(PortError::BindFailed { addr, why }),
            (result, _) => result,
        }
    }
}

impl Ports {
    fn give_back(&mut self, map: usize, port: u16, pair: bool) {
        self.maps[map].release(port);
        if pair {
            self.maps[map].release(port + 1);
        }
    }
}
