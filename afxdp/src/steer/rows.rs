use super::Maps;
use super::maps::PORTS;
use crate::Error;
use flow::FlowKey;
use std::collections::HashMap;
use std::net::IpAddr;

/// Which part of the map of flows belongs to which local address. An address keeps its row: addresses are those of the
/// configuration, and few.
#[derive(Debug)]
pub(crate) struct Rows {
    of: HashMap<IpAddr, u32>,
    room: u32,
}

impl Rows {
    pub(crate) fn new(room: u32) -> Rows {
        Rows { of: HashMap::new(), room: room.max(1) }
    }

    /// Where a flow of this address and port stands; `None` while the address has no row.
    pub(crate) fn place(&self, key: FlowKey) -> Option<u32> {
        self.of.get(&key.addr).map(|row| row * PORTS + u32::from(key.port))
    }

    /// The same, giving the address a row if need be; `None` when there is none left.
    pub(crate) fn take(&mut self, key: FlowKey, maps: &Maps) -> Result<Option<u32>, Error> {
        let row = self.of.len() as u32;
        if !self.of.contains_key(&key.addr) && row < self.room {
            maps.set_row(key.addr, row)?;
            self.of.insert(key.addr, row);
        }
        Ok(self.place(key))
    }
}
