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
        /// Nothing is sent on: rejected, inactive or without a counterpart.
        NoOutput = "no-output",
        /// Blocked by `block media`.
        Blocked = "blocked",
        /// RTCP is read by the daemon.
        Rtcp = "rtcp",
        /// The fast path of the interface is not there.
        PathUnavailable = "path-unavailable",
        /// The fast path refused the flow.
        Refused = "refused",
        /// Counters did not move after the install, so the flow was taken back.
        NotVerified = "not-verified",
    }
}
