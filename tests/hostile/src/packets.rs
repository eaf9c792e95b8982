//! Bad datagrams for media ports.

use crate::Dice;
use lab::{rtcp, rtp};

/// A kind of bad datagram.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What it is; also the seed.
    pub name: &'static str,
    make: fn(&mut Dice) -> Vec<u8>,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Kind {
    /// Datagram `number` of this kind.
    pub fn datagram(&self, number: u32) -> Vec<u8> {
        (self.make)(&mut Dice::new(self.name, number))
    }
}

/// Every kind.
pub const KINDS: &[Kind] = &[
    Kind { name: "empty", make: |_| Vec::new() },
    Kind { name: "one-byte", make: |dice| dice.bytes(1) },
    Kind { name: "cut-rtp", make: cut_rtp },
    Kind { name: "wrong-version", make: wrong_version },
    Kind { name: "lying-csrcs", make: lying_csrcs },
    Kind { name: "lying-extension", make: lying_extension },
    Kind { name: "lying-padding", make: lying_padding },
    Kind { name: "stun-like", make: stun_like },
    Kind { name: "dtls-like", make: dtls_like },
    Kind { name: "other-protocols", make: other_protocols },
    Kind { name: "lying-rtcp", make: lying_rtcp },
    Kind { name: "many-reports", make: many_reports },
    Kind { name: "random", make: random },
    Kind { name: "nine-thousand-bytes", make: |dice| dice.bytes(9000) },
];

fn valid(dice: &mut Dice) -> Vec<u8> {
    let header = rtp::Header {
        payload_type: dice.byte() & 0x7f,
        marker: dice.once_in(2),
        sequence: dice.bits() as u16,
        timestamp: dice.bits() as u32,
        ssrc: dice.bits() as u32,
    };
    let length = dice.below(200);
    rtp::write(&header, &dice.bytes(length))
}

fn cut_rtp(dice: &mut Dice) -> Vec<u8> {
    let mut packet = valid(dice);
    packet.truncate(dice.between(1, 11));
    packet
}

fn wrong_version(dice: &mut Dice) -> Vec<u8> {
    let mut packet = valid(dice);
    packet[0] = dice.pick(&[0u8, 0x40, 0xc0]) | dice.byte() & 0x3f;
    packet
}

fn lying_csrcs(dice: &mut Dice) -> Vec<u8> {
    let mut packet = valid(dice);
    packet[0] = 0x8f;
    packet.truncate(dice.between(12, 71));
    packet
}

fn lying_extension(dice: &mut Dice) -> Vec<u8> {
    let mut packet = valid(dice);
    packet[0] = 0x90 | dice.byte() & 0x0f;
    packet.truncate(dice.between(12, 80));
    if let Some(length) = packet.get_mut(14..16) {
        length.copy_from_slice(&[0xff, 0xff]);
    }
    packet
}

fn lying_padding(dice: &mut Dice) -> Vec<u8> {
    let mut packet = valid(dice);
    packet[0] = 0xa0;
    packet.push(*dice.pick(&[0, 254, 255]));
    packet
}

fn stun_like(dice: &mut Dice) -> Vec<u8> {
    let mut packet = vec![dice.byte() & 3, dice.byte()];
    packet.extend((dice.bits() as u16).to_be_bytes());
    packet.extend([0x21, 0x12, 0xa4, 0x42]);
    let length = dice.below(120);
    packet.extend(dice.bytes(length));
    packet
}

fn dtls_like(dice: &mut Dice) -> Vec<u8> {
    let mut packet = vec![dice.between(20, 63) as u8, 0xfe, *dice.pick(&[0xff, 0xfd, 0xfc])];
    let length = dice.below(200);
    packet.extend(dice.bytes(length));
    packet
}

/// ZRTP, TURN channels, Q.931, SIP keep-alives: first bytes of RFC 7983 that are none of ours.
fn other_protocols(dice: &mut Dice) -> Vec<u8> {
    let first = *dice.pick(&[4u8, 15, 16, 19, 64, 79, 80, 127, 192, 255, b'\r', b'O']);
    let length = dice.below(300);
    let mut packet = dice.bytes(length);
    packet.insert(0, first);
    packet
}

fn lying_rtcp(dice: &mut Dice) -> Vec<u8> {
    let sender = rtcp::Sender { ntp: dice.bits(), timestamp: 1, packets: 2, bytes: 3 };
    let mut packet = rtcp::sender_report(dice.bits() as u32, &sender, &[rtcp::Block::default(); 2]);
    let lie = *dice.pick(&[0u16, 1, 2, 7, 255, 0x7fff, 0xffff]);
    packet[2..4].copy_from_slice(&lie.to_be_bytes());
    packet[1] = dice.between(192, 223) as u8;
    packet.truncate(dice.between(2, packet.len()));
    packet
}

/// Headers that promise 31 blocks, over and over.
fn many_reports(dice: &mut Dice) -> Vec<u8> {
    let header = [0x9f, *dice.pick(&[200, 201, 202, 205, 206]), 0, *dice.pick(&[0, 1])];
    header.repeat(dice.between(1, 350))
}

fn random(dice: &mut Dice) -> Vec<u8> {
    let length = dice.between(1, 1472);
    dice.bytes(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_what_they_are_called() {
        let lengths = |name: &str| -> Vec<usize> {
            let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
            (0..100).map(|number| kind.datagram(number).len()).collect()
        };
        assert!(lengths("empty").iter().all(|&length| length == 0));
        assert!(lengths("cut-rtp").iter().all(|length| (1..12).contains(length)));
        assert!(lengths("nine-thousand-bytes").iter().all(|&length| length == 9000));
        assert!(lengths("random").iter().any(|&length| length > 1400));
        for kind in KINDS {
            assert_eq!(kind.datagram(3), kind.datagram(3), "{kind:?}");
        }
    }
}
