use super::super::agents::What;
use super::super::count::Count;
use super::world::*;
use ::dtls::Role;
use ::ice::{Agent, Config, Credentials, LocalAddress, Remote, Standing, Timing, local_candidates};
use call::{Dtls, Handshake, HandshakeEvent, Ice};
use flow::{FlowKey, Moment};
use std::net::SocketAddr;
use std::time::Duration;

/// A browser: ICE and DTLS at one port.
struct Browser {
    ice: Agent,
    phone: Phone,
}

impl Browser {
    /// It calls or is called, over DTLS.
    fn new(world: &World, role: Role) -> Browser {
        let phone = Phone::new(role, "192.0.2.9:4000", &world.prints.get("sha-256").unwrap());
        let ice = Agent::new(Config {
            role: ::ice::Role::Controlling,
            lite: false,
            credentials: Credentials::generate(|bytes| bytes.fill(1)),
            candidates: candidates(phone.at),
            seed: [1; 32],
            timing: Timing::default(),
        });
        Browser { ice: ice.unwrap(), phone }
    }

    fn remote(&self) -> Remote {
        Remote {
            credentials: self.ice.credentials().clone(),
            candidates: self.ice.local_candidates().iter().map(|local| local.candidate).collect(),
            end_of_candidates: true,
            lite: false,
        }
    }

    /// It hears our SDP.
    fn hear(&mut self, said: &Ice, now: Moment) {
        let remote = Remote {
            credentials: said.credentials.clone(),
            candidates: said.candidates.iter().map(|local| local.candidate).collect(),
            end_of_candidates: true,
            lite: said.lite,
        };
        self.ice.set_remote(remote, Duration::from_micros(now.0));
    }
}

fn candidates(at: SocketAddr) -> Vec<::ice::LocalCandidate> {
    local_candidates(&[LocalAddress { rtp: at, rtcp: None, advertised: None }], Standing::First)
}

/// What the desk says of a section with ICE at `port`; `seed` makes our credentials.
fn said(world: &World, port: u16, seed: u8, dtls: Dtls, remote: Option<Remote>) -> Handshake {
    let ice = Ice {
        role: ::ice::Role::Controlled,
        lite: false,
        credentials: Credentials::generate(|bytes| bytes.fill(seed)),
        candidates: candidates(ours(port).into()),
        remote,
    };
    Handshake { ice: Some(ice), ..world.section(port, dtls) }
}

/// Lets both talk for so many milliseconds; packets arrive at once. What the browser hears in DTLS, it answers unless
/// `mute`.
fn talk(world: &mut World, browser: &mut Browser, port: u16, ms: u64) {
    let start = world.now;
    for step in 0..ms {
        world.pass(Moment(start.0 + step * 1000).since(world.now).0);
        let now = Duration::from_micros(world.now.0);
        if browser.ice.next_timeout().is_some_and(|due| due <= now) {
            browser.ice.on_timeout(now);
        }
        browser.phone.endpoint.on_timeout(world.now.0);
        for _ in 0..20 {
            let mut quiet = true;
            while let Some(packet) = browser.ice.poll_transmit() {
                quiet = false;
                world.receive(What::Stun, packet.remote.into(), packet.local, &packet.bytes);
            }
            while let Some(transmit) = browser.phone.endpoint.poll_transmit() {
                quiet = false;
                world.receive(What::Dtls, ours(port), browser.phone.at, &transmit.payload);
            }
            for (from, to, bytes) in world.sent() {
                if to != browser.phone.at {
                    continue;
                }
                quiet = false;
                if bytes[0] < 4 {
                    browser.ice.handle(&bytes, to, from.into(), now);
                } else {
                    let _ = browser.phone.endpoint.handle(from.into(), &bytes, world.now.0);
                }
            }
            if quiet {
                break;
            }
        }
        browser.phone.listen();
    }
}

/// Takes out events: the routes, and the keys.
fn outcome(world: &mut World) -> (Vec<(FlowKey, SocketAddr)>, Vec<Pair>) {
    let (mut routes, mut keys) = (Vec::new(), Vec::new());
    for event in world.events() {
        match event {
            HandshakeEvent::Route { local, peer, .. } => routes.push((local, peer)),
            HandshakeEvent::Keys { open, seal, .. } => keys.push((open, seal)),
            other => panic!("{other:?}"),
        }
    }
    (routes, keys)
}

