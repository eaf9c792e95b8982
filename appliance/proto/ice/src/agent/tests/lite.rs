//! Lite agents, and full agents with a lite party.

use super::*;
use crate::Route;

fn lite(number: u8, rtp: &[&str], rtcp: bool) -> Agent {
    Agent::new(Config { lite: true, ..config(Role::Controlled, number, rtp, rtcp) }).unwrap()
}

#[test]
fn a_lite_agent_answers_and_never_asks() {
    let mut net = Network::new(
        lite(1, &["192.0.2.1:4000", "[2001:db8::1]:4000"], true),
        full(Role::Controlling, 2, &["198.51.100.2:5000"], true),
    );
    net.exchange();
    net.run(60 * S);
    assert!(net.agents.iter().all(Agent::is_connected), "{:?}", net.events);
    assert!(net.sent[0].iter().all(|(_, p)| p.bytes[..2] == [1, 1]));
    assert_eq!(net.agents[0].next_timeout(), None);
    assert_eq!(nominated(&net, 0, Component::Rtp), [(at("192.0.2.1:4000"), at("198.51.100.2:5000"))]);
}

/// Whatever the offer's direction said, the full one controls (RFC 8445 §6.1.1).
#[test]
fn a_full_agent_controls_a_lite_one() {
    let mut net = Network::new(
        full(Role::Controlled, 1, &["192.0.2.1:4000"], false),
        Agent::new(Config { lite: true, ..config(Role::Controlling, 2, &["198.51.100.2:5000"], false) })
            .unwrap(),
    );
    net.exchange();
    net.run(S);
    assert_eq!([net.agents[0].role(), net.agents[1].role()], [Role::Controlling, Role::Controlled]);
    assert!(net.agents.iter().all(Agent::is_connected), "{:?}", net.events);
}

#[test]
fn two_lite_agents_take_the_best_pair_unchecked() {
    let mut net = Network::new(
        lite(1, &["192.0.2.1:4000", "[2001:db8::1]:4000"], true),
        lite(2, &["198.51.100.2:5000", "[2001:db8::2]:5000"], true),
    );
    net.exchange();
    assert!(net.agents.iter().all(Agent::is_connected));
    assert_eq!(
        net.agents[0].route(Component::Rtcp),
        Route::Nominated { local: at("192.0.2.1:4001"), remote: at("198.51.100.2:5001") }
    );
    assert!(net.sent.iter().all(Vec::is_empty));
}

#[test]
fn a_lite_agent_learns_nothing_before_nomination() {
    let mut net = Network::new(
        lite(1, &["192.0.2.1:4000"], false),
        full(Role::Controlling, 2, &["198.51.100.2:5000"], false),
    );
    net.agents[1].timing.nominate_after = 10 * S;
    net.exchange();
    net.agents[1].add_remote_candidate(crate::Candidate {
        address: at("192.0.2.99:4000"),
        priority: u32::MAX,
        ..net.agents[0].locals[0].candidate
    });
    net.run(5 * S);
    assert_eq!(net.agents[0].route(Component::Rtp), Route::Signalled);
    net.run(20 * S);
    assert!(matches!(net.agents[0].route(Component::Rtp), Route::Nominated { .. }));
}

#[test]
fn restarts_work_with_a_lite_agent() {
    let mut net = Network::new(
        lite(1, &["192.0.2.1:4000"], true),
        full(Role::Controlling, 2, &["198.51.100.2:5000"], true),
    );
    net.exchange();
    net.run(S);
    net.agents[0].restart(credentials(21));
    net.agents[1].restart(credentials(22));
    assert!(matches!(net.agents[0].route(Component::Rtp), Route::Nominated { .. }));
    net.exchange();
    net.run(S);
    assert!(net.agents.iter().all(Agent::is_connected), "{:?}", net.events);
}

/// A party that roams for hours, each time from another address.
#[test]
fn a_lite_agent_follows_a_roaming_party_for_ever() {
    let mut agent = lite(1, &["192.0.2.1:4000"], false);
    let mut party = full(Role::Controlling, 2, &["198.51.100.2:5000"], false);
    party.set_remote(said(&agent), Duration::ZERO);
    agent.set_remote(Remote { candidates: Vec::new(), ..said(&party) }, Duration::ZERO);
    let ours = agent.credentials().clone();
    for round in 0..500_u16 {
        let now = S * 20 * u32::from(round);
        let source = SocketAddr::from(([198, 51, 100, 2], 5000 + round));
        let mut request = crate::stun::Writer::new(crate::stun::Class::Request, &[round as u8; 12]);
        request.username(ours.ufrag(), party.credentials().ufrag());
        request.priority(1_000_000 - u32::from(round));
        request.role(Role::Controlling, 1);
        request.use_candidate();
        agent.handle(&request.seal(ours.pwd()), at("192.0.2.1:4000"), source, now);
        assert_eq!(
            agent.route(Component::Rtp),
            Route::Nominated { local: at("192.0.2.1:4000"), remote: source }
        );
        assert!(agent.remotes.len() <= 128 && agent.pairs() <= crate::MAX_PAIRS);
        while agent.poll_event().is_some() || agent.poll_transmit().is_some() {}
    }
}
