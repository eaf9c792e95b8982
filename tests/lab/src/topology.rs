//! `caller — relay — callee`, and no way around the relay.

use crate::netns::ip;
use crate::{Namespace, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// One side of the relay: a namespace with the peers, and the wire to the relay.
#[derive(Debug)]
pub struct Leg {
    /// The namespace of the peers.
    pub ns: Namespace,
    /// The interface's name in the relay's namespace (`caller` or `callee`). In the peers' namespace it is `eth0`.
    pub interface: &'static str,
    /// The relay's IPv4 address on this wire.
    pub relay_v4: Ipv4Addr,
    /// The relay's IPv6 address on this wire.
    pub relay_v6: Ipv6Addr,
    /// The peers' IPv4 address.
    pub peer_v4: Ipv4Addr,
    /// The peers' IPv6 address.
    pub peer_v6: Ipv6Addr,
}

impl Leg {
    /// The peers' address of a family.
    pub fn peer(&self, family: Family) -> IpAddr {
        match family {
            Family::V4 => self.peer_v4.into(),
            Family::V6 => self.peer_v6.into(),
        }
    }

    /// The relay's address of a family.
    pub fn relay(&self, family: Family) -> IpAddr {
        match family {
            Family::V4 => self.relay_v4.into(),
            Family::V6 => self.relay_v6.into(),
        }
    }

    /// The relay's `--interface` value for this leg and family, `NAME/ADDRESS`.
    pub fn relay_interface(&self, family: Family) -> String {
        format!("{}/{}", self.interface, self.relay(family))
    }
}

/// Three namespaces in a row. Removed on drop.
#[derive(Debug)]
pub struct Topology {
    /// Where the daemon runs; it has the interfaces `caller` and `callee`.
    pub relay: Namespace,
    /// Left: 198.51.100.0/24 and 2001:db8:100::/64; the relay is .1, the peers .10.
    pub caller: Leg,
    /// Right: 203.0.113.0/24 and 2001:db8:200::/64; the relay is .1, the peers .10.
    pub callee: Leg,
}

/// How to build a [`Topology`].
#[derive(Debug, Clone)]
pub struct TopologySpec {
    queues: u32,
    mtu: u32,
    offloads: bool,
}

impl Default for TopologySpec {
    fn default() -> TopologySpec {
        TopologySpec { queues: 1, mtu: 1500, offloads: false }
    }
}

impl TopologySpec {
    /// Receive and transmit queues of each veth end; 1 by default.
    pub fn queues(mut self, count: u32) -> TopologySpec {
        self.queues = count;
        self
    }

    /// MTU of both wires in bytes; 1500 by default.
    pub fn mtu(mut self, bytes: u32) -> TopologySpec {
        self.mtu = bytes;
        self
    }

    /// Leaves checksum offload on. By default it is switched off (if `ethtool` is there), because on a veth the
    /// checksum is then never computed, and programs that look at raw frames see a wrong one.
    pub fn keep_offloads(mut self) -> TopologySpec {
        self.offloads = true;
        self
    }

    /// Makes the namespaces and wires. Addresses are usable when this returns.
    pub fn build(&self) -> Result<Topology> {
        let relay = Namespace::new("relay")?;
        let topology = Topology {
            caller: Leg {
                ns: Namespace::new("caller")?,
                interface: "caller",
                relay_v4: Ipv4Addr::new(198, 51, 100, 1),
                relay_v6: Ipv6Addr::new(0x2001, 0xdb8, 0x100, 0, 0, 0, 0, 1),
                peer_v4: Ipv4Addr::new(198, 51, 100, 10),
                peer_v6: Ipv6Addr::new(0x2001, 0xdb8, 0x100, 0, 0, 0, 0, 0x10),
            },
            callee: Leg {
                ns: Namespace::new("callee")?,
                interface: "callee",
                relay_v4: Ipv4Addr::new(203, 0, 113, 1),
                relay_v6: Ipv6Addr::new(0x2001, 0xdb8, 0x200, 0, 0, 0, 0, 1),
                peer_v4: Ipv4Addr::new(203, 0, 113, 10),
                peer_v6: Ipv6Addr::new(0x2001, 0xdb8, 0x200, 0, 0, 0, 0, 0x10),
            },
            relay,
        };
        for leg in [&topology.caller, &topology.callee] {
            self.wire(&topology.relay, leg)?;
        }
        // A kernel that routes for the relay would hide a relay that does not.
        for path in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
            topology.relay.set(path, "0")?;
        }
        Ok(topology)
    }

    fn wire(&self, relay: &Namespace, leg: &Leg) -> Result<()> {
        let (queues, mtu) = (self.queues.to_string(), self.mtu.to_string());
        let mut add = vec!["link", "add", leg.interface, "netns", relay.name(), "mtu", &mtu];
        add.extend(["numrxqueues", &queues, "numtxqueues", &queues, "type", "veth"]);
        add.extend(["peer", "name", "eth0", "netns", leg.ns.name(), "mtu", &mtu]);
        add.extend(["numrxqueues", &queues, "numtxqueues", &queues]);
        ip(&add)?;
        let ends =
            [(relay, leg.interface, leg.relay_v4, leg.relay_v6), (&leg.ns, "eth0", leg.peer_v4, leg.peer_v6)];
        for (namespace, device, v4, v6) in ends {
            if !self.offloads {
                // Not fatal: without ethtool only tests that read raw frames are affected.
                let _ = namespace.run(&["ethtool", "-K", device, "tx", "off"]);
            }
            namespace.ip(&["addr", "add", &format!("{v4}/24"), "dev", device])?;
            // nodad: the address would be unusable for a second while the kernel looks for a double.
            namespace.ip(&["addr", "add", &format!("{v6}/64"), "dev", device, "nodad"])?;
            namespace.ip(&["link", "set", device, "up"])?;
            // A veth takes frames that an XDP program redirects to it only when its other end polls, which GRO makes it do;
            // the kernel notes that only when the device is up.
            let _ = namespace.run(&["ethtool", "-K", device, "gro", "on"]);
        }
        Ok(())
    }
}

impl Topology {
    /// The ordinary row: one queue, MTU 1500, checksum offload off.
    pub fn new() -> Result<Topology> {
        TopologySpec::default().build()
    }

    /// A row with other properties.
    pub fn spec() -> TopologySpec {
        TopologySpec::default()
    }
}
