//! Plain and secure sections side by side, and sections that pass as they are.

use super::world::*;
use crate::{Options, OsrtpWish};
use proptest::prelude::*;

const KEY: &str = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n";

fn lines(body: &str, starts: &str) -> Vec<String> {
    body.lines().filter(|line| line.starts_with(starts)).map(str::to_owned).collect()
}

/// A body of audio sections: port, profile, further lines.
fn sections(at: &str, sections: &[(u16, &str, &str)]) -> String {
    let section = |(port, profile, more): &(u16, &str, &str)| format!("m=audio {port} {profile} 8\n{more}");
    let all: String = sections.iter().map(section).collect();
    format!("v=0\no=x 1 1 IN IP4 {at}\ns=-\nc=IN IP4 {at}\nt=0 0\n{all}")
}

fn accept(options: &mut Options<'static>) {
    options.osrtp.accept_doubles = true;
}

fn offer_doubled(options: &mut Options<'static>) {
    options.transport = Some(b"RTP/SAVP");
    options.osrtp = OsrtpWish { offer_doubles: true, ..OsrtpWish::default() };
}

fn is_plain(world: &World, port: u16) -> bool {
    world.flow(port).security.is_none()
}

#[test]
fn a_doubled_offer_is_one_section_and_answered_with_two() {
    for reversed in [false, true] {
        let mut world = World::new();
        let mut both = [(4000, "RTP/AVP", "a=mid:p\n"), (4002, "RTP/SAVP", "")];
        let keyed = format!("{KEY}a=mid:s\n");
        both[1].2 = &keyed;
        if reversed {
            both.reverse();
        }
        let offered = world
            .say(true, ("a", None), &sections(A, &both), |o| {
                accept(o);
                o.transport = Some(b"RTP/AVP");
            })
            .unwrap();
        assert_eq!(lines(&offered, "m=").len(), 1);
        assert!(lines(&offered, "a=crypto").is_empty());
        let answered = world.answer("a", "b", &sections(B, &[(5000, "RTP/AVP", "")]));
        let (plain, secure) = if reversed { (1, 0) } else { (0, 1) };
        let told = lines(&answered, "m=");
        assert_eq!(told[plain], "m=audio 0 RTP/AVP 8");
        assert!(told[secure].ends_with("RTP/SAVP 8") && port(&answered, secure) != 0, "{answered}");
        assert_eq!(lines(&answered, "a=crypto").len(), 1);
        let mids = if reversed { ["a=mid:s", "a=mid:p"] } else { ["a=mid:p", "a=mid:s"] };
        assert_eq!(lines(&answered, "a=mid"), mids);
        assert!(!is_plain(&world, port(&answered, secure)) && is_plain(&world, port(&offered, 0)));
        // It goes on like that, whoever offers.
        let again = world.offer("b", Some("a"), &sections(B, &[(5000, "RTP/AVP", "")]));
        assert_eq!(lines(&again, "m=")[plain], "m=audio 0 RTP/AVP 8");
        assert_eq!(port(&again, secure), port(&answered, secure));
        assert_eq!(lines(&world.answer("b", "a", &sections(A, &both)), "m=").len(), 1);
    }
}

#[test]
fn a_callee_that_is_offered_both_takes_one() {
    let plain = sections(A, &[(4000, "RTP/AVP", "")]);
    for (answer, secure) in [
        ([(0, "RTP/AVP", ""), (5000, "RTP/SAVP", KEY)], true),
        ([(5000, "RTP/AVP", ""), (0, "RTP/SAVP", "")], false),
        ([(5000, "RTP/AVP", ""), (5002, "RTP/SAVP", KEY)], true),
    ] {
        let mut world = World::new();
        let offered = world.say(true, ("a", None), &plain, offer_doubled).unwrap();
        let told = lines(&offered, "m=");
        assert!(told[0].ends_with("RTP/AVP 8") && told[1].ends_with("RTP/SAVP 8"), "{offered}");
        assert_eq!((port(&offered, 0), lines(&offered, "a=crypto").len()), (port(&offered, 1), 12));
        let first = offered.find("a=crypto").unwrap();
        assert!(first > offered.find("RTP/SAVP").unwrap(), "the plain one has no keys");
        let answered = world.answer("a", "b", &sections(B, &answer));
        assert_eq!(lines(&answered, "m="), [format!("m=audio {} RTP/AVP 8", port(&answered, 0))]);
        assert_eq!(is_plain(&world, port(&offered, 0)), !secure);
        assert!(is_plain(&world, port(&answered, 0)));
        let at = if secure { answer[1].0 } else { answer[0].0 };
        assert_eq!(world.flow(port(&offered, 0)).peer.unwrap().port(), at);
        // The next offer has as many sections; what was taken is not put into question again.
        let again = world.offer("a", Some("b"), &plain);
        assert_eq!(lines(&again, "m=").len(), 2);
        let (taken, other) = if secure { (1, 0) } else { (0, 1) };
        assert_eq!((port(&again, taken), port(&again, other)), (port(&offered, 0), 0));
        world.answer("a", "b", &sections(B, &answer));
        assert_eq!(is_plain(&world, port(&offered, 0)), !secure);
    }
    // One that answers with one section was offered one.
    let mut world = World::new();
    world.say(true, ("a", None), &plain, offer_doubled).unwrap();
    assert_eq!(lines(&world.answer("a", "b", &sections(B, &[(5000, "RTP/AVP", "")])), "m=").len(), 1);
}