#[test]
fn dtls_follows_the_way_that_ice_finds_in_both_roles() {
    for role in [Role::Client, Role::Server] {
        let mut world = World::new();
        let mut browser = Browser::new(&world, role);
        let active = role == Role::Server;
        // Where the SDP says it is, nobody is.
        let mut section = said(&world, 30_000, 2, browser.phone.said(active), Some(browser.remote()));
        section.peers.0 = Some("203.0.113.1:9".parse().unwrap());
        world.begin(&section);
        assert!(world.sent().iter().all(|(_, to, bytes)| bytes[0] < 4 && *to == browser.phone.at));
        browser.hear(section.ice.as_ref().unwrap(), world.now);
        browser.phone.call(ours(30_000), world.now);
        talk(&mut world, &mut browser, 30_000, 1500);
        let (routes, keys) = outcome(&mut world);
        assert_eq!(routes, [(ours(30_000), browser.phone.at)]);
        assert_eq!(keys.len(), 1);
        browser.phone.agrees(&keys[0]);
        assert!(world.counted(Count::Stun) > 0);
    }
}

#[test]
fn what_comes_before_the_answer_is_not_lost() {
    let mut world = World::new();
    let mut browser = Browser::new(&world, Role::Client);
    let unknown = Dtls { fingerprints: Vec::new(), ..browser.phone.said(false) };
    let offered = said(&world, 30_000, 2, unknown, None);
    world.begin(&offered);
    browser.hear(offered.ice.as_ref().unwrap(), world.now);
    browser.phone.call(ours(30_000), world.now);
    talk(&mut world, &mut browser, 30_000, 200);
    assert!(world.events().is_empty());
    assert_eq!(world.counted(Count::NotByIce), 1, "the ClientHello");

    let answered = said(&world, 30_000, 2, browser.phone.said(false), Some(browser.remote()));
    world.begin(&answered);
    talk(&mut world, &mut browser, 30_000, 200);
    let (routes, keys) = outcome(&mut world);
    assert_eq!(routes.len(), 1);
    assert_eq!(keys.len(), 1, "without another ClientHello, which takes a second");
    browser.phone.agrees(&keys[0]);
}

#[test]
fn dtls_from_elsewhere_than_ice_says_is_left_alone() {
    let mut world = World::new();
    let mut browser = Browser::new(&world, Role::Client);
    let section = said(&world, 30_000, 2, browser.phone.said(false), Some(browser.remote()));
    world.begin(&section);
    browser.hear(section.ice.as_ref().unwrap(), world.now);
    talk(&mut world, &mut browser, 30_000, 500);
    let mut stranger = Phone::new(Role::Client, "203.0.113.5:4000", &world.prints.get("sha-256").unwrap());
    stranger.call(ours(30_000), world.now);
    let hello = stranger.endpoint.poll_transmit().unwrap().payload;
    for _ in 0..10 {
        world.receive(What::Dtls, ours(30_000), stranger.at, &hello);
    }
    assert!(world.sent().is_empty());
    assert_eq!(world.counted(Count::NotByIce), 10);
}

#[test]
fn a_party_that_falls_silent_is_told_and_one_that_restarts_is_found_again() {
    let mut world = World::new();
    let mut browser = Browser::new(&world, Role::Client);
    let section = said(&world, 30_000, 2, browser.phone.said(false), Some(browser.remote()));
    world.begin(&section);
    browser.hear(section.ice.as_ref().unwrap(), world.now);
    browser.phone.call(ours(30_000), world.now);
    talk(&mut world, &mut browser, 30_000, 1000);
    outcome(&mut world);
    world.pass(60_000_000);
    assert!(matches!(world.events().as_slice(), [HandshakeEvent::Unreachable { .. }]));
    assert_eq!(world.counted(Count::Unreachable), 1);
    world.sent();

    browser.ice.restart(Credentials::generate(|bytes| bytes.fill(8)));
    let again = said(&world, 30_000, 9, browser.phone.said(false), Some(browser.remote()));
    world.begin(&again);
    browser.hear(again.ice.as_ref().unwrap(), world.now);
    talk(&mut world, &mut browser, 30_000, 1000);
    let (routes, keys) = outcome(&mut world);
    assert_eq!(routes, [(ours(30_000), browser.phone.at)]);
    assert!(keys.is_empty(), "the association goes on");
}
