//! The vectors of RFC 3711 appendix B, RFC 6188 §7 and RFC 7714 §§16–17.

use super::*;
use crate::MasterKey;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn keys(suite: Suite, cipher: &str, salt: &str) -> KeySet {
    let mut keys = KeySet { suite, cipher: [0; 32], auth: [0; 20], salt: [0; 14] };
    let (cipher, salt) = (hex(cipher), hex(salt));
    keys.cipher[..cipher.len()].copy_from_slice(&cipher);
    keys.salt[..salt.len()].copy_from_slice(&salt);
    keys
}

fn transform(suite: Suite, cipher: &str, salt: &str, options: Options) -> Transform {
    let rtp = keys(suite, cipher, salt);
    Transform::new(&SessionKeys { rtcp: rtp.clone(), rtp }, options, Mki::NONE)
}

const K128: &str = "000102030405060708090a0b0c0d0e0f";
const K256: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const SALT: &str = "517569642070726f2071756f";

#[test]
fn rfc3711_b1_f8() {
    let feedback = Feedback::new(&hex("234829008467be186c3de14aae72d62c"), &hex("32f2870d"));
    let mut data = hex("70736575646f72616e646f6d6e65737320697320746865206e6578742062657374207468696e67");
    feedback.apply(0x006e_5cba_5068_1de5_5c62_1599_d462_564a, &mut data);
    // The last block: S(2) of the RFC, mixed with the last seven bytes of the text.
    let mut expected = hex("019ce7a26e7854014a6366aa95d4eefd1ad4172a14f9faf455b7f1d4b62bd08f");
    expected.extend(
        hex("220c7a8715266565b09ecc8a2a62b11b").iter().zip(hex("74207468696e67")).map(|(a, b)| a ^ b),
    );
    assert_eq!(data, expected);
}

#[test]
fn rfc3711_b1_f8_makes_the_same_of_a_whole_packet() {
    // The same packet through the packet's own path; the salt of a suite has 14 bytes, so its first four are the
    // RFC's and the rest what the RFC pads with.
    let suite = Suite::F8_128HmacSha1_80;
    let salt = "32f2870d55555555555555555555";
    let f8 = transform(suite, "234829008467be186c3de14aae72d62c", salt, Options::default());
    let mut packet = hex("806e5cba50681de55c62159970736575646f72616e646f6d6e657373");
    let len = packet.len();
    packet.extend([0; 10]);
    let at = RtpAt { header: 12, ssrc: 0x5c62_1599, index: 0xd462_564a_5cba };
    assert_eq!(f8.seal_rtp(&mut packet, len, at), len + 10);
    assert_eq!(packet[12..len], hex("019ce7a26e7854014a6366aa95d4eefd"));
}

