//! Restarts in mid-call.

use super::*;
use crate::Route;

#[test]
fn media_stays_on_the_old_pair_until_the_new_one_is_nominated() {
    let mut net = plain_pair(true);
    net.exchange();
    net.run(S);
    let old = net.agents[0].route(Component::Rtp);
    assert!(matches!(old, Route::Nominated { .. }));
    net.agents[0].restart(credentials(11));
    assert_eq!(net.agents[0].route(Component::Rtp), old);
    assert!(!net.agents[0].is_connected());
    // The offer is on its way for half a minute; consent goes on at the old pair, in both directions.
    net.run(40 * S);
    assert_eq!(net.agents[0].route(Component::Rtp), old);
    assert!(net.agents[1].is_connected());
    net.agents[1].restart(credentials(12));
    net.exchange();
    net.run(2 * S);
    for who in 0..2 {
        assert!(net.agents[who].is_connected());
        let said = events(&net, who);
        assert_eq!(said.iter().filter(|e| **e == Event::Connected).count(), 2);
        assert_eq!(said.iter().filter(|e| matches!(e, Event::NominatedPair { .. })).count(), 4);
        assert!(!said.iter().any(|e| matches!(e, Event::ConsentLost { .. } | Event::Failed { .. })));
    }
    assert!(net.agents[0].ours_before.is_none());
}

#[test]
fn a_restart_with_loss_comes_through() {
    for seed in 0..30 {
        let mut net = plain_pair(true);
        (net.loss, net.seed) = (200, seed);
        net.exchange();
        net.run(15 * S);
        net.agents[1].restart(credentials(13));
        net.agents[0].restart(credentials(14));
        net.exchange();
        net.run(20 * S);
        assert!(net.agents.iter().all(Agent::is_connected), "seed {seed}");
    }
}

/// Requests sealed with the credentials of before are answered, and teach nothing.
#[test]
fn the_generation_before_is_answered_only() {
    let mut net = plain_pair(false);
    net.exchange();
    net.run(S);
    net.agents[0].restart(credentials(15));
    let before = net.sent[0].len();
    net.run(7 * S);
    let answers = net.sent[0][before..].iter().filter(|(_, p)| p.bytes[..2] == [1, 1]).count();
    assert!(answers >= 1, "consent of the other party is answered");
    assert_eq!(net.agents[0].pairs(), 0);
}

/// The other party's credentials changed without a restart of ours.
#[test]
fn changed_remote_credentials_begin_anew() {
    let mut net = plain_pair(false);
    net.exchange();
    net.run(S);
    net.agents[1].restart(credentials(16));
    net.exchange();
    net.run(2 * S);
    assert!(net.agents.iter().all(Agent::is_connected));
    assert_eq!(net.agents[0].generation, 1);
}

/// A re-offer without change is no restart.
#[test]
fn the_same_parameters_again_change_nothing() {
    let mut net = plain_pair(true);
    net.exchange();
    net.run(S);
    let before = net.events.clone();
    net.exchange();
    net.run(S);
    assert_eq!(net.events, before);
    assert!(net.agents[0].is_connected());
}

#[test]
fn roles_may_be_agreed_on_anew() {
    let mut net = plain_pair(true);
    net.exchange();
    net.run(S);
    let before = [net.agents[0].role(), net.agents[1].role()];
    net.agents[0].restart_as(before[1], credentials(17));
    net.agents[1].restart_as(before[0], credentials(18));
    net.exchange();
    net.run(2 * S);
    assert!(net.agents.iter().all(Agent::is_connected));
    assert_eq!([net.agents[1].role(), net.agents[0].role()], before, "nobody had to give way");
}
