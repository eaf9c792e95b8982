use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A bound UDP socket of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundSocket {
    /// Its address, which may be a wildcard.
    pub addr: IpAddr,
    /// Its port.
    pub port: u16,
    /// Its number.
    pub inode: u64,
}

/// The lines of `/proc/net/udp` and `/proc/net/udp6`.
pub fn bound_sockets(text: &str) -> impl Iterator<Item = BoundSocket> + '_ {
    text.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_whitespace();
        let (addr, port) = fields.nth(1)?.split_once(':')?;
        let inode = fields.nth(7)?.parse().ok()?;
        let word = |at: usize| u32::from_str_radix(addr.get(at * 8..at * 8 + 8)?, 16).ok();
        // each word is printed as this machine reads it from memory, which has network order
        let addr = match addr.len() {
            8 => IpAddr::V4(Ipv4Addr::from(word(0)?.to_ne_bytes())),
            32 => {
                let words = [word(0)?, word(1)?, word(2)?, word(3)?].map(u32::to_ne_bytes);
                IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(words.concat()).ok()?))
            }
            _ => return None,
        };
        Some(BoundSocket { addr, port: u16::from_str_radix(port, 16).ok()?, inode })
    })
}
