use super::world::*;
use crate::intent::{IceLite, IceWish};
use crate::media::Media;
use crate::{Fragment, Handshake, HandshakeEvent, Ice};
use flow::{FlowKey, Generation, Learning, Micros, SessionId};
use ice::{Component, Role};
use std::net::SocketAddr;

/// Attributes of a party with ICE whose RTP is at this address; `name` is its user fragment.
fn lines(name: &str, at: &str, port: u16) -> String {
    format!(
        "a=ice-ufrag:{name}\na=ice-pwd:{name}-password-long-enough\n\
         a=candidate:1 1 UDP 2130706431 {at} {port} typ host\n\
         a=candidate:1 2 UDP 2130706430 {at} {} typ host\n",
        port + 1
    )
}

fn caller(name: &str) -> String {
    audio(A, 4000, &lines(name, A, 4000))
}

fn callee(name: &str) -> String {
    audio(B, 5000, &lines(name, B, 5000))
}

/// The value of the first line that begins so.
fn value<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    body.lines().find_map(|line| line.strip_prefix(name))
}

fn ufrag(body: &str) -> Option<&str> {
    value(body, "a=ice-ufrag:")
}

/// What the agent of a party's first section knows; a is party 0, b is 1.
fn agent(world: &World, party: usize) -> Option<&Handshake> {
    world.agents.values().find(|agent| agent.session.place() == (party, 0))
}

fn ice(world: &World, party: usize) -> &Ice {
    agent(world, party).and_then(|agent| agent.ice.as_ref()).unwrap()
}

fn media(world: &World, party: usize) -> &Media {
    &world.book.find(b"call").unwrap().parties[party].medias[0]
}

fn session(world: &World, party: usize) -> SessionId {
    world.book.find(b"call").unwrap().session((party, 0))
}

fn hear(world: &mut World, event: &HandshakeEvent) {
    world.apply(|book, outside| book.hear_handshake(event, outside));
}

/// The agent of a party finds it: from this port of ours to that address.
fn find(world: &mut World, session: SessionId, local: FlowKey, peer: &str) {
    let peer = peer.parse().unwrap();
    hear(world, &HandshakeEvent::Route { session, generation: Generation(1), local, peer });
}

fn lose(world: &mut World, session: SessionId) {
    hear(world, &HandshakeEvent::Unreachable { session, generation: Generation(1) });
}

#[test]
fn agents_know_what_was_told_and_heard() {
    let mut world = World::new();
    let to_b = world.offer("a", None, &caller("alice"));
    assert_eq!(agent(&world, 0), None, "a has been told nothing yet");
    let b = ice(&world, 1);
    assert_eq!((Some(b.credentials.ufrag()), b.role), (ufrag(&to_b), Role::Controlling));
    assert_eq!(b.remote, None);
    let written: Vec<_> = to_b.lines().filter(|l| l.starts_with("a=candidate:")).collect();
    assert_eq!(b.candidates.len(), 4);
    for (line, local) in written.iter().zip(&b.candidates) {
        let candidate = local.candidate;
        let at = candidate.address;
        assert_eq!(
            **line,
            format!(
                "a=candidate:{} {} UDP {} {} {} typ host",
                candidate.foundation.as_str(),
                candidate.component.id(),
                candidate.priority,
                at.ip(),
                at.port()
            )
        );
        assert!(world.flows.contains_key(&FlowKey::new(local.base.ip(), local.base.port())));
    }
    let to_a = world.answer("a", "b", &callee("bobby"));
    let (a, b) = (ice(&world, 0), ice(&world, 1));
    assert_eq!((Some(a.credentials.ufrag()), a.role), (ufrag(&to_a), Role::Controlled));
    assert_ne!(ufrag(&to_a), ufrag(&to_b));
    let heard = |ice: &Ice| {
        let remote = ice.remote.as_ref().unwrap();
        (remote.credentials.ufrag().to_owned(), remote.candidates.len(), remote.end_of_candidates)
    };
    assert_eq!(heard(a), ("alice".to_owned(), 2, true));
    assert_eq!(heard(b), ("bobby".to_owned(), 2, true));
    assert!(world.flows.values().all(|flow| flow.handshakes && !flow.foreign));
    world.apply(|book, outside| {
        let number = book.number(b"call").unwrap();
        book.remove(number, outside.changes);
    });
    assert!(world.agents.is_empty(), "a call that is over has none");
}

