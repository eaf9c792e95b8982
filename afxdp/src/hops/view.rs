use super::{Fact, Hop, LinkFacts, NeighbourFacts, NoHop};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use wire::{Link, Tag};

/// What the kernel has told us of links, addresses and neighbours.
#[derive(Clone, Debug, Default)]
pub struct View {
    links: HashMap<u32, LinkFacts>,
    addresses: HashSet<(u32, IpAddr)>,
    neighbours: HashMap<(u32, IpAddr), NeighbourFacts>,
}

/// The kernel's answer to where a destination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The interface that packets leave through.
    pub ifindex: u32,
    /// The router, when the destination is not on the link itself.
    pub gateway: Option<IpAddr>,
}

/// What a fact changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Concern {
    /// Everything that goes through an interface.
    Link(u32),
    /// Everything that goes by a neighbour of an interface.
    Neighbour(u32, IpAddr),
    /// Everything that leaves from an address.
    Address(IpAddr),
    /// Everything, perhaps.
    Routes,
}

/// Where packets go, and on what that depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The next hop, or why there is none.
    pub hop: Result<Hop, NoHop>,
    /// The neighbour that was looked for, if it came to that.
    pub neighbour: Option<(u32, IpAddr)>,
}

impl View {
    /// Takes a fact in. `None` when it says nothing new that matters.
    pub fn apply(&mut self, fact: Fact) -> Option<Concern> {
        match fact {
            Fact::Link(index, facts) => {
                let changed = self.links.get(&index) != Some(&facts);
                self.links.insert(index, facts);
                changed.then_some(Concern::Link(index))
            }
            Fact::LinkGone(index) => {
                self.addresses.retain(|(of, _)| *of != index);
                self.neighbours.retain(|(of, _), _| *of != index);
                self.links.remove(&index).map(|_| Concern::Link(index))
            }
            Fact::Address(index, address) => {
                self.addresses.insert((index, address)).then_some(Concern::Address(address))
            }
            Fact::AddressGone(index, address) => {
                self.addresses.remove(&(index, address)).then_some(Concern::Address(address))
            }
            Fact::Neighbour(index, address, facts) => {
                let before = self.neighbours.insert((index, address), facts);
                let changed = before.and_then(|facts| facts.mac) != facts.mac;
                changed.then_some(Concern::Neighbour(index, address))
            }
            Fact::NeighbourGone(index, address) => self
                .neighbours
                .remove(&(index, address))
                .and_then(|facts| facts.mac)
                .map(|_| Concern::Neighbour(index, address)),
            Fact::Routes => Some(Concern::Routes),
        }
    }

    /// Forgets everything, before it is told anew.
    pub fn clear(&mut self) {
        *self = View::default();
    }

    /// True when the address is on this host.
    pub fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|(_, other)| *other == address)
    }

    /// True when every interface that has the address is down.
    fn is_cut_off(&self, address: IpAddr) -> bool {
        let mut having = self.addresses.iter().filter(|(_, other)| *other == address);
        having.all(|(index, _)| self.links.get(index).is_none_or(|link| !link.up))
    }

    /// The interfaces, by index.
    pub fn links(&self) -> &HashMap<u32, LinkFacts> {
        &self.links
    }

    /// True when the neighbour is known but the kernel has not heard from it for a while.
    pub fn is_stale(&self, neighbour: (u32, IpAddr)) -> bool {
        self.neighbours.get(&neighbour).is_some_and(|facts| facts.stale)
    }

    /// Where packets from `local` to `remote` go when the kernel routes them by `route`.
    pub fn answer(&self, local: IpAddr, remote: IpAddr, route: Option<Route>) -> Answer {
        let none = |why| Answer { hop: Err(why), neighbour: None };
        if !self.has_address(local) {
            return none(NoHop::NoAddress);
        }
        let Some(route) = route else {
            // Routes go with their link; it is the link that somebody has to look at.
            return none(if self.is_cut_off(local) { NoHop::LinkDown } else { NoHop::NoRoute });
        };
        let Some(egress) = self.links.get(&route.ifindex) else { return none(NoHop::LinkDown) };
        let Some(src_mac) = egress.mac else { return none(NoHop::NotEthernet) };
        let (ifindex, tag) = match self.nic_below(route.ifindex) {
            Ok(found) => found,
            Err(why) => return none(why),
        };
        let neighbour = (route.ifindex, route.gateway.unwrap_or(remote));
        let hop = match self.neighbours.get(&neighbour).and_then(|facts| facts.mac) {
            Some(dst_mac) => Ok(Hop { ifindex, link: Link { src_mac, dst_mac, tag } }),
            None => Err(NoHop::NoNeighbour),
        };
        Answer { hop, neighbour: Some(neighbour) }
    }

    /// The interfaces a packet through `ifindex` really depends on: itself, and what is below it.
    pub fn depends_on(&self, ifindex: u32, on: u32) -> bool {
        if ifindex == on {
            return true;
        }
        let Some(link) = self.links.get(&ifindex) else { return false };
        if link.vlan.is_some_and(|(_, below)| below != ifindex && self.depends_on(below, on)) {
            return true;
        }
        link.is_bond && self.links.get(&on).is_some_and(|member| member.controller == Some(ifindex))
    }

    /// The NIC and tag that packets through an interface leave by.
    fn nic_below(&self, ifindex: u32) -> Result<(u32, Option<Tag>), NoHop> {
        let link = self.links.get(&ifindex).filter(|link| link.up).ok_or(NoHop::LinkDown)?;
        let Some((number, below)) = link.vlan else { return Ok((self.member(ifindex, link)?, None)) };
        let lower = self.links.get(&below).filter(|link| link.up).ok_or(NoHop::LinkDown)?;
        // One tag is all that is written.
        if lower.vlan.is_some() {
            return Err(NoHop::NotEthernet);
        }
        Ok((self.member(below, lower)?, Some(Tag::vlan(number))))
    }

    /// For a bond, a member that sends; the same one as long as it does.
    fn member(&self, ifindex: u32, link: &LinkFacts) -> Result<u32, NoHop> {
        if !link.is_bond {
            return Ok(ifindex);
        }
        let sends = |(_, member): &(&u32, &LinkFacts)| {
            member.controller == Some(ifindex) && member.up && !member.standby
        };
        self.links.iter().filter(sends).map(|(index, _)| *index).min().ok_or(NoHop::LinkDown)
    }
}

#[cfg(test)]
mod tests;
