//! Questions and orders to a NIC's driver (linux/ethtool.h), by SIOCETHTOOL.

use crate::nic::{Channels, PortRule};
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const SIOCETHTOOL: libc::Ioctl = 0x8946;
const GDRVINFO: u32 = 0x03;
const GFLAGS: u32 = 0x25;
const SFLAGS: u32 = 0x26;
const GRXCLSRLCNT: u32 = 0x2e;
const SRXCLSRLDEL: u32 = 0x31;
const SRXCLSRLINS: u32 = 0x32;
const GSTRINGS: u32 = 0x1b;
const GSSET_INFO: u32 = 0x37;
const GFEATURES: u32 = 0x3a;
const SS_FEATURES: u32 = 4;
/// Length of a name in a string set.
const STRING: usize = 32;
/// `struct ethtool_get_features_block`, and where the bits that are on stand in it.
const BLOCK: usize = 16;
const BLOCK_ACTIVE: usize = 8;
const GRXFHINDIR: u32 = 0x38;
const SRXFHINDIR: u32 = 0x39;
const GCHANNELS: u32 = 0x3c;
const SCHANNELS: u32 = 0x3d;
const FLAG_NTUPLE: u32 = 1 << 27;
const LOC_SPECIAL: u32 = 0x8000_0000;
const LOC_ANY: u32 = 0xffff_ffff;

/// `struct ethtool_rxnfc`: its size, and where its fields stand.
const RXNFC: usize = 192;
const RXNFC_DATA: usize = 8;
const RXNFC_SPEC: usize = 16;
const RXNFC_RULE_COUNT: usize = 184;
/// `struct ethtool_rx_flow_spec`, from its own start.
const SPEC_MATCH: usize = 4;
const SPEC_MASK: usize = 76;
const SPEC_COOKIE: usize = 152;
const SPEC_LOCATION: usize = 160;
const UDP_V4_FLOW: u32 = 0x02;
const UDP_V6_FLOW: u32 = 0x06;

/// A NIC's driver.
#[derive(Debug)]
pub(crate) struct Ethtool {
    socket: OwnedFd,
    name: [libc::c_char; libc::IFNAMSIZ],
}

