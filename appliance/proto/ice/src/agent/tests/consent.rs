//! Consent: asked for, given, lost, and won back.

use super::*;
use crate::Route;

#[test]
fn consent_is_asked_for_every_five_seconds_and_lasts() {
    let mut net = plain_pair(false);
    net.exchange();
    net.run(S);
    let before = net.sent[0].len();
    net.run(600 * S);
    let asked: Vec<_> =
        net.sent[0][before..].iter().filter(|(_, p)| p.bytes[..2] == [0, 1]).map(|(when, _)| *when).collect();
    assert!((100..=150).contains(&asked.len()), "{}", asked.len());
    assert!(asked.windows(2).all(|two| (4 * S..=6 * S).contains(&(two[1] - two[0]))));
    assert!(net.agents.iter().all(Agent::is_connected));
}

#[test]
fn silence_for_thirty_seconds_ends_consent_on_both_sides() {
    let mut net = plain_pair(true);
    net.exchange();
    net.run(60 * S);
    net.dead = vec![at("198.51.100.2:5000")];
    net.run(40 * S);
    for who in 0..2 {
        let lost = net.when(who, |e| *e == Event::ConsentLost { component: Component::Rtp }).unwrap();
        assert!((84 * S..=91 * S).contains(&lost), "{lost:?}");
        assert_eq!(net.agents[who].route(Component::Rtp), Route::Nowhere);
        assert!(
            matches!(net.agents[who].route(Component::Rtcp), Route::Nominated { .. }),
            "RTCP still works"
        );
        assert!(!net.agents[who].is_connected());
    }
}

#[test]
fn what_worked_before_is_tried_again() {
    let mut net = plain_pair(false);
    net.exchange();
    net.run(20 * S);
    net.dead = vec![at("198.51.100.2:5000")];
    net.run(32 * S);
    assert_eq!(net.agents[0].route(Component::Rtp), Route::Nowhere);
    net.dead.clear();
    net.run(8 * S);
    for who in 0..2 {
        assert!(matches!(net.agents[who].route(Component::Rtp), Route::Nominated { .. }), "{:?}", net.events);
        assert_eq!(events(&net, who).iter().filter(|e| **e == Event::Connected).count(), 2);
    }
}

/// A response of somebody who guesses, or who answers from elsewhere, keeps nothing alive.
#[test]
fn only_sealed_responses_from_the_pair_count() {
    let mut net = plain_pair(false);
    net.exchange();
    net.run(S);
    let (local, remote) = (at("192.0.2.1:4000"), at("198.51.100.2:5000"));
    let agent = &mut net.agents[0];
    let due = agent.next_timeout().unwrap();
    agent.on_timeout(due);
    let asked = agent.poll_transmit().unwrap();
    let transaction: [u8; 12] = asked.bytes[8..20].try_into().unwrap();
    let answer = |pwd: &str| {
        let mut writer = crate::stun::Writer::new(crate::stun::Class::Success, &transaction);
        writer.mapped(local);
        writer.seal(pwd)
    };
    let dropped = |reason| crate::Handled::Dropped(reason);
    let theirs = credentials(2);
    let forged = answer("guessed");
    assert_eq!(agent.handle(&forged, local, remote, due), dropped(crate::Reason::Integrity));
    let good = answer(theirs.pwd());
    let elsewhere = at("198.51.100.66:5000");
    assert_eq!(agent.handle(&good, local, elsewhere, due), dropped(crate::Reason::UnknownTransaction));
    assert_eq!(agent.handle(&good, local, remote, due), crate::Handled::Consumed);
    assert_eq!(
        agent.handle(&good, local, remote, due),
        dropped(crate::Reason::UnknownTransaction),
        "only once"
    );
}
