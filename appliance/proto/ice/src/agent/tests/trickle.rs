//! Candidates in pieces, checks before SDPs, in odd orders.

use super::*;
use crate::Route;

#[test]
fn candidates_may_come_one_by_one() {
    let mut net = plain_pair(true);
    let (here, there) = (said(&net.agents[0]), said(&net.agents[1]));
    let bare =
        |remote: &Remote| Remote { candidates: Vec::new(), end_of_candidates: false, ..remote.clone() };
    net.agents[0].set_remote(bare(&there), net.now);
    net.agents[1].set_remote(bare(&here), net.now);
    net.run(50 * S);
    assert_eq!(events(&net, 0), [], "no end of candidates, no failure");
    for candidate in there.candidates.iter().rev() {
        net.agents[0].add_remote_candidate(*candidate);
        net.run(200 * MS);
    }
    net.agents[0].end_of_candidates();
    net.run(2 * S);
    assert!(net.agents.iter().all(Agent::is_connected), "{:?}", net.events);
}

/// The answerer's checks overtake its SDP (RFC 8445 §7.3): answered at once, used once the SDP is there.
#[test]
fn checks_before_the_sdp_are_answered_and_remembered() {
    for role in [Role::Controlling, Role::Controlled] {
        let mut net = Network::new(
            full(role, 1, &["192.0.2.1:4000"], true),
            full(role.other(), 2, &["198.51.100.2:5000"], true),
        );
        let here = said(&net.agents[0]);
        net.agents[1].set_remote(here, net.now);
        net.run(5 * S);
        assert!(net.sent[0].iter().all(|(_, p)| p.bytes[..2] == [1, 1]), "answers, no checks");
        assert!(!net.sent[0].is_empty());
        assert_eq!(net.agents[0].route(Component::Rtp), Route::Signalled);
        let mut there = said(&net.agents[1]);
        there.candidates.clear();
        net.agents[0].set_remote(there, net.now);
        net.run(3 * S);
        assert!(net.agents.iter().all(Agent::is_connected), "{role:?}: {:?}", net.events);
    }
}

#[test]
fn candidates_before_credentials_are_nobodys() {
    let mut agent = full(Role::Controlling, 1, &["192.0.2.1:4000"], false);
    let other = full(Role::Controlled, 2, &["198.51.100.2:5000"], false);
    agent.add_remote_candidate(said(&other).candidates[0]);
    assert_eq!((agent.pairs(), agent.remotes.len()), (0, 0));
}

#[test]
fn a_better_candidate_that_comes_late_does_not_move_a_nominated_pair() {
    let mut net = Network::new(
        full(Role::Controlling, 1, &["192.0.2.1:4000"], false),
        full(Role::Controlled, 2, &["198.51.100.2:5000", "198.51.100.3:5000"], false),
    );
    let (here, mut there) = (said(&net.agents[0]), said(&net.agents[1]));
    let late = there.candidates.remove(0);
    net.agents[0].set_remote(there, net.now);
    net.dead = vec![at("198.51.100.2:5000")];
    net.agents[1].set_remote(here, net.now);
    net.run(2 * S);
    net.dead.clear();
    net.agents[0].add_remote_candidate(late);
    net.run(2 * S);
    assert_eq!(nominated(&net, 0, Component::Rtp), [(at("192.0.2.1:4000"), at("198.51.100.3:5000"))]);
}

#[test]
fn hundreds_of_candidates_are_bounded() {
    let mut agent = full(Role::Controlling, 1, &["192.0.2.1:4000", "192.0.2.2:4000"], true);
    let other = full(Role::Controlled, 2, &["198.51.100.2:5000"], false);
    let mut remote = said(&other);
    for n in 0..1000_u16 {
        let mut more = remote.candidates[0];
        more.address.set_port(6000 + n);
        more.priority += u32::from(n);
        remote.candidates.push(more);
    }
    agent.set_remote(remote, Duration::ZERO);
    assert_eq!(agent.remotes.len(), crate::MAX_REMOTE);
    assert_eq!(agent.pairs(), crate::MAX_PAIRS);
}

#[test]
fn useless_candidates_are_left_out() {
    let mut agent = full(Role::Controlling, 1, &["192.0.2.1:4000", "[2001:db8::1]:4000"], false);
    let other = full(Role::Controlled, 2, &["198.51.100.2:5000"], false);
    let mut remote = said(&other);
    let listed = remote.candidates[0];
    remote.candidates = [
        "0.0.0.0:5000",
        "198.51.100.2:0",
        "224.0.0.1:5000",
        "255.255.255.255:5000",
        "127.0.0.1:5000",
        "[::1]:5000",
        "[fe80::1]:5000",
        "[::ffff:198.51.100.7]:5000",
    ]
    .map(|address| crate::Candidate { address: at(address), ..listed })
    .to_vec();
    agent.set_remote(remote, Duration::ZERO);
    let pairs: Vec<_> = agent.list.iter().map(|pair| pair.remote).collect();
    assert_eq!(pairs, [at("198.51.100.7:5000")]);
}
