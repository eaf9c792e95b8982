//! People who are not the peer.

use crate::network::{Network, context, peer};
use dtls::{Endpoint, Gate, Ignored, KeyKind, MAX_HANDSHAKES, Role, Settings};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

fn source(nth: usize) -> SocketAddr {
    (Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(nth).unwrap()), 1024).into()
}

/// A client that knows the port and has an address of its own, after its second ClientHello.
fn stalled(network: &mut Network, nth: usize, now_us: u64) -> Result<(), Ignored> {
    let settings = Settings::default();
    let context = context(KeyKind::EcdsaP256, 0, &settings);
    let expected = peer(&context);
    let mut client = Endpoint::new(context, Arc::new(Gate::new().unwrap()), Role::Client, expected);
    let server = network.ends[1].address;
    client.connect(server, now_us).unwrap();
    let hello = client.poll_transmit().unwrap();
    network.ends[1].endpoint.handle(source(nth), &hello.payload, now_us).unwrap();
    let cookie = network.ends[1].endpoint.poll_transmit().unwrap();
    assert_eq!(cookie.remote, source(nth));
    client.handle(server, &cookie.payload, now_us).unwrap();
    let hello = client.poll_transmit().unwrap();
    let taken = network.ends[1].endpoint.handle(source(nth), &hello.payload, now_us);
    while network.ends[1].endpoint.poll_transmit().is_some() {}
    taken
}

#[test]
fn spoofed_sources_leave_nothing_behind() {
    let mut network = Network::new();
    network.connect();
    let hello = network.ends[0].endpoint.poll_transmit().unwrap().payload;
    let server = &mut network.ends[1].endpoint;
    for nth in 0..20_000 {
        assert_eq!(server.handle(source(nth), &hello, 0), Ok(()));
        let reply = server.poll_transmit().unwrap();
        assert_eq!(reply.remote, source(nth));
        assert!(reply.payload.len() < hello.len(), "no amplification");
        assert_eq!(server.poll_transmit(), None);
    }
    assert_eq!((server.handshakes(), server.next_timeout()), (0, None));
    // The peer is served as ever.
    network.run(60_000_000);
    network.assert_agreed();
}

#[test]
fn replies_that_nobody_takes_are_bounded() {
    let mut network = Network::new();
    network.connect();
    let hello = network.ends[0].endpoint.poll_transmit().unwrap().payload;
    for nth in 0..1_000 {
        let _ = network.ends[1].endpoint.handle(source(nth), &hello, 0);
    }
    let waiting = std::iter::from_fn(|| network.ends[1].endpoint.poll_transmit()).count();
    assert_eq!(waiting, dtls::MAX_TRANSMITS);
}

#[test]
fn real_addresses_get_few_places_and_give_way() {
    let mut network = Network::new();
    for nth in 0..MAX_HANDSHAKES {
        assert_eq!(stalled(&mut network, nth, 0), Ok(()));
    }
    assert_eq!(network.ends[1].endpoint.handshakes(), MAX_HANDSHAKES);
    assert_eq!(stalled(&mut network, 9, 0), Err(Ignored::NoRoom));
    assert_eq!(stalled(&mut network, 9, 2_000_000), Ok(()), "they had their time");
    assert_eq!(network.ends[1].endpoint.handshakes(), MAX_HANDSHAKES);
    network.now_us = 4_000_000;
    network.connect();
    network.run(60_000_000);
    network.assert_agreed();
    assert_eq!(network.ends[1].endpoint.handshakes(), 1, "the peer is known; the others go");
}

#[test]
fn what_is_connected_is_not_put_out() {
    let mut network = Network::new();
    network.connect();
    network.run(1_000_000);
    for nth in 0..20 {
        let _ = stalled(&mut network, nth, 10_000_000 * (nth as u64 + 1));
        assert!(network.ends[1].endpoint.is_connected());
        assert!(network.ends[1].endpoint.handshakes() <= MAX_HANDSHAKES);
    }
}

