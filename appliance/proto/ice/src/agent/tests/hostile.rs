//! Packets of those who know nothing, and of those who know too much.

use super::*;
use crate::stun::{Class, Writer};
use crate::{Handled, Reason, usernames};

const LOCAL: &str = "192.0.2.1:4000";

fn agent() -> Agent {
    let mut agent = full(Role::Controlled, 1, &[LOCAL], false);
    agent.set_remote(said(&full(Role::Controlling, 2, &["198.51.100.2:5000"], false)), Duration::ZERO);
    while agent.poll_event().is_some() {}
    agent
}

fn request(to: &str, pwd: &str, number: u8) -> Vec<u8> {
    let mut writer = Writer::new(Class::Request, &[number; 12]);
    writer.username(to, credentials(2).ufrag());
    writer.priority(1);
    writer.role(Role::Controlling, 1);
    writer.seal(pwd)
}

fn handle(agent: &mut Agent, packet: &[u8]) -> Handled {
    agent.handle(packet, at(LOCAL), at("203.0.113.66:6666"), Duration::ZERO)
}

/// Everything observable about an agent.
fn picture(agent: &Agent) -> String {
    format!("{agent:?}")
}

#[test]
fn unsealed_packets_change_nothing() {
    let ours = credentials(1);
    let mut agent = agent();
    let before = picture(&agent);
    let good = request(ours.ufrag(), ours.pwd(), 1);
    let mut bad_crc = good.clone();
    *bad_crc.last_mut().unwrap() ^= 1;
    let mut indication = Writer::new(Class::Indication, &[1; 12]);
    indication.priority(1);
    let mut allocate = good.clone();
    allocate[1] = 3;
    let response = Writer::new(Class::Success, &[9; 12]).seal(ours.pwd());
    let unnamed = Writer::new(Class::Request, &[9; 12]).seal(ours.pwd());
    for (packet, reason) in [
        (good[..good.len() - 4].to_vec(), Reason::Malformed),
        (bad_crc, Reason::Fingerprint),
        (indication.seal(ours.pwd()), Reason::Unasked),
        (allocate, Reason::Unasked),
        (request("somebody", ours.pwd(), 1), Reason::UnknownUser),
        (unnamed, Reason::UnknownUser),
        (request(ours.ufrag(), "guessed password guessed", 1), Reason::Integrity),
        (response, Reason::UnknownTransaction),
    ] {
        assert_eq!(handle(&mut agent, &packet), Handled::Dropped(reason));
        assert_eq!(picture(&agent), before, "{reason:?}");
    }
    assert_eq!(handle(&mut agent, &[0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]), Handled::Foreign);
    assert_eq!(handle(&mut agent, &[22, 254, 253]), Handled::Foreign);
    assert_eq!(handle(&mut agent, &[]), Handled::Foreign);
    assert_eq!(picture(&agent), before);
    assert_eq!(agent.handle(&good, at("192.0.2.1:4444"), at("203.0.113.66:6666"), Duration::ZERO), {
        Handled::Dropped(Reason::UnknownLocal)
    });
    assert_eq!(picture(&agent), before);
}

/// Somebody who knows our password sends from ten thousand addresses, never fetching answers.
#[test]
fn floods_of_sealed_requests_are_bounded() {
    let ours = credentials(1);
    let mut agent = agent();
    let mut refused = 0;
    for n in 0..10_000_u32 {
        let packet = request(ours.ufrag(), ours.pwd(), n as u8);
        let source = SocketAddr::from(([203, 0, (n >> 8) as u8, n as u8], 6666));
        let handled = agent.handle(&packet, at(LOCAL), source, Duration::ZERO);
        refused += usize::from(handled == Handled::Dropped(Reason::NoRoom));
    }
    assert!(refused > 9_000);
    assert!(agent.pairs() <= crate::MAX_PAIRS && agent.remotes.len() <= 128);
    while agent.poll_transmit().is_some() {}
    agent.on_timeout(S);
    let checks = std::iter::from_fn(|| agent.poll_transmit()).count();
    assert!(checks <= 1, "triggered checks keep their pace");
}

#[test]
fn attributes_that_must_be_understood_get_420() {
    let ours = credentials(1);
    let mut agent = agent();
    let mut writer = Writer::new(Class::Request, &[5; 12]);
    writer.username(ours.ufrag(), credentials(2).ufrag());
    writer.attribute(0x7ffe, b"what?");
    assert_eq!(handle(&mut agent, &writer.seal(ours.pwd())), Handled::Consumed);
    let answer = agent.poll_transmit().unwrap();
    let answer = crate::stun::Message::parse(&answer.bytes).unwrap().unwrap();
    assert_eq!((answer.class, answer.error), (Class::Error, Some(420)));
    assert!(answer.is_sealed_with(ours.pwd()));
    assert_eq!(agent.pairs(), 1, "nothing learned");
}

#[test]
fn requests_tell_whom_they_are_for() {
    let packet = request("abcdefgh", "p", 1);
    assert_eq!(usernames(&packet), Some(("abcdefgh", credentials(2).ufrag())));
    assert_eq!(usernames(b"no stun"), None);
}
