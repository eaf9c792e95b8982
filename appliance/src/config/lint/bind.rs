//! Tries the addresses of a configuration: every listener, and a few ports of every media range.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use crate::config::checked::{Config, Ports};
use crate::config::finding::{Finding, Place};
use crate::config::host::Host;

pub(super) fn test(config: &Config, host: &Host) -> Vec<Finding> {
    let mut findings = Vec::new();
    let control = &config.control;
    for (what, kind, listeners) in [
        ("control.listen-ng", Type::DGRAM, &control.ng_udp),
        ("control.listen-tcp-ng", Type::STREAM, &control.ng_tcp),
        ("control.listen-http", Type::STREAM, &control.http),
        ("control.listen-https", Type::STREAM, &control.https),
        ("control.listen-cli", Type::STREAM, &control.cli),
    ] {
        for at in listeners {
            if let Err(wrong) = bind(*at, kind) {
                findings.push(finding(what, *at, &wrong));
            }
        }
    }
    let mut tried: Vec<SocketAddr> = Vec::new();
    for (interface, local) in config.interfaces.addresses() {
        // an address that is not there has been told about already
        if !host.has(local.addr) {
            continue;
        }
        for port in samples(&local.ports) {
            let at = SocketAddr::new(local.addr, port);
            if tried.contains(&at) {
                continue;
            }
            tried.push(at);
            if let Err(wrong) = bind(at, Type::DGRAM) {
                findings.push(finding(&format!("interface `{}`", interface.name), at, &wrong));
            }
        }
    }
    findings
}

/// Both ends and the middle of a range.
fn samples(ports: &Ports) -> Vec<u16> {
    let pairs: Vec<u16> = ports.pairs().collect();
    let mut picked: Vec<u16> =
        [pairs.first(), pairs.get(pairs.len() / 2), pairs.last()].into_iter().flatten().copied().collect();
    picked.dedup();
    picked
}

fn bind(at: SocketAddr, kind: Type) -> io::Result<()> {
    let protocol = if kind == Type::DGRAM { Protocol::UDP } else { Protocol::TCP };
    let socket = match Socket::new(Domain::for_address(at), kind, Some(protocol)) {
        // a host without IPv6 listens on IPv4 alone
        Err(wrong) if wrong.raw_os_error() == Some(libc::EAFNOSUPPORT) && unspecified_v6(at) => return Ok(()),
        made => made?,
    };
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        // as the daemon does, so that a connection of the past is no obstacle
        socket.set_reuse_address(true)?;
    }
    socket.bind(&at.into())
}

fn unspecified_v6(at: SocketAddr) -> bool {
    matches!(at.ip(), IpAddr::V6(addr) if addr.is_unspecified())
}

fn finding(what: &str, at: SocketAddr, wrong: &io::Error) -> Finding {
    let message = format!("{what}: {at} cannot be bound: {wrong}");
    match wrong.kind() {
        ErrorKind::AddrInUse => Finding::warning(Place::Nowhere, message)
            .hint("another process has it; if that is the running rtpengine, all is well: see `ss -lunpt`"),
        ErrorKind::AddrNotAvailable => Finding::error(Place::Nowhere, message)
            .hint("the host does not have this address: see `ip address`"),
        ErrorKind::PermissionDenied => Finding::error(Place::Nowhere, message)
            .hint("ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher port or grant it"),
        _ => Finding::error(Place::Nowhere, message),
    }
}
