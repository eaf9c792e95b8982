//! Looks at the UDP packets of a namespace as they pass its devices, to prove who talked to whom.

use crate::ng::is_timeout;
use crate::{LabError, Namespace, Result};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::BTreeMap;
use std::io::Read;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// All protocols, as a packet socket wants it: ETH_P_ALL in network byte order.
const EVERYTHING: i32 = 0x0003u16.to_be() as i32;

/// Packets per (source, destination).
pub type Talk = BTreeMap<(SocketAddr, SocketAddr), u64>;

/// A running tap.
#[derive(Debug)]
pub struct Tap {
    stop: Arc<AtomicBool>,
    listener: Option<thread::JoinHandle<Result<Talk>>>,
}

impl Tap {
    /// Starts counting the UDP packets, in and out, of all devices of `namespace`. Fragments count by their first
    /// part; packets the kernel had no room for are not seen, so prove presence of packets elsewhere.
    pub fn open(namespace: &Namespace) -> Result<Tap> {
        let mut socket = namespace
            .enter(|| {
                let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(EVERYTHING)))?;
                socket.set_recv_buffer_size(8 << 20)?;
                socket.set_read_timeout(Some(Duration::from_millis(50)))?;
                Ok(socket)
            })?
            .map_err(LabError::io("opening a packet socket"))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let listener = thread::spawn(move || {
            let mut talk = Talk::new();
            let mut packet = [0; 256];
            loop {
                match socket.read(&mut packet) {
                    Ok(length) => {
                        if let Some(ends) = udp_ends(&packet[..length]) {
                            *talk.entry(ends).or_default() += 1;
                        }
                    }
                    // Nothing waiting: the moment to stop, so that what was waiting has been counted.
                    Err(error) if is_timeout(&error) => {
                        if stopped.load(Ordering::Acquire) {
                            return Ok(talk);
                        }
                    }
                    // A device went down; the others go on.
                    Err(error) if error.raw_os_error() == Some(nix::libc::ENETDOWN) => {}
                    Err(error) => {
                        return Err(LabError::Io { what: "reading a packet socket".into(), source: error });
                    }
                }
            }
        });
        Ok(Tap { stop, listener: Some(listener) })
    }

    /// Stops and tells what was seen.
    pub fn close(mut self) -> Result<Talk> {
        self.stop.store(true, Ordering::Release);
        match self.listener.take() {
            Some(listener) => listener.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            None => Ok(Talk::new()),
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

/// Source and destination of a UDP packet that begins with its IP header.
fn udp_ends(packet: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let (protocol, header, source, destination): (u8, usize, IpAddr, IpAddr) = match packet.first()? >> 4 {
        4 => {
            let four = |at: usize| Some(IpAddr::from(*packet.get(at..)?.first_chunk::<4>()?));
            // A later fragment has no ports.
            let offset = u16::from_be_bytes(*packet.get(6..)?.first_chunk::<2>()?) & 0x1fff;
            if offset != 0 {
                return None;
            }
            (*packet.get(9)?, usize::from(packet[0] & 0x0f) * 4, four(12)?, four(16)?)
        }
        6 => {
            let sixteen = |at: usize| Some(Ipv6Addr::from(*packet.get(at..)?.first_chunk::<16>()?).into());
            (*packet.get(6)?, 40, sixteen(8)?, sixteen(24)?)
        }
        _ => return None,
    };
    let port = |at: usize| Some(u16::from_be_bytes(*packet.get(header + at..)?.first_chunk::<2>()?));
    (protocol == 17).then_some(())?;
    Some((SocketAddr::new(source, port(0)?), SocketAddr::new(destination, port(2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_both_families() {
        let mut v4 = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
        v4.extend([0x0f, 0xa0, 0x13, 0xc4, 0, 8, 0, 0]);
        let ends = udp_ends(&v4).unwrap();
        assert_eq!(ends, (([192, 0, 2, 1], 4000).into(), ([192, 0, 2, 2], 5060).into()));
        v4[9] = 6;
        assert_eq!(udp_ends(&v4), None);

        let mut v6 = vec![0x60, 0, 0, 0, 0, 8, 17, 64];
        v6.extend(Ipv6Addr::LOCALHOST.octets());
        v6.extend(Ipv6Addr::LOCALHOST.octets());
        v6.extend([0, 1, 0, 2, 0, 8, 0, 0]);
        assert_eq!(udp_ends(&v6).unwrap().1, (Ipv6Addr::LOCALHOST, 2).into());
        assert_eq!(udp_ends(&v6[..30]), None);
        assert_eq!(udp_ends(&[]), None);
    }
}
