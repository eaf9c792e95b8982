//! Openers and sealers over whole streams: what a bad network, a wrap, another path, new keys and an attacker do.

#![allow(clippy::unwrap_used, reason = "a test")]

mod packet;

use packet::{Dice, delivered, options, rtcp, rtp, setup};
use proptest::prelude::*;
use srtp::{
    Error, MasterKey, Mki, OpenError, Opener, Options, Progress, SealError, Sealer, Setup, SsrcState, Suite,
};

fn seal(sealer: &mut Sealer, packet: &[u8]) -> Vec<u8> {
    let mut buffer = [packet, &[0; srtp::MAX_OVERHEAD]].concat();
    let len = sealer.seal_rtp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn seal_rtcp(sealer: &mut Sealer, packet: &[u8]) -> Vec<u8> {
    let mut buffer = [packet, &[0; srtp::MAX_OVERHEAD]].concat();
    let len = sealer.seal_rtcp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn open(opener: &mut Opener, packet: &[u8]) -> Result<Vec<u8>, OpenError> {
    let mut packet = packet.to_vec();
    let len = opener.open_rtp(&mut packet)?;
    packet.truncate(len);
    Ok(packet)
}

fn pair(setup: &Setup) -> (Sealer, Opener) {
    (Sealer::new(setup).unwrap(), Opener::new(setup).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every suite, option and identifier: what was sealed opens to the same bytes, however the network treats it.
    #[test]
    fn streams_survive_a_bad_network(seed: u64, pick in 0..Suite::ALL.len(), start: u16, mki_len in 0usize..=128) {
        let mut dice = Dice(seed);
        let suite = Suite::ALL[pick];
        let allowed = options(suite);
        let chosen = allowed[dice.below(allowed.len() as u64) as usize];
        let mut setup = setup(&mut dice, suite, chosen);
        setup.mki = Mki::new(&dice.bytes(mki_len)).unwrap();
        let (mut sealer, mut opener) = pair(&setup);
        let ssrcs = [dice.throw() as u32, dice.throw() as u32];
        let first = u64::from(start);
        let plain: Vec<Vec<u8>> =
            (first..first + 300).map(|index| rtp(&mut dice, ssrcs[index as usize % 2], index as u16)).collect();
        let secure: Vec<Vec<u8>> = plain.iter().map(|packet| seal(&mut sealer, packet)).collect();
        let mut seen = std::collections::BTreeSet::new();
        // The first packet of each SSRC comes first: one that came late over a wrap could not be told from a forged one.
        let order = [first, first + 1].into_iter().chain(delivered(&mut dice, first, 300));
        for number in order {
            let at = (number - first) as usize;
            let got = open(&mut opener, &secure[at]);
            if seen.insert(number) {
                prop_assert_eq!(got.as_ref(), Ok(&plain[at]), "{} {:?}", suite, setup.options);
            } else {
                prop_assert_eq!(got, Err(OpenError::Replayed));
            }
        }
        for _ in 0..10 {
            let plain = rtcp(&mut dice, ssrcs[0]);
            let mut secure = seal_rtcp(&mut sealer, &plain);
            let again = secure.clone();
            let len = opener.open_rtcp(&mut secure).unwrap();
            prop_assert_eq!(&secure[..len], &plain);
            prop_assert_eq!(opener.open_rtcp(&mut again.clone()), Err(OpenError::Replayed));
        }
    }

    /// Another path takes over at any packet and nobody can tell.
    #[test]
    fn handing_over_changes_nothing(seed: u64, pick in 0..Suite::ALL.len(), at in 0u64..200) {
        let mut dice = Dice(seed);
        let setup = setup(&mut dice, Suite::ALL[pick], Options::default());
        let (mut sealer, mut opener) = pair(&setup);
        let (mut other_sealer, mut other_opener) = pair(&setup);
        let first = 65_400;
        for number in delivered(&mut dice, first, 200) {
            if number == first + at {
                for (mine, theirs) in [
                    (opener.states().collect::<Vec<_>>(), &mut other_opener as &mut dyn Restore),
                    (sealer.states().collect(), &mut other_sealer),
                ] {
                    mine.iter().for_each(|state| theirs.take(state));
                }
                std::mem::swap(&mut opener, &mut other_opener);
                std::mem::swap(&mut sealer, &mut other_sealer);
                prop_assert!(opener.states().eq(other_opener.states()));
                prop_assert!(sealer.states().eq(other_sealer.states()));
            }
            let plain = rtp(&mut dice, 7, number as u16);
            let mut buffer = [plain.as_slice(), &[0; 16]].concat();
            match sealer.seal_rtp(&mut buffer, plain.len()) {
                Ok(len) => {
                    prop_assert_eq!(open(&mut opener, &buffer[..len]).unwrap(), plain);
                    prop_assert_eq!(open(&mut opener, &buffer[..len]), Err(OpenError::Replayed));
                }
                Err(error) => prop_assert_eq!(error, SealError::Repeated),
            }
            let report = rtcp(&mut dice, 7);
            let mut secure = seal_rtcp(&mut sealer, &report);
            let len = opener.open_rtcp(&mut secure).unwrap();
            prop_assert_eq!(&secure[..len], report);
        }
    }
}

/// What both can do, for the loop above.
trait Restore {
    fn take(&mut self, state: &SsrcState);
}

impl Restore for Opener {
    fn take(&mut self, state: &SsrcState) {
        self.restore(state).unwrap();
    }
}

impl Restore for Sealer {
    fn take(&mut self, state: &SsrcState) {
        self.restore(state).unwrap();
    }
}

#[test]
fn no_bit_of_a_packet_can_be_turned() {
    let mut dice = Dice(11);
    for suite in Suite::ALL {
        let setup = setup(&mut dice, suite, Options::default());
        let (mut sealer, mut opener) = pair(&setup);
        let plain = rtp(&mut dice, 5, 1000);
        let secure = seal(&mut sealer, &plain);
        for bit in 0..secure.len() * 8 {
            let mut forged = secure.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&mut opener, &forged).is_err(), "{suite}, bit {bit}");
            assert_eq!(opener.states().len(), 0, "a forged packet was remembered");
        }
        let report = seal_rtcp(&mut sealer, &rtcp(&mut dice, 5));
        for bit in 0..report.len() * 8 {
            let mut forged = report.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(opener.open_rtcp(&mut forged).is_err(), "{suite}, bit {bit}");
            assert_eq!(opener.states().len(), 0, "a forged report was remembered");
        }
        assert_eq!(open(&mut opener, &secure).unwrap(), plain);
    }
}

#[test]
fn a_forged_packet_far_ahead_does_not_move_the_counter() {
    let mut dice = Dice(12);
    for suite in Suite::ALL {
        let (mut sealer, mut opener) = pair(&setup(&mut dice, suite, Options::default()));
        let secure: Vec<_> = (0..3).map(|at| seal(&mut sealer, &rtp(&mut dice, 5, 65_000 + at))).collect();
        open(&mut opener, &secure[0]).unwrap();
        let before: Vec<_> = opener.states().collect();
        for seq in [0u16, 20_000, 32_000, 64_999, 65_535] {
            let mut forged = secure[1].clone();
            forged[2..4].copy_from_slice(&seq.to_be_bytes());
            assert_eq!(open(&mut opener, &forged), Err(OpenError::Unauthentic), "{suite}");
            assert!(opener.states().eq(before.iter().copied()));
        }
        assert!(open(&mut opener, &secure[1]).is_ok() && open(&mut opener, &secure[2]).is_ok());
    }
}

#[test]
fn new_keys_keep_counters_windows_and_report_indices() {
    let mut dice = Dice(13);
    for suite in Suite::ALL {
        for next in Suite::ALL {
            let (mut sealer, mut opener) = pair(&setup(&mut dice, suite, Options::default()));
            for index in [65_534u64, 65_535, 65_536] {
                let secure = seal(&mut sealer, &rtp(&mut dice, 5, index as u16));
                open(&mut opener, &secure).unwrap();
            }
            let mut report = seal_rtcp(&mut sealer, &rtcp(&mut dice, 5));
            opener.open_rtcp(&mut report).unwrap();
            let old = seal(&mut sealer, &rtp(&mut dice, 5, 1));

            let new = setup(&mut dice, next, Options::default());
            sealer.rekey(&new).unwrap();
            opener.rekey(&new).unwrap();
            assert_eq!((sealer.suite(), opener.suite()), (next, next));
            assert_eq!(open(&mut opener, &old), Err(OpenError::Unauthentic));
            let plain = rtp(&mut dice, 5, 2);
            assert_eq!(open(&mut opener, &seal(&mut sealer, &plain)).unwrap(), plain);
            let mut report = seal_rtcp(&mut sealer, &rtcp(&mut dice, 5));
            opener.open_rtcp(&mut report).unwrap();
            for state in [opener.states().next().unwrap(), sealer.states().next().unwrap()] {
                assert_eq!((state.rtp.index, state.rtp.roc(), state.rtcp.index), (65_538, 1, 1));
            }
        }
    }
}

#[test]
fn a_peer_that_begins_anew_with_new_keys_is_followed() {
    let mut dice = Dice(14);
    for suite in Suite::ALL {
        let (mut sealer, mut opener) = pair(&setup(&mut dice, suite, Options::default()));
        for index in [65_535u64, 65_536, 65_537] {
            open(&mut opener, &seal(&mut sealer, &rtp(&mut dice, 5, index as u16))).unwrap();
        }
        let new = setup(&mut dice, suite, Options::default());
        opener.rekey(&new).unwrap();
        let mut anew = Sealer::new(&new).unwrap();
        // Even with a number that was used under the old key.
        for seq in [1, 2, 3] {
            let plain = rtp(&mut dice, 5, seq);
            let secure = seal(&mut anew, &plain);
            assert_eq!(open(&mut opener, &secure).unwrap(), plain, "{suite}");
            assert_eq!(open(&mut opener, &secure), Err(OpenError::Replayed), "{suite}");
        }
        assert_eq!(opener.states().next().unwrap().rtp.index, 3);
        // The chance is over with the first packet: the counter is known now.
        opener.set_roc(5, 9).unwrap();
        assert_eq!(open(&mut opener, &seal(&mut anew, &rtp(&mut dice, 5, 4))), Err(OpenError::Unauthentic));
    }
}

#[test]
fn reports_that_count_anew_with_new_keys_are_followed() {
    let mut dice = Dice(22);
    for suite in Suite::ALL {
        let (mut sealer, mut opener) = pair(&setup(&mut dice, suite, Options::default()));
        for _ in 0..5 {
            opener.open_rtcp(&mut seal_rtcp(&mut sealer, &rtcp(&mut dice, 5))).unwrap();
        }
        let new = setup(&mut dice, suite, Options::default());
        let late = seal_rtcp(&mut sealer, &rtcp(&mut dice, 5));
        opener.rekey(&new).unwrap();
        assert_eq!(opener.open_rtcp(&mut late.clone()), Err(OpenError::Unauthentic), "{suite}");
        let mut anew = Sealer::new(&new).unwrap();
        for _ in 0..3 {
            let report = seal_rtcp(&mut anew, &rtcp(&mut dice, 5));
            opener.open_rtcp(&mut report.clone()).unwrap();
            assert_eq!(opener.open_rtcp(&mut report.clone()), Err(OpenError::Replayed), "{suite}");
        }
    }
}

/// A number that was passed under the old key, with rollover counter zero before and after.
#[test]
fn a_peer_that_goes_back_with_new_keys_is_followed() {
    let mut dice = Dice(23);
    for suite in Suite::ALL {
        let (mut sealer, mut opener) = pair(&setup(&mut dice, suite, Options::default()));
        for seq in [5000, 5001] {
            open(&mut opener, &seal(&mut sealer, &rtp(&mut dice, 5, seq))).unwrap();
        }
        let new = setup(&mut dice, suite, Options::default());
        opener.rekey(&new).unwrap();
        let mut anew = Sealer::new(&new).unwrap();
        let forged = seal(&mut sealer, &rtp(&mut dice, 5, 5002));
        assert_eq!(open(&mut opener, &forged), Err(OpenError::Unauthentic), "{suite}");
        for seq in [10, 11] {
            let secure = seal(&mut anew, &rtp(&mut dice, 5, seq));
            open(&mut opener, &secure).unwrap();
            assert_eq!(open(&mut opener, &secure), Err(OpenError::Replayed), "{suite}");
        }
    }
}

#[test]
fn a_later_context_begins_anew_and_no_other_does() {
    let mut dice = Dice(24);
    for suite in Suite::ALL {
        let first = setup(&mut dice, suite, Options::default());
        let (mut sealer, mut opener) = pair(&first);
        for index in [65_534u64, 65_535, 65_536] {
            open(&mut opener, &seal(&mut sealer, &rtp(&mut dice, 5, index as u16))).unwrap();
        }
        seal_rtcp(&mut sealer, &rtcp(&mut dice, 5));
        let before = sealer.states().next().unwrap();
        let next = Setup { context: 7, ..setup(&mut dice, suite, Options::default()) };
        sealer.rekey(&next).unwrap();
        opener.rekey(&next).unwrap();
        assert_eq!((sealer.states().len(), opener.states().len()), (0, 0));
        assert_eq!(
            (sealer.restore(&before), opener.restore(&before)),
            (Err(Error::Context), Err(Error::Context))
        );
        // As a peer hears it that has made a new session.
        let mut fresh = Opener::new(&next).unwrap();
        let plain = rtp(&mut dice, 5, 1);
        let secure = seal(&mut sealer, &plain);
        assert_eq!(open(&mut fresh, &secure).unwrap(), plain, "{suite}");
        assert_eq!(open(&mut opener, &secure).unwrap(), plain, "{suite}");
        let state = sealer.states().next().unwrap();
        assert_eq!((state.context, state.rtp.index), (7, 1));
        // The same key under another number, and another key under a smaller one, go on.
        sealer.rekey(&Setup { context: 8, ..next.clone() }).unwrap();
        sealer.rekey(&setup(&mut dice, suite, Options::default())).unwrap();
        assert_eq!(sealer.states().next().unwrap(), SsrcState { context: 0, ..state });
    }
}

#[test]
fn the_same_keys_again_do_not_let_a_replay_pass() {
    let mut dice = Dice(15);
    for suite in Suite::ALL {
        let setup = setup(&mut dice, suite, Options::default());
        let (mut sealer, mut opener) = pair(&setup);
        let early = seal(&mut sealer, &rtp(&mut dice, 5, 65_000));
        open(&mut opener, &early).unwrap();
        for index in (65_500..66_100u64).step_by(50) {
            open(&mut opener, &seal(&mut sealer, &rtp(&mut dice, 5, index as u16))).unwrap();
        }
        opener.rekey(&setup).unwrap();
        assert_eq!(open(&mut opener, &early), Err(OpenError::TooOld), "{suite}");
    }
}

#[test]
fn who_joins_late_needs_the_counter() {
    let mut dice = Dice(16);
    for suite in Suite::ALL {
        let setup = setup(&mut dice, suite, Options::default());
        let (mut sealer, mut opener) = pair(&setup);
        sealer.set_roc(5, 3).unwrap();
        let plain = rtp(&mut dice, 5, 100);
        let secure = seal(&mut sealer, &plain);
        assert_eq!(open(&mut opener, &secure), Err(OpenError::Unauthentic));
        opener.set_roc(5, 3).unwrap();
        assert_eq!(open(&mut opener, &secure).unwrap(), plain, "{suite}");
        assert_eq!(opener.states().next().unwrap().rtp, Progress { index: 3 << 16 | 100, window: 1 });
    }
}

#[test]
fn sealing_never_uses_an_index_twice() {
    let mut dice = Dice(17);
    let setup = setup(&mut dice, Suite::AesCm128HmacSha1_80, Options::default());
    let mut sealer = Sealer::new(&setup).unwrap();
    let mut try_seal = |sealer: &mut Sealer, seq: u16| {
        let packet = rtp(&mut dice, 5, seq);
        let mut buffer = [packet.as_slice(), &[0; 10]].concat();
        let before = buffer.clone();
        let sealed = sealer.seal_rtp(&mut buffer, packet.len());
        assert!(sealed.is_ok() || buffer == before);
        sealed.map(|_| ())
    };
    assert_eq!(try_seal(&mut sealer, 10), Ok(()));
    assert_eq!(try_seal(&mut sealer, 10), Err(SealError::Repeated));
    // Before the beginning: with rollover counter 2^32 - 1 the peer could not open it, with 0 it would lead astray.
    assert_eq!(try_seal(&mut sealer, 65_535), Err(SealError::TooOld));
    assert_eq!(try_seal(&mut sealer, 1000), Ok(()));
    assert_eq!(try_seal(&mut sealer, 1000 - 127), Ok(()));
    assert_eq!(try_seal(&mut sealer, 1000 - 128), Err(SealError::TooOld));

    let state = sealer.states().next().unwrap();
    let at = |index| SsrcState { rtp: Progress { index, window: 1 }, ..state };
    assert_eq!(sealer.restore(&at(999)), Err(Error::Index));
    assert_eq!(sealer.restore(&SsrcState::new(5)), Err(Error::Index));
    sealer.set_roc(5, 1).unwrap();
    assert_eq!(sealer.set_roc(5, 0), Err(Error::Index));
    sealer.restore(&at((1 << 48) - 1)).unwrap();
    assert_eq!(try_seal(&mut sealer, 0), Err(SealError::KeyExpired));
}

#[test]
fn reports_end_with_their_index() {
    let mut dice = Dice(18);
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes256Gcm] {
        let (mut sealer, mut opener) = pair(&setup(&mut dice, suite, Options::default()));
        let last = Progress { index: (1 << 31) - 1, window: 0 };
        sealer.restore(&SsrcState { rtcp: last, ..SsrcState::new(5) }).unwrap();
        let mut report = seal_rtcp(&mut sealer, &rtcp(&mut dice, 5));
        opener.open_rtcp(&mut report).unwrap();
        assert_eq!(opener.states().next().unwrap().rtcp.index, (1 << 31) - 1);
        let mut buffer = rtcp(&mut dice, 5);
        let len = buffer.len();
        buffer.resize(len + 200, 0);
        assert_eq!(sealer.seal_rtcp(&mut buffer, len), Err(SealError::KeyExpired));
    }
}

