use super::*;
use flow::srtp::{MasterKey, Mki, Opener, Options, Sealer};
use flow::{Carries, FlowKey, Gate, Generation, RecipeOutput, Rewrite, StreamId};
use std::sync::Arc;

fn setup(suite: Suite) -> Setup {
    let bytes: Vec<u8> = (0..suite.key_len() + suite.salt_len()).map(|at| at as u8).collect();
    Setup::new(MasterKey::new(suite, &bytes).unwrap())
}

/// One output, with keys or without on either side.
fn recipe(opens: bool, seals: bool) -> Recipe {
    let keys = |wanted: bool| wanted.then(|| Arc::new(setup(Suite::AesCm128HmacSha1_80)));
    let output = RecipeOutput {
        from: FlowKey::new("10.0.2.1".parse().unwrap(), 30000),
        to: "10.0.2.2:5000".parse().unwrap(),
        tos: 0,
        rewrite: Rewrite::default(),
        seal: keys(seals),
        sealed: Vec::new(),
    };
    Recipe {
        key: FlowKey::new("10.0.1.1".parse().unwrap(), 30000),
        generation: Generation(1),
        stream: StreamId(1),
        carries: Carries::Rtp,
        source: "10.0.1.2:4000".parse().unwrap(),
        gate: Gate::Open,
        open: keys(opens),
        opened: Vec::new(),
        outputs: [output].into_iter().collect(),
    }
}

fn state(ssrc: u32, index: u64) -> SsrcState {
    SsrcState { rtp: Progress { index, window: u128::MAX }, ..SsrcState::new(ssrc) }
}

/// Place by place: SSRC, flags, index, offset of the first output.
fn table(recipe: &Recipe) -> Vec<(u32, u32, u64, i64)> {
    let said = crate::encode(recipe).unwrap();
    let offsets = said.outputs[0].index_offset;
    let places = said.flow.ssrcs.iter().zip(offsets).filter(|(one, _)| one.flags != 0);
    places.map(|(one, offset)| (one.ssrc, one.flags, one.index, offset)).collect()
}

const LIVE: u32 = SSRC_KNOWN | SSRC_INDEX;
const PASS: u32 = SSRC_KNOWN | SSRC_PASS;

#[test]
fn suites_lengths_and_options_are_said() {
    for (suite, number, tag) in [
        (Suite::AesCm128HmacSha1_80, abi::SUITE_AES_CM_128_SHA1, 10),
        (Suite::AesCm128HmacSha1_32, abi::SUITE_AES_CM_128_SHA1, 4),
        (Suite::Aes192CmHmacSha1_80, abi::SUITE_AES_CM_192_SHA1, 10),
        (Suite::Aes256CmHmacSha1_32, abi::SUITE_AES_CM_256_SHA1, 4),
        (Suite::AeadAes128Gcm, abi::SUITE_AES_GCM_128, 16),
        (Suite::AeadAes256Gcm, abi::SUITE_AES_GCM_256, 16),
        (Suite::NullHmacSha1_80, abi::SUITE_NULL_SHA1, 10),
        (Suite::NullHmacSha1_32, abi::SUITE_NULL_SHA1, 4),
    ] {
        let setup = setup(suite);
        let said = keys(&setup).unwrap();
        let rtcp_tag = if suite.is_aead() { 16 } else { 10 };
        assert_eq!((said.suite, said.rtp_tag_len, said.rtcp_tag_len), (number, tag, rtcp_tag), "{suite}");
        assert_eq!((said.flags, said.mki_len), (0, 0));
        let session = setup.key.derive();
        for (said, keys) in [(&said.rtp, &session.rtp), (&said.rtcp, &session.rtcp)] {
            let (cipher, salt) = (suite.key_len(), suite.salt_len());
            assert_eq!((&said.cipher[..cipher], &said.salt[..salt]), (keys.cipher(), keys.salt()), "{suite}");
            assert_eq!(&said.auth[..keys.auth().len()], keys.auth());
            assert!(said.cipher[cipher..].iter().chain(&said.salt[salt..]).all(|&byte| byte == 0), "{suite}");
            assert_ne!(said.cipher[..cipher], setup.key.expose()[..cipher], "a master key");
        }
        assert_ne!(said.rtp.cipher, said.rtcp.cipher);
    }
    let mut all = setup(Suite::AesCm128HmacSha1_80);
    all.options = Options { clear_rtp: true, clear_rtcp: true, unauthenticated_rtp: true, window_hint: None };
    all.mki = Mki::new(&[7; 16]).unwrap();
    let said = keys(&all).unwrap();
    assert_eq!(said.flags, SRTP_CLEAR_RTP | SRTP_CLEAR_RTCP);
    assert_eq!((said.rtp_tag_len, said.rtcp_tag_len), (0, 10));
    assert_eq!((said.mki_len, said.mki), (16, [7; 16]));
}

