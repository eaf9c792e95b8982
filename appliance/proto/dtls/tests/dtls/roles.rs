//! What is negotiated, with whom.

use crate::network::{End, Fate, Network, context, identity, peer};
use dtls::{Endpoint, Gate, Hash, KeyKind, Peer, Profile, Reason, Role, Settings};
use std::sync::Arc;

const KEYS: [KeyKind; 2] = [KeyKind::EcdsaP256, KeyKind::Rsa(2048)];

fn settings(profiles: &[Profile]) -> Settings {
    Settings { profiles: profiles.to_vec(), ..Settings::default() }
}

#[test]
fn every_profile_and_certificate_connects() {
    for profile in Profile::ALL {
        for (client, server) in KEYS.into_iter().flat_map(|client| KEYS.map(|server| (client, server))) {
            let only = settings(&[profile]);
            let mut network = Network::with(context(client, 0, &only), context(server, 1, &only));
            network.connect();
            network.run(1_000_000);
            network.assert_agreed();
            assert_eq!(network.ends[0].keys().profile, profile);
            assert_eq!(network.ends[0].keys().local.key().len(), profile.key_len());
            assert_eq!(network.ends[0].keys().local.salt().len(), profile.salt_len());
            for (at, key) in [(0, server), (1, client)] {
                let expected = identity(key, 1 - at).fingerprint(Hash::Sha256).unwrap();
                assert_eq!(network.ends[at].keys().fingerprint, expected);
            }
            assert_eq!(network.ends[0].endpoint.next_timeout(), None);
            assert_eq!(network.ends[1].endpoint.next_timeout(), None);
        }
    }
}

#[test]
fn the_order_of_the_server_decides() {
    let server = settings(&[Profile::AesCm128HmacSha1_32, Profile::AeadAes128Gcm]);
    let mut network = Network::with(context(KEYS[0], 0, &Settings::default()), context(KEYS[0], 1, &server));
    network.connect();
    network.run(1_000_000);
    network.assert_agreed();
    assert_eq!(network.ends[0].keys().profile, Profile::AesCm128HmacSha1_32);
}

#[test]
fn no_common_profile_fails() {
    let [client, server] =
        [Profile::AeadAes256Gcm, Profile::AesCm128HmacSha1_80].map(|only| settings(&[only]));
    let mut network = Network::with(context(KEYS[0], 0, &client), context(KEYS[0], 1, &server));
    network.connect();
    network.run(60_000_000);
    assert_eq!(network.ends[0].failed, [Reason::NoProfile]);
    assert_eq!(network.ends[1].failed, [Reason::NoProfile]);
}

#[test]
fn a_wrong_certificate_fails_on_either_side() {
    for wrong in [0, 1] {
        let mut network = Network::new();
        let stranger = context(KEYS[1], wrong, &Settings::default());
        let expected = Peer { fingerprints: vec![stranger.fingerprint(Hash::Sha1).unwrap()], tls_id: None };
        let role = [Role::Client, Role::Server][wrong];
        let own = context(KEYS[0], wrong, &Settings::default());
        let gate = Arc::new(Gate::new().unwrap());
        let address = network.ends[wrong].address.to_string();
        network.ends[wrong] = End::new(Endpoint::new(own, gate, role, expected), &address);
        network.connect();
        network.run(60_000_000);
        assert_eq!(network.ends[wrong].failed, [Reason::WrongFingerprint]);
        assert_eq!(network.ends[wrong].failed[0].as_str(), "wrong-fingerprint");
        assert!(network.ends[wrong].connected.is_empty());
        assert!(!network.ends[wrong].endpoint.is_connected());
    }
}

#[test]
fn a_handshake_before_the_sdp_waits_for_it() {
    let mut network = Network::new();
    let own = context(KEYS[0], 1, &Settings::default());
    let of_client = peer(&context(KEYS[0], 0, &Settings::default()));
    let gate = Arc::new(Gate::new().unwrap());
    let early = Endpoint::new(own.clone(), gate, Role::Server, Peer::default());
    let address = network.ends[1].address.to_string();
    network.ends[1] = End::new(early, &address);
    network.connect();
    network.run(60_000_000);
    assert_eq!(network.ends[0].connected.len(), 1, "the client knows the fingerprint already");
    assert!(network.ends[1].connected.is_empty());
    assert_eq!(network.ends[1].endpoint.update(own, Role::Server, of_client, network.now_us), Ok(None));
    network.run(60_000_000);
    network.assert_agreed();
}

#[test]
fn small_datagrams_carry_large_certificates() {
    let small = Settings { mtu: 256, ..Settings::default() };
    for lost in 0..12 {
        let mut network = Network::with(context(KEYS[1], 0, &small), context(KEYS[1], 1, &small))
            .fate(move |nth| if nth == 4 + lost { Fate::IsLost } else { Fate::Arrives });
        network.connect();
        network.run(60_000_000);
        network.assert_agreed();
        assert!(network.sent.len() > 12);
        let largest = network.sent.iter().map(|(.., payload)| payload.len()).max();
        assert!(largest <= Some(256), "{largest:?}");
    }
}

#[test]
fn no_datagram_is_larger_than_1200_bytes_unless_settings_say_so() {
    let mut network =
        Network::with(context(KEYS[1], 0, &Settings::default()), context(KEYS[1], 1, &Settings::default()));
    network.connect();
    network.run(60_000_000);
    network.assert_agreed();
    assert!(network.sent.iter().all(|(.., payload)| payload.len() <= 1200));
}

#[test]
fn closing_is_told() {
    let mut network = Network::new();
    network.connect();
    network.run(1_000_000);
    network.ends[0].endpoint.close();
    network.run(2_000_000);
    assert_eq!(network.ends[1].closed, 1);
    assert!(!network.ends[1].endpoint.is_connected());
    assert_eq!(network.ends[0].endpoint.handshakes(), 0);
}
