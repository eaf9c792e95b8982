//! Bodies of the fuzz targets: they panic when a promise of this crate is broken.

use crate::{
    Lifetime, MAX_OVERHEAD, MasterKey, Mki, OpenError, Opener, Options, Sealer, Setup, Suite, Tagger,
};

/// Any bytes as SRTP and SRTCP, under a suite that the first two bytes choose: no panic, and what is not authentic
/// changes nothing. The same bytes as RTP and RTCP: what is sealed can be opened once, and not with a bit turned.
pub fn open(data: &[u8]) {
    let &[pick, flags, ref packet @ ..] = data else { return };
    let suite = Suite::ALL[usize::from(pick) % Suite::ALL.len()];
    let Some(setup) = setup(suite, flags) else { return };
    let Ok(mut opener) = Opener::new(&setup) else { return };
    let Ok(mut sealer) = Sealer::new(&setup) else { return };

    let forged = |opened: Result<usize, OpenError>, opener: &Opener, after: &[u8], tagged: bool| match opened
    {
        Ok(len) => assert!(!tagged && len <= packet.len()),
        Err(error) => {
            assert_eq!(opener.states().len(), 0);
            assert!(after == packet || (suite.is_aead() && error == OpenError::Unauthentic));
        }
    };
    let mut copy = packet.to_vec();
    let opened = opener.open_rtcp(&mut copy);
    forged(opened, &opener, &copy, true);
    let Ok(mut ahead) = Opener::new(&setup) else { return };
    let mut copy = packet.to_vec();
    let guessed = open_ahead(&mut ahead, &mut copy);
    let mut copy = packet.to_vec();
    let opened = opener.open_rtp(&mut copy);
    assert_eq!(guessed, opened);
    forged(opened, &opener, &copy, !setup.options.unauthenticated_rtp);
    if opened.is_ok() {
        // Without a tag anything may be a packet; then nothing below would begin anew.
        return;
    }

    let turned = usize::from(flags) * 7;
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + MAX_OVERHEAD, 0);
    if let Ok(len) = sealer.seal_rtp(&mut buffer, packet.len()) {
        assert_eq!(len, packet.len() + sealer.rtp_overhead());
        let again = sealer.seal_rtp(&mut buffer.clone(), packet.len());
        assert!(again.is_err(), "an index was used twice");
        let covered = if setup.options.unauthenticated_rtp { 0 } else { packet.len() };
        once(packet, &buffer[..len], turned, covered, |packet| opener.open_rtp(packet));
    }
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + MAX_OVERHEAD, 0);
    if let Ok(len) = sealer.seal_rtcp(&mut buffer, packet.len()) {
        assert_eq!(len, packet.len() + sealer.rtcp_overhead());
        once(packet, &buffer[..len], turned, packet.len(), |packet| opener.open_rtcp(packet));
    }
}

/// As an engine opens the packets of a burst.
fn open_ahead(opener: &mut Opener, packet: &mut [u8]) -> Result<usize, OpenError> {
    let guess = opener.guess(packet);
    let mut tag = [None];
    let covered = guess.and_then(|guess| opener.covered(packet, &guess));
    Tagger::one_by_one().tags(covered.map(|covered| (0, covered)).into_iter(), &mut tag);
    opener.open_rtp_with(packet, guess.zip(tag[0]).as_ref())
}

/// A sealed packet opens once, and before that not with a bit turned among its `covered` bytes.
fn once(
    plain: &[u8],
    sealed: &[u8],
    turned: usize,
    covered: usize,
    mut open: impl FnMut(&mut [u8]) -> Result<usize, OpenError>,
) {
    if covered > 0 {
        let mut forged = sealed.to_vec();
        forged[turned % covered] ^= 1 << (turned % 8);
        assert!(open(&mut forged).is_err(), "a forged packet was opened");
    }
    let mut packet = sealed.to_vec();
    assert_eq!(open(&mut packet), Ok(plain.len()));
    assert_eq!(&packet[..plain.len()], plain);
    let mut packet = sealed.to_vec();
    assert_eq!(open(&mut packet), Err(OpenError::Replayed));
    assert_eq!(packet, sealed);
}

fn setup(suite: Suite, flags: u8) -> Option<Setup> {
    let key = [0x5a; 64];
    let key = MasterKey::new(suite, key.get(..suite.key_len() + suite.salt_len())?).ok()?;
    let options = Options {
        clear_rtp: flags & 1 != 0,
        clear_rtcp: flags & 2 != 0,
        unauthenticated_rtp: flags & 4 != 0,
        window_hint: None,
    };
    let mki = Mki::new([7; Mki::MAX_LEN].get(..usize::from(flags >> 3) * 4)?).ok()?;
    Some(Setup { mki, options, ..Setup::new(key) })
}

/// Any bytes as the parts of an `a=crypto` line: no panic, and a key that was read is written again as it was meant.
pub fn sdes(data: &[u8]) {
    let _ = (Lifetime::parse(data), Suite::parse(data));
    for suite in Suite::ALL {
        if let Ok(options) = Options::parse(suite, data.split(|byte| *byte == b' ')) {
            assert!(options.check(suite).is_ok());
        }
        let Ok(key) = MasterKey::parse_inline(suite, data) else { continue };
        for padded in [false, true] {
            let text = key.expose_inline(padded);
            assert_eq!(MasterKey::parse_inline(suite, text.as_bytes()).as_ref(), Ok(&key));
        }
    }
    if let Some((&len, value)) = data.split_first()
        && let Ok(mki) = Mki::parse(value, usize::from(len))
    {
        assert_eq!(mki.len(), usize::from(len));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn anything_is_opened_or_refused(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            super::open(&data);
        }

        #[test]
        fn what_looks_like_rtp_is_too(
            pick: u8, flags: u8,
            head in proptest::sample::select(vec![[0x80u8, 0], [0x93, 8], [0x81, 200], [0x81, 201], [0xb0, 96]]),
            rest in proptest::collection::vec(any::<u8>(), 0..150),
        ) {
            let mut data = vec![pick, flags, head[0], head[1]];
            data.extend(rest);
            super::open(&data);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(2\\^|UN|WSH=|KDR=|-)?[A-Za-z0-9+/=| :]{0,70}") {
            super::sdes(text.as_bytes());
        }
    }
}
