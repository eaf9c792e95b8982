//! SRTP and SRTCP through the module. That the bytes are those of the RFCs is proved by the vectors of its self tests;
//! here packets go out sealed, come back, and are opened.

use crate::lab::{addr, blank, flow, picture, receive, rtcp, rtp, shown, silent, socket, table};
use compat_procfs::Control;
use compat_procfs::abi::{self, Srtp};
use std::io::Read;

fn srtp(suite: u32, tag: u8, mki: &[u8]) -> Srtp {
    let mut srtp = blank::PLAIN;
    srtp.suite = suite;
    srtp.rtp_tag_len = tag;
    srtp.rtcp_tag_len = if tag == 4 { 10 } else { tag };
    srtp.mki_len = mki.len() as u8;
    srtp.mki[..mki.len()].copy_from_slice(mki);
    for (n, keys) in [&mut srtp.rtp, &mut srtp.rtcp].into_iter().enumerate() {
        keys.cipher = std::array::from_fn(|at| (at * 7 + n) as u8);
        keys.auth = std::array::from_fn(|at| (at * 11 + n) as u8);
        keys.salt = std::array::from_fn(|at| (at * 13 + n) as u8);
    }
    srtp
}

const NEAR: &str = "10.0.1.1:30100";
const FAR: &str = "10.0.2.1:30100";

