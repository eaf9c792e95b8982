//! New fingerprints, tls-ids, roles and addresses.

use crate::network::{End, Network, context, peer};
use dtls::{Context, Endpoint, Gate, KeyKind, Peer, Restart, Role, Settings};
use std::sync::Arc;

fn ecdsa(nth: usize) -> Context {
    context(KeyKind::EcdsaP256, nth, &Settings::default())
}

fn rsa(nth: usize) -> Context {
    context(KeyKind::Rsa(2048), nth, &Settings::default())
}

fn connected() -> Network {
    let mut network = Network::new();
    network.connect();
    network.run(1_000_000);
    network.assert_agreed();
    network
}

#[test]
fn the_same_sdp_again_changes_nothing() {
    let mut network = connected();
    let now = network.now_us;
    let [client, server] = &mut network.ends;
    assert_eq!(client.endpoint.update(rsa(0), Role::Client, peer(&ecdsa(1)), now), Ok(None));
    assert_eq!(server.endpoint.update(rsa(1), Role::Server, peer(&ecdsa(0)), now), Ok(None));
    network.run(60_000_000);
    assert_eq!(network.ends.each_ref().map(|end| end.connected.len()), [1, 1]);
    network.assert_agreed();
}

#[test]
fn another_tls_id_makes_new_keys() {
    let mut network = connected();
    let old = network.ends[0].keys().local.expose().to_vec();
    let next = |of: &Context| Peer { tls_id: Some("two".into()), ..peer(of) };
    let now = network.now_us;
    let server = &mut network.ends[1].endpoint;
    assert_eq!(server.update(ecdsa(1), Role::Server, next(&ecdsa(0)), now), Ok(Some(Restart::TlsId)));
    let client = &mut network.ends[0].endpoint;
    assert_eq!(client.update(ecdsa(0), Role::Client, next(&ecdsa(1)), now), Ok(Some(Restart::TlsId)));
    network.run(60_000_000);
    network.assert_agreed();
    assert_eq!(network.ends.each_ref().map(|end| end.connected.len()), [2, 2]);
    assert_ne!(network.ends[0].keys().local.expose(), old);
}

#[test]
fn a_client_with_a_new_certificate_may_be_earlier_than_its_sdp() {
    let mut network = connected();
    // Another phone takes the call over, from the same address.
    let gate = Arc::new(Gate::new().unwrap());
    let other = Endpoint::new(rsa(0), gate, Role::Client, peer(&ecdsa(1)));
    network.ends[0] = End::new(other, "192.0.2.1:4000");
    network.connect();
    network.run(network.now_us + 2_000_000);
    assert_eq!(network.ends[1].connected.len(), 1, "not who was announced");
    assert!(network.ends[1].endpoint.is_connected() && network.ends[1].failed.is_empty());
    let now = network.now_us;
    let restart = network.ends[1].endpoint.update(ecdsa(1), Role::Server, peer(&rsa(0)), now);
    assert_eq!(restart, Ok(Some(Restart::Fingerprint)));
    network.run(now + 2_000_000);
    network.assert_agreed();
    assert_eq!(network.ends[1].connected.len(), 2);
    assert_eq!(network.ends[1].endpoint.handshakes(), 1);
}

#[test]
fn roles_may_change_places() {
    let mut network = connected();
    let now = network.now_us;
    let [client, server] = &mut network.ends;
    let become_server = client.endpoint.update(ecdsa(0), Role::Server, peer(&ecdsa(1)), now);
    assert_eq!(become_server, Ok(Some(Restart::Role)));
    // It had the peer's address from before, and goes on there.
    let become_client = server.endpoint.update(ecdsa(1), Role::Client, peer(&ecdsa(0)), now);
    assert_eq!(become_client, Ok(Some(Restart::Role)));
    network.run(60_000_000);
    network.assert_agreed();
    assert_eq!(network.ends.each_ref().map(|end| end.connected.len()), [2, 2]);
}

#[test]
fn a_peer_that_begins_anew_is_followed() {
    let mut network = connected();
    let gate = Arc::new(Gate::new().unwrap());
    let again = Endpoint::new(ecdsa(0), gate, Role::Client, peer(&ecdsa(1)));
    network.ends[0] = End::new(again, "192.0.2.1:4000");
    network.connect();
    network.run(60_000_000);
    network.assert_agreed();
    assert_eq!(network.ends[1].connected.len(), 2);
    assert_eq!(network.ends[1].endpoint.handshakes(), 1, "the old association is gone");
}

#[test]
fn a_client_follows_its_peer_to_another_address() {
    let mut network = Network::new();
    let wrong = "198.51.100.9:9".parse().unwrap();
    network.ends[0].endpoint.connect(wrong, 0).unwrap();
    let lost = network.ends[0].endpoint.poll_transmit().unwrap();
    assert_eq!(lost.remote, wrong);
    network.connect();
    network.run(500_000);
    network.assert_agreed();
    network.ends[0].endpoint.connect(wrong, 600_000).unwrap();
    assert_eq!(
        network.ends[0].endpoint.poll_transmit(),
        None,
        "nothing to say to a new address once connected"
    );
    assert!(network.ends[0].endpoint.is_connected());
}
