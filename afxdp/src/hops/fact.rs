use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{
    BondPortState, InfoBondPort, InfoData, InfoKind, InfoPortData, InfoVlan, LinkAttribute, LinkFlags,
    LinkInfo, LinkLayerType, LinkMessage,
};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use std::net::IpAddr;
use wire::Mac;

/// One thing the kernel has told us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// An interface is there, as described.
    Link(u32, LinkFacts),
    /// An interface is gone.
    LinkGone(u32),
    /// An address is on an interface.
    Address(u32, IpAddr),
    /// An address is no longer on an interface.
    AddressGone(u32, IpAddr),
    /// What is known of a neighbour of an interface.
    Neighbour(u32, IpAddr, NeighbourFacts),
    /// Nothing is known of a neighbour any more.
    NeighbourGone(u32, IpAddr),
    /// Some route or rule has changed.
    Routes,
}

/// An interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkFacts {
    /// Its name.
    pub name: String,
    /// Its address; `None` when it is not an Ethernet interface.
    pub mac: Option<Mac>,
    /// Switched on, and with carrier.
    pub up: bool,
    /// For a VLAN interface: its number, and the interface below.
    pub vlan: Option<(u16, u32)>,
    /// The bond that this interface is a member of.
    pub controller: Option<u32>,
    /// True for a bond.
    pub is_bond: bool,
    /// True for a member that its bond keeps in reserve: what is sent by it now goes astray.
    pub standby: bool,
}

/// A neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourFacts {
    /// Its Ethernet address, when the kernel would use it.
    pub mac: Option<Mac>,
    /// The kernel has not heard from it for a while and will ask once somebody sends to it.
    pub stale: bool,
}

impl Fact {
    /// What a message of the kernel says; `None` when it is nothing we look at.
    pub(super) fn of(message: &RouteNetlinkMessage) -> Option<Fact> {
        match message {
            RouteNetlinkMessage::NewLink(link) => Some(Fact::Link(link.header.index, link_facts(link))),
            RouteNetlinkMessage::DelLink(link) => Some(Fact::LinkGone(link.header.index)),
            RouteNetlinkMessage::NewAddress(address) => {
                Some(Fact::Address(address.header.index, local_address(address)?))
            }
            RouteNetlinkMessage::DelAddress(address) => {
                Some(Fact::AddressGone(address.header.index, local_address(address)?))
            }
            RouteNetlinkMessage::NewNeighbour(neighbour) => {
                let (address, facts) = neighbour_facts(neighbour)?;
                Some(Fact::Neighbour(neighbour.header.ifindex, address, facts))
            }
            RouteNetlinkMessage::DelNeighbour(neighbour) => {
                let (address, _) = neighbour_facts(neighbour)?;
                Some(Fact::NeighbourGone(neighbour.header.ifindex, address))
            }
            RouteNetlinkMessage::NewRoute(_)
            | RouteNetlinkMessage::DelRoute(_)
            | RouteNetlinkMessage::NewRule(_)
            | RouteNetlinkMessage::DelRule(_) => Some(Fact::Routes),
            _ => None,
        }
    }
}

fn mac_of(bytes: &[u8]) -> Option<Mac> {
    bytes.try_into().ok().map(Mac).filter(|mac| !mac.is_zero())
}

fn link_facts(link: &LinkMessage) -> LinkFacts {
    let flags = link.header.flags;
    let mut facts =
        LinkFacts { up: flags.contains(LinkFlags::Up | LinkFlags::LowerUp), ..LinkFacts::default() };
    let (mut below, mut number) = (None, None);
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::IfName(name) => facts.name.clone_from(name),
            LinkAttribute::Address(bytes) if link.header.link_layer_type == LinkLayerType::Ether => {
                facts.mac = mac_of(bytes);
            }
            LinkAttribute::Link(index) => below = Some(*index),
            LinkAttribute::Controller(index) => facts.controller = Some(*index).filter(|index| *index != 0),
            LinkAttribute::LinkInfo(infos) => {
                for info in infos {
                    match info {
                        LinkInfo::Kind(InfoKind::Bond) => facts.is_bond = true,
                        LinkInfo::PortData(InfoPortData::BondPort(port)) => {
                            facts.standby =
                                port.contains(&InfoBondPort::BondPortState(BondPortState::Backup));
                        }
                        LinkInfo::Data(InfoData::Vlan(vlan)) => {
                            number = vlan.iter().find_map(|info| match info {
                                InfoVlan::Id(number) => Some(*number),
                                _ => None,
                            });
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    // A veth names its other end "below" too; only with a VLAN number does it mean what we think.
    facts.vlan = number.zip(below);
    facts
}

fn local_address(message: &AddressMessage) -> Option<IpAddr> {
    let local = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Local(address) => Some(*address),
        _ => None,
    });
    // IPv6 has only the other attribute; on a point-to-point link of IPv4 that one is the peer's.
    local.or_else(|| {
        message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Address(address) => Some(*address),
            _ => None,
        })
    })
}

fn neighbour_facts(message: &NeighbourMessage) -> Option<(IpAddr, NeighbourFacts)> {
    let mut address = None;
    let mut mac = None;
    for attribute in &message.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(v4)) => address = Some(IpAddr::V4(*v4)),
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(v6)) => address = Some(IpAddr::V6(*v6)),
            NeighbourAttribute::LinkLayerAddress(bytes) => mac = mac_of(bytes),
            _ => {}
        }
    }
    let state = message.header.state;
    let usable = matches!(
        state,
        NeighbourState::Reachable
            | NeighbourState::Stale
            | NeighbourState::Delay
            | NeighbourState::Probe
            | NeighbourState::Permanent
            | NeighbourState::Noarp
    );
    let facts = NeighbourFacts { mac: mac.filter(|_| usable), stale: state == NeighbourState::Stale };
    Some((address?, facts))
}
