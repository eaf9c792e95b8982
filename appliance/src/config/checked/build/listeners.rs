//! Control listeners: from text to socket addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Builder;
use crate::config::checked::{Control, PathMtu};
use crate::config::raw;

impl Builder<'_> {
    pub(super) fn control(&mut self, raw: &raw::Control) -> Control {
        let ng_udp = self.listeners("control.listen-ng", &raw.listen_ng);
        let ng_tcp = self.listeners("control.listen-tcp-ng", &raw.listen_tcp_ng);
        let cli = self.listeners("control.listen-cli", &raw.listen_cli);
        let http = self.listeners("control.listen-http", &raw.listen_http);
        let https = self.listeners("control.listen-https", &raw.listen_https);
        let none = [&raw.listen_ng, &raw.listen_tcp_ng, &raw.listen_http, &raw.listen_https];
        if none.iter().all(|listeners| listeners.is_empty()) {
            self.wrong(
                "control",
                "nothing to listen on: no signalling server could reach the daemon",
                "set listen-ng, for example listen-ng = [\"127.0.0.1:2223\"] or --listen-ng=127.0.0.1:2223",
            );
        }
        for shared in ng_tcp.iter().filter(|at| cli.contains(at)) {
            self.wrong(
                "control.listen-cli",
                format!("{shared} is a listener for ng over TCP already"),
                "give the command line interface a port of its own",
            );
        }
        for shared in http.iter().filter(|at| ng_tcp.contains(at) || cli.contains(at)) {
            self.wrong(
                "control.listen-http",
                format!("{shared} is a listener for something else already"),
                "give HTTP a port of its own",
            );
        }
        for shared in https.iter().filter(|at| ng_tcp.contains(at) || cli.contains(at) || http.contains(at)) {
            self.wrong(
                "control.listen-https",
                format!("{shared} is a listener for something else already"),
                "give HTTPS a port of its own",
            );
        }
        let path_mtu = match raw.path_mtu.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None => None,
            Some("want") => Some(PathMtu::Want),
            Some("dont") => Some(PathMtu::Dont),
            Some(other) => {
                self.wrong(
                    "control.path-mtu",
                    format!("`{other}` is no way to find a path MTU"),
                    "want or dont",
                );
                None
            }
        };
        let software_id = match &raw.software_id {
            Some(text) => printable(text),
            None => format!("rtpengine-{}", env!("CARGO_PKG_VERSION")),
        };
        let proc_view = raw.proc_view.as_deref().filter(|path| !path.is_empty()).map(Into::into);
        Control { ng_udp, ng_tcp, cli, http, https, tos: raw.tos, path_mtu, proc_view, software_id }
    }

    fn listeners(&mut self, path: &str, texts: &[String]) -> Vec<SocketAddr> {
        let mut found: Vec<SocketAddr> = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match self.listener(text) {
                Ok(several) => {
                    for at in several {
                        if found.contains(&at) {
                            self.wrong(&path, format!("{at} is listed twice"), "remove one of the two");
                        } else {
                            found.push(at);
                        }
                    }
                }
                Err(message) => {
                    self.wrong(&path, message, "write ADDRESS:PORT, [IPV6]:PORT, NAME:PORT, *:PORT or PORT");
                }
            }
        }
        found
    }

    pub(super) fn listener(&self, text: &str) -> Result<Vec<SocketAddr>, String> {
        let text = text.trim();
        if let Ok(at) = text.parse::<SocketAddr>() {
            return if at.port() == 0 { Err(format!("`{text}` has port 0")) } else { Ok(vec![at]) };
        }
        let (host, port) = text.rsplit_once(':').unwrap_or(("*", text));
        let port = match port.parse::<u16>() {
            Ok(0) => return Err(format!("`{text}` has port 0")),
            Ok(port) => port,
            Err(_) => return Err(format!("`{text}` has no port")),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match host {
            "" | "*" => {
                let all = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
                Ok(all.iter().map(|addr| SocketAddr::new(*addr, port)).collect())
            }
            host if host.contains(':') => match host.parse::<Ipv6Addr>() {
                Ok(addr) => Ok(vec![SocketAddr::new(addr.into(), port)]),
                Err(_) => Err(format!("`{text}` is not an address with a port")),
            },
            name => {
                let found = (self.host.resolve)(name)
                    .map_err(|wrong| format!("`{text}`: the name {name} does not resolve: {wrong}"))?;
                // one socket per name, IPv4 where there is a choice: clients are told one address
                let first = found.iter().find(|addr| addr.is_ipv4()).or_else(|| found.first());
                match first {
                    Some(addr) => Ok(vec![SocketAddr::new(*addr, port)]),
                    None => Err(format!("`{text}`: the name {name} has no address")),
                }
            }
        }
    }
}

/// A name that fits into an SDP line: printable ASCII without blanks.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { '-' }).collect()
}