#[test]
fn rfc3711_b2_and_rfc6188_7_counter_mode() {
    for (key, first, last) in [
        (
            "2b7e151628aed2a6abf7158809cf4f3c",
            "e03ead0935c95e80e166b16dd92b4eb4 d23513162b02d0f72a43a2fe4a5f97ab 41e95b3bb0a2e8dd477901e4fca894c0",
            "ec8cdf7398607cb0f2d21675ea9ea1e4 362b7c3c6773516318a077d7fc5073ae 6a2cc3787889374fbeb4c81b17ba6c44",
        ),
        (
            "eab234764e517b2d3d160d587d8c86219740f65f99b6bcf7",
            "35096cba4610028dc1b57503804ce37c 5de986291dcce161d5165ec4568f5c9a 474a40c77894bc17180202272a4c264d",
            "d108d1a31a00bad6367ec23eb044b415 c8f57129fdeb970b59f917b257662d4c a5dab625811034e8cebdfeb6dc158dd3",
        ),
        (
            "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
            "92bdd28a93c3f52511c677d08b5515a4 9da71b2378a854f67050756ded165bac 63c4868b7096d88421b563b8c94c9a31",
            "cea518c90fd91ced9cbb18c078a54711 3dbc4814f4da5f00a08772b63c6a046d 6eb246913062a16891433e97dd01a57f",
        ),
    ] {
        let counter = Counter::new(&hex(key), &hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd"));
        let mut stream = vec![0; 0xff02 * 16];
        counter.apply(0, 0, &mut stream);
        assert_eq!(stream[..48], hex(first), "{key}");
        assert_eq!(stream[0xfeff * 16..], hex(last), "{key}");
    }
}

#[test]
fn rfc3711_b3_and_rfc6188_7_key_derivation() {
    for (suite, key, salt, cipher, session_salt, auth) in [
        (
            Suite::AesCm128HmacSha1_80,
            "e1f97a0d3e018be0d64fa32c06de4139",
            "0ec675ad498afeebb6960b3aabe6",
            "c61e7a93744f39ee10734afe3ff7a087",
            "30cbbc08863d8c85d49db34a9ae1",
            "cebe321f6ff7716b6fd4ab49af256a156d38baa4",
        ),
        (
            Suite::Aes192CmHmacSha1_80,
            "73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1",
            "c8522f3acd4ce86d5add78edbb11",
            "31874736a8f1143870c26e4857d8a5b2c4a354407faadabb",
            "2372b82d639b6d8503a47adc0a6c",
            "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb",
        ),
        (
            Suite::Aes256CmHmacSha1_80,
            "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
            "3b04803de51ee7c96423ab5b78d2",
            "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
            "fa31791685ca444a9e07c6c64e93",
            "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05",
        ),
    ] {
        let keys = MasterKey::new(suite, &hex(&format!("{key}{salt}"))).unwrap().derive();
        assert_eq!(keys.rtp.cipher(), hex(cipher), "{suite}");
        assert_eq!(keys.rtp.salt(), hex(session_salt), "{suite}");
        assert_eq!(keys.rtp.auth(), hex(auth), "{suite}");
        for (rtp, rtcp) in [
            (keys.rtp.cipher(), keys.rtcp.cipher()),
            (keys.rtp.salt(), keys.rtcp.salt()),
            (keys.rtp.auth(), keys.rtcp.auth()),
        ] {
            assert_eq!(rtp.len(), rtcp.len());
            assert_ne!(rtp, rtcp, "{suite}");
        }
    }
}

#[test]
fn rfc7714_16_rtp() {
    let plain = "8040f17b8041f8d35501a0b2 47616c6c696120657374206f6d6e697320646976697361\
                 20696e207061727465732074726573";
    let clear = Options { clear_rtp: true, ..Options::default() };
    for (suite, key, options, sealed) in [
        (
            Suite::AeadAes128Gcm,
            K128,
            Options::default(),
            "8040f17b8041f8d35501a0b2 f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833\
             899d7f27beb16a9152cf765ee4390cce",
        ),
        (
            Suite::AeadAes256Gcm,
            K256,
            Options::default(),
            "8040f17b8041f8d35501a0b2 32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b\
             7aa3db36dfffd6b0f9bb7878d7a76c13",
        ),
        (
            Suite::AeadAes128Gcm,
            K128,
            clear,
            "8040f17b8041f8d35501a0b2 47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573\
             22493f82d2bce397e9d79e3b19aa4216",
        ),
        (
            Suite::AeadAes256Gcm,
            K256,
            clear,
            "8040f17b8041f8d35501a0b2 47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573\
             a866d5910f887463067ceefec45215d4",
        ),
    ] {
        let (plain, sealed) = (hex(plain), hex(sealed));
        let gcm = transform(suite, key, SALT, options);
        let at = RtpAt { header: 12, ssrc: 0x5501_a0b2, index: 0xf17b };
        let mut buffer = plain.clone();
        buffer.resize(plain.len() + gcm.rtp_overhead(), 0);
        assert_eq!(gcm.seal_rtp(&mut buffer, plain.len(), at), sealed.len());
        assert_eq!(buffer, sealed, "{suite}");
        assert_eq!(gcm.open_rtp(&mut buffer, at, None), Some(plain.len()));
        assert_eq!(buffer[..plain.len()], plain, "{suite}");
    }
}

#[test]
fn rfc7714_17_rtcp() {
    let plain = "81c8000d4d617273 4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeef\
                 deadbeef";
    let clear = Options { clear_rtcp: true, ..Options::default() };
    for (suite, key, options, sealed) in [
        (
            Suite::AeadAes128Gcm,
            K128,
            Options::default(),
            "81c8000d4d617273 63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9\
             275bc84aa45896cf4d2fc5abf87245d9eade 800005d4",
        ),
        (
            Suite::AeadAes256Gcm,
            K256,
            Options::default(),
            "81c8000d4d617273 d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b\
             6fad1d1eb30c4446839f57ff6f6cb26ac3be 800005d4",
        ),
        (
            Suite::AeadAes128Gcm,
            K128,
            clear,
            "81c8000d4d617273 4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeef\
             deadbeef 841dd9683dd78ec92ae58790125f62b3 000005d4",
        ),
        (
            Suite::AeadAes256Gcm,
            K256,
            clear,
            "81c8000d4d617273 4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeef\
             deadbeef 91db4afbfeee5a978fab4393ed2615fe 000005d4",
        ),
    ] {
        let (plain, sealed) = (hex(plain), hex(sealed));
        let gcm = transform(suite, key, SALT, options);
        let mut buffer = plain.clone();
        buffer.resize(plain.len() + gcm.rtcp_overhead(), 0);
        assert_eq!(gcm.seal_rtcp(&mut buffer, plain.len(), 0x4d61_7273, 0x5d4), sealed.len());
        assert_eq!(buffer, sealed, "{suite}");
        assert_eq!(gcm.rtcp_index(&buffer), 0x5d4);
        assert_eq!(gcm.open_rtcp(&mut buffer, 0x4d61_7273), Some(plain.len()));
        assert_eq!(buffer[..plain.len()], plain, "{suite}");
    }
}