#[test]
fn a_found_party_is_sent_to_and_learned_no_more() {
    let mut world = World::new();
    let to_b = world.offer("a", None, &caller("alice"));
    let to_a = world.answer("a", "b", &callee("bobby"));
    let (facing_a, facing_b) = (port(&to_a, 0), port(&to_b, 0));
    let before = world.flow(facing_b).clone();
    assert_eq!(
        (before.peer, before.learning),
        (Some("203.0.113.30:5000".parse().unwrap()), Learning::Heuristic)
    );
    let b = session(&world, 1);
    let local = before.key;
    find(&mut world, b, local, "203.0.113.99:5555");
    let flow = world.flow(facing_b);
    assert_eq!(flow.peer, Some("203.0.113.99:5555".parse().unwrap()));
    assert!(flow.confirmed && flow.learning == Learning::Off);
    assert_eq!(world.flow(facing_a).rtp[0].egress, local);
    // RTCP has a way of its own.
    assert_eq!(world.flow(facing_b + 1).learning, Learning::Heuristic);
    let odd = world.flow(facing_b + 1).key;
    find(&mut world, b.for_rtcp(), odd, "203.0.113.99:5556");
    assert_eq!(world.flow(facing_b + 1).peer, Some("203.0.113.99:5556".parse().unwrap()));
    // A re-offer that says the same changes nothing of that.
    world.offer("a", Some("b"), &caller("alice"));
    world.answer("a", "b", &callee("bobby"));
    assert_eq!(world.flow(facing_b).peer, Some("203.0.113.99:5555".parse().unwrap()));
    lose(&mut world, b);
    assert_eq!((world.flow(facing_b).peer, world.flow(facing_b).learning), (None, Learning::Off));
    find(&mut world, b, local, "203.0.113.98:5557");
    assert_eq!(world.flow(facing_b).peer, Some("203.0.113.98:5557".parse().unwrap()));
}

#[test]
fn media_leaves_from_the_address_that_works() {
    let mut world = World::new();
    let to_b = world.offer("a", None, &caller("alice"));
    let to_a = world.answer("a", "b", &callee("bobby"));
    let other = ice(&world, 1).candidates.iter().find(|c| c.base.is_ipv6()).unwrap().base;
    let other = FlowKey::new(other.ip(), other.port());
    assert_eq!(world.flows[&other].peer, None, "nothing is sent from there unless it works");
    let b = session(&world, 1);
    find(&mut world, b, other, "[2001:db8:8765::30]:5000");
    assert_eq!(world.flow(port(&to_a, 0)).rtp[0].egress, other);
    assert_eq!(world.flows[&other].peer, Some("[2001:db8:8765::30]:5000".parse().unwrap()));
    assert_eq!(world.flow(port(&to_b, 0)).peer, None);
    let report = world.book.find(b"call").unwrap().report(crate::Scope::default());
    assert_eq!(report.parties[1].medias[0].streams[0].local, Some(other));
}

#[test]
fn a_party_that_is_never_found_is_served_as_without_ice() {
    let mut world = World::new();
    let to_b = world.offer("a", None, &caller("alice"));
    world.answer("a", "b", &callee("bobby"));
    let b = session(&world, 1);
    lose(&mut world, b);
    let flow = world.flow(port(&to_b, 0));
    assert_eq!((flow.peer, flow.learning), (Some("203.0.113.30:5000".parse().unwrap()), Learning::Heuristic));
}

