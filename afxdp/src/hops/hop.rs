use flow::PathReason;
use std::collections::HashMap;
use std::net::IpAddr;
use wire::Link;

/// The next hop of packets from one local address to one remote address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    /// The NIC that packets leave through; for a VLAN interface, the NIC below it.
    pub ifindex: u32,
    /// Ethernet addresses and VLAN tag to send with.
    pub link: Link,
}

/// Why there is no next hop now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoHop {
    /// No route from the local address to the remote one.
    NoRoute,
    /// The next hop has not answered (yet); it is being asked.
    NoNeighbour,
    /// The interface, or the NIC below it, is down or gone.
    LinkDown,
    /// The local address is not on this host (any more).
    NoAddress,
    /// The interface does not speak Ethernet (loopback, tunnels), or is built from others in a way not known here.
    NotEthernet,
}

impl NoHop {
    /// As the reason why a flow stays with the learner.
    pub const fn reason(self) -> PathReason {
        match self {
            NoHop::NoRoute => PathReason::NoRoute,
            NoHop::NoNeighbour => PathReason::NoNeighbour,
            NoHop::LinkDown => PathReason::LinkDown,
            NoHop::NoAddress => PathReason::NoAddress,
            NoHop::NotEthernet => PathReason::EgressNotReachable,
        }
    }

    /// The stable code that `query`, the control tool and metrics show.
    pub const fn code(self) -> &'static str {
        self.reason().code()
    }
}

/// Something that knows next hops.
pub trait Hops {
    /// The next hop from a local address to a remote one.
    ///
    /// # Errors
    /// Why there is none now; it may come later.
    fn hop(&mut self, local: IpAddr, remote: IpAddr) -> Result<Hop, NoHop>;
}

/// Next hops written down by hand, for tests and hosts where nothing ever changes.
#[derive(Clone, Debug, Default)]
pub struct FixedHops(HashMap<(IpAddr, IpAddr), Hop>);

impl FixedHops {
    /// Sets or (with `None`) removes a next hop.
    pub fn set(&mut self, local: IpAddr, remote: IpAddr, hop: Option<Hop>) {
        match hop {
            Some(hop) => self.0.insert((local, remote), hop),
            None => self.0.remove(&(local, remote)),
        };
    }
}

impl Hops for FixedHops {
    fn hop(&mut self, local: IpAddr, remote: IpAddr) -> Result<Hop, NoHop> {
        self.0.get(&(local, remote)).copied().ok_or(NoHop::NoRoute)
    }
}
