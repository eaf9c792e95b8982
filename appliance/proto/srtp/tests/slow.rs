//! Against a second SRTP that was written for this test from the RFCs alone, one byte at a time: every suite with
//! HMAC, f8, NULL and AES-192 among them, which libsrtp2 does not have or has wrong.

#![allow(clippy::unwrap_used, reason = "a test")]

mod packet;

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use packet::{Dice, options, rtcp, rtp, setup};
use sha1::Sha1;
use srtp::{Mki, Opener, Sealer, Setup, Suite};

/// Session keys of SRTP or SRTCP.
struct Keys {
    cipher: Vec<u8>,
    auth: Vec<u8>,
    salt: Vec<u8>,
}

fn encrypt(key: &[u8], block: [u8; 16]) -> [u8; 16] {
    let mut block = block.into();
    match key.len() {
        16 => aes::Aes128::new_from_slice(key).unwrap().encrypt_block(&mut block),
        24 => aes::Aes192::new_from_slice(key).unwrap().encrypt_block(&mut block),
        _ => aes::Aes256::new_from_slice(key).unwrap().encrypt_block(&mut block),
    }
    block.into()
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

/// RFC 3711 §4.1.1: block j is E(k, IV + j).
fn counter_stream(key: &[u8], iv: [u8; 16], len: usize) -> Vec<u8> {
    let mut stream = Vec::new();
    for j in 0..len.div_ceil(16) {
        let mut block = iv;
        block[14] = (j >> 8) as u8;
        block[15] = j as u8;
        stream.extend(encrypt(key, block));
    }
    stream
}

/// RFC 3711 §4.1.2: S(j) = E(k_e, IV' xor j xor S(j - 1)).
fn f8_stream(keys: &Keys, iv: [u8; 16], len: usize) -> Vec<u8> {
    let mut mask = keys.salt.clone();
    mask.resize(keys.cipher.len(), 0x55);
    let start = encrypt(&xor(&keys.cipher, &mask), iv);
    let mut last = vec![0; 16];
    let mut stream = Vec::new();
    for j in 0..len.div_ceil(16) {
        let mut number = [0; 16];
        number[14] = (j >> 8) as u8;
        number[15] = j as u8;
        let input = xor(&xor(&start, &number), &last);
        last = encrypt(&keys.cipher, input.try_into().unwrap()).to_vec();
        stream.extend(&last);
    }
    stream
}

/// RFC 3711 §4.3.
fn derive(setup: &Setup, first_label: u8) -> Keys {
    let suite = setup.key.suite();
    let (key, salt) = setup.key.expose().split_at(suite.key_len());
    let part = |label: u8, len: usize| {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(salt);
        iv[7] ^= label;
        counter_stream(key, iv, len)[..len].to_vec()
    };
    Keys {
        cipher: part(first_label, suite.key_len()),
        auth: part(first_label + 1, 20),
        salt: part(first_label + 2, 14),
    }
}

fn tag(keys: &Keys, parts: &[&[u8]], len: usize) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(&keys.auth).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes()[..len].to_vec()
}

fn counter_iv(keys: &Keys, ssrc: &[u8], index: u64) -> [u8; 16] {
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(&keys.salt);
    for at in 0..4 {
        iv[4 + at] ^= ssrc[at];
    }
    for at in 0..6 {
        iv[8 + at] ^= index.to_be_bytes()[2 + at];
    }
    iv
}

