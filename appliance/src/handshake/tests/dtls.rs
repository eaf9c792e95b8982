use super::super::count::Count;
use super::world::*;
use ::dtls::Role;
use call::{Dtls, Handshake, HandshakeChange};
use flow::Generation;

/// Our print as SDPs show it.
fn print(world: &World) -> String {
    world.prints.get("sha-256").unwrap()
}

fn phone(world: &World, role: Role) -> Phone {
    Phone::new(role, "192.0.2.9:4000", &print(world))
}

#[test]
fn a_phone_calls_and_both_components_have_keys_of_their_own() {
    let mut world = World::new();
    let mut rtp = phone(&world, Role::Client);
    let mut said = world.section(30_000, rtp.said(false));
    said.ports.1 = Some(ours(30_001));
    world.begin(&said);
    assert!(world.sent().is_empty() && world.events().is_empty());

    rtp.call(ours(30_000), world.now);
    world.talk(&mut rtp, ours(30_000));
    let keys = world.keys(session());
    rtp.agrees(&keys);
    rtp.endpoint.close();
    world.talk(&mut rtp, ours(30_000));
    assert_eq!(world.failure(), "closed-by-peer");

    // The same phone, so the same certificate, at its port for RTCP.
    let mut rtcp = phone(&world, Role::Client);
    said.dtls = Some(rtcp.said(false));
    world.begin(&said);
    rtcp.call(ours(30_001), world.now);
    world.talk(&mut rtcp, ours(30_001));
    let other = world.keys(session().for_rtcp());
    rtcp.agrees(&other);
    assert_ne!(keys, other);
    assert_eq!((world.counted(Count::Begun), world.counted(Count::Done)), (2, 2));
}

#[test]
fn we_call_where_the_sdp_says() {
    let mut world = World::new();
    let mut phone = phone(&world, Role::Server);
    let mut said = world.section(30_000, phone.said(true));
    said.peers.0 = Some(phone.at);
    world.begin(&said);
    world.talk(&mut phone, ours(30_000));
    let keys = world.keys(session());
    phone.agrees(&keys);
    // Said again: nothing to do.
    world.begin(&said);
    assert!(world.sent().is_empty() && world.events().is_empty());
    assert_eq!(world.counted(Count::Begun), 1);
}

#[test]
fn who_is_on_hold_is_called_when_it_is_back() {
    let mut world = World::new();
    let mut phone = phone(&world, Role::Server);
    let mut said = world.section(30_000, phone.said(true));
    for nowhere in ["0.0.0.0:4000", "192.0.2.9:0", "224.0.0.1:4000", "255.255.255.255:4000", "[::]:4000"] {
        said.peers.0 = Some(nowhere.parse().unwrap());
        world.begin(&said);
        assert!(world.sent().is_empty(), "{nowhere}");
    }
    said.peers.0 = Some(phone.at);
    world.begin(&said);
    world.talk(&mut phone, ours(30_000));
    phone.agrees(&world.keys(session()));
}

#[test]
fn a_phone_may_call_before_its_sdp_has_come() {
    let mut world = World::new();
    let mut phone = phone(&world, Role::Client);
    let unknown = Dtls { fingerprints: Vec::new(), ..phone.said(false) };
    world.begin(&world.section(30_000, unknown));
    phone.call(ours(30_000), world.now);
    world.talk(&mut phone, ours(30_000));
    assert_eq!(phone.connected.len(), 1, "its handshake is done");
    assert!(world.events().is_empty(), "nobody knows yet who it is");

    world.begin(&world.section(30_000, phone.said(false)));
    phone.agrees(&world.keys(session()));
}

#[test]
fn another_certificate_than_the_sdps_is_refused_and_the_right_one_still_gets_in() {
    let mut world = World::new();
    let (mut wrong, mut right) = (phone(&world, Role::Client), phone(&world, Role::Client));
    world.begin(&world.section(30_000, right.said(false)));
    for _ in 0..3 {
        wrong.call(ours(30_000), world.now);
        world.talk(&mut wrong, ours(30_000));
        wrong = Phone { at: wrong.at, ..phone(&world, Role::Client) };
    }
    assert_eq!(world.failure(), "wrong-fingerprint", "and it is told once");
    assert_eq!(world.counted(Count::WrongFingerprint), 3);
    assert_eq!(world.counted(Count::Done), 0);
    right.call(ours(30_000), world.now);
    world.talk(&mut right, ours(30_000));
    right.agrees(&world.keys(session()));

    // And nobody puts it out again.
    wrong.call(ours(30_000), world.now);
    world.talk(&mut wrong, ours(30_000));
    assert!(world.events().is_empty());
}

