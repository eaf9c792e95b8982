//! Sections that share a port (RFC 9143).

use super::world::*;
use crate::{MuxWish, Options};
use flow::Protection;

const GROUP: &str = "a=group:BUNDLE 0 v\n";

/// Audio and video of a browser on one port.
fn web(at: &str, port: u16, group: &str) -> String {
    let lines = |mid: &str| {
        format!(
            "a=mid:{mid}\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\na=rtcp-mux\na=setup:actpass\na=fingerprint:sha-256 {}\n",
            ["AA"; 32].join(":")
        )
    };
    format!(
        "v=0\no=x 1 1 IN IP4 {at}\ns=-\nc=IN IP4 {at}\nt=0 0\n{group}m=audio {port} UDP/TLS/RTP/SAVPF 8 100\na=rtpmap:100 opus/48000/2\n{}\
         m=video {port} UDP/TLS/RTP/SAVPF 96 100\na=rtpmap:96 VP8/90000\na=rtpmap:100 VP9/90000\na=ssrc:77 cname:x\na=ssrc:77 label:y\na=ssrc:x\n{}",
        lines("0"),
        lines("v"),
    )
}

fn phone(at: &str) -> String {
    audio(at, 5000, "") + "m=video 5002 RTP/AVP 96\na=rtpmap:96 VP8/90000\n"
}

fn accepted(options: &mut Options<'static>) {
    options.transport = Some(b"RTP/AVP");
    options.mux = MuxWish { demux: true, ..MuxWish::default() };
    options.bundle.accept = true;
}

fn lines<'a>(body: &'a str, name: &str) -> Vec<&'a str> {
    body.lines().filter(|line| line.starts_with(name)).collect()
}

#[test]
fn a_browser_with_a_group_has_one_port() {
    let mut world = World::new();
    let told_b = world.say(true, ("a", None), &web(A, 4000, GROUP), accepted).unwrap();
    assert_eq!(lines(&told_b, "a=group"), [""; 0]);
    let told_a = world.answer("a", "b", &phone(B));
    assert_eq!(lines(&told_a, "a=group"), ["a=group:BUNDLE 0 v"]);
    let (audio, video) = (port(&told_a, 0), port(&told_a, 1));
    assert_eq!(audio, video);
    assert_eq!(lines(&told_a, "a=extmap"), [""; 0], "the telephone sends no names of sections");
    for name in ["a=tls-id", "a=setup", "a=rtcp:"] {
        let [one, other] = lines(&told_a, name)[..] else { panic!("{name}: {told_a}") };
        assert_eq!(one, other);
    }
    assert_eq!(world.agents.len(), 1, "one association");

    let shared = world.flow(audio).clone();
    let [part] = &shared.parts[..] else { panic!("{shared:?}") };
    assert_eq!(part.mid, Some((4, b"v"[..].into())));
    assert_eq!(part.ssrcs, [77]);
    assert_eq!(part.payload_types, 1 << 96, "the other number is used twice");
    assert!(shared.shares_port());
    let video = world.flow(part.flow.port).clone();
    assert_eq!((video.via, &video.parts[..]), (Some(shared.key), &[][..]));
    assert_eq!(video.security.as_ref().unwrap().arriving, Protection::Awaited, "its own port is closed");
    let (to_audio, to_video) = (port(&told_b, 0), port(&told_b, 1));
    assert_eq!(shared.rtp[0].egress.port, to_audio);
    assert_eq!(video.rtp[0].egress.port, to_video);
    assert_eq!(world.flow(to_video).rtp[0].egress, part.flow, "and back through the section's own flow");
}

#[test]
fn without_the_wish_or_without_its_group_sections_stay_apart() {
    for (group, accept) in
        [(GROUP, false), ("", true), ("a=group:LS 0 v\n", true), ("a=group:BUNDLE 0\n", true)]
    {
        let mut world = World::new();
        let wish = |options: &mut Options<'static>| {
            accepted(options);
            options.bundle.accept = accept;
        };
        world.say(true, ("a", None), &web(A, 4000, group), wish).unwrap();
        let told_a = world.answer("a", "b", &phone(B));
        assert_ne!(port(&told_a, 0), port(&told_a, 1), "{group}");
    }
}

