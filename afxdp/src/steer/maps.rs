use super::SteerReason;
use super::layout::{Address, Addressed, Few, Meter, Place, Recipe};
use super::skeleton::{OpenSteerSkel, SteerMaps};
use crate::Error;
use flow::Traffic;
use libbpf_rs::{MapCore, MapFlags, MapHandle, MapImpl};
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use zerocopy::{FromBytes, IntoBytes};

/// Meters that are read with one system call.
const AT_ONCE: u32 = 256;

/// Ports of an address.
pub(crate) const PORTS: u32 = 1 << 16;

/// How much the maps hold; fixed when the program is loaded for the first NIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Flows, of workers and driver tier together.
    pub flows: u32,
    /// Local addresses that these have; half a megabyte each.
    pub addresses: u32,
    /// Receive queues of all NICs together.
    pub sockets: u32,
    /// NICs that packets may leave through.
    pub ports: u32,
}

/// The maps all loads of the program share.
#[derive(Debug)]
pub struct Maps {
    addresses: MapHandle,
    few_addresses: MapHandle,
    flows: MapHandle,
    slots: MapHandle,
    meters: MapHandle,
    reasons: MapHandle,
    sockets: MapHandle,
    ports: MapHandle,
}

impl Sizes {
    /// Places for recipes and meters: each flow can have an old and a new version while one replaces the other. The
    /// first place of recipes is nobody's.
    pub(crate) fn slots(self) -> u32 {
        self.flows.saturating_mul(2)
    }

    /// Places for flows: all ports of each address.
    fn places(self) -> u32 {
        self.addresses.max(1).saturating_mul(PORTS)
    }

    pub(crate) fn apply(self, open: &mut OpenSteerSkel<'_>) -> Result<(), Error> {
        let maps = &mut open.maps;
        maps.ADDRESSES.set_max_entries(self.addresses.max(1)).map_err(Error::map("ADDRESSES"))?;
        maps.FLOWS.set_max_entries(self.places()).map_err(Error::map("FLOWS"))?;
        maps.SLOTS.set_max_entries(self.slots().saturating_add(1)).map_err(Error::map("SLOTS"))?;
        maps.METERS.set_max_entries(self.slots().max(1)).map_err(Error::map("METERS"))?;
        maps.SOCKETS.set_max_entries(self.sockets.max(1)).map_err(Error::map("SOCKETS"))?;
        maps.PORTS.set_max_entries(self.ports.max(1)).map_err(Error::map("PORTS"))
    }
}

fn handle<T>(map: &MapImpl<'_, T>, name: &'static str) -> Result<MapHandle, Error>
where
    for<'a> MapHandle: TryFrom<&'a MapImpl<'a, T>, Error = libbpf_rs::Error>,
{
    MapHandle::try_from(map).map_err(Error::map(name))
}

impl Maps {
    pub(crate) fn of(maps: &SteerMaps<'_>) -> Result<Maps, Error> {
        Ok(Maps {
            addresses: handle(&maps.ADDRESSES, "ADDRESSES")?,
            few_addresses: handle(&maps.FEW_ADDRESSES, "FEW_ADDRESSES")?,
            flows: handle(&maps.FLOWS, "FLOWS")?,
            slots: handle(&maps.SLOTS, "SLOTS")?,
            meters: handle(&maps.METERS, "METERS")?,
            reasons: handle(&maps.REASONS, "REASONS")?,
            sockets: handle(&maps.SOCKETS, "SOCKETS")?,
            ports: handle(&maps.PORTS, "PORTS")?,
        })
    }

    pub(crate) fn share_with(&self, open: &mut OpenSteerSkel<'_>) -> Result<(), Error> {
        let maps = &mut open.maps;
        maps.ADDRESSES.reuse_fd(self.addresses.as_fd()).map_err(Error::map("ADDRESSES"))?;
        maps.FEW_ADDRESSES.reuse_fd(self.few_addresses.as_fd()).map_err(Error::map("FEW_ADDRESSES"))?;
        maps.FLOWS.reuse_fd(self.flows.as_fd()).map_err(Error::map("FLOWS"))?;
        maps.SLOTS.reuse_fd(self.slots.as_fd()).map_err(Error::map("SLOTS"))?;
        maps.METERS.reuse_fd(self.meters.as_fd()).map_err(Error::map("METERS"))?;
        maps.REASONS.reuse_fd(self.reasons.as_fd()).map_err(Error::map("REASONS"))?;
        maps.SOCKETS.reuse_fd(self.sockets.as_fd()).map_err(Error::map("SOCKETS"))?;
        maps.PORTS.reuse_fd(self.ports.as_fd()).map_err(Error::map("PORTS"))
    }

