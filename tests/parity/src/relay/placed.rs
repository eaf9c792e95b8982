//! What is asked of the daemon before it starts.

use lab::{Leg, Topology};

/// Who carries stable flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// The daemon's own sockets.
    Userspace,
    /// A packet thread, from and to NIC queues.
    Worker,
    /// The XDP program.
    Driver,
    /// The kernel module.
    Kernel,
}

impl Placement {
    /// The path that `query` names for a flow that is where it should be.
    pub fn path(self) -> &'static str {
        match self {
            Placement::Userspace => "userspace",
            Placement::Worker => "af-xdp",
            Placement::Driver => "driver",
            Placement::Kernel => "kernel",
        }
    }

    /// The interfaces' part of the daemon's configuration.
    pub fn interfaces(self, net: &Topology) -> String {
        let mode = match self {
            Placement::Userspace => "mode = \"userspace\"",
            Placement::Worker => "mode = \"appliance\"\nforward = \"worker\"",
            Placement::Driver => "mode = \"appliance\"\nforward = \"driver\"",
            Placement::Kernel => "mode = \"kernel\"\ntable = 41",
        };
        let block = |leg: &Leg| {
            let (name, v4, v6) = (leg.interface, leg.relay_v4, leg.relay_v6);
            format!("[[interface]]\nname = \"{name}\"\naddress = [\"{v4}\", \"{v6}\"]\n{mode}\n")
        };
        // Only a placement in the kernel looks at this.
        let rules = "[kernel]\nfallback = false\nnftables-chain = \"rtpengine\"\n";
        [block(&net.caller), block(&net.callee), rules.to_owned()].concat()
    }
}

/// How the daemon has its media ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sockets {
    /// A socket for each packet thread.
    Shared,
    /// A socket for each port.
    PerPort,
}

impl Sockets {
    /// As the configuration says it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Sockets::Shared => "shared",
            Sockets::PerPort => "per-port",
        }
    }
}