#[test]
fn a_gap_of_more_than_half_the_numbers_is_bridged_when_the_tag_says_so() {
    let mut dice = Dice(19);
    let setup = setup(&mut dice, Suite::AesCm128HmacSha1_80, Options::default());
    let (mut sealer, mut opener) = pair(&setup);
    open(&mut opener, &seal(&mut sealer, &rtp(&mut dice, 5, 10))).unwrap();
    for seq in (10..65_500).step_by(1000).skip(1) {
        seal(&mut sealer, &rtp(&mut dice, 5, seq));
    }
    let plain = rtp(&mut dice, 5, 65_510);
    assert_eq!(open(&mut opener, &seal(&mut sealer, &plain)).unwrap(), plain);
}

#[test]
fn room_for_ssrcs_is_bounded_and_can_be_freed() {
    let mut dice = Dice(20);
    let mut setup = setup(&mut dice, Suite::AeadAes128Gcm, Options::default());
    for ssrcs in [0, srtp::MAX_SSRCS + 1] {
        setup.ssrcs = ssrcs;
        assert_eq!(Opener::new(&setup).err(), Some(Error::Ssrcs(ssrcs)));
        assert_eq!(Sealer::new(&setup).err(), Some(Error::Ssrcs(ssrcs)));
    }
    setup.ssrcs = 3;
    let mut opener = Opener::new(&setup).unwrap();
    let mut from = |ssrc: u32| seal(&mut Sealer::new(&setup).unwrap(), &rtp(&mut dice, ssrc, 1));
    for ssrc in 0..3 {
        open(&mut opener, &from(ssrc)).unwrap();
    }
    assert_eq!(open(&mut opener, &from(3)), Err(OpenError::TooManySsrcs));
    assert_eq!(opener.set_roc(3, 1), Err(Error::TooManySsrcs));
    assert!(opener.forget(1) && !opener.forget(1));
    open(&mut opener, &from(3)).unwrap();
    assert_eq!(open(&mut opener, &from(0)), Err(OpenError::Replayed));
}