#[test]
fn what_strangers_report_is_not_believed() {
    let mut world = World::new();
    let to_b = world.offer("a", None, &caller("alice"));
    let to_a = world.answer("a", "b", &callee("bobby"));
    let (a, b) = (session(&world, 0), session(&world, 1));
    let flows = world.flows.clone();
    let facing_b = world.flow(port(&to_b, 0)).key;
    for session in [
        a, // not its port
        SessionId::new(b.call + 1, 1, 0),
        SessionId::new(b.call, 1, 7),
        SessionId::new(b.call, 9, 0),
    ] {
        find(&mut world, session, facing_b, "192.0.2.66:6666");
        lose(&mut world, session);
    }
    assert_eq!(world.flows, flows);
    assert_ne!(port(&to_a, 0), port(&to_b, 0));
}

#[test]
fn a_restart_takes_effect_with_the_answer() {
    let mut world = World::new();
    let to_b = world.offer("a", None, &caller("alice"));
    let to_a = world.answer("a", "b", &callee("bobby"));
    let (a, local) = (session(&world, 0), world.flow(port(&to_a, 0)).key);
    find(&mut world, a, local, "198.51.100.20:4000");
    let before = ice(&world, 0).clone();
    assert_eq!(ufrag(&world.offer("a", Some("b"), &caller("alice2"))), ufrag(&to_b), "b did not restart");
    assert_eq!(*ice(&world, 0), before, "until a is told the old ones hold");
    let again = world.answer("a", "b", &callee("bobby"));
    assert_ne!(ufrag(&again), ufrag(&to_a));
    let after = ice(&world, 0);
    assert_eq!(Some(after.credentials.ufrag()), ufrag(&again));
    assert_eq!(after.remote.as_ref().unwrap().credentials.ufrag(), "alice2");
    assert_eq!(after.candidates, before.candidates);
    assert_eq!(world.flow(local.port).peer, Some("198.51.100.20:4000".parse().unwrap()), "media goes on");
}

#[test]
fn reset_begins_anew_on_both_sides() {
    let mut world = World::new();
    let to_b = world.offer("a", None, &caller("alice"));
    let to_a = world.answer("a", "b", &callee("bobby"));
    let again = world.say(true, ("a", Some("b")), &caller("alice"), |o| o.reset = true).unwrap();
    assert_ne!(ufrag(&again), ufrag(&to_b));
    assert_eq!(ice(&world, 1).remote, None, "b has not answered to the new ones");
    assert_ne!(ufrag(&world.answer("a", "b", &callee("bobby"))), ufrag(&to_a));
    assert!(ice(&world, 1).remote.is_some());
}

#[test]
fn without_ice_in_a_re_offer_agents_end() {
    let mut world = World::new();
    world.offer("a", None, &caller("alice"));
    world.answer("a", "b", &callee("bobby"));
    world.offer("a", Some("b"), &audio(A, 4000, ""));
    assert!(agent(&world, 0).is_none() && agent(&world, 1).is_some());
    world.answer("a", "b", &audio(B, 5000, ""));
    assert!(world.agents.is_empty());
    assert!(world.flows.values().all(|flow| !flow.handshakes));
}

#[test]
fn multiplexed_there_is_one_component() {
    let mut world = World::new();
    let with_mux = |body: String| body + "a=rtcp-mux\n";
    world.offer("a", None, &with_mux(caller("alice")));
    assert_eq!(ice(&world, 1).candidates.len(), 4, "b may refuse to multiplex");
    let to_a = world.answer("a", "b", &with_mux(callee("bobby")));
    for party in [0, 1] {
        assert!(ice(&world, party).candidates.iter().all(|c| c.candidate.component == Component::Rtp));
        assert_eq!(agent(&world, party).unwrap().ports.1, None);
    }
    assert_eq!(to_a.matches("a=candidate:").count(), 2);
    assert_eq!(world.withdrawn.len(), 2, "RTCP ports of a, on both addresses");
}

