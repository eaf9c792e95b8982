//! The other party sits behind a NAT: its addresses are not those it listed.

use super::network::Nat;
use super::*;
use crate::Route;

fn behind(nat: Nat, role: Role) -> Network {
    let mut net = Network::new(
        full(role.other(), 1, &["192.0.2.1:4000"], true),
        full(role, 2, &["10.0.0.2:5000", "10.8.0.2:5000"], true),
    );
    net.nat = nat;
    net
}

#[test]
fn peer_reflexive_addresses_are_learned() {
    for nat in [Nat::PortRestricted, Nat::Symmetric] {
        for role in [Role::Controlling, Role::Controlled] {
            let mut net = behind(nat, role);
            net.exchange();
            net.run(5 * S);
            assert!(net.agents.iter().all(Agent::is_connected), "{nat:?} {role:?}: {:?}", net.events);
            let Route::Nominated { remote, .. } = net.agents[0].route(Component::Rtp) else {
                panic!("no route")
            };
            assert_eq!(remote.ip(), net.public);
            assert!(net.agents[0].expects(Component::Rtp, remote));
            let Route::Nominated { local, remote } = net.agents[1].route(Component::Rtp) else {
                panic!("no route")
            };
            assert_eq!(local.ip().to_string().split('.').next(), Some("10"));
            assert_eq!(remote, at("192.0.2.1:4000"));
        }
    }
}

/// The party lists nothing at all (mDNS names were left out), as browsers do.
#[test]
fn a_party_without_candidates_is_found() {
    let mut net = behind(Nat::PortRestricted, Role::Controlled);
    let (here, mut there) = (said(&net.agents[0]), said(&net.agents[1]));
    there.candidates.clear();
    net.agents[0].set_remote(there, net.now);
    net.agents[1].set_remote(here, net.now);
    net.run(5 * S);
    assert!(net.agents.iter().all(Agent::is_connected), "{:?}", net.events);
}

/// The address was seen before it was listed: the listed one takes its place, no second pair is made.
#[test]
fn an_address_seen_first_and_listed_later_is_one() {
    let mut net = behind(Nat::PortRestricted, Role::Controlling);
    let (here, there) = (said(&net.agents[0]), said(&net.agents[1]));
    net.agents[0]
        .set_remote(Remote { candidates: Vec::new(), end_of_candidates: false, ..there.clone() }, net.now);
    net.agents[1].set_remote(here, net.now);
    net.run(30 * MS);
    let seen = net.agents[0].remotes[0];
    let pairs = net.agents[0].pairs();
    assert_eq!(seen.kind, crate::Kind::PeerReflexive);
    let mut listed = there.candidates[0];
    (listed.address, listed.kind) = (seen.address, crate::Kind::ServerReflexive);
    net.agents[0].add_remote_candidate(listed);
    assert_eq!(net.agents[0].remotes[0], listed);
    assert_eq!(net.agents[0].pairs(), pairs);
}

/// Mid-call the party moves to another network and nominates its new address.
#[test]
fn a_party_that_moves_is_followed() {
    let mut net = behind(Nat::PortRestricted, Role::Controlling);
    net.exchange();
    net.run(10 * S);
    let Route::Nominated { local, remote: old } = net.agents[1].route(Component::Rtp) else {
        panic!("no route")
    };
    let Route::Nominated { remote: before, .. } = net.agents[0].route(Component::Rtp) else {
        panic!("no route")
    };
    net.dead = vec![before];
    // Its own agent finds out by lost consent, and tries what worked before.
    net.run(45 * S);
    assert_eq!(old, at("192.0.2.1:4000"));
    let Route::Nominated { remote: after, .. } = net.agents[0].route(Component::Rtp) else {
        panic!("{:?}", net.events)
    };
    assert_ne!(before, after, "another address of the party is in use ({local})");
}
