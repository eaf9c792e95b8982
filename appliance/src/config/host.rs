//! What the host says about itself: addresses of its devices, names it can resolve. Taken once, so that checks see
//! one consistent picture and tests can paint their own.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};

use nix::net::if_::InterfaceFlags;

/// One address of one network device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceAddress {
    /// The device.
    pub device: String,
    /// The address.
    pub addr: IpAddr,
    /// Whether the device is up.
    pub up: bool,
    /// Whether the device is a loopback device.
    pub loopback: bool,
}

/// A picture of the host.
#[derive(Debug, Clone)]
pub struct Host {
    /// Addresses in the order the system lists them.
    pub addresses: Vec<DeviceAddress>,
    /// The names of all network devices, also of those without an address.
    pub links: Vec<String>,
    /// Asks for the addresses of a host name; blocks.
    pub resolve: fn(&str) -> io::Result<Vec<IpAddr>>,
}

impl Host {
    /// The host as it is now.
    ///
    /// # Errors
    /// When the system does not tell its addresses.
    pub fn now() -> io::Result<Self> {
        let mut addresses = Vec::new();
        let mut links: Vec<String> = Vec::new();
        for entry in nix::ifaddrs::getifaddrs()? {
            if !links.contains(&entry.interface_name) {
                links.push(entry.interface_name.clone());
            }
            let Some(address) = entry.address else { continue };
            let addr = match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
                (Some(v4), _) => IpAddr::V4(v4.ip()),
                (None, Some(v6)) => IpAddr::V6(v6.ip()),
                (None, None) => continue,
            };
            addresses.push(DeviceAddress {
                device: entry.interface_name,
                addr,
                up: entry.flags.contains(InterfaceFlags::IFF_UP),
                loopback: entry.flags.contains(InterfaceFlags::IFF_LOOPBACK),
            });
        }
        Ok(Self { addresses, links, resolve: resolve_by_system })
    }

    /// Whether the address is one of the host's, or could be bound anyway (all of 127/8).
    #[must_use]
    pub fn has(&self, addr: IpAddr) -> bool {
        addr.is_loopback() || self.addresses.iter().any(|known| known.addr == addr)
    }

    /// Addresses of one device, without link-local IPv6, which cannot be used without naming the device. None if
    /// there is no such device.
    #[must_use]
    pub fn device(&self, name: &str) -> Option<Vec<IpAddr>> {
        let mut addresses = self.addresses.iter().filter(|known| known.device == name).peekable();
        addresses.peek()?;
        Some(addresses.map(|known| known.addr).filter(|addr| !is_link_local(*addr)).collect())
    }

    /// All addresses of devices that are up, without loopback devices and link-local IPv6.
    #[must_use]
    pub fn any(&self) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> = Vec::new();
        for known in &self.addresses {
            let wanted =
                known.up && !known.loopback && !known.addr.is_loopback() && !is_link_local(known.addr);
            if wanted && !found.contains(&known.addr) {
                found.push(known.addr);
            }
        }
        found
    }

    /// The device that has the address.
    #[must_use]
    pub fn device_of(&self, addr: IpAddr) -> Option<&str> {
        self.addresses.iter().find(|known| known.addr == addr).map(|known| known.device.as_str())
    }

    /// The names of all devices, each once.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().enumerate().filter_map(|(index, known)| {
            let first = self.addresses[..index].iter().all(|other| other.device != known.device);
            first.then_some(known.device.as_str())
        })
    }
}

fn is_link_local(addr: IpAddr) -> bool {
    matches!(addr, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

fn resolve_by_system(name: &str) -> io::Result<Vec<IpAddr>> {
    let mut found: Vec<IpAddr> = Vec::new();
    for at in (name, 0).to_socket_addrs()? {
        if !found.contains(&at.ip()) {
            found.push(at.ip());
        }
    }
    Ok(found)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A host with two devices, a loopback device and a name.
    pub(in crate::config) fn painted() -> Host {
        let address = |device: &str, addr: &str, loopback: bool| DeviceAddress {
            device: device.to_owned(),
            addr: addr.parse().unwrap(),
            up: true,
            loopback,
        };
        Host {
            addresses: vec![
                address("lo", "127.0.0.1", true),
                address("eth0", "198.51.100.1", false),
                address("eth1", "203.0.113.1", false),
                address("lo", "::1", true),
                address("eth0", "2001:db8::1", false),
                address("eth0", "fe80::1", false),
            ],
            links: ["lo", "eth0", "eth1", "eth2"].map(str::to_owned).to_vec(),
            resolve: |name| match name {
                "media.example" => Ok(vec!["203.0.113.1".parse().unwrap()]),
                "localhost" => Ok(vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()]),
                _ => Err(io::Error::other("no such host")),
            },
        }
    }

    #[test]
    fn any_leaves_out_loopback_and_link_local() {
        let want: Vec<IpAddr> =
            ["198.51.100.1", "203.0.113.1", "2001:db8::1"].iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(painted().any(), want);
    }

    #[test]
    fn a_device_has_its_addresses() {
        assert_eq!(painted().device("eth0").unwrap().len(), 2);
        assert_eq!(painted().device("lo").unwrap().len(), 2);
        assert!(painted().device("eth9").is_none());
        assert_eq!(painted().device_of("203.0.113.1".parse().unwrap()), Some("eth1"));
        assert_eq!(painted().devices().collect::<Vec<_>>(), ["lo", "eth0", "eth1"]);
    }

    #[test]
    fn this_host_has_a_loopback_device() {
        let host = Host::now().unwrap();
        assert!(host.has("127.0.0.1".parse().unwrap()));
        assert!(host.devices().any(|name| name == "lo"));
    }
}