    /// How many packets ended for each reason since the program was loaded, all NICs and CPUs together.
    ///
    /// # Errors
    /// When the map cannot be read.
    pub fn reasons(&self) -> Result<Vec<(SteerReason, u64)>, Error> {
        SteerReason::all()
            .enumerate()
            .map(|(index, reason)| {
                let key = (index as u32).to_ne_bytes();
                let cpus = self.reasons.lookup_percpu(&key, MapFlags::ANY).map_err(Error::map("REASONS"))?;
                let counts = cpus.iter().flatten();
                Ok((reason, counts.filter_map(|bytes| u64::read_from_bytes(bytes).ok()).sum()))
            })
            .collect()
    }

    /// Puts the socket of a NIC's receive queue at its place; packets of worker flows reach it from now on.
    ///
    /// # Errors
    /// When the place does not exist or the socket is not bound.
    pub fn set_socket(&self, place: u32, socket: BorrowedFd<'_>) -> Result<(), Error> {
        use std::os::fd::AsRawFd;
        let fd = socket.as_raw_fd() as u32;
        self.sockets
            .update(&place.to_ne_bytes(), &fd.to_ne_bytes(), MapFlags::ANY)
            .map_err(Error::map("SOCKETS"))
    }

    /// Takes a socket away; packets of its queue go up the kernel's stack from now on.
    ///
    /// # Errors
    /// When it was not there.
    pub fn clear_socket(&self, place: u32) -> Result<(), Error> {
        self.sockets.delete(&place.to_ne_bytes()).map_err(Error::map("SOCKETS"))
    }

    /// Lets packets leave through an interface.
    ///
    /// # Errors
    /// When the place or the interface does not exist.
    pub fn set_port(&self, place: u32, ifindex: u32) -> Result<(), Error> {
        self.ports
            .update(&place.to_ne_bytes(), &ifindex.to_ne_bytes(), MapFlags::ANY)
            .map_err(Error::map("PORTS"))
    }

    /// No packets leave through this place any more; those that would are passed up whole.
    ///
    /// # Errors
    /// When it was not there.
    pub fn clear_port(&self, place: u32) -> Result<(), Error> {
        self.ports.delete(&place.to_ne_bytes()).map_err(Error::map("PORTS"))
    }

    pub(crate) fn set_recipe(&self, slot: u32, recipe: &Recipe) -> Result<(), Error> {
        self.slots.update(&slot.to_ne_bytes(), recipe.as_bytes(), MapFlags::ANY).map_err(Error::map("SLOTS"))
    }

    /// Gives an address a row of FLOWS. An address keeps its row.
    pub(crate) fn set_row(&self, addr: IpAddr, row: u32) -> Result<(), Error> {
        let address = Address::from(addr);
        self.addresses
            .update(address.as_bytes(), &row.to_ne_bytes(), MapFlags::ANY)
            .map_err(Error::map("ADDRESSES"))?;
        let key = 0u32.to_ne_bytes();
        let failed = || Error::map("FEW_ADDRESSES");
        let known = self.few_addresses.lookup(&key, MapFlags::ANY).map_err(failed())?;
        let mut few = known.and_then(|bytes| Few::read_from_bytes(&bytes).ok()).unwrap_or(Few::NONE);
        let Some(free) = few.of.iter_mut().find(|one| one.address.family == 0) else { return Ok(()) };
        *free = Addressed { address, row };
        self.few_addresses.update(&key, few.as_bytes(), MapFlags::ANY).map_err(failed())
    }

    pub(crate) fn point(&self, flow: u32, place: Place) -> Result<(), Error> {
        self.flows.update(&flow.to_ne_bytes(), place.as_bytes(), MapFlags::ANY).map_err(Error::map("FLOWS"))
    }

    pub(crate) fn meter(&self, place: u32) -> Result<Meter, Error> {
        let bytes = self.meters.lookup(&place.to_ne_bytes(), MapFlags::ANY).map_err(Error::map("METERS"))?;
        bytes.and_then(|bytes| Meter::read_from_bytes(&bytes).ok()).ok_or_else(|| Error::Map {
            map: "METERS",
            reason: format!("no place {place} of the expected size"),
        })
    }

    /// What the meters below `end` have counted, by place: many with one system call. Fewer than asked for, perhaps none,
    /// where the kernel does not know how (before 5.6).
    pub(crate) fn traffic(&self, end: u32) -> Result<Vec<Traffic>, Error> {
        let all =
            self.meters.lookup_batch(AT_ONCE, MapFlags::ANY, MapFlags::ANY).map_err(Error::map("METERS"))?;
        let meters = all.take(end as usize).filter_map(|(_, bytes)| Meter::read_from_bytes(&bytes).ok());
        Ok(meters.map(|meter| meter.traffic()).collect())
    }

    pub(crate) fn set_meter(&self, place: u32, meter: &Meter) -> Result<(), Error> {
        self.meters
            .update(&place.to_ne_bytes(), meter.as_bytes(), MapFlags::ANY)
            .map_err(Error::map("METERS"))
    }
}
