use crate::verdict::reasons;

/// Which path carries a flow's packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// The daemon's own UDP sockets.
    Userspace,
    /// The kernel module.
    Kernel,
    /// An AF_XDP worker.
    Worker,
    /// The XDP program itself.
    Driver,
}

impl Path {
    /// The word that `query`, the control tool and metrics show.
    pub const fn code(self) -> &'static str {
        match self {
            Path::Userspace => "userspace",
            Path::Kernel => "kernel",
            Path::Worker => "af-xdp",
            Path::Driver => "driver",
        }
    }
}

reasons! {
    /// Why a flow is where it is. Stable codes: people grep for them.
    PathReason {
        /// It is on the fast path of its interface.
        OnFastPath = "on-fast-path",
        /// The interface's mode is `userspace`.
        UserspaceMode = "userspace-mode",
        /// No packet has confirmed the peer's address yet.
        NotStableYet = "not-stable-yet",
        /// The peer's address is not known at all.
        NoPeer = "no-peer",
        /// Keys are awaited on either side: the answer or the handshake has not come, or has failed.
        NoKeys = "no-keys",
        /// Nothing is sent on: rejected, inactive or without a counterpart.
        NoOutput = "no-output",
        /// Blocked by `block media`, or dropped by `drop-traffic`.
        Blocked = "blocked",
        /// Its payload is replaced by silence (`silence media`), which the fast path cannot do.
        Silenced = "silenced",
        /// RTCP is read by the daemon.
        Rtcp = "rtcp",
        /// Several media sections share the port, or that of an output (BUNDLE).
        SharedPort = "shared-port",
        /// The fast path of the interface is not there.
        PathUnavailable = "path-unavailable",
        /// The fast path refused the flow.
        Refused = "refused",
        /// Packets still came to the sockets after the install, so the flow was taken back for a while.
        NotVerified = "not-verified",
        /// The fast path holds as many flows as it can.
        TableFull = "table-full",
        /// No route from our address to the destination.
        NoRoute = "no-route",
        /// The next hop has not answered yet.
        NoNeighbour = "no-neighbour",
        /// The interface that leads to the destination is down or gone.
        LinkDown = "link-down",
        /// Our address is not on this host (any more).
        NoAddress = "no-address",
        /// The fast path cannot send through the interface that leads to the destination.
        EgressNotReachable = "egress-not-reachable",
        /// On a fast path, but its packets leave through the kernel's routing, which costs more.
        EgressByKernel = "egress-by-kernel",
        /// Its packets are copied for `trace`, which the fast path cannot do.
        Traced = "traced",
        /// Its packets are copied for a recording, which the fast path cannot do.
        Recorded = "recorded",
        /// A packet thread hangs.
        WorkerHangs = "worker-hangs",
        /// A packet thread did not take the flow.
        WorkerBusy = "worker-busy",
    }
}