#[test]
fn a_fingerprint_that_cannot_be_read_matches_nobody() {
    let mut world = World::new();
    let mut phone = phone(&world, Role::Client);
    let odd = Dtls { fingerprints: vec![(*b"sha-256 12:34").into()], ..phone.said(false) };
    world.begin(&world.section(30_000, odd));
    phone.call(ours(30_000), world.now);
    world.talk(&mut phone, ours(30_000));
    assert_eq!(world.failure(), "wrong-fingerprint");
}

#[test]
fn a_new_fingerprint_in_the_middle_of_a_call_begins_anew() {
    let mut world = World::new();
    for role in [Role::Client, Role::Server] {
        let (mut before, mut after) = (phone(&world, role), phone(&world, role));
        let said = |phone: &Phone, world: &World| {
            let mut said = world.section(30_000, phone.said(role == Role::Server));
            said.peers.0 = Some(phone.at);
            said
        };
        world.begin(&said(&before, &world));
        before.call(ours(30_000), world.now);
        world.talk(&mut before, ours(30_000));
        let first = world.keys(session());
        world.begin(&said(&after, &world));
        after.call(ours(30_000), world.now);
        world.talk(&mut after, ours(30_000));
        let second = world.keys(session());
        after.agrees(&second);
        assert_ne!(first, second);
        world.end();
        world.talk(&mut after, ours(30_000));
        assert_eq!(after.closed, 1, "it is told that it is over");
    }
}

#[test]
fn a_call_keeps_the_certificate_it_told_of() {
    let mut world = World::new();
    let before = print(&world);
    world.agents.renew(UNIX_S + 16 * 86_400);
    let after = print(&world);
    assert_ne!(before, after);
    for (told, port) in [(Some(before.clone()), 30_000), (Some(after.clone()), 30_010), (None, 30_020)] {
        let expects = told.as_ref().unwrap_or(&after);
        let mut phone = Phone::new(Role::Client, "192.0.2.9:4000", expects);
        let dtls = Dtls { told: told.clone().map(String::into_boxed_str), ..phone.said(false) };
        let mut said = world.section(port, dtls);
        said.session = flow::SessionId::new(u64::from(port), 0, 0);
        world.begin(&said);
        phone.call(ours(port), world.now);
        world.talk(&mut phone, ours(port));
        phone.agrees(&world.keys(said.session));
    }
}

#[test]
fn what_is_heard_at_an_older_port_is_answered_from_there() {
    let mut world = World::new();
    let mut phone = phone(&world, Role::Client);
    world.begin(&world.section(30_000, phone.said(false)));
    world.begin(&world.section(30_010, phone.said(false)));
    phone.call(ours(30_000), world.now);
    world.talk(&mut phone, ours(30_000));
    phone.agrees(&world.keys(session()));
    // Each port is left when there have been too many after it.
    for port in 0..100 {
        world.begin(&world.section(31_000 + port, phone.said(false)));
    }
    let mut late = self::phone(&world, Role::Client);
    late.call(ours(30_000), world.now);
    world.talk(&mut late, ours(30_000));
    assert_eq!(world.counted(Count::NoAgent), 1);
}

#[test]
fn an_old_generation_changes_nothing() {
    let mut world = World::new();
    let mut phone = phone(&world, Role::Client);
    let said = world.section(30_000, phone.said(false));
    world.begin(&said);
    world.begin(&said);
    let old = Handshake { generation: Generation(1), dtls: None, ..said };
    world.agents.apply(WORKER, &HandshakeChange::Begin(Box::new(old)), world.now, &mut world.out);
    phone.call(ours(30_000), world.now);
    world.talk(&mut phone, ours(30_000));
    phone.agrees(&world.keys(session()));
}

#[test]
fn whoever_does_not_answer_is_told_once_and_asked_on() {
    let mut world = World::new();
    let phone = phone(&world, Role::Server);
    let mut said = world.section(30_000, phone.said(true));
    said.peers.0 = Some(phone.at);
    world.begin(&said);
    assert_eq!(world.sent().len(), 1);
    world.pass(100_000_000);
    assert_eq!(world.failure(), "timed-out");
    assert_eq!(world.counted(Count::TimedOut), 3);
    assert!(world.sent().len() >= 3, "a ClientHello for each try");
    world.end();
    assert_eq!(world.agents.next_timeout(), None);
    assert_eq!(world.agents.len(), 0);
}
