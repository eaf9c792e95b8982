//! Logical interfaces: what a call names with `direction`, and the addresses and ports behind the name.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::ports::Ports;

/// Who forwards the stable flows of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Poll-mode workers on NIC queues, through AF_XDP.
    Appliance,
    /// The kernel module.
    Kernel,
    /// The daemon's own UDP sockets.
    #[default]
    Userspace,
}

impl Mode {
    /// The spelling used in configuration files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Appliance => "appliance",
            Self::Kernel => "kernel",
            Self::Userspace => "userspace",
        }
    }
}

/// Which part of the AF_XDP path takes the flows of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Forward {
    /// The XDP program where it can, else a packet thread.
    #[default]
    Auto,
    /// The XDP program only.
    Driver,
    /// A packet thread only.
    Worker,
}

/// Who uses the queues of a network card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Share {
    /// We alone.
    #[default]
    All,
    /// We have the media ports, by rules in the card; others have the rest.
    Media,
}

/// One local address of a logical interface, with the ports that may be opened on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAddress {
    /// The address sockets are bound to; never a wildcard.
    pub addr: IpAddr,
    /// The address written into SDP; equals `addr` unless one is advertised.
    pub advertised: IpAddr,
    /// The ports that may be handed out. Two interfaces may share an address and then share the ports that are in
    /// both ranges, so whoever hands out ports counts per `addr`.
    pub ports: Ports,
    /// Which path carries the stable flows.
    pub mode: Mode,
    /// The network device: the one that was named, else the one that has the address. Always there in mode appliance.
    pub device: Option<String>,
    /// How many NIC queues to use, from queue 0 on; None means as many as there are packet threads, as far as the NIC
    /// has them (mode appliance). Equal for all addresses of a device.
    pub queues: Option<u32>,
    /// Which part of the fast path takes the flows (mode appliance).
    pub forward: Forward,
    /// Who else uses the device (mode appliance). Equal for all addresses of a device.
    pub share: Share,
    /// CPU cores of the packet threads; empty means unpinned.
    pub cores: Vec<usize>,
    /// The kernel module's table, 0 to 63 (mode kernel).
    pub table: Option<u8>,
}

/// A logical interface: one name, one or more addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The full name, for example `external` or `external:2`.
    pub name: String,
    /// The part before the colon of `BASE:SUFFIX`: calls that ask for BASE are dealt over all its interfaces in turn.
    pub group: Option<String>,
    /// At least one. The first of a family is the primary one; the others become extra ICE candidates.
    pub addresses: Vec<LocalAddress>,
}

impl Interface {
    /// The first address of the family of `like` (IPv4 or IPv6), if the interface has one.
    #[must_use]
    pub fn primary(&self, ipv6: bool) -> Option<&LocalAddress> {
        self.addresses.iter().find(|local| local.addr.is_ipv6() == ipv6)
    }
}

/// All logical interfaces, in the order of their definition. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interfaces {
    list: Vec<Interface>,
    aliases: BTreeMap<String, String>,
}

impl Interfaces {
    /// Puts proved interfaces together; `aliases` maps other names to names or groups in `list`. None if the list is
    /// empty or an interface has no address.
    #[must_use]
    pub fn new(list: Vec<Interface>, aliases: BTreeMap<String, String>) -> Option<Self> {
        let whole = !list.is_empty() && list.iter().all(|interface| !interface.addresses.is_empty());
        whole.then_some(Self { list, aliases })
    }

    /// The interface that is used when a call names none: the first one defined.
    #[must_use]
    pub fn default_interface(&self) -> &Interface {
        &self.list[0]
    }

    /// All interfaces in the order of their definition.
    pub fn iter(&self) -> std::slice::Iter<'_, Interface> {
        self.list.iter()
    }

    /// The other names and what they stand for.
    #[must_use]
    pub fn aliases(&self) -> &BTreeMap<String, String> {
        &self.aliases
    }

    /// The real name behind `name`: itself, unless it is an alias.
    #[must_use]
    pub fn real_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }

    /// The interfaces that `name` (a name, an alias or the base of a round-robin group) may mean, in the order of
    /// their definition. Empty for an unknown name.
    pub fn find<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Interface> + 'a {
        let name = self.real_name(name);
        self.list.iter().filter(move |known| known.name == name || known.group.as_deref() == Some(name))
    }

    /// All addresses of all interfaces, with the interface each belongs to.
    pub fn addresses(&self) -> impl Iterator<Item = (&Interface, &LocalAddress)> {
        self.list.iter().flat_map(|interface| interface.addresses.iter().map(move |local| (interface, local)))
    }
}

impl<'a> IntoIterator for &'a Interfaces {
    type Item = &'a Interface;
    type IntoIter = std::slice::Iter<'a, Interface>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
