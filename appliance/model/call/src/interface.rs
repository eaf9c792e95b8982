use flow::FlowKey;
use std::net::IpAddr;
use thiserror::Error;

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(addr: IpAddr) -> Family {
        if addr.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// As SDP writes it (RFC 8866 `addrtype`).
    pub fn sdp(self) -> &'static str {
        match self {
            Family::V4 => "IP4",
            Family::V6 => "IP6",
        }
    }
}

/// Number of a local address in [`Interfaces`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressId(pub u16);

/// Number of a logical interface in [`Interfaces`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InterfaceId(pub u16);

/// An address that media ports are opened on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    /// The address sockets are bound to.
    pub addr: IpAddr,
    /// What is written into SDP instead, when it differs.
    pub advertised: Option<IpAddr>,
}

impl LocalAddress {
    /// The address that goes into SDP.
    pub fn shown(&self) -> IpAddr {
        self.advertised.unwrap_or(self.addr)
    }
}

/// One logical interface: a name and its addresses in order of preference.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Name used with `direction`.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<AddressId>,
    /// `BASE` of a round-robin member `BASE:SUFFIX`.
    pub group: Option<String>,
}

/// All logical interfaces. The first is the default.
#[derive(Clone, Debug, Default)]
pub struct Interfaces {
    addresses: Vec<LocalAddress>,
    interfaces: Vec<Interface>,
    aliases: Vec<(String, InterfaceId)>,
}

impl Interfaces {
    /// Adds an address to the interface of that name, which is made if it is new.
    pub fn add(&mut self, name: &str, group: Option<&str>, address: LocalAddress) -> AddressId {
        let id = AddressId(self.addresses.len() as u16);
        self.addresses.push(address);
        match self.interfaces.iter_mut().find(|i| i.name == name) {
            Some(found) => found.addresses.push(id),
            None => self.interfaces.push(Interface {
                name: name.to_owned(),
                addresses: vec![id],
                group: group.map(str::to_owned),
            }),
        }
        id
    }

    /// Lets `alias` name the interface `name`. False when there is no such interface.
    pub fn alias(&mut self, alias: &str, name: &str) -> bool {
        let Some(at) = self.interfaces.iter().position(|i| i.name == name) else { return false };
        self.aliases.push((alias.to_owned(), InterfaceId(at as u16)));
        true
    }

    /// Lets these aliases name these interfaces, and no others. Those that stand for nothing are left out and returned.
    pub fn set_aliases<'a>(
        &mut self,
        aliases: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<(&'a str, &'a str)> {
        self.aliases.clear();
        aliases.filter(|(alias, name)| !self.alias(alias, name)).collect()
    }

    /// Writes another address into SDP from now on; `None` is the address itself.
    pub fn advertise(&mut self, id: AddressId, advertised: Option<IpAddr>) {
        if let Some(address) = self.addresses.get_mut(usize::from(id.0)) {
            address.advertised = advertised;
        }
    }

    /// The address of that number.
    pub fn address(&self, id: AddressId) -> &LocalAddress {
        &self.addresses[usize::from(id.0)]
    }

    /// The interface of that number.
    pub fn interface(&self, id: InterfaceId) -> &Interface {
        &self.interfaces[usize::from(id.0)]
    }

    /// All interfaces in order of definition.
    pub fn all(&self) -> &[Interface] {
        &self.interfaces
    }

    /// Finds an interface by name, alias or group. `turn` chooses among the members of a group.
    pub fn find(&self, name: &[u8], turn: u64) -> Option<InterfaceId> {
        let name = std::str::from_utf8(name).ok()?;
        let exact = self.interfaces.iter().position(|i| i.name == name).map(|at| InterfaceId(at as u16));
        exact.or_else(|| self.aliases.iter().find(|(alias, _)| alias == name).map(|(_, id)| *id)).or_else(
            || {
                let members: Vec<usize> = (0..self.interfaces.len())
                    .filter(|at| self.interfaces[*at].group.as_deref() == Some(name))
                    .collect();
                let at = members.get((turn % members.len().max(1) as u64) as usize)?;
                Some(InterfaceId(*at as u16))
            },
        )
    }

    /// The interface used when nothing else is said.
    pub fn default_interface(&self) -> InterfaceId {
        InterfaceId(0)
    }

    /// The first address of an interface in the wanted family, else of the default interface, else the first of any
    /// family.
    pub fn pick(&self, id: InterfaceId, family: Family) -> Option<AddressId> {
        let of = |id: InterfaceId| self.interface(id).addresses.iter().copied();
        let wanted = |a: &AddressId| Family::of(self.address(*a).addr) == family;
        of(id).chain(of(self.default_interface())).find(wanted).or_else(|| of(id).next())
    }
}

/// Where local ports come from. Implemented by the port pools, which open sockets on the way; the call model
/// itself does no I/O. Ports go back to the pool when their flow's withdrawal is acknowledged.
pub trait PortSource {
    /// Takes an even port, and with `rtcp` the odd one after it, on `address`, to be served by packet worker
    /// `worker` with traffic class `tos`.
    ///
    /// # Errors
    /// Says why there are none; nothing stays taken then.
    fn take(
        &mut self,
        address: AddressId,
        worker: u16,
        tos: u8,
        rtcp: bool,
    ) -> Result<(FlowKey, Option<FlowKey>), PortError>;
}

/// Why no ports were to be had. The first text is the one that proxies match on to try the next node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PortError {
    /// All ports of the range are in use by calls.
    #[error("Ran out of ports")]
    Exhausted {
        /// The address they were wanted on.
        addr: IpAddr,
    },
    /// Ports are free but binding failed.
    #[error("Ran out of ports")]
    BindFailed {
        /// The address they were wanted on.
        addr: IpAddr,
        /// What the kernel said, for the log.
        why: String,
    },
    /// The process may not open more descriptors.
    #[error("Ran out of ports")]
    DescriptorLimit {
        /// The limit in force.
        limit: u64,
    },
}
