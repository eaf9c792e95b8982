//! The list of things that are looked at: enum, name and order in one place.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// What was looked at. The names are stable: scripts may rely on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// All of them, in the order of the report.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            /// The name in reports and in the documentation.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Code::$name => $code,)+
                }
            }
        }
    };
}

codes! {
    /// Whether the configuration can be used.
    Configuration = "configuration",
    /// Whether this build can do what the configuration asks for.
    Build = "build",
    /// The privileges of this process.
    Capabilities = "capabilities",
    /// How much memory may be locked.
    Memlock = "memlock",
    /// The version of the kernel.
    KernelVersion = "kernel-version",
    /// The translator of BPF programs.
    BpfJit = "bpf-jit",
    /// Whether the kernel takes the XDP program.
    BpfLoad = "bpf-load",
    /// A NIC: driver and link.
    Device = "device",
    /// Whether the driver runs XDP programs itself.
    XdpNative = "xdp-native",
    /// Whether another XDP program is on the NIC.
    XdpOccupied = "xdp-occupied",
    /// Whether the program can be put on the NIC.
    XdpAttach = "xdp-attach",
    /// Whether the NIC can write into our memory.
    ZeroCopy = "zero-copy",
    /// Queues of the NIC for packet threads.
    Queues = "queues",
    /// How media gets to the queues.
    Steering = "steering",
    /// How packets are fetched from the NIC.
    BusyPoll = "busy-poll",
    /// The largest packet of the NIC.
    Mtu = "mtu",
    /// Offloads that leave checksums unfinished.
    Checksums = "checksums",
    /// Offloads that join packets before we see them.
    ReceiveMerging = "receive-merging",
    /// Whether the kernel tracks media as connections.
    Conntrack = "conntrack",
    /// The kernel module.
    Module = "module",
    /// The firewall rule that brings packets to the kernel module.
    ModuleRule = "module-rule",
    /// Whether media ports can be had without a socket each.
    MediaSockets = "media-sockets",
    /// Whether the system hands media ports to others.
    LocalPorts = "local-ports",
    /// Ports of the ranges that others have.
    ForeignSockets = "foreign-sockets",
    /// How many files the daemon may open.
    Descriptors = "descriptors",
    /// How large receive buffers may be.
    ReceiveBuffer = "receive-buffer",
    /// The CPU cores of packet threads.
    Cores = "cores",
    /// Where the time comes from.
    ClockSource = "clock-source",
    /// Large memory pages.
    HugePages = "huge-pages",
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::BTreeSet;

    /// The page about the doctor lists every code once, in the order of the report, and no other.
    #[test]
    fn the_page_lists_exactly_these() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/doctor.md");
        let text = std::fs::read_to_string(page).unwrap();
        let listed: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` |").map(|(code, _)| code))
            .collect();
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(listed, known);
    }

    #[test]
    fn names_are_unique_and_plain() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }
}