#[test]
fn a_re_offer_goes_on_with_the_group_and_ends_it() {
    let mut world = World::new();
    world.say(true, ("a", None), &web(A, 4000, GROUP), accepted).unwrap();
    let shared = port(&world.answer("a", "b", &phone(B)), 0);
    // The phone calls back: the browser is offered what it has.
    let to_web = |options: &mut Options<'static>| options.transport = Some(b"UDP/TLS/RTP/SAVPF");
    let told_a = world.say(true, ("b", Some("a")), &phone(B), to_web).unwrap();
    assert_eq!((port(&told_a, 0), port(&told_a, 1)), (shared, shared));
    assert_eq!(lines(&told_a, "a=group"), ["a=group:BUNDLE 0 v"]);
    world.answer("b", "a", &web(A, 4000, GROUP));
    assert_eq!(world.flow(shared).parts.len(), 1);
    // The browser gives the group up.
    world.say(true, ("a", Some("b")), &web(A, 4000, ""), accepted).unwrap();
    assert_eq!(world.flow(shared).parts, []);
}

#[test]
fn a_callee_is_offered_a_group_and_may_take_it() {
    let offer = |options: &mut Options<'static>| {
        options.transport = Some(b"UDP/TLS/RTP/SAVPF");
        options.mux = MuxWish { offer: true, require: true, ..MuxWish::default() };
        options.bundle.offer = true;
    };
    for (answer, together) in [("a=group:BUNDLE 0 v\n", true), ("", false)] {
        let mut world = World::new();
        let told_b = world.say(true, ("a", None), &phone(A), offer).unwrap();
        assert_eq!(lines(&told_b, "a=group"), ["a=group:BUNDLE 1 2"]);
        assert_eq!(lines(&told_b, "a=mid"), ["a=mid:1", "a=mid:2"]);
        assert_eq!(lines(&told_b, "a=extmap"), [""; 0], "the telephone sends no names of sections");
        assert_ne!(port(&told_b, 0), port(&told_b, 1));
        world.answer("a", "b", &web(B, 5000, answer));
        assert_eq!(world.flow(port(&told_b, 0)).parts.len(), usize::from(together));
        assert_eq!(world.flow(port(&told_b, 1)).via.is_some(), together);
    }
}

#[test]
fn a_callee_that_must_bundle_is_offered_one_port() {
    let mut world = World::new();
    let require = |options: &mut Options<'static>| {
        options.transport = Some(b"UDP/TLS/RTP/SAVPF");
        options.mux = MuxWish { offer: true, require: true, ..MuxWish::default() };
        (options.bundle.offer, options.bundle.require) = (true, true);
    };
    let told_b = world.say(true, ("a", None), &phone(A), require).unwrap();
    assert_eq!(port(&told_b, 0), port(&told_b, 1));
    assert_eq!(lines(&told_b, "a=bundle-only").len(), 1);
    assert_eq!(world.flow(port(&told_b, 0)).parts.len(), 1);
    world.answer("a", "b", &web(B, 5000, ""));
    assert_eq!(world.flow(port(&told_b, 0)).parts.len(), 1, "it was told no other port");
}

#[test]
fn a_section_without_a_port_of_its_own_is_taken_where_the_group_is() {
    let mut world = World::new();
    let body =
        web(A, 4000, GROUP).replace("m=video 4000", "m=video 0").replace("a=mid:v", "a=bundle-only\na=mid:v");
    let told_b = world.say(true, ("a", None), &body, accepted).unwrap();
    assert_ne!(port(&told_b, 1), 0);
    assert_eq!(lines(&told_b, "a=bundle-only"), [""; 0]);
    let told_a = world.answer("a", "b", &phone(B));
    assert_eq!(port(&told_a, 0), port(&told_a, 1));
    let told_b = World::new().offer("a", None, &body);
    assert_eq!(port(&told_b, 1), 0, "nobody asked for groups");
}

#[test]
fn a_declined_lead_leaves_the_port_to_the_next() {
    let mut world = World::new();
    world.say(true, ("a", None), &web(A, 4000, GROUP), accepted).unwrap();
    let told_a = world.answer("a", "b", &phone(B).replace("m=audio 5000", "m=audio 0"));
    assert_eq!((port(&told_a, 0), lines(&told_a, "a=group")), (0, vec!["a=group:BUNDLE v"]));
    assert!(!world.flow(port(&told_a, 1)).shares_port());
}
