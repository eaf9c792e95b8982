//! Tags that are made ahead, or at the end: with them packets are opened and sealed as without.

#![allow(clippy::unwrap_used, reason = "a test")]

mod packet;

use packet::{Dice, options, rtp, setup};
use proptest::prelude::*;
use srtp::{Covered, Guess, Mki, Opener, Sealer, Setup, Suite, Tag, Tagger};

fn taggers() -> impl Iterator<Item = Tagger> {
    [Some(Tagger::new()), Some(Tagger::one_by_one()), Tagger::in_lanes()].into_iter().flatten()
}

fn tags<'a>(tagger: Tagger, covered: impl ExactSizeIterator<Item = Option<Covered<'a>>>) -> Vec<Option<Tag>> {
    let mut tags = vec![None; covered.len()];
    tagger.tags(covered.enumerate().filter_map(|(number, covered)| Some((number, covered?))), &mut tags);
    tags
}

/// Each packet of a burst with the tag that it ought to have, if it is worth making one.
fn ahead(tagger: Tagger, openers: &[Opener], packets: &[(usize, Vec<u8>)]) -> Vec<Option<(Guess, Tag)>> {
    let guesses: Vec<_> = packets.iter().map(|(of, packet)| openers[*of].guess(packet)).collect();
    let covered = packets.iter().zip(&guesses);
    let covered = covered.map(|((of, packet), guess)| openers[*of].covered(packet, guess.as_ref()?));
    let tags = tags(tagger, covered);
    guesses.into_iter().zip(tags).map(|(guess, tag)| guess.zip(tag)).collect()
}