fn seal_rtp(setup: &Setup, packet: &[u8], index: u64) -> Vec<u8> {
    let (suite, keys) = (setup.key.suite(), derive(setup, 0));
    let roc = ((index >> 16) as u32).to_be_bytes();
    let mut header = 12 + usize::from(packet[0] & 15) * 4;
    if packet[0] & 0x10 != 0 {
        header += 4 + usize::from(packet[header + 3]) * 4 + usize::from(packet[header + 2]) * 1024;
    }
    let (head, payload) = packet.split_at(header);
    let stream = match suite.name() {
        _ if setup.options.clear_rtp => vec![0; payload.len()],
        name if name.starts_with("NULL") => vec![0; payload.len()],
        name if name.starts_with("F8") => {
            let iv = [&[0], &packet[1..12], &roc].concat();
            f8_stream(&keys, iv.try_into().unwrap(), payload.len())
        }
        _ => counter_stream(&keys.cipher, counter_iv(&keys, &packet[8..12], index), payload.len()),
    };
    let mut sealed = [head, &xor(payload, &stream)].concat();
    let tag = match setup.options.unauthenticated_rtp {
        true => Vec::new(),
        false => tag(&keys, &[&sealed, &roc], if suite.name().ends_with("_32") { 4 } else { 10 }),
    };
    sealed.extend(setup.mki.as_bytes());
    sealed.extend(tag);
    sealed
}

fn seal_rtcp(setup: &Setup, packet: &[u8], index: u32) -> Vec<u8> {
    let (suite, keys) = (setup.key.suite(), derive(setup, 3));
    let clear = setup.options.clear_rtcp || suite.name().starts_with("NULL");
    let word = (index | if clear { 0 } else { 0x8000_0000 }).to_be_bytes();
    let (head, body) = packet.split_at(8);
    let stream = match suite.name() {
        _ if clear => vec![0; body.len()],
        name if name.starts_with("F8") => {
            let iv = [&[0; 4], &word, &packet[..8]].concat();
            f8_stream(&keys, iv.try_into().unwrap(), body.len())
        }
        _ => counter_stream(&keys.cipher, counter_iv(&keys, &packet[4..8], index.into()), body.len()),
    };
    let mut sealed = [head, &xor(body, &stream), &word].concat();
    let tag = tag(&keys, &[&sealed], 10);
    sealed.extend(setup.mki.as_bytes());
    sealed.extend(tag);
    sealed
}

#[test]
fn a_slow_srtp_agrees_in_every_suite_with_hmac() {
    let mut dice = Dice(0x0051_0e77);
    for suite in Suite::ALL.into_iter().filter(|suite| !suite.is_aead()) {
        for options in options(suite) {
            for mki_len in [0, 3, 128] {
                let mut setup = setup(&mut dice, suite, options);
                setup.mki = Mki::new(&dice.bytes(mki_len)).unwrap();
                let mut sealer = Sealer::new(&setup).unwrap();
                let mut opener = Opener::new(&setup).unwrap();
                let ssrc = dice.throw() as u32;
                // Over the wrap, and on to where both bytes of a rollover counter count.
                for index in (65_530..65_545u64).chain([65_536 * 300, 65_536 * 300 + 1]) {
                    if index == 65_536 * 300 {
                        sealer.set_roc(ssrc, 300).unwrap();
                        opener.set_roc(ssrc, 300).unwrap();
                    }
                    let plain = rtp(&mut dice, ssrc, index as u16);
                    let mut buffer = [plain.as_slice(), &[0; srtp::MAX_OVERHEAD]].concat();
                    let len = sealer.seal_rtp(&mut buffer, plain.len()).unwrap();
                    assert_eq!(buffer[..len], seal_rtp(&setup, &plain, index), "{suite} {options:?} {index}");
                    let opened = opener.open_rtp(&mut buffer[..len]).unwrap();
                    assert_eq!(buffer[..opened], plain);
                }
                for index in 0..5 {
                    let plain = rtcp(&mut dice, ssrc);
                    let mut buffer = [plain.as_slice(), &[0; srtp::MAX_OVERHEAD]].concat();
                    let len = sealer.seal_rtcp(&mut buffer, plain.len()).unwrap();
                    assert_eq!(
                        buffer[..len],
                        seal_rtcp(&setup, &plain, index),
                        "{suite} {options:?} {index}"
                    );
                    let opened = opener.open_rtcp(&mut buffer[..len]).unwrap();
                    assert_eq!(buffer[..opened], plain);
                }
            }
        }
    }
}
