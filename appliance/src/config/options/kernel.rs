//! The kernel module and the packet filter rules around it.

use super::spec::{Carry, Group, Opt};

const RING: &str = "a ring between the kernel module and the daemon";

pub(super) const KERNEL: Group = Group {
    title: "Kernel and packet filter",
    options: &[
        Opt::int("table", -1, 63, "Table of the kernel module; -1 keeps all media in userspace [-1]")
            .short('t')
            .carry(Carry::Unless(-1, "kernel.table")),
        Opt::flag("no-fallback", "Start only if the kernel module can be used")
            .short('F')
            .carry(Carry::Negated("kernel.fallback")),
        Opt::text("nftables-chain", "Name of the nftables chain for our rule; without it no rules are made")
            .to("kernel.nftables-chain"),
        Opt::text("nftables-base-chain", "Name of the nftables base chain that jumps to ours [INPUT]")
            .to("kernel.nftables-base-chain"),
        Opt::flag("nftables-append", "Put the jump rule last instead of first").to("kernel.nftables-append"),
        Opt::word(
            "nftables-family",
            &["ip", "ip6", "ip,ip6", "ip6,ip", "inet"],
            "Families to make rules for [ip,ip6]",
        )
        .to("kernel.nftables-family"),
        Opt::flag("xtables", "Make rules with the older xtables target")
            .moot("our rules use the native expression; the target is there for rules of yours"),
        Opt::action("nftables-start", "Make the nftables rules and exit"),
        Opt::action("nftables-stop", "Remove the nftables rules and exit"),
        Opt::action("nftables-status", "Say whether the nftables rules are there and exit"),
        Opt::text("iptables-chain", "Chain for one accept rule per open port")
            .later("an accept rule for each open port"),
        Opt::count("kernel-slots", "Slots of the ring to the kernel module").later(RING),
        Opt::int("kernel-num-threads", -1, 1024, "Threads that serve the ring to the kernel module")
            .later(RING),
        Opt::count("kernel-player", "Media players in the kernel module")
            .later("players in the kernel module"),
        Opt::count("kernel-player-media", "Media files the kernel module keeps")
            .later("players in the kernel module"),
    ],
};