/// left speaks plain, right speaks SRTP.
fn install(table: &mut Control, secret: Srtp, generation: u64) {
    let (mut there, mut out) = flow("10.0.1.2:4100", NEAR, FAR, "10.0.2.2:5100");
    there.generation = generation;
    there.flags = abi::FLOW_RTCP_FORWARD;
    out.flags |= abi::OUT_RTCP;
    out.seal = secret;
    table.install(&there, &[out]).unwrap();
    let (mut back, mut out) = flow("10.0.2.2:5100", FAR, NEAR, "10.0.1.2:4100");
    back.generation = generation;
    back.flags = abi::FLOW_RTCP_FORWARD;
    back.open = secret;
    out.flags |= abi::OUT_RTCP;
    table.install(&back, &[out]).unwrap();
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn every_suite_seals_and_opens() {
    let (left, right) = (socket("10.0.1.2:4100"), socket("10.0.2.2:5100"));
    for (suite, tag, mki) in [
        (abi::SUITE_NULL_SHA1, 10, &b""[..]),
        (abi::SUITE_AES_CM_128_SHA1, 10, b""),
        (abi::SUITE_AES_CM_128_SHA1, 4, b"\x01\x02"),
        (abi::SUITE_AES_CM_128_SHA1, 0, b""),
        (abi::SUITE_AES_CM_192_SHA1, 10, b""),
        (abi::SUITE_AES_CM_256_SHA1, 4, b""),
        (abi::SUITE_AES_GCM_128, 16, b""),
        (abi::SUITE_AES_GCM_256, 16, b"\x09"),
    ] {
        let mut table = table();
        assert!(table.greeting().suites & (1 << suite) != 0, "this kernel does not have suite {suite}");
        let mut secret = srtp(suite, tag, mki);
        if tag == 0 {
            secret.rtcp_tag_len = 10;
        }
        install(&mut table, secret, 1);
        // Over the end of the sequence numbers, so that the rollover counter takes part; one with CSRC and extension.
        for seq in [65533u16, 65534, 65535, 0, 1] {
            let mut plain = rtp(0, seq, 0xfeed, 100);
            if seq == 65534 {
                plain[0] = 0x91;
                plain[16..20].copy_from_slice(&[0xbe, 0xde, 0, 2]);
            }
            left.send_to(&plain, NEAR).unwrap();
            let sealed = receive(&right);
            assert_eq!(sealed.len(), plain.len() + usize::from(tag) + mki.len());
            assert_eq!(sealed[..12], plain[..12]);
            let clear = suite == abi::SUITE_NULL_SHA1;
            assert_eq!(sealed[40..112] == plain[40..112], clear, "suite {suite}");
            right.send_to(&sealed, FAR).unwrap();
            assert_eq!(receive(&left), plain, "suite {suite}");
        }
        for _ in 0..2 {
            left.send_to(&rtcp(0xfeed), NEAR).unwrap();
            let sealed = receive(&right);
            assert_eq!(sealed.len(), 28 + 4 + usize::from(secret.rtcp_tag_len) + mki.len());
            right.send_to(&sealed, FAR).unwrap();
            assert_eq!(receive(&left), rtcp(0xfeed), "suite {suite}");
            // Again: replayed.
            right.send_to(&sealed, FAR).unwrap();
            silent(&left);
        }
        let back = table.snapshot(addr(FAR)).unwrap();
        assert_eq!((back.received.packets, back.fates[abi::FATE_REPLAY]), (7, 2), "{}", picture());
        assert_eq!((back.ssrcs[0].state.index, back.ssrcs[0].state.rtcp_index), (0x1_0001, 1));
        assert_eq!(table.snapshot(addr(NEAR)).unwrap().outputs[0].rtcp_index, 2);
    }
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn forged_and_repeated_packets_are_dropped_and_counted() {
    let (left, right) = (socket("10.0.1.2:4100"), socket("10.0.2.2:5100"));
    let up = socket(FAR);
    for (suite, tag) in [(abi::SUITE_AES_CM_128_SHA1, 10), (abi::SUITE_AES_GCM_128, 16)] {
        let mut table = table();
        install(&mut table, srtp(suite, tag, b""), 1);
        let mut sealed = Vec::new();
        for seq in 1..=80 {
            left.send_to(&rtp(0, seq, 3, 100), NEAR).unwrap();
            sealed.push(receive(&right));
        }
        for at in [79, 40, 78] {
            right.send_to(&sealed[at], FAR).unwrap();
            assert_eq!(receive(&left), rtp(0, at as u16 + 1, 3, 100));
        }
        // A forged packet far ahead must not move the window.
        let mut forged = sealed[79].clone();
        forged[2] = 0x10;
        right.send_to(&forged, FAR).unwrap();
        for at in 0..forged.len() {
            let mut forged = sealed[50].clone();
            forged[at] ^= 1;
            if at >= 2 {
                right.send_to(&forged, FAR).unwrap();
            }
        }
        right.send_to(&sealed[40], FAR).unwrap(); // received before
        right.send_to(&sealed[3], FAR).unwrap(); // older than the window
        right.send_to(&sealed[50], FAR).unwrap();
        assert_eq!(receive(&left), rtp(0, 51, 3, 100));
        silent(&left);
        silent(&up);
        let back = table.snapshot(addr(FAR)).unwrap();
        assert_eq!(back.received.packets, 4);
        assert!(back.fates[abi::FATE_REPLAY] >= 2, "{}", picture());
        assert!(back.fates[abi::FATE_AUTH] >= 100, "{}", picture());
        assert_eq!(back.ssrcs.iter().filter(|one| one.state.flags & abi::SSRC_KNOWN != 0).count(), 1);
    }
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn rollover_counters_are_taken_over_and_handed_back() {
    let (left, right) = (socket("10.0.1.2:4100"), socket("10.0.2.2:5100"));
    let secret = srtp(abi::SUITE_AES_CM_128_SHA1, 10, b"");
    let mut table = table();
    // The sender is at index 0 for us, at 5 * 65536 for the receiver.
    let (there, mut out) = flow("10.0.1.2:4100", NEAR, FAR, "10.0.2.2:5100");
    out.seal = secret;
    out.index_offset = [5 << 16; 4];
    table.install(&there, &[out]).unwrap();
    let (mut back, out) = flow("10.0.2.2:5100", FAR, NEAR, "10.0.1.2:4100");
    back.open = secret;
    back.ssrcs[0].ssrc = 9;
    back.ssrcs[0].flags = abi::SSRC_KNOWN | abi::SSRC_INDEX;
    back.ssrcs[0].index = 5 << 16;
    back.ssrcs[0].window = 1;
    table.install(&back, &[out]).unwrap();
    let plain = rtp(0, 1, 9, 30);
    left.send_to(&plain, NEAR).unwrap();
    let sealed = receive(&right);
    right.send_to(&sealed, FAR).unwrap();
    assert_eq!(receive(&left), plain, "{}", picture());
    assert_eq!(table.withdraw(addr(FAR), 1).unwrap().ssrcs[0].state.index, (5 << 16) + 1);
    // Without the rollover counter the same packet is not genuine.
    back.ssrcs[0].flags = 0;
    back.ssrcs[0].index = 0;
    back.ssrcs[0].ssrc = 0;
    table.install(&back, &[out]).unwrap();
    right.send_to(&sealed, FAR).unwrap();
    silent(&left);
    assert_eq!(table.snapshot(addr(FAR)).unwrap().fates[abi::FATE_AUTH], 1);
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn no_key_is_shown() {
    let mut table = table();
    let secret = srtp(abi::SUITE_AES_CM_256_SHA1, 10, b"");
    install(&mut table, secret, 1);
    let text = shown("list").to_lowercase();
    assert!(
        text.contains("cipher: aes-cm-256\n") && text.contains("srtp decryption parameters:\n"),
        "{text}"
    );
    assert!(text.contains("auth tag length: 10\n"), "{text}");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for keys in [secret.rtp, secret.rtcp] {
        for secret in [&keys.cipher[..8], &keys.auth[..8], &keys.salt[..8]] {
            assert!(!text.contains(&hex(secret)), "{text}");
        }
    }
    assert!(!text.contains("key") && !text.contains("salt"), "{text}");
    let mut binary = vec![0; 65536];
    let got = std::fs::File::open("/proc/rtpengine/42/blist").unwrap().read(&mut binary).unwrap();
    binary.truncate(got);
    assert_eq!(binary.len(), 2 * size_of::<abi::Snapshot>());
    for secret in [&secret.rtp.cipher[..8], &secret.rtp.auth[..8], &secret.rtp.salt[..8]] {
        assert!(!binary.windows(8).any(|window| window == secret));
    }
}
