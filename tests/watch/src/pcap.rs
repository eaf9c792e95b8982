//! Files of recordings, read without a line of the relay's.

use lab::rtp;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// A packet of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Microseconds since 1970.
    pub wall_us: u64,
    /// Sender.
    pub from: SocketAddr,
    /// Receiver.
    pub to: SocketAddr,
    /// UDP payload.
    pub payload: Vec<u8>,
}

/// A file of recorded packets.
#[derive(Debug)]
pub struct Pcap {
    /// Number of the link type.
    pub link: u32,
    /// The packets, in order.
    pub packets: Vec<Packet>,
}

impl Pcap {
    /// Reads a classic pcap file with microseconds.
    ///
    /// # Panics
    /// When it is not whole, or holds something else than UDP over IP.
    pub fn read(path: &Path) -> Pcap {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((word(0), word(4)), (0xa1b2_c3d4, 0x0004_0002), "the file header");
        let link = word(20);
        let (mut at, mut packets) = (24, Vec::new());
        while at < bytes.len() {
            let wall_us = u64::from(word(at)) * 1_000_000 + u64::from(word(at + 4));
            let (kept, whole) = (word(at + 8) as usize, word(at + 12) as usize);
            assert_eq!(kept, whole, "nothing is cut off");
            let frame = &bytes[at + 16..at + 16 + kept];
            let ip = match link {
                101 => frame,
                1 => {
                    let family = u16::from_be_bytes([frame[12], frame[13]]);
                    assert_eq!(family, if frame[14] >> 4 == 4 { 0x0800 } else { 0x86dd });
                    &frame[14..]
                }
                other => panic!("link type {other}"),
            };
            packets.push(udp(ip, wall_us));
            at += 16 + kept;
        }
        Pcap { link, packets }
    }

    /// The RTP that went from one address to another: sequence numbers and payloads.
    pub fn rtp(&self, from: SocketAddr, to: SocketAddr) -> Vec<(u16, Vec<u8>)> {
        let of = self.packets.iter().filter(|packet| (packet.from, packet.to) == (from, to));
        let read = of.filter_map(|packet| rtp::parse(&packet.payload));
        read.map(|(header, payload)| (header.sequence, payload.to_vec())).collect()
    }
}

fn udp(ip: &[u8], wall_us: u64) -> Packet {
    let (from, to, udp): (IpAddr, IpAddr, &[u8]) = match ip[0] >> 4 {
        4 => {
            assert_eq!((ip[0], ip[9]), (0x45, 17));
            assert_eq!(usize::from(u16::from_be_bytes([ip[2], ip[3]])), ip.len());
            let addr = |at: usize| Ipv4Addr::from(<[u8; 4]>::try_from(&ip[at..at + 4]).expect("four"));
            (addr(12).into(), addr(16).into(), &ip[20..])
        }
        6 => {
            assert_eq!(ip[6], 17);
            let addr = |at: usize| Ipv6Addr::from(<[u8; 16]>::try_from(&ip[at..at + 16]).expect("sixteen"));
            (addr(8).into(), addr(24).into(), &ip[40..])
        }
        other => panic!("IP version {other}"),
    };
    let word = |at: usize| u16::from_be_bytes([udp[at], udp[at + 1]]);
    assert_eq!(usize::from(word(4)), udp.len());
    Packet { wall_us, from: (from, word(0)).into(), to: (to, word(2)).into(), payload: udp[8..].to_vec() }
}

/// The files of a folder, in order; none if there is no such folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// Waits until something is so, looking again and again.
///
/// # Panics
/// When it takes longer than [`crate::PATIENCE`].
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < crate::PATIENCE, "{what}");
        // Between two looks, not a way to wait for anything.
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
}