#[test]
fn ours_may_stand_beside_theirs() {
    let mut world = World::new();
    let body = caller("alice");
    let to_b = world.say(true, ("a", None), &body, |o| o.ice = IceWish::ForceRelay).unwrap();
    assert!(to_b.contains("m=audio 4000 ") && to_b.contains("a=ice-ufrag:alice\r\n"), "{to_b}");
    assert_eq!(to_b.matches(" typ host\r\n").count(), 2);
    assert_eq!(to_b.matches(" typ relay raddr ").count(), 4);
    let to_a = world.answer("a", "b", &callee("bobby"));
    assert!(to_a.contains("m=audio 5000 ") && to_a.contains("a=ice-ufrag:bobby\r\n"), "{to_a}");
    assert!(world.agents.is_empty());
    assert!(world.flows.values().all(|flow| flow.foreign && !flow.handshakes));
    // Asked for ours the two change over.
    let to_b = world.say(true, ("a", Some("b")), &body, |o| o.ice = IceWish::Force).unwrap();
    assert_eq!(to_b.matches("a=candidate:").count(), 4);
    assert!(agent(&world, 1).is_some());
    assert!(world.flows.values().all(|flow| !flow.foreign || flow.key.port != port(&to_b, 0)));
}

#[test]
fn a_lite_relay_lets_the_party_choose() {
    let mut world = World::new();
    let lite = IceLite { forward: Some(true), backward: Some(false) };
    let to_b = world.say(true, ("a", None), &caller("alice"), |o| o.ice_lite = lite).unwrap();
    let to_a = world.answer("a", "b", &callee("bobby"));
    assert!(to_b.contains("a=ice-lite\r\n") && !to_a.contains("a=ice-lite"));
    assert_eq!((ice(&world, 1).lite, ice(&world, 1).role), (true, Role::Controlled));
    assert_eq!((ice(&world, 0).lite, ice(&world, 0).role), (false, Role::Controlled));
}

#[test]
fn against_a_lite_party_we_choose() {
    let mut world = World::new();
    let lite = caller("alice").replace("t=0 0\n", "t=0 0\na=ice-lite\n");
    world.offer("a", None, &lite);
    world.answer("a", "b", &callee("bobby"));
    assert_eq!(ice(&world, 0).role, Role::Controlling);
    assert!(ice(&world, 0).remote.as_ref().unwrap().lite);
    assert!(!media(&world, 1).ice.peer_lite);
}

#[test]
fn each_branch_has_credentials_of_its_own() {
    let mut world = World::new();
    let to_b = world.offer("a", None, &caller("alice"));
    world.answer("a", "b", &callee("bobby"));
    let to_c = world.offer("a", Some("c"), &caller("alice"));
    assert_ne!(ufrag(&to_b), ufrag(&to_c));
}

#[test]
fn other_ports_of_ours_mean_other_credentials() {
    let mut world = World::new();
    let to_b = world.offer("a", None, &caller("alice"));
    world.answer("a", "b", &callee("bobby"));
    let moved = world
        .say(true, ("a", Some("b")), &caller("alice"), |o| {
            (o.towards_receiver, o.port_latching) = (Some(b"int".as_slice()), Some(false));
        })
        .unwrap();
    assert!(moved.contains("c=IN IP4 203.0.113.1\r\n"), "{moved}");
    assert_ne!(ufrag(&moved), ufrag(&to_b));
}

