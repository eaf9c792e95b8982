//! Both think they are the same.

use super::*;

fn conflict(role: Role, delays: Duration) -> Network {
    let mut net =
        Network::new(full(role, 1, &["192.0.2.1:4000"], true), full(role, 2, &["198.51.100.2:5000"], true));
    net.delay = delays;
    net.exchange();
    net.run(5 * S);
    net
}

#[test]
fn conflicts_end_with_one_of_each() {
    for role in [Role::Controlling, Role::Controlled] {
        for delay in [1, 10, 40, 49, 51, 120, 300] {
            let net = conflict(role, delay * MS);
            assert_ne!(net.agents[0].role(), net.agents[1].role(), "{role:?} {delay}");
            assert!(net.agents.iter().all(Agent::is_connected), "{role:?} {delay}: {:?}", net.events);
            let switches: usize = (0..2)
                .map(|who| {
                    events(&net, who).iter().filter(|e| matches!(e, Event::RoleSwitched { .. })).count()
                })
                .sum();
            assert_eq!(switches, 1, "{role:?} {delay}: {:?}", net.events);
        }
    }
}

/// RFC 8445 §7.3.1.1: the larger tie-breaker keeps, or takes, the controlling role.
#[test]
fn the_larger_tie_breaker_controls() {
    for role in [Role::Controlling, Role::Controlled] {
        let mut net = Network::new(
            full(role, 1, &["192.0.2.1:4000"], false),
            full(role, 2, &["198.51.100.2:5000"], false),
        );
        net.agents[0].tie_breaker = 5;
        net.agents[1].tie_breaker = 6;
        net.exchange();
        net.run(3 * S);
        assert_eq!(net.agents[1].role(), Role::Controlling, "{role:?}");
        assert_eq!(net.agents[0].role(), Role::Controlled, "{role:?}");
    }
}

#[test]
fn conflicts_end_despite_loss() {
    for seed in 0..40 {
        for role in [Role::Controlling, Role::Controlled] {
            let mut net = Network::new(
                full(role, 3, &["192.0.2.1:4000"], true),
                full(role, 4, &["198.51.100.2:5000"], true),
            );
            (net.loss, net.seed) = (200, seed);
            net.exchange();
            net.run(20 * S);
            assert_ne!(net.agents[0].role(), net.agents[1].role(), "seed {seed}");
            assert!(net.agents.iter().all(Agent::is_connected), "seed {seed}: {:?}", net.events);
        }
    }
}
