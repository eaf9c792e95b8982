//! Two full agents and nothing in between but distance and loss.

use super::*;
use crate::Route;

#[test]
fn two_agents_agree_on_both_components() {
    let mut net = plain_pair(true);
    net.exchange();
    net.run(2 * S);
    for component in Component::ALL {
        let step = u16::from(component.id()) - 1;
        let (here, there) =
            (at(&format!("192.0.2.1:{}", 4000 + step)), at(&format!("198.51.100.2:{}", 5000 + step)));
        assert_eq!(nominated(&net, 0, component), [(here, there)]);
        assert_eq!(nominated(&net, 1, component), [(there, here)]);
        assert_eq!(net.agents[0].route(component), Route::Nominated { local: here, remote: there });
    }
    for who in 0..2 {
        assert!(net.agents[who].is_connected());
        assert_eq!(events(&net, who).iter().filter(|e| **e == Event::Connected).count(), 1);
    }
    assert!(net.when(0, |e| *e == Event::Connected).unwrap() < 400 * MS);
}

#[test]
fn the_first_working_pair_carries_media_until_one_is_nominated() {
    let mut net = plain_pair(false);
    assert_eq!(net.agents[0].route(Component::Rtp), Route::Signalled);
    net.exchange();
    assert_eq!(net.agents[0].route(Component::Rtp), Route::Signalled);
    net.run(25 * MS);
    let (local, remote) = (at("192.0.2.1:4000"), at("198.51.100.2:5000"));
    assert_eq!(events(&net, 0)[0], Event::ValidPair { component: Component::Rtp, local, remote });
    assert_eq!(net.agents[0].route(Component::Rtp), Route::Valid { local, remote });
    net.run(S);
    assert_eq!(net.agents[0].route(Component::Rtp), Route::Nominated { local, remote });
    assert!(net.agents[0].expects(Component::Rtp, remote));
    assert!(!net.agents[0].expects(Component::Rtp, at("198.51.100.2:5001")));
    assert!(!net.agents[0].expects(Component::Rtcp, remote));
}

#[test]
fn the_best_pair_that_works_is_taken() {
    let mut net = Network::new(
        full(Role::Controlling, 1, &["192.0.2.1:4000", "[2001:db8::1]:4000", "192.0.2.9:4000"], false),
        full(Role::Controlled, 2, &["198.51.100.2:5000", "[2001:db8::2]:5000"], false),
    );
    net.dead = vec![at("192.0.2.1:4000"), at("192.0.2.9:4000")];
    net.exchange();
    net.run(2 * S);
    let expected = [(at("[2001:db8::1]:4000"), at("[2001:db8::2]:5000"))];
    assert_eq!(nominated(&net, 0, Component::Rtp), expected);

    net = Network::new(
        full(Role::Controlling, 1, &["192.0.2.1:4000", "[2001:db8::1]:4000"], false),
        full(Role::Controlled, 2, &["198.51.100.2:5000", "[2001:db8::2]:5000"], false),
    );
    net.exchange();
    net.run(2 * S);
    assert_eq!(nominated(&net, 0, Component::Rtp), [(at("192.0.2.1:4000"), at("198.51.100.2:5000"))]);
}

#[test]
fn checks_leave_fifty_milliseconds_apart() {
    let here: Vec<String> = (0..8).map(|n| format!("192.0.2.{}:4000", n + 1)).collect();
    let here: Vec<&str> = here.iter().map(String::as_str).collect();
    let mut net = Network::new(
        full(Role::Controlling, 1, &here, true),
        full(Role::Controlled, 2, &["198.51.100.2:5000", "198.51.100.3:5000"], true),
    );
    net.dead = vec![
        at("198.51.100.2:5000"),
        at("198.51.100.2:5001"),
        at("198.51.100.3:5000"),
        at("198.51.100.3:5001"),
    ];
    net.exchange();
    net.run(60 * S);
    let mut seen = std::collections::HashSet::new();
    let new: Vec<Duration> = net.sent[0]
        .iter()
        .filter(|(_, p)| seen.insert(p.bytes[8..20].to_vec()))
        .map(|(when, _)| *when)
        .collect();
    assert_eq!(new.len(), 32, "one check per pair");
    assert!(new.windows(2).all(|two| two[1] - two[0] >= 50 * MS), "{new:?}");
    assert_eq!(net.sent[0].len(), 32 * 7, "seven tries each");
}

#[test]
fn a_quarter_of_all_packets_may_be_lost() {
    for seed in 0..40 {
        let mut net = plain_pair(true);
        (net.loss, net.seed) = (250, seed);
        net.exchange();
        net.run(20 * S);
        assert!(net.agents.iter().all(Agent::is_connected), "seed {seed}: {:?}", net.events);
        // Consent has only six tries in its 30 s, and a third of its round trips would fail above.
        net.loss = 50;
        net.run(300 * S);
        let lost = |e: &Event| matches!(e, Event::ConsentLost { .. });
        assert!(net.when(0, lost).is_none() && net.when(1, lost).is_none(), "seed {seed}");
    }
}

#[test]
fn long_ways_are_bridged() {
    let mut net = plain_pair(true);
    net.delay = 700 * MS;
    net.exchange();
    net.run(20 * S);
    assert!(net.agents.iter().all(Agent::is_connected));
}

#[test]
fn failure_comes_after_patience_and_is_not_final() {
    let mut net = plain_pair(false);
    net.dead = vec![at("198.51.100.2:5000")];
    net.exchange();
    net.run(39 * S);
    assert_eq!(events(&net, 0), []);
    net.run(2 * S);
    assert_eq!(events(&net, 0), [Event::Failed { component: Component::Rtp }]);
    assert_eq!(net.agents[0].route(Component::Rtp), Route::Nowhere);
    assert_eq!(net.agents[0].next_timeout(), None, "nothing left to do");
    // The way opens, and the other party begins anew by itself; it still checks for our credentials.
    net.dead.clear();
    net.agents[1].restart(credentials(2));
    net.agents[1].set_remote(said(&net.agents[0]), net.now);
    net.run(2 * S);
    assert!(net.agents.iter().all(Agent::is_connected), "{:?}", net.events);
}

#[test]
fn multiplexing_drops_the_second_component() {
    let mut net = Network::new(
        full(Role::Controlling, 1, &["192.0.2.1:4000"], true),
        full(Role::Controlled, 2, &["198.51.100.2:5000"], false),
    );
    net.exchange();
    net.run(S);
    assert!(!net.agents[0].is_connected(), "RTCP has no pair");
    net.agents[0].drop_rtcp();
    net.run(S);
    assert!(net.agents[0].is_connected());
    assert_eq!(net.agents[0].route(Component::Rtcp), Route::Signalled);
}