#[test]
fn lines_that_nobody_can_check_are_left_out() {
    let mut world = World::new();
    let odd = "a=ice-ufrag:alice\na=ice-pwd:pass-word-of-alice-12345\n\
               a=candidate:1 1 TCP 1 198.51.100.20 9 typ host tcptype active\n\
               a=candidate:2 1 udp 2 0f3a.local 4000 typ host\n\
               a=candidate:3 3 UDP 3 198.51.100.20 4000 typ host\n\
               a=candidate:4 1 UDP 4 198.51.100.20 4000 typ future\n\
               a=candidate:5 1 udp 5 198.51.100.20 4000 typ srflx raddr 10.0.0.1 rport 4000 generation 0\n";
    world.offer("a", None, &audio(A, 4000, odd));
    world.answer("a", "b", &audio(B, 5000, ""));
    let heard = &ice(&world, 0).remote.as_ref().unwrap().candidates;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].foundation.as_str(), "5");
}

const TRICKLED: &str = "a=ice-ufrag:alice\r\na=ice-pwd:x\r\nm=audio 9 RTP/AVP 8\r\na=mid:0\r\n\
                        a=candidate:9 1 UDP 1694498815 192.0.2.44 4444 typ srflx raddr 10.0.0.1 rport 4000\r\n\
                        a=end-of-candidates\r\n";

fn trickle(world: &mut World, body: &str) {
    let sdp = sdp::Session::parse_fragment(body.as_bytes()).unwrap();
    world.apply(|book, outside| book.fragment(&Fragment { call_id: b"call", tag: b"a", sdp: &sdp }, outside));
}

fn trickler() -> String {
    audio(
        A,
        4000,
        "a=mid:0\na=ice-options:trickle\na=ice-ufrag:alice\na=ice-pwd:alice-password-long-enough\n",
    )
}

#[test]
fn trickled_candidates_reach_the_agent() {
    let mut world = World::new();
    world.offer("a", None, &trickler());
    world.answer("a", "b", &audio(B, 5000, ""));
    let known = |world: &World| {
        let remote = ice(world, 0).remote.clone().unwrap();
        (remote.candidates.iter().map(|c| c.address).collect::<Vec<SocketAddr>>(), remote.end_of_candidates)
    };
    assert_eq!(known(&world), (Vec::new(), false));
    trickle(&mut world, &TRICKLED.replace("alice", "other"));
    assert_eq!(known(&world), (Vec::new(), false), "of another generation");
    for _ in 0..2 {
        trickle(&mut world, TRICKLED);
        assert_eq!(known(&world), (vec!["192.0.2.44:4444".parse().unwrap()], true));
    }
    trickle(&mut world, "a=candidate:9 1 UDP 1 192.0.2.45 4444 typ host\r\n");
    assert_eq!(known(&world).0.len(), 2, "without any m= line");
}

#[test]
fn candidates_that_overtake_their_sdp_wait_for_it() {
    let mut world = World::new();
    trickle(&mut world, TRICKLED);
    world.now = world.now + Micros::from_secs(2);
    world.offer("a", None, &trickler());
    world.answer("a", "b", &audio(B, 5000, ""));
    assert_eq!(ice(&world, 0).remote.as_ref().unwrap().candidates.len(), 1);
    // Those that wait too long are forgotten, and nobody fills the memory.
    for _ in 0..1000 {
        trickle(&mut world, &TRICKLED.replace("alice", "later"));
    }
    assert!(world.book.early.len() <= 256);
    world.now = world.now + Micros::from_secs(4);
    world.offer("a", Some("b"), &trickler().replace("alice", "later"));
    world.answer("a", "b", &audio(B, 5000, ""));
    assert!(ice(&world, 0).remote.as_ref().unwrap().candidates.is_empty());
    assert!(world.book.early.is_empty());
}

