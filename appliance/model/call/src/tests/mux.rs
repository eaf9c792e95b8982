use super::world::*;
use crate::MuxWish;
use flow::Carries;

const MUX: &str = "a=rtcp-mux\n";

/// What b is offered, what a is answered, and how many ports are open at the end.
fn story(a: &str, b: &str, wish: MuxWish) -> (bool, bool, usize) {
    let mut world = World::new();
    let to_b = world.say(true, ("a", None), &audio(A, 4000, a), |o| o.mux = wish).unwrap();
    let to_a = world.answer("a", "b", &audio(B, 5000, b));
    let has = |body: &str| body.contains("a=rtcp-mux\r\n");
    (has(&to_b), has(&to_a), world.flows.len())
}

#[test]
fn what_is_offered_and_answered_follows_the_flags() {
    let none = MuxWish::default();
    let cases = [
        (MUX, MUX, none, (true, true, 3)),
        (MUX, "", none, (true, false, 4)),
        ("", "", none, (false, false, 4)),
        ("", MUX, none, (false, false, 4)),
        ("", MUX, MuxWish { offer: true, ..none }, (true, false, 4)),
        ("", MUX, MuxWish { require: true, ..none }, (true, false, 3)),
        (MUX, "", MuxWish { demux: true, ..none }, (false, true, 3)),
        (MUX, "", MuxWish { accept: true, ..none }, (true, true, 3)),
        (MUX, MUX, MuxWish { reject: true, ..none }, (true, false, 4)),
    ];
    for (a, b, wish, expected) in cases {
        assert_eq!(story(a, b, wish), expected, "a {a:?}, b {b:?}, {wish:?}");
    }
}

#[test]
fn who_answers_with_rtcp_mux_unasked_gets_it_and_is_offered_it_again() {
    let mut world = World::new();
    let told_b = port(&world.offer("a", None, &audio(A, 4000, "")), 0);
    let told_a = port(&world.answer("a", "b", &audio(B, 5000, MUX)), 0);
    assert_eq!(world.flow(told_b).carries, Carries::RtpAndRtcp);
    assert_eq!(world.flow(told_a + 1).rtcp[0].egress.port, told_b);
    let again = world.offer("a", Some("b"), &audio(A, 4000, ""));
    assert!(again.contains("a=rtcp-mux\r\n"), "{again}");
    world.answer("a", "b", &audio(B, 5000, ""));
    let again = world.offer("a", Some("b"), &audio(A, 4000, ""));
    assert!(!again.contains("a=rtcp-mux\r\n"), "{again}");
}

#[test]
fn rtcp_is_carried_between_a_muxed_leg_and_one_that_is_not() {
    let mut world = World::new();
    let demux = MuxWish { demux: true, ..MuxWish::default() };
    let to_b = world.say(true, ("a", None), &audio(A, 4000, MUX), |o| o.mux = demux).unwrap();
    let told_a = port(&world.answer("a", "b", &audio(B, 5000, "")), 0);
    let told_b = port(&to_b, 0);
    assert!(to_b.contains(&format!("a=rtcp:{}\r\n", told_b + 1)), "{to_b}");
    let a = world.flow(told_a);
    assert_eq!(a.carries, Carries::RtpAndRtcp);
    assert_eq!(a.rtcp[0].egress.port, told_b + 1, "from the muxed leg out of the RTCP port");
    assert_eq!(world.flow(told_b + 1).rtcp[0].egress.port, told_a, "and back to the RTP port");
}

#[test]
fn a_name_of_a_section_lasts() {
    let mut world = World::new();
    let generate = |o: &mut crate::Options<'static>| o.generate_mid = true;
    world.offer("a", None, &audio(A, 4000, "a=mid:x\n"));
    world.answer("a", "b", &audio(B, 5000, ""));
    let back = world.say(true, ("b", Some("a")), &audio(B, 5000, ""), generate).unwrap();
    assert!(back.contains("a=mid:x\r\n"), "{back}");
}

#[test]
fn a_group_of_one_section_is_kept() {
    let group = |body: &str| body.lines().find(|l| l.starts_with("a=group:")).map(str::to_owned);
    let bundled = |sections: &str| {
        audio(A, 4000, "a=mid:x\n").replace("t=0 0\n", "t=0 0\na=group:BUNDLE x y\n") + sections
    };
    let mut world = World::new();
    let wish = |o: &mut crate::Options<'static>| {
        (o.bundle.accept, o.bundle.offer) = (true, true);
    };
    let told = world.say(true, ("a", None), &bundled(""), wish).unwrap();
    assert_eq!(group(&told).as_deref(), Some("a=group:BUNDLE x"));
    assert!(!told.contains("a=extmap"), "packets of the caller do not say the name");
    assert_eq!(group(&world.answer("a", "b", &audio(B, 5000, ""))).as_deref(), Some("a=group:BUNDLE x"));
    // A section without a name gets one; without the flag there is no group.
    let told = World::new().say(true, ("a", None), &audio(A, 4000, ""), wish).unwrap();
    assert_eq!(group(&told).as_deref(), Some("a=group:BUNDLE 1"));
    assert_eq!(group(&World::new().offer("a", None, &bundled(""))), None);
    // Without rtcp-mux they have to stay apart (RFC 9143 §9.3).
    let video = "m=video 4002 RTP/AVP 97\na=mid:y\n";
    let mut world = World::new();
    let told = world.say(true, ("a", None), &bundled(video), wish).unwrap();
    assert_eq!(group(&told).as_deref(), Some("a=group:BUNDLE x y"));
    let video = "m=video 5002 RTP/AVP 97\n";
    assert_eq!(group(&world.answer("a", "b", &(audio(B, 5000, "") + video))), None);
}

#[test]
fn who_muxes_does_so_in_new_sections_too() {
    let line = |body: &str| {
        let port = port(body, 1);
        [port, port + 1].map(|at| body.contains(&format!("a=rtcp:{at}\r\n")))
    };
    let video = format!("m=video 4002 RTP/AVP 97\n{MUX}");
    for (answer, muxed) in [(MUX, [true, false]), ("", [false, true])] {
        let mut world = World::new();
        world.offer("a", None, &audio(A, 4000, MUX));
        world.answer("a", "b", &audio(B, 5000, answer));
        let more = world.offer("a", Some("b"), &(audio(A, 4000, MUX) + &video));
        assert_eq!(line(&more), muxed, "{more}");
    }
}
