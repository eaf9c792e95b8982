//! How many calls the port ranges hold, and how many file descriptors that takes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::checked::{Config, Interfaces};

/// Descriptors for everything but media: listeners, pollers, log, TCP clients, some room.
pub(crate) const BESIDES_MEDIA: u64 = 512;

/// The room of one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressBudget {
    /// The address.
    pub addr: IpAddr,
    /// Names of the interfaces that use it.
    pub interfaces: Vec<String>,
    /// RTP streams that fit (each takes a pair of ports), counting shared ports once.
    pub streams: u64,
}

/// The room of all addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// By address, in the order of their definition.
    pub addresses: Vec<AddressBudget>,
    /// Descriptors needed when every port is open.
    pub descriptors: u64,
}

/// Works the budget out.
#[must_use]
pub fn budget(interfaces: &Interfaces) -> Budget {
    let mut order: Vec<IpAddr> = Vec::new();
    let mut pairs: BTreeMap<IpAddr, (Vec<bool>, Vec<String>)> = BTreeMap::new();
    for (interface, local) in interfaces.addresses() {
        let (open, names) = pairs.entry(local.addr).or_insert_with(|| {
            order.push(local.addr);
            (vec![false; 32_768], Vec::new())
        });
        for port in local.ports.pairs() {
            open[usize::from(port / 2)] = true;
        }
        if !names.contains(&interface.name) {
            names.push(interface.name.clone());
        }
    }
    let mut addresses = Vec::new();
    for addr in order {
        if let Some((open, interfaces)) = pairs.remove(&addr) {
            let streams = open.iter().filter(|open| **open).count() as u64;
            addresses.push(AddressBudget { addr, interfaces, streams });
        }
    }
    let sockets: u64 = addresses.iter().map(|address| address.streams * 2).sum();
    Budget { addresses, descriptors: sockets + BESIDES_MEDIA }
}

/// Descriptors the daemon will want: for every port, unless the limit on calls comes first.
#[must_use]
pub fn needed_descriptors(config: &Config) -> u64 {
    let by_ports = budget(&config.interfaces).descriptors;
    // an audio call opens four sockets: two on each side
    let by_calls = config.limits.sessions.map_or(u64::MAX, |calls| calls.saturating_mul(4) + BESIDES_MEDIA);
    by_ports.min(by_calls)
}

impl AddressBudget {
    /// Audio calls at a time if every call has both sides on this address. If the other side is elsewhere, it is
    /// `streams`.
    #[must_use]
    pub fn calls_within(&self) -> u64 {
        self.streams / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::checked::{Interface, LocalAddress, Mode, PortRange, Ports};

    #[test]
    fn shared_ports_count_once() {
        let local = |low, high| LocalAddress {
            addr: "192.0.2.1".parse().unwrap(),
            advertised: "192.0.2.1".parse().unwrap(),
            ports: Ports::new(PortRange::new(low, high).unwrap(), &[]),
            mode: Mode::Userspace,
            device: None,
            queues: None,
            forward: crate::config::checked::Forward::Auto,
            share: crate::config::checked::Share::All,
            cores: Vec::new(),
            table: None,
        };
        let interface = |name: &str, low, high| Interface {
            name: name.to_owned(),
            group: None,
            addresses: vec![local(low, high)],
        };
        let all = [interface("a", 30_000, 30_099), interface("b", 30_050, 30_149)];
        let budget = budget(&Interfaces::new(all.to_vec(), BTreeMap::new()).unwrap());
        assert_eq!(budget.addresses.len(), 1);
        assert_eq!((budget.addresses[0].streams, budget.addresses[0].calls_within()), (75, 37));
        assert_eq!(budget.addresses[0].interfaces, ["a", "b"]);
        assert_eq!(budget.descriptors, 150 + BESIDES_MEDIA);
    }
}