#[test]
fn an_answer_keeps_its_credentials_although_rtcp_has_come_apart() {
    let mut world = World::new();
    let wish = |o: &mut crate::Options<'static>| (o.ice, o.mux.offer) = (IceWish::Force, true);
    let first = world.say(true, ("a", None), &audio(A, 4000, ""), wish).unwrap();
    let muxed = callee("bobby") + "a=rtcp-mux\n";
    world.answer("a", "b", &muxed);
    assert_eq!(ice(&world, 1).candidates.len(), 2);
    world.offer("b", Some("a"), &muxed);
    let answered = world.answer("b", "a", &audio(A, 4000, ""));
    assert_eq!(ufrag(&answered), ufrag(&first));
    assert_eq!(ice(&world, 1).candidates.len(), 4);
}

#[test]
fn a_party_with_ice_keeps_its_ports_when_an_answer_names_interfaces() {
    let mut world = World::new();
    let to_b = world.say(true, ("a", None), &audio(A, 4000, ""), |o| o.ice = IceWish::Force).unwrap();
    let other = |o: &mut crate::Options<'static>| o.towards_sender = Some(b"int");
    world.say(false, ("a", Some("b")), &callee("bobby"), other).unwrap();
    world.offer("b", Some("a"), &callee("bobby"));
    let answered = world.answer("b", "a", &audio(A, 4000, ""));
    assert_eq!(port(&answered, 0), port(&to_b, 0));
}

#[test]
fn an_address_of_zero_is_no_hold_while_candidates_are_to_come() {
    let cases = [("9", "", true), ("4000", "a=ice-options:trickle\n", true), ("4000", "", false)];
    for (number, more, talks) in cases {
        let body = caller("alice").replace("c=IN IP4 198.51.100.20", "c=IN IP4 0.0.0.0");
        let body = body.replace("m=audio 4000", &format!("m=audio {number}")) + more;
        let to_b = World::new().offer("a", None, &body);
        assert!(!to_b.contains("0.0.0.0"), "{to_b}");
        assert_eq!(to_b.contains("a=sendrecv"), talks, "{to_b}");
        assert_eq!(to_b.contains("a=sendonly"), !talks, "{to_b}");
    }
}

#[test]
fn who_is_offered_a_section_first_is_controlled() {
    let mut world = World::new();
    let more = |body: String, at: &str, port: u16| {
        body + &format!("m=video {port} RTP/AVP 97\n{}", lines("video", at, port))
    };
    world.offer("a", None, &caller("alice"));
    world.answer("a", "b", &callee("bobby"));
    world.offer("b", Some("a"), &more(callee("bobby"), B, 5002));
    world.answer("b", "a", &more(caller("alice"), A, 4002));
    let role = |party: usize, section: usize| {
        let session = world.book.find(b"call").unwrap().session((party, section));
        world.agents[&session].ice.as_ref().unwrap().role
    };
    assert_eq!((role(0, 0), role(1, 0)), (Role::Controlled, Role::Controlling));
    assert_eq!((role(0, 1), role(1, 1)), (Role::Controlling, Role::Controlled));
}

#[test]
fn who_begins_anew_by_an_offer_takes_the_lead() {
    let mut world = World::new();
    world.offer("a", None, &caller("alice"));
    world.answer("a", "b", &callee("bobby"));
    assert_eq!(ice(&world, 1).role, Role::Controlling);
    world.offer("b", Some("a"), &callee("bobby2"));
    world.answer("b", "a", &caller("alice"));
    assert_eq!(ice(&world, 1).role, Role::Controlled);
    assert!(media(&world, 0).called, "towards a it is ours");
    world.offer("a", Some("b"), &caller("alice2"));
    world.answer("a", "b", &callee("bobby2"));
    assert_eq!(ice(&world, 0).role, Role::Controlled);
    assert!(media(&world, 1).called);
}

#[test]
fn who_answers_with_other_credentials_leaves_the_lead_where_it_is() {
    let mut world = World::new();
    world.offer("a", None, &caller("alice"));
    world.answer("a", "b", &callee("bobby"));
    world.answer("a", "b", &callee("bobby2"));
    assert_eq!(ice(&world, 1).role, Role::Controlling);
    assert!(media(&world, 1).called);
}
