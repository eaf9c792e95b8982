//! Logical interfaces: names, addresses, ports, paths.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Builder;
use super::appliance::{forward, share};
use super::kernel::HIGHEST_TABLE;
use crate::config::checked::{Interface, Interfaces, LocalAddress, Mode, PortRange, PortRangeError, Ports};
use crate::config::nearest::nearest;
use crate::config::raw;

impl Builder<'_> {
    pub(super) fn interfaces(&mut self, raw: &raw::Config) -> Option<Interfaces> {
        if raw.interface.is_empty() {
            self.wrong(
                "interface",
                "no interface: there is no address to take media on",
                "add [[interface]] with address = \"any\", or --interface=any",
            );
        }
        let default_ports = self.range("media.ports", &raw.media.ports);
        let mut list: Vec<Interface> = Vec::new();
        for (index, block) in raw.interface.iter().enumerate() {
            let path = format!("interface[{index}]");
            let addresses = self.block(&path, block, raw, default_ports);
            let Some(addresses) = addresses else { continue };
            match list.iter_mut().find(|known| known.name == block.name) {
                Some(known) => known.addresses.extend(addresses),
                None => list.push(Interface {
                    name: block.name.clone(),
                    group: block.name.split_once(':').map(|(base, _)| base.to_owned()),
                    addresses,
                }),
            }
        }
        self.overlaps(&raw.interface, &list);
        self.devices(&raw.interface, &list);
        self.aliases(&raw.aliases, &raw.interface);
        Interfaces::new(list, raw.aliases.clone())
    }

    fn block(
        &mut self,
        path: &str,
        block: &raw::Interface,
        raw: &raw::Config,
        default_ports: Option<PortRange>,
    ) -> Option<Vec<LocalAddress>> {
        self.name(path, &block.name);
        if block.address.0.is_empty() {
            self.wrong(path, format!("interface `{}` has no address", block.name), "add address = \"...\"");
        }
        if block.advertise.0.len() > block.address.0.len() {
            self.wrong(
                &format!("{path}.advertise"),
                "there are more advertised addresses than addresses",
                "the lists are matched by position",
            );
        }
        let range = match &block.ports {
            Some(text) => self.range(&format!("{path}.ports"), text),
            None => default_ports,
        };
        let ports = range.and_then(|range| self.ports(path, range, &block.exclude_ports));
        let mode = match block.mode {
            Some(raw::Mode::Appliance) => Mode::Appliance,
            Some(raw::Mode::Kernel) => Mode::Kernel,
            Some(raw::Mode::Userspace) => Mode::Userspace,
            None if raw.kernel.table.is_some() => Mode::Kernel,
            None => Mode::Userspace,
        };
        let table = block.table.or(raw.kernel.table).filter(|_| mode == Mode::Kernel);
        self.path_settings(path, block, mode, table);
        let queues = self.queues(path, &block.queues);
        let mut addresses = Vec::new();
        for (index, text) in block.address.0.iter().enumerate() {
            let at = format!("{path}.address[{index}]");
            let bound = self.addresses(&at, text);
            let advertised = match block.advertise.0.get(index) {
                Some(text) => self.advertised(&format!("{path}.advertise[{index}]"), text),
                None => None,
            };
            if let Some(advertised) = advertised
                && !bound.is_empty()
                && !bound.iter().any(|addr| addr.is_ipv4() == advertised.is_ipv4())
            {
                self.wrong(
                    &format!("{path}.advertise[{index}]"),
                    format!("{advertised} is of another family than {text}"),
                    "advertise IPv4 for IPv4 and IPv6 for IPv6",
                );
            }
            for addr in bound {
                let advertised = advertised.filter(|advertised| advertised.is_ipv4() == addr.is_ipv4());
                addresses.push(LocalAddress {
                    addr,
                    advertised: advertised.unwrap_or(addr),
                    ports: ports.clone()?,
                    mode,
                    device: block.device.clone().or_else(|| match mode {
                        Mode::Appliance => self.host.device_of(addr).map(str::to_owned),
                        Mode::Kernel | Mode::Userspace => None,
                    }),
                    queues,
                    forward: forward(block.forward),
                    share: share(block.share),
                    cores: self.cores(&format!("{path}.cores"), &block.cores),
                    table,
                });
            }
        }
        (!addresses.is_empty()).then_some(addresses)
    }

    fn name(&mut self, path: &str, name: &str) {
        let path = format!("{path}.name");
        if name.is_empty() {
            self.wrong(&path, "the name of the interface is empty", "leave `name` out for `default`");
        } else if name.contains(|c: char| c.is_whitespace() || c.is_control() || "/!=,;".contains(c)) {
            self.wrong(
                &path,
                format!("`{name}` cannot be used in a request"),
                "names have no blanks and none of / ! = , ;",
            );
        }
    }

    fn range(&mut self, path: &str, text: &str) -> Option<PortRange> {
        match text.parse::<PortRange>() {
            Ok(range) => {
                if range.low() % 2 == 1 || range.high() % 2 == 0 {
                    let even = range.low() - range.low() % 2 + if range.low() % 2 == 1 { 2 } else { 0 };
                    self.warn(
                        path,
                        format!(
                            "the range {range} starts odd or ends even: ports at its ends have no partner"
                        ),
                        format!("start at an even port ({even}) and end at an odd one"),
                    );
                }
                Some(range)
            }
            Err(wrong) => {
                let hint = match wrong {
                    PortRangeError::Backwards(low, high) => format!("write {high}-{low}"),
                    PortRangeError::Zero => "start at 1 or above, 1024 for an ordinary user".to_owned(),
                    _ => "write LOW-HIGH, for example 30000-39999".to_owned(),
                };
                self.wrong(path, wrong.to_string(), hint);
                None
            }
        }
    }

    fn ports(&mut self, path: &str, range: PortRange, excluded: &raw::Numbers) -> Option<Ports> {
        let path = format!("{path}.exclude-ports");
        let mut ports = Vec::new();
        for number in &excluded.0 {
            match u16::try_from(*number) {
                Ok(port) => ports.push(port),
                Err(_) => self.wrong(&path, format!("{number} is not a port"), "ports go up to 65535"),
            }
        }
        let ports = Ports::new(range, &ports);
        if ports.pairs().next().is_none() {
            self.wrong(&path, format!("no pair of ports is left in {range}"), "exclude fewer ports");
            return None;
        }
        Some(ports)
    }

    fn path_settings(&mut self, path: &str, block: &raw::Interface, mode: Mode, table: Option<u8>) {
        if block.table.is_some_and(|table| table > HIGHEST_TABLE) {
            self.wrong(
                &format!("{path}.table"),
                "the module has no such table",
                format!("0 to {HIGHEST_TABLE}"),
            );
        }
        if mode == Mode::Kernel && table.is_none() {
            self.wrong(
                &format!("{path}.mode"),
                format!("interface `{}` is in mode kernel but has no table", block.name),
                "set `table` here or kernel.table",
            );
        }
        let given = block.mode.is_some();
        for (key, set, of) in [
            ("table", block.table.is_some(), Mode::Kernel),
            ("device", block.device.is_some(), Mode::Appliance),
            ("queues", !block.queues.0.is_empty(), Mode::Appliance),
            ("forward", block.forward != raw::Forward::Auto, Mode::Appliance),
            ("share", block.share != raw::Share::All, Mode::Appliance),
        ] {
            if set && mode != of {
                self.warn(
                    &format!("{path}.{key}"),
                    format!("`{key}` has no effect in mode {}", mode.name()),
                    format!("it belongs to mode {}", of.name()),
                );
            }
        }
        if given && mode == Mode::Appliance && !cfg!(feature = "appliance") {
            self.warn(
                &format!("{path}.mode"),
                format!("mode {} is not available in this build", mode.name()),
                "media of this interface goes through userspace",
            );
        }
        self.device_is_there(path, block.device.as_ref());
    }

    /// What an `address` stands for.
    fn addresses(&mut self, path: &str, text: &str) -> Vec<IpAddr> {
        let text = text.trim();
        if let Ok(addr) = text.parse::<IpAddr>() {
            if addr.is_unspecified() || addr.is_multicast() {
                self.wrong(
                    path,
                    format!("{addr} is not an address to bind media to"),
                    "name an address of the host, or write `any` for all of them",
                );
                return Vec::new();
            }
            if !self.host.has(addr) {
                self.warn(
                    path,
                    format!("{addr} is not an address of this host"),
                    "media ports cannot be opened on it until it is",
                );
            }
            return vec![addr];
        }
        if text == "any" {
            let found = self.host.any();
            if found.is_empty() {
                self.wrong(path, "`any` finds no address on this host", "name an address");
            }
            return found;
        }
        if let Some(found) = self.host.device(text) {
            if found.is_empty() {
                self.wrong(path, format!("the network device `{text}` has no address"), "name an address");
            }
            return found;
        }
        match (self.host.resolve)(text) {
            Ok(found) if !found.is_empty() => found,
            Ok(_) => {
                self.wrong(path, format!("the host name `{text}` has no address"), "name an address");
                Vec::new()
            }
            Err(wrong) => {
                let near = nearest(text, self.host.devices()).unwrap_or_default().to_owned();
                self.wrong(
                    path,
                    format!("`{text}` is no address, no network device and no host name: {wrong}"),
                    format!("the nearest device is `{near}`"),
                );
                Vec::new()
            }
        }
    }

    fn advertised(&mut self, path: &str, text: &str) -> Option<IpAddr> {
        let text = text.trim();
        if let Ok(addr) = text.parse::<IpAddr>() {
            return Some(addr);
        }
        match (self.host.resolve)(text) {
            Ok(found) if !found.is_empty() => found.first().copied(),
            _ => {
                self.wrong(
                    path,
                    format!("`{text}` is neither an address nor a host name that resolves"),
                    "write the address that peers shall send to",
                );
                None
            }
        }
    }

    /// Every address against all before it: two ways to own the same port cannot be.
    fn overlaps(&mut self, blocks: &[raw::Interface], list: &[Interface]) {
        let all: Vec<(&Interface, &LocalAddress)> = list
            .iter()
            .flat_map(|interface| interface.addresses.iter().map(move |local| (interface, local)))
            .collect();
        for (index, (interface, local)) in all.iter().enumerate() {
            let block = blocks.iter().rposition(|block| block.name == interface.name).unwrap_or_default();
            let path = format!("interface[{block}]");
            let clash = all[..index]
                .iter()
                .filter(|(_, other)| {
                    other.addr == local.addr && other.ports.range().overlaps(local.ports.range())
                })
                .find_map(|(before, other)| {
                    if (local.mode, &local.device, local.table) != (other.mode, &other.device, other.table) {
                        Some((
                            format!(
                                "`{}` and `{}` share ports of {} but not the way media is forwarded",
                                before.name, interface.name, local.addr
                            ),
                            "give them separate port ranges, or the same mode, device and table",
                        ))
                    } else if before.name == interface.name {
                        Some((
                            format!("interface `{}` has the address {} twice", interface.name, local.addr),
                            "remove one of the two, or give them separate port ranges",
                        ))
                    } else {
                        None
                    }
                });
            if let Some((message, hint)) = clash {
                self.wrong(&path, message, hint);
            }
        }
    }

    fn aliases(&mut self, aliases: &BTreeMap<String, String>, blocks: &[raw::Interface]) {
        let base = |name: &str| name.split_once(':').map(|(base, _)| base.to_owned());
        for (alias, name) in aliases {
            let path = format!("aliases.{alias}");
            let known = |name: &str| {
                blocks.iter().any(|block| block.name == name || base(&block.name).as_deref() == Some(name))
            };
            if known(alias) {
                self.wrong(&path, format!("`{alias}` is the name of an interface"), "choose another alias");
            }
            if !known(name) {
                let near = nearest(name, blocks.iter().map(|block| block.name.as_str())).unwrap_or_default();
                self.wrong(&path, format!("unknown interface `{name}`"), format!("did you mean `{near}`?"));
            }
        }
    }
}