#[test]
fn what_the_module_cannot_do_is_refused() {
    let refused = |setup: &Setup| matches!(keys(setup), Err(InstallError::Unsupported(_)));
    assert!(refused(&setup(Suite::F8_128HmacSha1_80)) && refused(&setup(Suite::F8_128HmacSha1_32)));
    let mut long = setup(Suite::AesCm128HmacSha1_80);
    long.mki = Mki::new(&[1; 17]).unwrap();
    assert!(refused(&long));
    for clear in [
        Options { clear_rtp: true, ..Options::default() },
        Options { clear_rtcp: true, ..Options::default() },
    ] {
        assert!(refused(&Setup { options: clear, ..setup(Suite::AeadAes128Gcm) }));
    }
    for rewrite in
        [Rewrite { ssrc: Some(1), ..Rewrite::default() }, Rewrite { seq_offset: 1, ..Rewrite::default() }]
    {
        let mut moved = recipe(true, true);
        moved.outputs[0].rewrite = rewrite;
        assert!(matches!(crate::encode(&moved), Err(InstallError::Unsupported(_))), "{rewrite:?}");
        moved.outputs[0].seal = None;
        assert!(crate::encode(&moved).is_ok(), "what is only opened can be given another face");
    }
}

#[test]
fn indices_are_handed_over() {
    let mut plain = recipe(false, true);
    assert_eq!(table(&plain), []);
    plain.outputs[0].sealed = vec![state(1, 0x1_0005), state(2, 77)];
    assert_eq!(table(&plain), [(2, LIVE, 77, 0), (1, LIVE, 0x1_0005, 0)], "the youngest first");

    let mut both = recipe(true, true);
    both.opened = vec![state(1, 0x1_0005), state(2, 77)];
    both.outputs[0].sealed = vec![state(1, 0x6_0005), state(3, 5)];
    // Nothing was sealed of 2 yet; 3 was sealed, but it is not from here.
    assert_eq!(table(&both), [(2, LIVE, 77, 0), (1, LIVE, 0x1_0005, 0x5_0000), (3, PASS, 0, 0)]);
    both.opened[1].rtp.index = 0x3_ffff;
    assert_eq!(
        table(&both)[0],
        (2, LIVE, 0x3_ffff, -0x4_0000),
        "its first sealed packet is one of the first 65536"
    );

    let mut opening = recipe(true, false);
    opening.opened = vec![state(1, 0x1_0005)];
    opening.outputs[0].rewrite.seq_offset = 0xfffe;
    assert_eq!(table(&opening), [(1, LIVE, 0x1_0005, -2)]);
}

#[test]
fn two_paths_that_saw_different_packets_agree() {
    let mut both = recipe(true, true);
    let progress = |index, window| Progress { index, window };
    both.opened = vec![SsrcState { rtp: progress(0x1_0005, 0b101), ..SsrcState::new(1) }];
    // The last packet but one has been sealed and the very last not, and one more before was lost on the way in.
    both.outputs[0].sealed = vec![SsrcState { rtp: progress(0x4_0004, 0b1), ..SsrcState::new(1) }];
    let places = places(&both);
    assert_eq!((places.ssrcs[0].index, places.ssrcs[0].window), (0x1_0005, 0b111));
    assert_eq!(places.offsets[0][0], 0x3_0000);
    both.outputs[0].sealed[0].rtp = progress(0x4_0006, 0b1);
    let places = super::places(&both);
    assert_eq!((places.ssrcs[0].index, places.ssrcs[0].window), (0x1_0006, 0b1011));
    // Around a rollover.
    both.opened[0].rtp = progress(0x1_ffff, 1);
    both.outputs[0].sealed[0].rtp = progress(0x5_0001, 1);
    let places = super::places(&both);
    assert_eq!((places.ssrcs[0].index, places.offsets[0][0]), (0x2_0001, 0x3_0000));
    // So far apart that no window knows what has been used.
    both.outputs[0].sealed[0].rtp = progress(0x5_1001, 1);
    assert_eq!(table(&both), [(1, PASS, 0, 0)]);
}

