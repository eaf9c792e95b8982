//! From the devices that the configuration names to the NICs that frames really come from: the members of a bond, the
//! device below a VLAN.

use super::Error;
use crate::config::checked::{Config, Forward, Mode, Share};
use afxdp::hops::LinkFacts;
use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use wire::Mac;

/// A NIC as the configuration wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) ifindex: u32,
    pub(super) mac: Option<Mac>,
    /// Queues asked for.
    pub(super) queues: Option<u32>,
    pub(super) share: Share,
    pub(super) addresses: Vec<(IpAddr, Forward)>,
    /// Media ports by address, without overlap.
    pub(super) media: Vec<(IpAddr, RangeInclusive<u16>)>,
}

/// The NICs of all addresses in mode appliance, each once. `links` are the links of this network namespace by index.
pub(super) fn wanted(config: &Config, links: &HashMap<u32, LinkFacts>) -> Result<Vec<Wanted>, Error> {
    let mut nics: Vec<Wanted> = Vec::new();
    for (_, local) in config.interfaces.addresses().filter(|(_, local)| local.mode == Mode::Appliance) {
        let Some(device) = &local.device else { continue };
        let range = local.ports.range();
        for (ifindex, link) in nics_of(device, links)? {
            let media = (local.addr, range.low()..=range.high());
            match nics.iter_mut().find(|nic| nic.ifindex == ifindex) {
                Some(known) => {
                    if (known.queues, known.share) != (local.queues, local.share) {
                        return Err(Error::Disagree { device: link.name.clone() });
                    }
                    if !known.addresses.iter().any(|(addr, _)| *addr == local.addr) {
                        known.addresses.push((local.addr, local.forward));
                    }
                    known.media.push(media);
                }
                None => nics.push(Wanted {
                    name: link.name.clone(),
                    ifindex,
                    mac: link.mac,
                    queues: local.queues,
                    share: local.share,
                    addresses: vec![(local.addr, local.forward)],
                    media: vec![media],
                }),
            }
        }
    }
    for nic in &mut nics {
        merge(&mut nic.media);
    }
    Ok(nics)
}

/// The NICs that frames of a device come from, by index.
fn nics_of<'a>(device: &str, links: &'a HashMap<u32, LinkFacts>) -> Result<Vec<(u32, &'a LinkFacts)>, Error> {
    let missing = || Error::NoDevice(device.to_owned());
    let (mut ifindex, mut link) = links
        .iter()
        .find(|(_, link)| link.name == device)
        .map(|(index, link)| (*index, link))
        .ok_or_else(missing)?;
    if let Some((_, below)) = link.vlan {
        (ifindex, link) = (below, links.get(&below).ok_or_else(missing)?);
        // One tag is all that the program reads and writes.
        if link.vlan.is_some() {
            return Err(Error::TwoTags(device.to_owned()));
        }
    }
    if link.mac.is_none() {
        return Err(Error::NotEthernet(link.name.clone()));
    }
    if !link.is_bond {
        return Ok(vec![(ifindex, link)]);
    }
    let mut members: Vec<(u32, &LinkFacts)> = links
        .iter()
        .filter(|(_, member)| member.controller == Some(ifindex))
        .map(|(index, member)| (*index, member))
        .collect();
    members.sort_unstable_by_key(|(index, _)| *index);
    if members.is_empty() { Err(Error::NoMembers(link.name.clone())) } else { Ok(members) }
}

/// Joins ranges of one address that touch, so that no port has two receive rules.
fn merge(media: &mut Vec<(IpAddr, RangeInclusive<u16>)>) {
    media.sort_by_key(|(addr, ports)| (*addr, *ports.start()));
    let mut merged: Vec<(IpAddr, RangeInclusive<u16>)> = Vec::with_capacity(media.len());
    for (addr, ports) in media.drain(..) {
        match merged.last_mut() {
            Some((last, before))
                if *last == addr && u32::from(*ports.start()) <= u32::from(*before.end()) + 1 =>
            {
                *before = *before.start()..=(*before.end()).max(*ports.end());
            }
            _ => merged.push((addr, ports)),
        }
    }
    *media = merged;
}

#[cfg(test)]
pub(super) mod tests;