fn seal(sealer: &mut Sealer, packet: &[u8]) -> Vec<u8> {
    let mut buffer = [packet, &[0; srtp::MAX_OVERHEAD]].concat();
    let len = sealer.seal_rtp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn sessions(dice: &mut Dice) -> Vec<Setup> {
    let suites = (0..5).map(|_| Suite::ALL[dice.below(12) as usize]).collect::<Vec<_>>();
    let one = |suite| {
        let allowed = options(suite);
        let options = allowed[dice.below(allowed.len() as u64) as usize];
        let len = if dice.percent(30) { 4 } else { 0 };
        let mki = Mki::new(&dice.bytes(len)).unwrap();
        Setup { mki, ..setup(dice, suite, options) }
    };
    suites.into_iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Packets of several sessions in one burst, some of them forged, repeated or out of order, around a wrap.
    #[test]
    fn a_burst_is_opened_as_its_packets_are_one_by_one(seed: u64, start in 65_480u32..65_536, many in 1usize..40) {
        let mut dice = Dice(seed);
        let setups = sessions(&mut dice);
        let mut sealers: Vec<_> = setups.iter().map(|setup| Sealer::new(setup).unwrap()).collect();
        for tagger in taggers() {
            let mut openers: Vec<_> = setups.iter().map(|setup| Opener::new(setup).unwrap()).collect();
            let mut plain: Vec<_> = setups.iter().map(|setup| Opener::new(setup).unwrap()).collect();
            for burst in 0..3u32 {
                let mut packets = Vec::new();
                for n in 0..many as u32 {
                    let of = dice.below(setups.len() as u64) as usize;
                    let packet = rtp(&mut dice, 5 + n % 2, (start + burst * 40 + n) as u16);
                    let mut sealed = seal(&mut sealers[of], &packet);
                    if dice.percent(10) {
                        packets.push((of, sealed.clone()));
                    }
                    if dice.percent(20) {
                        let at = dice.below(sealed.len() as u64) as usize;
                        sealed[at] ^= 1 << dice.below(8);
                    }
                    packets.push((of, sealed));
                    let many = packets.len();
                    packets.swap(many - 1, dice.below(many as u64) as usize);
                }
                let made = ahead(tagger, &openers, &packets);
                for ((of, packet), made) in packets.iter().zip(made) {
                    let (mut one, mut other) = (packet.clone(), packet.clone());
                    let opened = openers[*of].open_rtp_with(&mut one, made.as_ref());
                    prop_assert_eq!(&opened, &plain[*of].open_rtp(&mut other));
                    prop_assert_eq!(&one, &other);
                    prop_assert!(openers[*of].states().eq(plain[*of].states()));
                }
            }
            sealers = setups.iter().map(|setup| Sealer::new(setup).unwrap()).collect();
        }
    }

    /// What gets its tag at the end is what it would have been at once.
    #[test]
    fn a_burst_is_sealed_as_its_packets_are_one_by_one(seed: u64, start: u16, many in 1usize..40) {
        let mut dice = Dice(seed);
        let setups = sessions(&mut dice);
        for tagger in taggers() {
            let mut sealers: Vec<_> = setups.iter().map(|setup| Sealer::new(setup).unwrap()).collect();
            let mut plain: Vec<_> = setups.iter().map(|setup| Sealer::new(setup).unwrap()).collect();
            let (mut sealed, mut expected) = (Vec::new(), Vec::new());
            for n in 0..many as u16 {
                let of = dice.below(setups.len() as u64) as usize;
                let packet = rtp(&mut dice, 5, start.wrapping_add(n));
                expected.push(seal(&mut plain[of], &packet));
                let mut buffer = [&packet[..], &[0; srtp::MAX_OVERHEAD]].concat();
                let (len, due) = sealers[of].seal_rtp_without_tag(&mut buffer, packet.len()).unwrap();
                buffer.truncate(len);
                sealed.push((of, buffer, due));
            }
            let covered = sealed.iter().map(|(of, packet, due)| sealers[*of].covered(packet, due.as_ref()?));
            let tags = tags(tagger, covered);
            for (((_, mut packet, due), tag), expected) in sealed.into_iter().zip(tags).zip(expected) {
                prop_assert_eq!(due.is_some(), tag.is_some());
                if let (Some(due), Some(tag)) = (due, tag) {
                    due.write(&mut packet, &tag);
                }
                prop_assert_eq!(packet, expected);
            }
        }
    }
}

#[test]
fn a_guess_that_no_longer_holds_is_not_used() {
    let mut dice = Dice(31);
    for suite in Suite::ALL.into_iter().filter(|suite| !suite.is_aead()) {
        let setup = setup(&mut dice, suite, Default::default());
        let (mut sealer, mut opener) = (Sealer::new(&setup).unwrap(), Opener::new(&setup).unwrap());
        let packets: Vec<_> = [65_530, 30_000, 60_000, 10]
            .into_iter()
            .map(|seq| (0, seal(&mut sealer, &rtp(&mut dice, 5, seq))))
            .collect();
        // Before the first of them is opened, all seem to have the counter zero.
        let made = ahead(Tagger::new(), std::slice::from_ref(&opener), &packets);
        assert!(made.iter().all(Option::is_some));
        for ((_, packet), made) in packets.iter().zip(&made) {
            opener.open_rtp_with(&mut packet.clone(), made.as_ref()).unwrap();
        }
        assert_eq!(opener.states().next().unwrap().rtp.index, 2 << 16 | 10, "{suite}");
        for ((_, packet), made) in packets.iter().zip(&made) {
            let again = opener.open_rtp_with(&mut packet.clone(), made.as_ref());
            assert!(again.is_err(), "{again:?}");
        }
    }
}

#[test]
fn the_tag_of_a_forged_packet_does_not_open_it() {
    let mut dice = Dice(32);
    for suite in Suite::ALL.into_iter().filter(|suite| !suite.is_aead()) {
        let setup = setup(&mut dice, suite, Default::default());
        let (mut sealer, mut opener) = (Sealer::new(&setup).unwrap(), Opener::new(&setup).unwrap());
        let genuine = seal(&mut sealer, &rtp(&mut dice, 5, 7));
        for at in 0..genuine.len() {
            let mut forged = genuine.clone();
            forged[at] ^= 1;
            let packets = [(0, forged)];
            let made = ahead(Tagger::new(), std::slice::from_ref(&opener), &packets);
            let [(_, mut forged)] = packets;
            assert!(opener.open_rtp_with(&mut forged, made[0].as_ref()).is_err(), "{suite}, byte {at}");
        }
        assert_eq!(opener.states().len(), 0);
        opener.open_rtp(&mut genuine.clone()).unwrap();
    }
}

#[test]
fn what_would_be_refused_unseen_is_not_guessed_at() {
    let mut dice = Dice(33);
    let setup = Setup { ssrcs: 2, ..setup(&mut dice, Suite::AesCm128HmacSha1_80, Default::default()) };
    let (mut sealer, mut opener) = (Sealer::new(&setup).unwrap(), Opener::new(&setup).unwrap());
    let first = seal(&mut sealer, &rtp(&mut dice, 5, 1));
    assert!(opener.guess(&first).is_some());
    opener.open_rtp(&mut first.clone()).unwrap();
    assert_eq!(opener.guess(&first), None, "repeated");
    opener.open_rtp(&mut seal(&mut sealer, &rtp(&mut dice, 5, 1000))).unwrap();
    assert_eq!(opener.guess(&first), None, "too old");
    opener.open_rtp(&mut seal(&mut sealer, &rtp(&mut dice, 6, 1))).unwrap();
    let third = seal(&mut Sealer::new(&setup).unwrap(), &rtp(&mut dice, 7, 1));
    assert_eq!(opener.guess(&third), None, "no room for its sender");
    assert_eq!(opener.guess(&first[..20]), None, "too short");
    assert_eq!(opener.guess(&[0; 100]), None, "no RTP");
    let made = ahead(Tagger::new(), &[opener], &[(0, seal(&mut sealer, &rtp(&mut dice, 5, 1001)))]);
    assert_eq!(format!("{:?}", made[0].unwrap().1), "Tag { .. }");
}