#[test]
fn what_must_begin_elsewhere_is_left_to_the_learner() {
    let joining = SsrcState { rtp: Progress::joining(3), ..SsrcState::new(9) };
    let mut opening = recipe(true, false);
    opening.opened = vec![joining];
    assert_eq!(table(&opening), [(9, PASS, 0, 0)]);
    let mut sealing = recipe(false, true);
    sealing.outputs[0].sealed = vec![joining];
    assert_eq!(table(&sealing), [(9, PASS, 0, 0)]);
    // Of whom only RTCP was heard, nothing is known that matters here.
    opening.opened = vec![SsrcState { rtcp: Progress { index: 4, window: 1 }, ..SsrcState::new(9) }];
    assert_eq!(table(&opening), []);
}

#[test]
fn more_senders_than_places_fill_all_places() {
    let mut many = recipe(true, true);
    many.opened = (0..6).map(|ssrc| state(ssrc, 100)).collect();
    many.outputs[0].sealed = (0..8).map(|ssrc| state(ssrc, 100)).collect();
    let ssrcs: Vec<u32> = table(&many).iter().map(|place| place.0).collect();
    assert_eq!(ssrcs, [5, 4, 3, 2]);
}

#[test]
fn copies_keep_their_own_rollovers() {
    let mut fan = recipe(false, true);
    let mut second = fan.outputs[0].clone();
    fan.outputs[0].sealed = vec![state(1, 0x2_0010)];
    second.sealed = vec![state(1, 0x7_0010)];
    fan.outputs.push(second.clone());
    second.sealed.clear();
    fan.outputs.push(second.clone());
    second.seal = None;
    fan.outputs.push(second);
    let said = crate::encode(&fan).unwrap();
    assert_eq!(said.flow.ssrcs[0].index, 0x7_0010);
    let offsets: Vec<i64> = said.outputs.iter().map(|output| output.index_offset[0]).collect();
    assert_eq!(offsets, [-0x5_0000, 0, -0x7_0000, 0]);
}

#[test]
fn what_comes_back_goes_on_in_opener_and_sealer() {
    let mut said = abi::Snapshot::new_zeroed();
    for (place, (ssrc, flags)) in said.ssrcs.iter_mut().zip([(1, LIVE), (2, PASS), (3, SSRC_KNOWN), (4, 0)]) {
        (place.state.ssrc, place.state.flags) = (ssrc, flags);
        (place.state.index, place.state.window) = (0x1_0007, 0b11);
    }
    said.index_offset[1][0] = -0x1_0000;
    let [arrived, left, moved] = [arrivals(&said, 0), departures(&said, 0, 0), departures(&said, 1, 0)];
    assert_eq!((&arrived, arrived.len(), arrived[0].rtp.index), (&left, 1, 0x1_0007));
    assert_eq!(moved[0].rtp.index, 7);
    assert_eq!(departures(&said, abi::OUTPUTS_MAX, 0), []);
    let setup = setup(Suite::AesCm128HmacSha1_80);
    Opener::new(&setup).unwrap().restore(&arrived[0]).unwrap();
    Sealer::new(&setup).unwrap().restore(&moved[0]).unwrap();
}

#[test]
fn the_further_state_wins_and_windows_are_joined() {
    let progress = |index, window| Progress { index, window };
    let mut all = vec![SsrcState { ssrc: 1, context: 0, rtp: progress(100, 1), rtcp: progress(5, 1) }];
    let more = [
        SsrcState { ssrc: 1, context: 0, rtp: progress(103, 1), rtcp: Progress::default() },
        SsrcState { ssrc: 2, context: 0, rtp: progress(1, 1), rtcp: Progress::default() },
    ];
    merge(&mut all, &more);
    assert_eq!(all[0], SsrcState { ssrc: 1, context: 0, rtp: progress(103, 0b1001), rtcp: progress(5, 1) });
    assert_eq!(all[1], more[1]);
    merge(&mut all, &[state(1, 10_000)]);
    assert_eq!(all[0].rtp.index, 10_000);
    merge(&mut all, &[state(1, 9_000)]);
    assert_eq!(all[0].rtp.index, 10_000);
}
