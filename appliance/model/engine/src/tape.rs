use crate::Engine;
use flow::{DropReason, FlowKey, Moment};
use std::net::{IpAddr, SocketAddr};

/// Room for copies between two collections, in bytes. Half a megabyte is a second of about thirty calls.
pub const TAPE: usize = 512 * 1024;
/// Bytes before the payload of a copy.
const HEAD: usize = 8 + 2 + 2 * 18 + 2;
/// In place of a drop reason.
const ARRIVED: u8 = 254;
const LEFT: u8 = 255;

/// Copies of packets of traced flows, for who looks at a call. It has a fixed size: what finds no room is counted.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    bytes: Vec<u8>,
    lost: u64,
}

/// How a packet passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// It arrived.
    In,
    /// It arrived and ended here.
    Dropped(DropReason),
    /// It left.
    Out,
}

/// What is known of a copied packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// When the burst that it was in was worked on.
    pub at: Moment,
    /// Which way.
    pub passing: Passing,
    /// Our address and port.
    pub local: FlowKey,
    /// The other one.
    pub remote: SocketAddr,
}

impl Tape {
    /// To be called when a traced flow comes, not when its packets do.
    pub(crate) fn make_room(&mut self) {
        if self.bytes.capacity() < TAPE {
            self.bytes.reserve_exact(TAPE - self.bytes.len());
        }
    }

    pub(crate) fn record(&mut self, copied: &Copied, payload: &[u8]) {
        if self.bytes.capacity() - self.bytes.len() < HEAD + payload.len() {
            self.lost += 1;
            return;
        }
        write(&mut self.bytes, copied, payload);
    }
}

/// Bytes that a copy takes.
pub(crate) const fn size(payload: usize) -> usize {
    HEAD + payload
}

/// Puts a copy behind those that are there.
pub(crate) fn write(bytes: &mut Vec<u8>, copied: &Copied, payload: &[u8]) {
    let Copied { at, passing, local, remote } = copied;
    let passing = match passing {
        Passing::In => ARRIVED,
        Passing::Out => LEFT,
        Passing::Dropped(reason) => *reason as u8,
    };
    let family = u8::from(local.addr.is_ipv6()) | u8::from(remote.is_ipv6()) << 1;
    bytes.extend_from_slice(&at.0.to_le_bytes());
    bytes.extend_from_slice(&[passing, family]);
    for (addr, port) in [(local.addr, local.port), (remote.ip(), remote.port())] {
        let mut octets = [0; 16];
        match addr {
            IpAddr::V4(v4) => octets[..4].copy_from_slice(&v4.octets()),
            IpAddr::V6(v6) => octets = v6.octets(),
        }
        bytes.extend_from_slice(&octets);
        bytes.extend_from_slice(&port.to_le_bytes());
    }
    // A payload is never longer than a UDP datagram can be.
    bytes.extend_from_slice(&(payload.len() as u16).to_le_bytes());
    bytes.extend_from_slice(payload);
}

impl Engine {
    /// Gives out what has been copied since the last time, to be read by [`copies`], and how many packets found no room.
    /// `empty` takes its place, with whatever room it has.
    pub fn swap_tape(&mut self, mut empty: Vec<u8>) -> (Vec<u8>, u64) {
        empty.clear();
        let lost = std::mem::take(&mut self.tape.lost);
        (std::mem::replace(&mut self.tape.bytes, empty), lost)
    }

    /// Copies a packet of our own that leaves through a port, if that is traced.
    pub fn copy_own(&mut self, local: FlowKey, remote: SocketAddr, payload: &[u8], at: Moment) {
        let Some(flow) = self.table.find(local).and_then(|place| self.table.get_mut(place)) else { return };
        let copied = Copied { at, passing: Passing::Out, local, remote };
        if flow.traced {
            self.tape.record(&copied, payload);
        }
        self.reel.record(flow, &copied, payload);
    }
}

/// Reads what [`Engine::swap_tape`] has given out: each packet with its UDP payload, in clear where it was opened here.
pub fn copies(tape: &[u8]) -> impl Iterator<Item = (Copied, &[u8])> {
    let mut rest = tape;
    std::iter::from_fn(move || read(&mut rest))
}

/// Takes the first copy off.
pub(crate) fn read<'a>(rest: &mut &'a [u8]) -> Option<(Copied, &'a [u8])> {
    let (head, after) = rest.split_first_chunk::<HEAD>()?;
    let end = |at: usize, v6: bool| -> Option<SocketAddr> {
        let octets: [u8; 16] = head[at..at + 16].try_into().ok()?;
        let port = u16::from_le_bytes([head[at + 16], head[at + 17]]);
        let v4 = [octets[0], octets[1], octets[2], octets[3]];
        Some(SocketAddr::new(if v6 { octets.into() } else { v4.into() }, port))
    };
    let family = head[9];
    let passing = match head[8] {
        ARRIVED => Passing::In,
        LEFT => Passing::Out,
        reason => Passing::Dropped(*DropReason::ALL.get(usize::from(reason))?),
    };
    let len = usize::from(u16::from_le_bytes([head[HEAD - 2], head[HEAD - 1]]));
    let (payload, next) = after.split_at_checked(len)?;
    *rest = next;
    let copied = Copied {
        at: Moment(u64::from_le_bytes(head[..8].try_into().ok()?)),
        passing,
        local: end(10, family & 1 != 0)?.into(),
        remote: end(28, family & 2 != 0)?,
    };
    Some((copied, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_read_again() {
        let mut tape = Tape::default();
        let copy = |at, passing, local: &str, remote: &str| Copied {
            at: Moment(at),
            passing,
            local: local.parse::<SocketAddr>().unwrap().into(),
            remote: remote.parse().unwrap(),
        };
        let packets = [
            (copy(1, Passing::In, "192.0.2.1:30000", "198.51.100.2:4000"), vec![0x80; 172]),
            (copy(u64::MAX, Passing::Out, "[2001:db8::1]:30002", "[2001:db8::2]:9"), vec![]),
            (copy(2, Passing::Dropped(DropReason::Forged), "192.0.2.1:1", "[::1]:65535"), vec![7]),
        ];
        tape.record(&packets[0].0, &packets[0].1);
        assert_eq!((tape.bytes.len(), tape.lost), (0, 1), "no room was made");
        tape.make_room();
        packets.iter().for_each(|(copied, payload)| tape.record(copied, payload));
        let read: Vec<_> = copies(&tape.bytes).map(|(copied, payload)| (copied, payload.to_vec())).collect();
        assert_eq!(read, packets);
        assert_eq!(copies(&tape.bytes[..tape.bytes.len() - 1]).count(), 2, "one that is cut off is none");
    }

    #[test]
    fn a_full_tape_counts_what_it_cannot_take() {
        let mut tape = Tape::default();
        tape.make_room();
        let room = tape.bytes.capacity();
        let copied = Copied {
            at: Moment(0),
            passing: Passing::In,
            local: FlowKey::new([192, 0, 2, 1].into(), 1),
            remote: ([192, 0, 2, 2], 2).into(),
        };
        for _ in 0..1000 {
            tape.record(&copied, &[0; 1400]);
        }
        assert_eq!(tape.bytes.capacity(), room, "it does not grow");
        assert_eq!(tape.lost as usize + copies(&tape.bytes).count(), 1000);
        assert!(tape.lost > 0);
    }
}
