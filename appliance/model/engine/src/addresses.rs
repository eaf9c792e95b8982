use flow::{Counters, Traffic};
use std::net::IpAddr;

/// What went through the ports of one of our addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressTraffic {
    /// The address.
    pub addr: IpAddr,
    /// Taken in from accepted sources; `errors` are packets that were not what the port carries.
    pub received: Traffic,
    /// Sent; `errors` are packets the system did not take.
    pub sent: Traffic,
}

/// One entry per address that ever had a flow; as many as interfaces have addresses.
#[derive(Debug, Default)]
pub(crate) struct Addresses(Vec<AddressTraffic>);

impl Addresses {
    /// The place of an address, made if it has none. Not to be called for packets.
    pub(crate) fn place(&mut self, addr: IpAddr) -> u32 {
        let place = self.0.iter().position(|known| known.addr == addr).unwrap_or_else(|| {
            self.0.push(AddressTraffic { addr, received: Traffic::default(), sent: Traffic::default() });
            self.0.len() - 1
        });
        place as u32
    }

    pub(crate) fn received(&mut self, place: u32) -> Option<&mut Traffic> {
        self.0.get_mut(place as usize).map(|at| &mut at.received)
    }

    pub(crate) fn sent(&mut self, place: u32) -> Option<&mut Traffic> {
        self.0.get_mut(place as usize).map(|at| &mut at.sent)
    }

    /// Adds what another path has counted of one flow.
    pub(crate) fn take_over(&mut self, addr: IpAddr, counters: &Counters) {
        let place = self.place(addr);
        if let Some(at) = self.0.get_mut(place as usize) {
            at.received.add(counters.received);
            at.sent.add(counters.sent);
        }
    }

    pub(crate) fn all(&self) -> &[AddressTraffic] {
        &self.0
    }
}
