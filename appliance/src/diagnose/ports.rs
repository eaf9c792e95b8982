//! Media ports that others have, or may get.

use super::subject::list;
use super::{Code, Finding, State, Subject, System};
use crate::config::checked::PortRange;
use crate::placement::{BoundSocket, bound_sockets};
use std::collections::{BTreeMap, BTreeSet};

/// Processes that are named; more make no better sentence.
const NAMED: usize = 5;

/// Whether the system hands out media ports to whoever binds port 0.
pub(super) fn local_ports(subject: &Subject<'_>, system: &System) -> Finding {
    let code = Code::LocalPorts;
    let text = system.line("proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut bounds = text.split_whitespace().filter_map(|bound| bound.parse::<u16>().ok());
    let (Some(low), Some(high)) = (bounds.next(), bounds.next()) else {
        return Finding::skip(code, "net.ipv4.ip_local_port_range cannot be read here");
    };
    let reserved = system.line("proc/sys/net/ipv4/ip_local_reserved_ports").unwrap_or_default();
    let held = ranges(&reserved);
    let ours: BTreeSet<(u16, u16)> = subject
        .config
        .interfaces
        .addresses()
        .map(|(_, local)| local.ports.range())
        .map(|range: PortRange| (range.low(), range.high()))
        .collect();
    let given_out = |port: u16| {
        (low..=high).contains(&port) && !held.iter().any(|(from, to)| (*from..=*to).contains(&port))
    };
    let exposed: Vec<String> = ours
        .iter()
        .filter(|(from, to)| (*from..=*to).any(given_out))
        .map(|(from, to)| format!("{from}-{to}"))
        .collect();
    if exposed.is_empty() {
        return Finding::ok(code, format!("the system hands out {low}-{high} to others, without our ranges"));
    }
    let mut all: Vec<String> =
        reserved.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    all.extend(exposed.iter().cloned());
    Finding::bad(
        code,
        State::Warn,
        format!("the system may hand out ports of {} to other programs", list(&exposed)),
        format!("sysctl -w net.ipv4.ip_local_reserved_ports={}", all.join(",")),
    )
}

/// `8080,30000-39999` as ranges.
fn ranges(text: &str) -> Vec<(u16, u16)> {
    let number = |text: &str| text.trim().parse::<u16>().ok();
    text.split(',')
        .filter_map(|part| match part.split_once('-') {
            Some((low, high)) => Some((number(low)?, number(high)?)),
            None => number(part).map(|one| (one, one)),
        })
        .collect()
}

/// Ports of our ranges on our addresses that somebody has.
pub(super) fn foreign_sockets(subject: &Subject<'_>, system: &System) -> Finding {
    let code = Code::ForeignSockets;
    let tables: Vec<String> =
        ["proc/net/udp", "proc/net/udp6"].iter().filter_map(|file| system.read(file)).collect();
    if tables.is_empty() {
        return Finding::skip(code, "the list of UDP sockets cannot be read here");
    }
    let wanted = |socket: &BoundSocket| {
        subject.config.interfaces.addresses().any(|(_, local)| {
            let range = local.ports.range();
            (socket.addr == local.addr || socket.addr.is_unspecified())
                && range.contains(socket.port)
                && local.ports.pairs().any(|pair| pair == socket.port & !1)
        })
    };
    let taken: BTreeMap<u64, BoundSocket> = tables
        .iter()
        .flat_map(|text| bound_sockets(text))
        .filter(wanted)
        .map(|socket| (socket.inode, socket))
        .collect();
    if taken.is_empty() {
        return Finding::ok(code, "no media port is taken");
    }
    let owners = owners(system, &taken);
    let foreign: Vec<&BoundSocket> = taken
        .values()
        .filter(|socket| owners.get(&socket.inode).is_none_or(|owner| owner != "rtpengine"))
        .collect();
    if foreign.is_empty() {
        return Finding::ok(code, format!("{} media ports are open, all of them rtpengine's", taken.len()));
    }
    let named: Vec<String> = foreign
        .iter()
        .take(NAMED)
        .map(|socket| {
            let owner = owners.get(&socket.inode).map_or("unknown", String::as_str);
            format!("{}:{} ({owner})", socket.addr, socket.port)
        })
        .collect();
    let more = if foreign.len() > NAMED { " …" } else { "" };
    Finding::bad(
        code,
        State::Warn,
        format!("{} media ports are taken by others: {}{more}", foreign.len(), list(&named)),
        "stop what has them (`ss -lunp`), or leave them out with exclude-ports",
    )
}

/// The programs that have these sockets open, as far as this process may see.
fn owners(system: &System, sockets: &BTreeMap<u64, BoundSocket>) -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    for process in
        system.names("proc").into_iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
    {
        let folder = format!("proc/{process}/fd");
        for descriptor in system.names(&folder) {
            let Ok(target) = std::fs::read_link(system.path(&format!("{folder}/{descriptor}"))) else {
                continue;
            };
            let target = target.to_string_lossy();
            let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            if let Some(inode) = inode.and_then(|text| text.parse().ok())
                && sockets.contains_key(&inode)
                && let Some(name) = system.line(&format!("proc/{process}/comm"))
            {
                found.insert(inode, name);
            }
        }
        if found.len() == sockets.len() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests;
