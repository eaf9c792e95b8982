use crate::sys::Memory;
use flow::FlowKey;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::io;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

/// Ports of an address.
const PORTS: usize = 1 << 16;

/// Which packet thread has which port, in memory that the program reads which chooses sockets: opening a port is writing
/// a byte. Any thread may write; a port has one that does at a time.
#[derive(Debug)]
pub struct PortTable {
    memory: Memory,
    places: HashMap<IpAddr, usize, RandomState>,
    /// Addresses that have come since, in the places behind those.
    later: Box<[OnceLock<IpAddr>]>,
}

impl PortTable {
    /// Maps the memory behind a descriptor: 65536 bytes for each address, in this order, and room for `spare` more. A byte
    /// is 0 for a port that is closed, else the number of its thread + 1.
    ///
    /// # Errors
    /// What the system said.
    pub fn map(descriptor: BorrowedFd<'_>, addresses: &[IpAddr], spare: usize) -> io::Result<PortTable> {
        let memory = Memory::map(descriptor, (addresses.len() + spare).max(1) * PORTS)?;
        let places = addresses.iter().enumerate().map(|(place, addr)| (*addr, place)).collect();
        Ok(PortTable { memory, places, later: (0..spare).map(|_| OnceLock::new()).collect() })
    }

    /// Gives an address the next spare place and says which; `None` when there is none left. One thread may do this.
    pub fn add(&self, addr: IpAddr) -> Option<usize> {
        if let Some(place) = self.place(addr) {
            return Some(place);
        }
        let spare = self.later.iter().position(|place| place.set(addr).is_ok())?;
        Some(self.places.len() + spare)
    }

    fn place(&self, addr: IpAddr) -> Option<usize> {
        if let Some(place) = self.places.get(&addr) {
            return Some(*place);
        }
        let taken = self.later.iter().map_while(OnceLock::get);
        taken.enumerate().find(|(_, there)| **there == addr).map(|(nth, _)| self.places.len() + nth)
    }

    fn byte(&self, key: FlowKey) -> Option<&AtomicU8> {
        let place = self.place(key.addr)?;
        self.memory.bytes().get(place * PORTS + usize::from(key.port))
    }

    /// Packets that come to `key` go to this thread from now on. False, and nothing is changed, when the address is not
    /// in the table or the thread's number does not fit.
    pub fn open(&self, key: FlowKey, thread: usize) -> bool {
        let (Some(byte), Ok(owner)) = (self.byte(key), u8::try_from(thread + 1)) else { return false };
        byte.store(owner, Ordering::Release);
        true
    }

    /// Packets that come to `key` are answered by the system from now on. False when it was not open.
    pub fn close(&self, key: FlowKey) -> bool {
        self.byte(key).is_some_and(|byte| byte.swap(0, Ordering::AcqRel) != 0)
    }

    /// The thread that has a port.
    pub fn thread(&self, key: FlowKey) -> Option<usize> {
        usize::from(self.byte(key)?.load(Ordering::Acquire)).checked_sub(1)
    }

    /// True when the address has a place in the table.
    pub fn serves(&self, addr: IpAddr) -> bool {
        self.place(addr).is_some()
    }

    /// True when some address is of this family, of those it was made with.
    pub fn has_family(&self, v6: bool) -> bool {
        self.places.keys().any(|addr| addr.is_ipv6() == v6)
    }
}