fn socket() -> io::Result<OwnedFd> {
    // SAFETY: no memory is involved.
    let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

impl Ethtool {
    pub(crate) fn of(interface: &str) -> io::Result<Ethtool> {
        let mut name = [0; libc::IFNAMSIZ];
        let bytes = interface.as_bytes();
        if bytes.is_empty() || bytes.len() >= name.len() || bytes.contains(&0) {
            return Err(io::Error::from_raw_os_error(libc::ENODEV));
        }
        for (place, byte) in name.iter_mut().zip(bytes) {
            *place = *byte as libc::c_char;
        }
        Ok(Ethtool { socket: socket()?, name })
    }

    /// The driver of the interface with this index, whatever its name is now.
    pub(crate) fn at(ifindex: u32) -> io::Result<Ethtool> {
        let socket = socket()?;
        let index = i32::try_from(ifindex).map_err(|_| io::Error::from_raw_os_error(libc::ENODEV))?;
        let mut request = libc::ifreq {
            ifr_name: [0; libc::IFNAMSIZ],
            ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_ifindex: index },
        };
        // SAFETY: the request lives through the call, which writes a name into it and nothing else.
        let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFNAME, &raw mut request) };
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(Ethtool { socket, name: request.ifr_name })
        }
    }

    /// `buffer` must be at least as long as the structure of the command in its first four bytes, with what that
    /// structure says of its own length.
    fn call(&self, buffer: &mut [u8]) -> io::Result<()> {
        let mut request = libc::ifreq {
            ifr_name: self.name,
            ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_data: buffer.as_mut_ptr().cast() },
        };
        // SAFETY: the request and the buffer live through the call; every caller below makes the buffer as long as
        // the kernel's structure.
        let result = unsafe { libc::ioctl(self.socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Name of the driver.
    pub(crate) fn driver(&self) -> io::Result<String> {
        let mut info = [0; 196];
        put(&mut info, 0, GDRVINFO);
        self.call(&mut info)?;
        let name = info[4..36].split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(String::from_utf8_lossy(name).into_owned())
    }

    pub(crate) fn channels(&self) -> io::Result<Channels> {
        let mut all = [0; 36];
        put(&mut all, 0, GCHANNELS);
        self.call(&mut all)?;
        let at = |place: usize| get(&all, place * 4);
        Ok(Channels {
            max_rx: at(1),
            max_combined: at(4),
            rx: at(5),
            tx: at(6),
            other: at(7),
            combined: at(8),
        })
    }

    pub(crate) fn set_channels(&self, channels: &Channels) -> io::Result<()> {
        let mut all = [0; 36];
        put(&mut all, 0, SCHANNELS);
        let counts = [channels.rx, channels.tx, channels.other, channels.combined];
        for (place, count) in counts.into_iter().enumerate() {
            put(&mut all, (5 + place) * 4, count);
        }
        self.call(&mut all)
    }

    /// The receive queue of every hash value.
    pub(crate) fn indirection(&self) -> io::Result<Vec<u32>> {
        let mut size = [0; 8];
        put(&mut size, 0, GRXFHINDIR);
        self.call(&mut size)?;
        let entries = get(&size, 4);
        let mut table = vec![0; 8 + entries as usize * 4];
        put(&mut table, 0, GRXFHINDIR);
        put(&mut table, 4, entries);
        self.call(&mut table)?;
        Ok((0..entries as usize).map(|entry| get(&table, 8 + entry * 4)).collect())
    }

    pub(crate) fn set_indirection(&self, queues: &[u32]) -> io::Result<()> {
        let mut table = vec![0; 8 + queues.len() * 4];
        put(&mut table, 0, SRXFHINDIR);
        put(&mut table, 4, queues.len() as u32);
        for (entry, queue) in queues.iter().enumerate() {
            put(&mut table, 8 + entry * 4, *queue);
        }
        self.call(&mut table)
    }

    /// Whether receive rules are switched on.
    pub(crate) fn ntuple(&self) -> io::Result<bool> {
        Ok(self.flags()? & FLAG_NTUPLE != 0)
    }

    pub(crate) fn set_ntuple(&self, on: bool) -> io::Result<()> {
        let flags = self.flags()? & !FLAG_NTUPLE;
        let mut value = [0; 8];
        put(&mut value, 0, SFLAGS);
        put(&mut value, 4, if on { flags | FLAG_NTUPLE } else { flags });
        self.call(&mut value)
    }

    fn flags(&self) -> io::Result<u32> {
        let mut value = [0; 8];
        put(&mut value, 0, GFLAGS);
        self.call(&mut value)?;
        Ok(get(&value, 4))
    }

    /// The names of all features, and whether each is on.
    pub(crate) fn features(&self) -> io::Result<Vec<(String, bool)>> {
        let mut info = [0; 20];
        put(&mut info, 0, GSSET_INFO);
        info[8..16].copy_from_slice(&(1u64 << SS_FEATURES).to_ne_bytes());
        self.call(&mut info)?;
        let count = get(&info, 16);
        let mut names = vec![0; 12 + count as usize * STRING];
        put(&mut names, 0, GSTRINGS);
        put(&mut names, 4, SS_FEATURES);
        put(&mut names, 8, count);
        self.call(&mut names)?;
        let blocks = count.div_ceil(32);
        let mut bits = vec![0; 8 + blocks as usize * BLOCK];
        put(&mut bits, 0, GFEATURES);
        put(&mut bits, 4, blocks);
        self.call(&mut bits)?;
        let features = names[12..].chunks_exact(STRING).zip(0usize..).map(|(name, number)| {
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let active = get(&bits, 8 + number / 32 * BLOCK + BLOCK_ACTIVE);
            (String::from_utf8_lossy(name).into_owned(), active >> (number % 32) & 1 != 0)
        });
        Ok(features.collect())
    }

    /// How many receive rules there are, how many there may be, and whether the driver chooses their places.
    pub(crate) fn rule_room(&self) -> io::Result<(u32, u32, bool)> {
        let mut rxnfc = [0; RXNFC];
        put(&mut rxnfc, 0, GRXCLSRLCNT);
        self.call(&mut rxnfc)?;
        let data = get(&rxnfc, RXNFC_DATA);
        Ok((get(&rxnfc, RXNFC_RULE_COUNT), data & !LOC_SPECIAL, data & LOC_SPECIAL != 0))
    }

    /// Adds a receive rule at a place, or where the driver likes; returns its place.
    pub(crate) fn add_rule(&self, rule: &PortRule, place: Option<u32>) -> io::Result<u32> {
        let mut rxnfc = encode_rule(rule, place.unwrap_or(LOC_ANY));
        self.call(&mut rxnfc)?;
        Ok(get(&rxnfc, RXNFC_SPEC + SPEC_LOCATION))
    }

    pub(crate) fn delete_rule(&self, place: u32) -> io::Result<()> {
        let mut rxnfc = [0; RXNFC];
        put(&mut rxnfc, 0, SRXCLSRLDEL);
        put(&mut rxnfc, RXNFC_SPEC + SPEC_LOCATION, place);
        self.call(&mut rxnfc)
    }
}

fn encode_rule(rule: &PortRule, place: u32) -> [u8; RXNFC] {
    let mut rxnfc = [0; RXNFC];
    put(&mut rxnfc, 0, SRXCLSRLINS);
    let spec = &mut rxnfc[RXNFC_SPEC..];
    let (kind, address_at, port_at): (u32, usize, usize) = match rule.address {
        IpAddr::V4(_) => (UDP_V4_FLOW, 4, 10),
        IpAddr::V6(_) => (UDP_V6_FLOW, 16, 34),
    };
    put(spec, 0, kind);
    let octets: &[u8] = match &rule.address {
        IpAddr::V4(v4) => &v4.octets(),
        IpAddr::V6(v6) => &v6.octets(),
    };
    spec[SPEC_MATCH + address_at..][..octets.len()].copy_from_slice(octets);
    spec[SPEC_MASK + address_at..][..octets.len()].fill(0xff);
    spec[SPEC_MATCH + port_at..][..2].copy_from_slice(&rule.port.to_be_bytes());
    spec[SPEC_MASK + port_at..][..2].copy_from_slice(&rule.mask.to_be_bytes());
    spec[SPEC_COOKIE..][..8].copy_from_slice(&u64::from(rule.queue).to_ne_bytes());
    put(spec, SPEC_LOCATION, place);
    rxnfc
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
}

fn get(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offsets as a C compiler gives them for linux/ethtool.h on 64-bit machines.
    #[test]
    fn a_rule_stands_where_the_header_says() {
        let rule = PortRule { address: "192.0.2.7".parse().unwrap(), port: 0x7530, mask: 0xfff0, queue: 3 };
        let bytes = encode_rule(&rule, LOC_ANY);
        let mut expected = [0u8; 192];
        expected[0] = 0x32;
        expected[16] = 0x02;
        expected[16 + 4 + 4..][..4].copy_from_slice(&[192, 0, 2, 7]);
        expected[16 + 4 + 10..][..2].copy_from_slice(&[0x75, 0x30]);
        expected[16 + 76 + 4..][..4].fill(0xff);
        expected[16 + 76 + 10..][..2].copy_from_slice(&[0xff, 0xf0]);
        expected[16 + 152] = 3;
        expected[16 + 160..][..4].fill(0xff);
        assert_eq!(bytes, expected);
        let rule = PortRule { address: "2001:db8::7".parse().unwrap(), ..rule };
        let bytes = encode_rule(&rule, 5);
        assert_eq!(bytes[16..20], 6u32.to_ne_bytes());
        assert_eq!(bytes[16 + 4 + 16..][..4], [0x20, 1, 0xd, 0xb8]);
        assert_eq!(bytes[16 + 4 + 34..][..2], [0x75, 0x30]);
        assert_eq!(bytes[16 + 76 + 34..][..2], [0xff, 0xf0]);
        assert_eq!(get(&bytes, 16 + 160), 5);
    }
}
