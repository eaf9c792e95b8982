//! Bodies of the fuzz targets: they panic when a promise of this crate is broken.

use crate::stun::{Class, Message, Writer};
use crate::{
    Agent, Candidate, Component, Config, Credentials, Foundation, Kind, LocalAddress, MAX_PAIRS, Remote,
    Role, Standing, Timing, local_candidates, usernames,
};
use std::net::SocketAddr;
use std::time::Duration;

/// Any bytes as STUN: no panic, and what was read lies within them.
pub fn stun(data: &[u8]) {
    let _ = usernames(data);
    let Some(Ok(message)) = Message::parse(data) else { return };
    assert_eq!(data.len() % 4, 0);
    assert!(message.unknown().len() <= 4);
    assert!(message.username.is_none_or(|name| name.len() + 24 <= data.len()));
    let _ = (message.has_good_fingerprint(), message.is_sealed_with("password"));
}

/// Bytes as a script for an agent: set up, packets good and bad, candidates, time. No panic; a packet is answered with
/// at most one; lists stay within their bounds; a timer that was served lies in the future.
pub fn agent(data: &[u8]) {
    let mut script = data.iter().copied();
    let mut next = || script.next();
    let (Some(setup), Some(seed)) = (next(), next()) else { return };
    let credentials = |number: u8| {
        Credentials::generate(|bytes| bytes.iter_mut().zip(1_u8..).for_each(|(byte, i)| *byte = i ^ number))
    };
    let addresses = [LocalAddress {
        rtp: SocketAddr::from(([192, 0, 2, 1], 4000)),
        rtcp: Some(SocketAddr::from(([192, 0, 2, 1], 4001))),
        advertised: None,
    }];
    let Ok(mut agent) = Agent::new(Config {
        role: if setup & 1 == 0 { Role::Controlling } else { Role::Controlled },
        lite: setup & 2 != 0,
        credentials: credentials(1),
        candidates: local_candidates(&addresses, Standing::First),
        seed: [seed; 32],
        timing: Timing::default(),
    }) else {
        unreachable!("one candidate is enough")
    };
    let mut now = Duration::ZERO;
    let mut asked: Vec<[u8; 12]> = Vec::new();
    while let (Some(what), Some(value)) = (next(), next()) {
        let source = SocketAddr::from(([198, 51, 100, value % 8], 5000 + u16::from(value >> 3)));
        let local = addresses[0].rtcp.filter(|_| value & 1 != 0).unwrap_or(addresses[0].rtp);
        let mut most = 0;
        match what % 9 {
            0 => agent.set_remote(
                Remote {
                    credentials: credentials(2 + value % 3),
                    candidates: vec![candidate(source, value)],
                    end_of_candidates: value & 2 != 0,
                    lite: value & 4 != 0,
                },
                now,
            ),
            1 => agent.add_remote_candidate(candidate(source, value)),
            2 => {
                let mut request = Writer::new(Class::Request, &[value; 12]);
                request.username(agent.credentials().ufrag(), credentials(2 + value % 3).ufrag());
                request.priority(u32::from(value) << 16);
                request.role(
                    if value & 8 != 0 { Role::Controlling } else { Role::Controlled },
                    u64::from(value) << 56,
                );
                if value & 16 != 0 {
                    request.use_candidate();
                }
                let request = request.seal(agent.credentials().pwd());
                agent.handle(&request, local, source, now);
                most = 1;
            }
            3 => {
                // An answer to something the agent asked, sealed as the other party would.
                let transaction =
                    asked.get(usize::from(value) % asked.len().max(1)).copied().unwrap_or_default();
                let class = if value & 32 != 0 { Class::Error } else { Class::Success };
                let mut response = Writer::new(class, &transaction);
                response.mapped(local);
                if class == Class::Error {
                    response.error(487, "");
                }
                let pwd = agent.remote_credentials().map_or(String::new(), |c| c.pwd().to_owned());
                agent.handle(&response.seal(&pwd), local, source, now);
            }
            4 => {
                let raw: Vec<u8> = (0..value).map_while(|_| next()).collect();
                agent.handle(&raw, local, source, now);
                stun(&raw);
            }
            5 => agent.restart(credentials(value)),
            6 if value > 200 => agent.drop_rtcp(),
            6 => agent.end_of_candidates(),
            7 => now += Duration::from_millis(u64::from(value) * u64::from(value)),
            _ => {
                agent.on_timeout(now);
                assert!(agent.next_timeout().is_none_or(|due| due > now), "the timer stands still");
                most = MAX_PAIRS + 3;
            }
        }
        let mut sent = 0;
        while let Some(packet) = agent.poll_transmit() {
            sent += 1;
            assert!(packet.bytes.len() <= 640);
            let Some(Ok(message)) = Message::parse(&packet.bytes) else { unreachable!("we wrote it") };
            assert!(message.has_good_fingerprint());
            if message.class == Class::Request {
                asked.push(message.transaction);
            }
        }
        assert!(sent <= most, "{sent} packets after {what}");
        while agent.poll_event().is_some() {}
        assert!(agent.pairs() <= MAX_PAIRS);
        let _ = Component::ALL.map(|component| (agent.route(component), agent.expects(component, source)));
    }
}

fn candidate(address: SocketAddr, value: u8) -> Candidate {
    let Ok(foundation) = Foundation::new(if value & 1 == 0 { "a" } else { "b" }) else {
        unreachable!("one letter is enough")
    };
    Candidate {
        foundation,
        component: if value & 64 == 0 { Component::Rtp } else { Component::Rtcp },
        priority: u32::from(value) << 20,
        address,
        kind: Kind::Host,
        related: None,
    }
}

/// A request with every attribute, 108 bytes.
#[cfg(test)]
pub(crate) fn sample() -> Vec<u8> {
    let mut writer = Writer::new(Class::Request, &[7; 12]);
    writer.username("abcde", "fghij");
    writer.priority(1);
    writer.role(Role::Controlled, 2);
    writer.use_candidate();
    writer.attribute(0x8022, b"name");
    let mut bytes = writer.seal("password");
    bytes.resize(108, 0);
    bytes
}