#[test]
fn garbage_during_a_call_changes_nothing() {
    let mut network = Network::new();
    network.connect();
    network.run(1_000_000);
    let recorded: Vec<(usize, Vec<u8>)> =
        network.sent.iter().map(|(_, by, bytes)| (*by, bytes.clone())).collect();
    let mut now = network.now_us;
    let mut state = 1u64;
    for round in 0..4_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (by, mut bytes) = recorded[round % recorded.len()].clone();
        let at = (state >> 33) as usize % bytes.len();
        // Replayed as it was, or with a bit turned; slow enough to be heard.
        if round % 3 > 0 {
            bytes[at] ^= 1 << (state >> 60 & 7);
        }
        now += 20_000;
        let from = network.ends[by].address;
        let _ = network.ends[1 - by].endpoint.handle(from, &bytes, now);
        let replies = std::iter::from_fn(|| network.ends[1 - by].endpoint.poll_transmit()).count();
        assert!(replies <= 2, "{replies} replies to one datagram");
    }
    network.drain();
    network.assert_agreed();
    assert!(
        network.ends.iter().all(|end| end.connected.len() == 1 && end.closed == 0 && end.failed.is_empty())
    );
}

/// OpenSSL 3.0 takes an encrypted record that has no room for nonce and tag for an error of its own, and gives up; with
/// encrypt-then-MAC also any other that is forged.
#[test]
fn forged_encrypted_records_do_not_end_a_call() {
    for ciphers in ["ECDHE+AESGCM", "ECDHE+CHACHA20", "ECDHE+AESCCM", "ECDHE+AES:!AESGCM:!AESCCM"] {
        let settings = Settings { ciphers: Some(ciphers.into()), ..Settings::default() };
        let mut network = Network::with(
            context(KeyKind::EcdsaP256, 0, &settings),
            context(KeyKind::EcdsaP256, 1, &settings),
        );
        network.connect();
        network.run(1_000_000);
        network.assert_agreed();
        let mut now = network.now_us;
        for (kind, len) in (20..=23u8).flat_map(|kind| (0..=100u8).map(move |len| (kind, len))) {
            now += 20_000;
            let mut record = vec![kind, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, len, 0, len];
            record.resize(13 + usize::from(len), 0);
            for to in [0, 1] {
                let from = network.ends[1 - to].address;
                let endpoint = &mut network.ends[to].endpoint;
                let _ = endpoint.handle(from, &record, now);
                assert!(endpoint.is_connected(), "{ciphers}: type {kind}, {len} bytes at {to}");
            }
        }
        network.ends[1].endpoint.close();
        network.run(now + 1_000_000);
        assert_eq!(network.ends[0].closed, 1, "a real alert is heard: {ciphers}");
    }
}

#[test]
fn floods_from_the_right_address_are_cut() {
    let mut network = Network::new();
    network.connect();
    network.run(1_000_000);
    let from = network.ends[0].address;
    let last = network.sent.last().unwrap().2.clone();
    let now = network.now_us;
    let heard =
        (0..10_000).filter(|_| network.ends[1].endpoint.handle(from, &last, now) != Err(Ignored::TooMany));
    assert!(heard.count() <= 64);
    assert!(network.ends[1].endpoint.is_connected());
    assert_ne!(network.ends[1].endpoint.handle(from, &last, now + 1_000_000), Err(Ignored::TooMany));
}

#[test]
fn each_reason_to_ignore_is_told() {
    let mut network = Network::new();
    network.connect();
    let hello = network.ends[0].endpoint.poll_transmit().unwrap().payload;
    let [client, server] = network.ends.each_mut().map(|end| &mut end.endpoint);
    let [a, b]: [SocketAddr; 2] = ["192.0.2.1:4000", "[2001:db8::2]:5000"].map(|text| text.parse().unwrap());
    assert_eq!(server.handle(a, &hello[..hello.len() - 1], 0), Err(Ignored::UnknownSource));
    assert_eq!(client.handle(b, &hello[..hello.len() - 1], 0), Err(Ignored::Malformed));
    assert_eq!(client.handle(b, &[], 0), Err(Ignored::Malformed));
    assert_eq!(client.handle(b, &hello, 0), Err(Ignored::Implausible));
    assert_eq!(client.handle(a, &hello, 0), Err(Ignored::UnknownSource));
    client.close();
    assert_eq!(client.handle(b, &hello, 0), Err(Ignored::Idle));
}
