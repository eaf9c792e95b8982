use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

/// Names a flow: the local address and port at which its packets arrive. Free of any notion of a descriptor, so
/// that a bound socket, a shared socket and a NIC queue can all serve it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKey {
    /// Local address.
    pub addr: IpAddr,
    /// Local UDP port, host byte order.
    pub port: u16,
}

impl FlowKey {
    /// Makes the key of a local address and port.
    pub const fn new(addr: IpAddr, port: u16) -> FlowKey {
        FlowKey { addr, port }
    }
}

/// Looked up for every packet: one number instead of the five parts that the standard library hashes one after the other.
impl Hash for FlowKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.addr {
            IpAddr::V4(v4) => state.write_u64(u64::from(v4.to_bits()) << 16 | u64::from(self.port)),
            IpAddr::V6(v6) => {
                state.write_u128(v6.to_bits());
                state.write_u16(self.port);
            }
        }
    }
}

impl From<SocketAddr> for FlowKey {
    fn from(at: SocketAddr) -> FlowKey {
        FlowKey { addr: at.ip(), port: at.port() }
    }
}

impl From<FlowKey> for SocketAddr {
    fn from(key: FlowKey) -> SocketAddr {
        SocketAddr::new(key.addr, key.port)
    }
}

impl fmt::Debug for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", SocketAddr::from(*self))
    }
}

impl fmt::Display for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", SocketAddr::from(*self))
    }
}

/// Numbers the versions of one flow. A change of an old generation is dead on sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

/// The call side's handle of the stream that a flow belongs to; the packet side hands it back in events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);
