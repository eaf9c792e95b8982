//! Who has which range of media ports without binding them. A claim is an abstract Unix socket whose name says it: it
//! belongs to the network namespace, anybody can read it in `/proc/net/unix`, and it ends with the process.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use thiserror::Error;

/// How the names begin.
const PREFIX: &str = "rtpengine-media";
/// The namespace of the thread that asks.
const LIST: &str = "/proc/thread-self/net/unix";

/// A range of ports of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The address.
    pub addr: IpAddr,
    /// The lowest port.
    pub low: u16,
    /// The highest port.
    pub high: u16,
}

impl Claimed {
    fn overlaps(&self, other: &Claimed) -> bool {
        self.addr == other.addr && self.low <= other.high && other.low <= self.high
    }

    fn name(&self, process: u32) -> String {
        format!("{PREFIX}/{process}/{}/{}-{}", self.addr, self.low, self.high)
    }
}

/// Another process has the ports.
#[derive(Debug, Error)]
#[error(
    "media ports {}-{} of {} overlap with {}-{} of process {holder} ({program}), which has them for a shared socket: \
     choose another range or address, or stop it",
    wanted.low, wanted.high, wanted.addr, held.low, held.high
)]
pub struct Overlap {
    /// What was asked for.
    pub wanted: Claimed,
    /// What is held.
    pub held: Claimed,
    /// Who holds it.
    pub holder: u32,
    /// Its name.
    pub program: String,
}

/// Ranges that are ours until this is dropped.
#[derive(Debug)]
pub struct Claims {
    sockets: Vec<UnixDatagram>,
}

impl Claims {
    /// Claims ranges, so that others find them taken.
    ///
    /// # Errors
    /// [`Overlap`] when another process has claimed some of them; `Ok(Err)` is what the system said.
    pub fn take(ranges: &[Claimed]) -> Result<io::Result<Claims>, Overlap> {
        let mut claims = Claims { sockets: Vec::new() };
        Ok(claims.extend(ranges)?.map(|()| claims))
    }

    /// Claims more.
    ///
    /// # Errors
    /// As [`Claims::take`].
    pub fn extend(&mut self, ranges: &[Claimed]) -> Result<io::Result<()>, Overlap> {
        let own = std::process::id();
        let bind = |range: &Claimed| {
            let name = SocketAddr::from_abstract_name(range.name(own))?;
            match UnixDatagram::bind_addr(&name) {
                // several interfaces of ours may have one range
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
                bound => bound.map(Some),
            }
        };
        // First ours, then a look at others: of two that begin at once, one sees the other at least.
        let sockets: io::Result<Vec<Option<UnixDatagram>>> = ranges.iter().map(bind).collect();
        Claims::check(ranges)?;
        Ok(sockets.map(|sockets| self.sockets.extend(sockets.into_iter().flatten())))
    }

    /// Looks whether another process has claimed some of these ranges.
    ///
    /// # Errors
    /// The first that is found.
    pub fn check(ranges: &[Claimed]) -> Result<(), Overlap> {
        // A system that does not tell has no such sockets.
        let text = fs::read_to_string(LIST).unwrap_or_default();
        let own = std::process::id();
        for (holder, held) in claims_in(&text).filter(|(holder, _)| *holder != own) {
            if let Some(wanted) = ranges.iter().find(|wanted| wanted.overlaps(&held)) {
                let program = fs::read_to_string(format!("/proc/{holder}/comm")).unwrap_or_default();
                let program = program.trim().to_owned();
                return Err(Overlap { wanted: *wanted, held, holder, program });
            }
        }
        Ok(())
    }
}

/// The claims in a text like `/proc/net/unix`.
fn claims_in(text: &str) -> impl Iterator<Item = (u32, Claimed)> + '_ {
    text.lines().filter_map(|line| {
        let name = line.split_whitespace().nth(7)?.strip_prefix('@')?;
        let mut parts = name.strip_prefix(PREFIX)?.strip_prefix('/')?.split('/');
        let holder = parts.next()?.parse().ok()?;
        let addr = parts.next()?.parse().ok()?;
        let (low, high) = parts.next()?.split_once('-')?;
        Some((holder, Claimed { addr, low: low.parse().ok()?, high: high.parse().ok()? }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_are_read_and_strangers_left_out() {
        let text = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00000000 0002 01 19 @rtpengine-media/77/192.0.2.1/30000-30999\n\
            0000000000000000: 00000002 00000000 00000000 0002 01 20 @rtpengine-media/x/192.0.2.1/30000-30999\n\
            0000000000000000: 00000002 00000000 00000000 0002 01 21 @rtpengine-media/78/2001:db8::1/1-2\n\
            0000000000000000: 00000002 00000000 00000000 0001 01 22 /run/systemd/notify\n\
            0000000000000000: 00000002 00000000 00000000 0001 01 23\n";
        let claims: Vec<(u32, String)> =
            claims_in(text).map(|(holder, claim)| (holder, claim.name(holder))).collect();
        assert_eq!(claims[0], (77, "rtpengine-media/77/192.0.2.1/30000-30999".to_owned()));
        assert_eq!(claims[1], (78, "rtpengine-media/78/2001:db8::1/1-2".to_owned()));
        assert_eq!(claims.len(), 2);
    }

    #[test]
    fn ranges_overlap_by_address_and_port() {
        let range = |addr: &str, low, high| Claimed { addr: addr.parse().expect("an address"), low, high };
        let ours = range("192.0.2.1", 100, 199);
        for (other, overlaps) in [
            (range("192.0.2.1", 199, 300), true),
            (range("192.0.2.1", 1, 100), true),
            (range("192.0.2.1", 120, 130), true),
            (range("192.0.2.1", 200, 300), false),
            (range("192.0.2.2", 100, 199), false),
        ] {
            assert_eq!((ours.overlaps(&other), other.overlaps(&ours)), (overlaps, overlaps), "{other:?}");
        }
    }

    #[test]
    fn a_process_does_not_stand_in_its_own_way() {
        let range = Claimed { addr: "192.0.2.77".parse().unwrap(), low: 30_000, high: 30_009 };
        let claims = Claims::take(&[range, range]).unwrap().unwrap();
        assert!(Claims::check(&[range]).is_ok());
        assert!(fs::read_to_string(LIST).unwrap().contains(&range.name(std::process::id())));
        drop(claims);
        assert!(!fs::read_to_string(LIST).unwrap().contains(&range.name(std::process::id())));
    }
}