#[test]
fn sections_are_not_doubled_or_folded_unasked() {
    let both = sections(A, &[(4000, "RTP/AVP", ""), (4002, "RTP/SAVP", KEY)]);
    let mut world = World::new();
    assert_eq!(lines(&world.offer("a", None, &both), "m=").len(), 2);
    // Two of a kind are two.
    let two = sections(A, &[(4000, "RTP/AVP", ""), (4002, "RTP/AVP", "")]);
    let mut world = World::new();
    assert_eq!(lines(&world.say(true, ("a", None), &two, accept).unwrap(), "m=").len(), 2);
    // A plain section has no secure one beside it.
    let mut world = World::new();
    let plain = sections(A, &[(4000, "RTP/AVP", "")]);
    let offered = world.say(true, ("a", None), &plain, |o| o.osrtp.offer_doubles = true).unwrap();
    assert_eq!(lines(&offered, "m=").len(), 1);
}

#[test]
fn what_passes_is_told_as_it_came_and_relayed_as_it_is() {
    let mut world = World::new();
    let offer = sections(A, &[(4000, "RTP/SAVP", KEY)]);
    let offered = world.say(true, ("a", None), &offer, |o| o.passthrough = Some(true)).unwrap();
    assert_eq!(lines(&offered, "m="), ["m=audio 4000 RTP/SAVP 8"]);
    assert_eq!(lines(&offered, "c="), [format!("c=IN IP4 {A}")]);
    assert_eq!(lines(&offered, "a=crypto"), [KEY.trim_end()]);
    let answered = world.answer("a", "b", &sections(B, &[(5000, "RTP/SAVP", KEY)]));
    assert_eq!(lines(&answered, "m="), ["m=audio 5000 RTP/SAVP 8"], "until told otherwise");
    assert_eq!(world.flows.len(), 4, "ports are there all the same");
    assert!(world.flows.values().all(|flow| flow.security.is_none() && flow.foreign && !flow.handshakes));
    let ends = world.say(true, ("a", Some("b")), &offer, |o| o.passthrough = Some(false)).unwrap();
    assert!(port(&ends, 0) >= 30000);
    world.answer("a", "b", &sections(B, &[(5000, "RTP/SAVP", KEY)]));
    assert!(world.flows.values().all(|flow| !flow.foreign || flow.security.is_none()));
}

#[test]
fn what_the_session_says_for_its_sections_passes_too() {
    let mut world = World::new();
    let fingerprint = format!("a=fingerprint:sha-256 {}", ["AB"; 32].join(":"));
    let session = format!(
        "v=0\no=x 1 1 IN IP4 {A}\ns=-\nt=0 0\na=sendonly\na=setup:actpass\n{fingerprint}\n\
         a=ice-ufrag:abcd\na=ice-pwd:abcdefghijklmnopqrstuvwx\nm=audio 4000 UDP/TLS/RTP/SAVPF 8\nc=IN IP4 {A}\n\
         a=candidate:1 1 udp 2122260223 {A} 4000 typ host\n"
    );
    let offered = world.say(true, ("a", None), &session, |o| o.passthrough = Some(true)).unwrap();
    for line in ["a=sendonly", "a=setup:actpass", &fingerprint, "a=ice-ufrag:abcd"] {
        assert!(offered.lines().any(|told| told == line), "{line} in {offered}");
    }
    assert!(lines(&offered, "a=candidate").len() > 1, "ours stand beside");
    assert!(world.agents.is_empty());
}

proptest! {
    #[test]
    fn any_order_of_sections_and_flags_ends_well(
        messages in proptest::collection::vec(
            (any::<bool>(), any::<bool>(), proptest::collection::vec(0usize..5, 1..5), any::<[bool; 4]>()), 1..8,
        )
    ) {
        let mut world = World::new();
        for (offer, from_a, made_of, [doubles, accepts, passes, ends]) in messages {
            let kinds = [(4000, "RTP/AVP", ""), (4002, "RTP/SAVP", KEY), (0, "RTP/AVP", ""), (0, "RTP/SAVP", ""),
                (4004, "udptl", "")];
            let body = sections(A, &made_of.iter().map(|kind| kinds[*kind]).collect::<Vec<_>>());
            let tags = if from_a { ("a", Some("b")) } else { ("b", Some("a")) };
            let told = world.say(offer, tags, &body, |o| {
                o.osrtp.offer_doubles = doubles;
                o.osrtp.accept_doubles = accepts;
                o.passthrough = passes.then_some(!ends);
            });
            if let Ok(told) = told {
                prop_assert!(sdp::Session::parse(told.as_bytes()).is_ok());
            }
        }
    }
}
