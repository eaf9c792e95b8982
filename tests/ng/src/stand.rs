//! A namespace with a daemon in it, as the scripts expect it.

use lab::{Daemon, Namespace, Result};
use std::path::Path;

/// Arguments every daemon gets. A script's own arguments replace those of the same name.
const ARGUMENTS: &[&str] = &[
    "--interface=ext/198.51.100.1",
    "--interface=int/203.0.113.1",
    "--interface=nat/203.0.113.2!192.0.2.77",
    "--interface=ext/2001:db8:4321::1",
    "--interface=int/2001:db8:8765::1",
    "--port-min=30000",
    "--port-max=39999",
    "--num-threads=2",
    "--listen-tcp-ng=127.0.0.1:2223",
];
/// Networks all of whose addresses are local, so that clients may have any of them.
const NETWORKS: &[&str] =
    &["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8:4321::/64", "2001:db8:8765::/64"];

/// A running daemon and the namespace it runs in. Both end with it.
#[derive(Debug)]
pub struct Stand {
    pub(crate) daemon: Daemon,
    pub(crate) namespace: Namespace,
}

impl Stand {
    /// Starts a daemon: `binary`, or the one under test. `extra` are a script's own arguments.
    ///
    /// # Errors
    /// No root, or the daemon does not start.
    pub fn start(binary: Option<&Path>, extra: &[String]) -> Result<Stand> {
        let namespace = Namespace::new("ng")?;
        namespace.set("ipv6/ip_nonlocal_bind", "1")?;
        for network in NETWORKS {
            let family = if network.contains(':') { "-6" } else { "-4" };
            namespace.ip(&[family, "route", "replace", "local", network, "dev", "lo"])?;
        }
        let mut spec = Daemon::within(&namespace);
        if let Some(binary) = binary {
            spec = spec.binary(binary);
        }
        for argument in ARGUMENTS.iter().filter(|argument| !replaced(argument, extra)) {
            spec = spec.arg(*argument);
        }
        for argument in extra {
            spec = spec.arg(argument);
        }
        Ok(Stand { daemon: spec.start()?, namespace })
    }

    /// The end of the daemon's log if it has ended.
    pub fn ended(&mut self) -> Option<String> {
        match self.daemon.process().try_status() {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("{status}\n{}", self.daemon.process().log_end(30))),
            Err(error) => Some(error.to_string()),
        }
    }
}

/// Whether `extra` has an argument of the same name.
fn replaced(argument: &str, extra: &[String]) -> bool {
    let name = |argument: &str| argument.split('=').next().map(str::to_owned);
    extra.iter().any(|other| name(other) == name(argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripts_arguments_replace_ours() {
        let extra = ["--interface=198.51.100.1".to_owned(), "--max-sessions=1".to_owned()];
        assert!(replaced("--interface=ext/198.51.100.1", &extra));
        assert!(!replaced("--port-min=30000", &extra));
    }
}
