//! Packets and chance for the tests of this folder.
#![allow(dead_code, reason = "each test uses some of it")]

use srtp::{MasterKey, Options, Setup, Suite};

/// Chance that comes out the same each time (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.throw() % end
    }

    /// True in `percent` of cases.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.throw() as u8).collect()
    }
}

/// An RTP packet; sometimes with sources, sometimes with an extension.
pub(crate) fn rtp(dice: &mut Dice, ssrc: u32, seq: u16) -> Vec<u8> {
    let sources = if dice.percent(20) { dice.below(16) as u8 } else { 0 };
    let extension = dice.percent(20);
    let mut packet = vec![0x80 | sources | if extension { 0x10 } else { 0 }, dice.below(256) as u8 & 0x9f];
    packet.extend(seq.to_be_bytes());
    packet.extend(dice.bytes(4));
    packet.extend(ssrc.to_be_bytes());
    packet.extend(dice.bytes(usize::from(sources) * 4));
    if extension {
        let words = dice.below(5) as u8;
        packet.extend([0xbe, 0xde, 0, words]);
        packet.extend(dice.bytes(usize::from(words) * 4));
    }
    let payload = if dice.percent(10) { dice.below(1300) } else { dice.below(200) };
    packet.extend(dice.bytes(payload as usize));
    packet
}

/// An RTCP packet: a sender report or a receiver report with random content.
pub(crate) fn rtcp(dice: &mut Dice, ssrc: u32) -> Vec<u8> {
    let words = dice.below(40) as u8;
    let mut packet = vec![0x80, 200 + dice.below(2) as u8, 0, words + 1];
    packet.extend(ssrc.to_be_bytes());
    packet.extend(dice.bytes(usize::from(words) * 4));
    packet
}

pub(crate) fn setup(dice: &mut Dice, suite: Suite, options: Options) -> Setup {
    let key = dice.bytes(suite.key_len() + suite.salt_len());
    Setup { options, ..Setup::new(MasterKey::new(suite, &key).unwrap()) }
}

/// What each suite can be asked for.
pub(crate) fn options(suite: Suite) -> Vec<Options> {
    let mut all = Vec::new();
    for bits in 0..8 {
        let options = Options {
            clear_rtp: bits & 1 != 0,
            clear_rtcp: bits & 2 != 0,
            unauthenticated_rtp: bits & 4 != 0,
            window_hint: None,
        };
        if options.check(suite).is_ok() {
            all.push(options);
        }
    }
    all
}

/// Numbers from `first` on as a network with 5 % of loss, reordering and duplicates delivers them. The first comes
/// first.
pub(crate) fn delivered(dice: &mut Dice, first: u64, count: u64) -> Vec<u64> {
    let mut due: Vec<(u64, u64)> = vec![(0, first)];
    for at in 1..count {
        if dice.percent(5) {
            continue;
        }
        let late = if dice.percent(10) { dice.below(30) } else { 0 };
        due.push(((at + late) * 2, first + at));
        if dice.percent(3) {
            due.push(((at + dice.below(40)) * 2 + 1, first + at));
        }
    }
    due.sort();
    due.into_iter().map(|(_, number)| number).collect()
}
