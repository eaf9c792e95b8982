use super::world::*;
use crate::{Family, Settings};
use flow::{Carries, Output};

#[test]
fn media_of_each_side_leaves_from_the_port_the_other_side_was_told() {
    let mut world = World::new();
    let told_b = port(&world.offer("a", None, &audio(A, 4000, "")), 0);
    let told_a = port(&world.answer("a", "b", &audio(B, 5000, "")), 0);
    assert_ne!(told_a, told_b);
    let (from_a, from_b) = (world.flow(told_a), world.flow(told_b));
    assert_eq!(from_a.rtp[..], [Output::plain(from_b.key)]);
    assert_eq!(from_b.rtp[..], [Output::plain(from_a.key)]);
    assert_eq!(from_a.peer, Some("198.51.100.20:4000".parse().unwrap()));
    let rtcp = world.flow(told_a + 1);
    assert_eq!((rtcp.carries, rtcp.peer), (Carries::Rtcp, Some("198.51.100.20:4001".parse().unwrap())));
    assert_eq!(rtcp.rtcp[..], [Output::plain(world.flow(told_b + 1).key)]);
}

#[test]
fn a_counterpart_that_moves_is_shown_other_ports_and_the_same_when_it_comes_back() {
    let mut world = World::new();
    let first = port(&world.offer("a", None, &audio(A, 4000, "")), 0);
    world.answer("a", "b", &audio(B, 5000, ""));
    let moved = port(&world.offer("a", Some("b"), &audio(A, 4002, "")), 0);
    assert_ne!(moved, first);
    assert_eq!(port(&world.offer("a", Some("b"), &audio(A, 4000, "")), 0), first);
    assert_eq!(world.flow(moved).rtp, world.flow(first).rtp, "the port that was left still hears b");
    let latched = |world: &mut World, at| {
        port(
            &world.say(true, ("a", Some("b")), &audio(A, at, ""), |o| o.port_latching = Some(true)).unwrap(),
            0,
        )
    };
    assert_eq!(latched(&mut world, 4444), first);
}

#[test]
fn who_wants_no_media_keeps_its_counterparts_ports_wherever_it_is() {
    let mut world = World::new();
    let first = port(&world.offer("a", None, &audio(A, 4000, "")), 0);
    let told_a = port(&world.answer("a", "b", &audio(B, 5000, "a=sendonly\n")), 0);
    assert_eq!(
        port(&world.answer("a", "b", &audio(B, 5002, "")), 0),
        told_a,
        "b had not asked for media yet"
    );
    assert_eq!(port(&world.offer("a", Some("b"), &audio(A, 4002, "a=inactive\n")), 0), first);
    assert_eq!(port(&world.offer("a", Some("b"), &audio(A, 4004, "a=sendonly\n")), 0), first);
    assert_ne!(port(&world.offer("a", Some("b"), &audio(A, 4002, "a=recvonly\n")), 0), first);
}

#[test]
fn hold_by_address_keeps_the_ports_and_sends_nothing() {
    let mut world = World::new();
    let told = port(&world.offer("a", None, &audio(A, 4000, "")), 0);
    world.answer("a", "b", &audio(B, 5000, ""));
    let hold = world.offer("a", Some("b"), &audio("0.0.0.0", 4000, ""));
    assert_eq!(port(&hold, 0), told);
    assert!(hold.contains("c=IN IP4 0.0.0.0\r\n") && hold.contains("a=sendonly\r\n"), "{hold}");
    assert!(world.flow(told).rtp.is_empty(), "b's media has nowhere to go");
    assert!(!world.flow(told + 1).rtcp.is_empty(), "RTCP goes on");
}

#[test]
fn families_are_bridged_and_interfaces_remembered() {
    let mut world = World::new();
    let body = audio(A, 4000, "");
    let to_b = world
        .say(true, ("a", None), &body, |o| {
            o.towards_sender = Some(b"int");
            o.towards_receiver = Some(b"ext");
            o.family = Some(Family::V6);
        })
        .unwrap();
    assert!(to_b.contains("c=IN IP6 2001:db8:4321::1\r\n"), "{to_b}");
    let to_a = world.answer("a", "b", &audio("2001:db8::30", 5000, ""));
    assert!(to_a.contains("c=IN IP4 203.0.113.1\r\n"), "{to_a}");
    assert!(world.offer("a", Some("b"), &body).contains("c=IN IP6 2001:db8:4321::1\r\n"));
}

#[test]
fn without_ports_a_new_call_is_refused_and_leaves_nothing() {
    let mut world = World::with(Settings::default(), 1);
    let refused = world.say(true, ("a", None), &audio(A, 4000, ""), |_| {}).unwrap_err();
    assert_eq!(refused.to_string(), "Ran out of ports", "proxies match on this text");
    assert!(world.book.is_empty());
    assert_eq!(world.withdrawn, world.ports.taken, "the pair that was opened is given back");
}

#[test]
fn sections_that_are_left_out_are_refused_and_those_refused_have_no_flow() {
    let mut world = World::new();
    let two = format!("{}m=video 4002 RTP/AVP 97\n", audio(A, 4000, ""));
    let to_b = world.offer("a", None, &two);
    let video = port(&to_b, 1);
    assert!(!world.flow(video).rtp.is_empty());
    let to_a = world.answer("a", "b", &audio(B, 5000, ""));
    assert_eq!(port(&to_a, 1), 0, "an answer has as many sections as its offer: {to_a}");
    let off = two.replace("m=video 4002", "m=video 0");
    let to_b = world.offer("a", Some("b"), &off);
    assert_eq!(port(&to_b, 1), 0);
    assert!(world.flow(video).rtp.is_empty());
    assert_eq!(port(&world.offer("a", Some("b"), &two), 1), video, "a section that comes back has its ports");
}

#[test]
fn media_flows_as_the_last_sdp_says() {
    let mut world = World::new();
    let told_b = port(&world.offer("a", None, &audio(A, 4000, "a=sendonly\n")), 0);
    let told_a = port(&world.answer("a", "b", &audio(B, 5000, "a=recvonly\n")), 0);
    assert!(!world.flow(told_a).rtp.is_empty());
    assert!(world.flow(told_b).rtp.is_empty());
    world.offer("a", Some("b"), &audio(A, 4000, "a=inactive\n"));
    assert!(world.flow(told_a).rtp.is_empty(), "an offer counts before it is answered");
    world.answer("a", "b", &audio(B, 5000, "a=sendrecv\n"));
    assert!(!world.flow(told_a).rtp.is_empty() && !world.flow(told_b).rtp.is_empty());
}
