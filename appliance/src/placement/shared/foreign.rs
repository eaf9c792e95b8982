use super::socket_list::{BoundSocket, bound_sockets};
use flow::FlowKey;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use std::fs;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use udp::BindError;

/// Looking may take this part of the time in the long run …
const SHARE: u32 = 200;
/// … and so much at once.
const BURST: Duration = Duration::from_millis(100);

/// What stands in the way of our ports: sockets of others, and addresses that are not there. Looked at when a port is
/// taken. A look costs some 0.3 ms, however many ports there are, so when ports are taken in a hurry not each time.
#[derive(Debug)]
pub(super) struct Foreign {
    held: HashSet<FlowKey, RandomState>,
    /// Ports that somebody has on every address of a family, v6 or not.
    everywhere: HashSet<(bool, u16), RandomState>,
    /// Addresses of ours, and why they cannot be used.
    addresses: HashMap<IpAddr, Option<String>, RandomState>,
    /// Sockets of ours: those that receive for all ports.
    own: HashSet<FlowKey, RandomState>,
    /// Time spent on looking, less what was allowed since.
    spent: Duration,
    counted: Instant,
}

impl Foreign {
    /// For these addresses. Sockets in `own` are not foreign.
    pub(super) fn new(addresses: &[IpAddr], own: impl Iterator<Item = FlowKey>) -> Foreign {
        let mut foreign = Foreign {
            held: HashSet::default(),
            everywhere: HashSet::default(),
            addresses: addresses.iter().map(|addr| (*addr, None)).collect(),
            own: own.collect(),
            spent: Duration::ZERO,
            counted: Instant::now(),
        };
        foreign.look();
        foreign
    }

    /// Looks for sockets at this address, too.
    pub(super) fn add(&mut self, addr: IpAddr) {
        self.addresses.entry(addr).or_default();
        self.look();
    }

    /// Looks again, if there was not too much of it lately.
    pub(super) fn refresh(&mut self) {
        let now = Instant::now();
        self.spent = self.spent.saturating_sub(now.duration_since(self.counted) / SHARE);
        self.counted = now;
        if self.spent < BURST {
            self.look();
            self.spent += now.elapsed();
        }
    }

    fn look(&mut self) {
        self.held.clear();
        self.everywhere.clear();
        for file in ["udp", "udp6"] {
            // A system without IPv6 has no list of it.
            let text = fs::read_to_string(format!("/proc/thread-self/net/{file}")).unwrap_or_default();
            for socket in bound_sockets(&text) {
                self.note(socket);
            }
        }
        for (addr, trouble) in &mut self.addresses {
            *trouble = match udp::find_address(*addr) {
                Err(error @ BindError::NotHere(_)) => Some(error.to_string()),
                _ => None,
            };
        }
    }

    fn note(&mut self, socket: BoundSocket) {
        let key = FlowKey::new(socket.addr, socket.port);
        if !socket.addr.is_unspecified() {
            if self.addresses.contains_key(&socket.addr) && !self.own.contains(&key) {
                self.held.insert(key);
            }
            return;
        }
        self.everywhere.insert((socket.addr.is_ipv6(), socket.port));
        if socket.addr.is_ipv6() {
            // It may be one for IPv6 alone; the list does not say.
            self.everywhere.insert((false, socket.port));
        }
    }

    /// Why an address of ours cannot be used now.
    pub(super) fn trouble(&self, addr: IpAddr) -> Option<&str> {
        self.addresses.get(&addr)?.as_deref()
    }

    /// True when another socket is bound to this port.
    pub(super) fn holds(&self, key: FlowKey) -> bool {
        self.held.contains(&key) || self.everywhere.contains(&(key.addr.is_ipv6(), key.port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn sockets_of_others_are_seen_as_soon_as_they_are_there() {
        let addr: IpAddr = "127.0.0.1".parse().unwrap();
        let own = UdpSocket::bind((addr, 0)).unwrap();
        let own_key = FlowKey::from(own.local_addr().unwrap());
        let mut foreign = Foreign::new(&[addr], std::iter::once(own_key));
        assert!(!foreign.holds(own_key));
        let other = UdpSocket::bind((addr, 0)).unwrap();
        let key = FlowKey::from(other.local_addr().unwrap());
        assert!(!foreign.holds(key));
        foreign.refresh();
        assert!(foreign.holds(key));
        let everywhere = UdpSocket::bind(("0.0.0.0", 0)).unwrap();
        foreign.refresh();
        assert!(foreign.holds(FlowKey::new(addr, everywhere.local_addr().unwrap().port())));
        assert_eq!(foreign.trouble(addr), None);
    }

    #[test]
    fn who_looks_too_often_sees_what_was_there_a_little_earlier() {
        let addr: IpAddr = "127.0.0.1".parse().unwrap();
        let mut foreign = Foreign::new(&[addr], std::iter::empty());
        foreign.spent = BURST + Duration::from_secs(1);
        let other = UdpSocket::bind((addr, 0)).unwrap();
        let key = FlowKey::from(other.local_addr().unwrap());
        foreign.refresh();
        assert!(!foreign.holds(key), "too much time has gone into looking");
        foreign.counted -= Duration::from_secs(2) * SHARE;
        foreign.refresh();
        assert!(foreign.holds(key));
    }

    #[test]
    fn an_address_that_is_not_there_is_told() {
        let addr: IpAddr = "192.0.2.123".parse().unwrap();
        let foreign = Foreign::new(&[addr], std::iter::empty());
        assert!(foreign.trouble(addr).unwrap().contains("192.0.2.123"));
    }
}