#[test]
fn short_and_odd_packets_are_refused_as_they_are() {
    let mut dice = Dice(21);
    for suite in Suite::ALL {
        let (mut sealer, mut opener) = pair(&setup(&mut dice, suite, Options::default()));
        let secure = seal(&mut sealer, &rtp(&mut dice, 5, 1));
        let shortest = 12 + sealer.rtp_overhead();
        for len in 0..shortest {
            let short = OpenError::TooShort { len, needed: shortest };
            assert_eq!(open(&mut opener, &secure[..len.min(secure.len())]), Err(short));
        }
        for len in 0..8 + sealer.rtcp_overhead() {
            let got = opener.open_rtcp(&mut vec![0x80; len]);
            assert!(matches!(got, Err(OpenError::TooShort { .. })), "{got:?}");
        }
        let mut long = [[0x90, 0, 0, 0].as_slice(), &[0; 10], &[0xff; 60]].concat();
        assert!(matches!(opener.open_rtp(&mut long), Err(OpenError::Header(_))));
        let mut buffer = [0x80; 100];
        let (len, needed) = (100, 100 + sealer.rtp_overhead());
        assert_eq!(sealer.seal_rtp(&mut buffer, 100), Err(SealError::NoRoom { len, needed }));
        assert!(matches!(sealer.seal_rtp(&mut buffer, usize::MAX), Err(SealError::NoRoom { .. })));
        for len in 0..8 {
            assert!(matches!(sealer.seal_rtcp(&mut buffer, len), Err(SealError::Header(_))));
        }
        for len in 0..12 {
            assert!(matches!(sealer.seal_rtp(&mut buffer, len), Err(SealError::Header(_))));
        }
        assert_eq!(buffer, [0x80; 100]);
    }
}

#[test]
fn debug_tells_no_key() {
    let key = MasterKey::new(Suite::AesCm128HmacSha1_80, &[0xab; 30]).unwrap();
    let setup = Setup::new(key);
    let (sealer, opener) = pair(&setup);
    let shown = format!("{setup:?} {sealer:?} {opener:?}");
    assert!(
        shown.contains("AesCm128HmacSha1_80") && !shown.contains("171") && !shown.contains("ab,"),
        "{shown}"
    );
}
