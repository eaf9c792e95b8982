//! The row of [`Topology`] over NICs instead of veth pairs.

use crate::{LabError, Leg, Namespace, Result, Topology};
use std::process::Command;

impl Topology {
    /// The row over four NICs of this namespace, two joined pairs: caller's wire at the relay, its far end, callee's wire at the
    /// relay, its far end. They have one queue each, where that can be chosen, and leave no checksum to be computed later.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn on_nics([left, caller, right, callee]: [&str; 4]) -> Result<Topology> {
        let net = Topology::new()?;
        rewire(&net, &net.caller, left, caller)?;
        rewire(&net, &net.callee, right, callee)?;
        Ok(net)
    }
}

fn rewire(net: &Topology, leg: &Leg, ours: &str, theirs: &str) -> Result<()> {
    net.relay.ip(&["link", "del", leg.interface])?;
    let addresses = |v4: std::net::Ipv4Addr, v6: std::net::Ipv6Addr| [format!("{v4}/24"), format!("{v6}/64")];
    replace(ours, &net.relay, leg.interface, addresses(leg.relay_v4, leg.relay_v6))?;
    replace(theirs, &leg.ns, "eth0", addresses(leg.peer_v4, leg.peer_v6))
}

/// Puts a NIC of this namespace in the place of one end of a wire.
fn replace(nic: &str, namespace: &Namespace, device: &str, [v4, v6]: [String; 2]) -> Result<()> {
    // One queue: there is one packet thread. A NIC that has but one need not be told.
    let _ = here(&["ethtool", "-L", nic, "combined", "1"]);
    here(&["ip", "link", "set", nic, "netns", namespace.name(), "name", device])?;
    namespace.run(&["ethtool", "-K", device, "tx", "off"])?;
    namespace.ip(&["addr", "add", &v4, "dev", device])?;
    namespace.ip(&["addr", "add", &v6, "dev", device, "nodad"])?;
    namespace.ip(&["link", "set", device, "up"])?;
    Ok(())
}

fn here(command: &[&str]) -> Result<()> {
    let out = Command::new(command[0]).args(&command[1..]).output();
    let out = out.map_err(LabError::io(command.join(" ")))?;
    if out.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&out.stderr).trim().to_owned();
    Err(LabError::Command { command: command.join(" "), stderr })
}
