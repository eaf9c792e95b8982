use super::super::agents::What;
use super::super::count::Count;
use super::world::*;
use ::dtls::Role;
use std::net::SocketAddr;

/// The ClientHello of a phone.
fn hello(world: &World) -> Vec<u8> {
    let mut phone = Phone::new(Role::Client, "192.0.2.9:4000", &world.prints.get("sha-256").unwrap());
    phone.call(ours(30_000), world.now);
    phone.endpoint.poll_transmit().unwrap().payload
}

#[test]
fn spoofed_client_hellos_cost_a_shorter_reply_and_are_forgotten() {
    let mut world = World::new();
    let mut phone = Phone::new(Role::Client, "192.0.2.9:4000", &world.prints.get("sha-256").unwrap());
    world.begin(&world.section(30_000, phone.said(false)));
    let hello = hello(&world);
    for n in 0..10_000u32 {
        let source = SocketAddr::new(std::net::Ipv4Addr::from(0x0a00_0000 + n).into(), 5060);
        world.receive(What::Dtls, ours(30_000), source, &hello);
        for (from, to, bytes) in world.sent() {
            assert_eq!((from, to), (ours(30_000), source));
            assert!(bytes.len() < hello.len(), "no amplifier");
        }
        world.now.0 += 100;
    }
    assert_eq!(world.counted(Count::Begun), 0);
    assert_eq!(world.agents.next_timeout(), None, "nothing is remembered");
    phone.call(ours(30_000), world.now);
    world.talk(&mut phone, ours(30_000));
    phone.agrees(&world.keys(session()));
}

#[test]
fn pieces_of_a_handshake_from_strangers_are_ignored_and_named() {
    let mut world = World::new();
    let phone = Phone::new(Role::Client, "192.0.2.9:4000", &world.prints.get("sha-256").unwrap());
    world.begin(&world.section(30_000, phone.said(false)));
    let hello = hello(&world);
    for len in 0..hello.len() {
        world.receive(What::Dtls, ours(30_000), phone.at, &hello[..len]);
    }
    assert!(world.sent().is_empty());
    // An alert, which belongs to no handshake.
    let alert = [21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0];
    world.receive(What::Dtls, ours(30_000), phone.at, &alert);
    let ignored = [Count::Malformed, Count::Implausible, Count::UnknownSource].map(|of| world.counted(of));
    assert_eq!(ignored.iter().sum::<u64>(), hello.len() as u64 + 1);
    // Ports nobody has, and STUN where there is no ICE.
    world.receive(What::Dtls, ours(1), phone.at, &hello);
    world.receive(What::Stun, ours(30_000), phone.at, &[0; 20]);
    assert_eq!(world.counted(Count::NoAgent), 2);
    assert!(world.events().is_empty());
}

#[test]
fn who_stops_in_the_middle_is_given_up() {
    let mut world = World::new();
    let mut phone = Phone::new(Role::Client, "192.0.2.9:4000", &world.prints.get("sha-256").unwrap());
    world.begin(&world.section(30_000, phone.said(false)));
    phone.call(ours(30_000), world.now);
    // ClientHello, HelloVerifyRequest, ClientHello, and then the phone hears nothing more.
    for _ in 0..2 {
        let hello = phone.endpoint.poll_transmit().unwrap().payload;
        world.receive(What::Dtls, ours(30_000), phone.at, &hello);
        for (from, _, bytes) in world.sent().into_iter().take(1) {
            phone.endpoint.handle(from.into(), &bytes, world.now.0).unwrap();
        }
    }
    assert_eq!(world.counted(Count::Begun), 1);
    world.pass(60_000_000);
    assert_eq!(world.failure(), "timed-out");
    assert_eq!(world.counted(Count::TimedOut), 1);
    assert_eq!(world.agents.next_timeout(), None);
}
