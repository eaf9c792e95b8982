//! A stream of packets, and what a bad network makes of it.

use lab::rtp::{self, Header};
use std::ops::Range;

/// Packets that travel before anything goes wrong, so that media can move to a fast path.
pub(crate) const CALM: usize = 20;
/// Packets after them that leap to the second wrap. They are not lost: two leaps in one are too far to be understood.
const LEAPS: [u32; 2] = [90_000, 115_000];
/// In percent of packets: lost; overtaken by later ones; sent again or forged, if the sender is secured.
const LOST: u64 = 5;
const LATE: u64 = 10;
const BAD: u64 = 5;
/// How many packets may overtake a late one.
const LATEST: u64 = 12;

/// A stream and the order in which its packets are sent.
pub(crate) struct Journey {
    /// The packets as the receiver shall see them.
    pub(crate) plain: Vec<Vec<u8>>,
    /// What is sent: the first [`CALM`] packets in order, then the storm.
    pub(crate) sent: Vec<Sent>,
}

/// One datagram of a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// A packet by its position, for the first time.
    Fresh(usize),
    /// The same bytes again.
    Again(usize),
    /// A packet with a bit of its payload changed.
    Forged(usize),
}

/// Throws of a small generator (xorshift), the same in every run.
pub(crate) struct Dice(pub u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % bound
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}

/// Sequence numbers, counted on beyond 65535: over the first wrap in the calm, then in leaps to the second wrap.
fn numbers() -> impl Iterator<Item = u32> {
    let calm: Range<u32> = 65_530..65_530 + CALM as u32;
    calm.chain(LEAPS).chain(131_072 - 100..131_072 + 100)
}

impl Journey {
    /// A journey of RTP; with replays and forgeries if the sender is `secured`.
    pub(crate) fn rtp(dice: &mut Dice, ssrc: u32, secured: bool) -> Journey {
        let packet = |number: u32| {
            let (sequence, timestamp) = (number as u16, number.wrapping_mul(160));
            let header = Header { payload_type: 0, marker: false, sequence, timestamp, ssrc };
            rtp::write(&header, &dice.bytes(160))
        };
        let plain = numbers().map(packet).collect();
        Journey::new(dice, plain, secured)
    }

    /// A journey of RTCP: sender reports, each with a CNAME (RFC 3550 §6).
    pub(crate) fn rtcp(dice: &mut Dice, ssrc: u32, secured: bool) -> Journey {
        let report = |dice: &mut Dice| {
            let mut packet = vec![0x80, 200, 0, 6];
            packet.extend(ssrc.to_be_bytes());
            packet.extend(dice.bytes(20));
            packet.extend([0x81, 202, 0, 3]);
            packet.extend(ssrc.to_be_bytes());
            packet.extend([1, 4, b'a', b'@', b'b', b'c', 0, 0]);
            packet
        };
        let plain = (0..60).map(|_| report(dice)).collect();
        Journey::new(dice, plain, secured)
    }

    fn new(dice: &mut Dice, plain: Vec<Vec<u8>>, secured: bool) -> Journey {
        // Where each packet stands once it is late; the sort keeps the others in order.
        let mut order: Vec<(u64, Sent)> = Vec::new();
        for at in 0..plain.len() {
            let due = at as u64 * 2;
            if at <= CALM + LEAPS.len() {
                order.push((due, Sent::Fresh(at)));
                continue;
            }
            if dice.below(100) < LOST {
                continue;
            }
            let late = if dice.below(100) < LATE { dice.below(LATEST) * 2 } else { 0 };
            order.push((due + late, Sent::Fresh(at)));
            if secured && dice.below(100) < BAD {
                order.push((due + late + 1 + dice.below(LATEST) * 2, Sent::Again(at)));
            }
            if secured && dice.below(100) < BAD {
                order.push((due, Sent::Forged(at)));
            }
        }
        order.sort_by_key(|(due, _)| *due);
        Journey { plain, sent: order.into_iter().map(|(_, sent)| sent).collect() }
    }

    /// What must arrive, in this order.
    pub(crate) fn expected(&self) -> Vec<&[u8]> {
        let fresh = self.sent.iter().filter_map(|sent| match sent {
            Sent::Fresh(at) => Some(self.plain[*at].as_slice()),
            Sent::Again(_) | Sent::Forged(_) => None,
        });
        fresh.collect()
    }

    /// How many datagrams of these places in what is sent must arrive.
    pub(crate) fn expected_of(&self, places: Range<usize>) -> usize {
        self.sent[places].iter().filter(|sent| matches!(sent, Sent::Fresh(_))).count()
    }

    /// Datagrams that must not arrive.
    pub(crate) fn bad(&self) -> usize {
        self.sent.len() - self.expected().len()
    }

    /// The bytes of what is sent, of packets as they are on the wire.
    pub(crate) fn datagrams(&self, wire: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let datagram = |sent: &Sent| match *sent {
            Sent::Fresh(at) | Sent::Again(at) => wire[at].clone(),
            Sent::Forged(at) => {
                let mut packet = wire[at].clone();
                packet[20] ^= 0x10;
                packet
            }
        };
        self.sent.iter().map(datagram).collect()
    }
}

#[test]
fn a_journey_has_everything_in_it() {
    let journey = Journey::rtp(&mut Dice(7), 1, true);
    let fresh: Vec<usize> = journey
        .sent
        .iter()
        .filter_map(|sent| if let Sent::Fresh(at) = sent { Some(*at) } else { None })
        .collect();
    assert_eq!(fresh[..CALM], (0..CALM).collect::<Vec<_>>());
    assert!(!fresh.is_sorted() && fresh.len() < journey.plain.len());
    assert_eq!(fresh.iter().collect::<std::collections::BTreeSet<_>>().len(), fresh.len());
    let again = journey.sent.iter().filter(|sent| matches!(sent, Sent::Again(_))).count();
    let forged = journey.sent.iter().filter(|sent| matches!(sent, Sent::Forged(_))).count();
    assert!(again > 3 && forged > 3 && journey.bad() == again + forged);
    assert_eq!(Journey::rtp(&mut Dice(7), 1, false).bad(), 0);
    // Nothing is sent again before it was sent.
    for (place, sent) in journey.sent.iter().enumerate() {
        if let Sent::Again(at) = sent {
            assert!(journey.sent[..place].contains(&Sent::Fresh(*at)));
        }
    }
}
