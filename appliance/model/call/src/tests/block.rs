use super::world::*;
use crate::{Bar, Block, BlockScope, Receiver, Sender};
use flow::Gate;

fn block(world: &mut World, scope: BlockScope<'_>, on: bool) -> Result<(), Block> {
    bar(world, scope, Bar::Block, on)
}

fn bar(world: &mut World, scope: BlockScope<'_>, bar: Bar, on: bool) -> Result<(), Block> {
    world.apply(|book, outside| book.block(b"call", scope, (bar, on), outside)).map(|_| ())
}

/// Whether what comes from a, and from b, goes on.
fn flows(world: &World, told_a: u16, told_b: u16) -> [bool; 2] {
    [told_a, told_b].map(|port| {
        let flow = world.flow(port);
        !flow.blocked && !flow.rtp.is_empty()
    })
}

#[test]
fn a_call_its_parties_and_single_flows_are_blocked_apart() {
    let mut world = World::new();
    let told_b = port(&world.offer("a", None, &audio(A, 4000, "")), 0);
    let told_a = port(&world.answer("a", "b", &audio(B, 5000, "")), 0);
    let party = BlockScope::Sent(Sender::Tag(b"a"), Receiver::Anybody);
    let one = BlockScope::Sent(Sender::Tag(b"b"), Receiver::Tag(b"a"));
    let each = BlockScope::Sent(Sender::Address(B.parse().unwrap()), Receiver::Everybody);
    let story = [
        (party, true, [false, true]),
        (BlockScope::Call, false, [false, true]),
        (one, true, [false, false]),
        (BlockScope::Everything, false, [true, false]),
        (each, false, [true, true]),
        (BlockScope::Everything, true, [false, false]),
        (BlockScope::Call, false, [true, true]),
    ];
    for (step, (scope, on, expected)) in story.into_iter().enumerate() {
        block(&mut world, scope, on).unwrap();
        assert_eq!(flows(&world, told_a, told_b), expected, "step {step}, {scope:?} {on}");
    }
    assert!(!world.flow(told_a + 1).rtcp.is_empty(), "RTCP goes on");
}

#[test]
fn who_is_not_there_is_not_blocked() {
    let mut world = World::new();
    world.offer("a", None, &audio(A, 4000, ""));
    let sent = |sender, receiver| BlockScope::Sent(sender, receiver);
    let (a, zz) = (Sender::Tag(b"a"), b"zz".as_slice());
    let cases = [
        (sent(Sender::Tag(zz), Receiver::Anybody), Block::UnknownTag),
        (sent(Sender::Label(zz), Receiver::Anybody), Block::UnknownLabel),
        (sent(Sender::Address(B.parse().unwrap()), Receiver::Anybody), Block::UnknownAddress),
        (sent(a, Receiver::Tag(zz)), Block::UnknownReceiver),
        (sent(a, Receiver::Label(zz)), Block::UnknownReceiverLabel),
        (sent(a, Receiver::Tag(b"a")), Block::NoFlow),
    ];
    for (scope, refused) in cases {
        assert_eq!(block(&mut world, scope, true), Err(refused));
    }
    assert!(world.flows.values().all(|flow| !flow.blocked));
}

/// What is said to somebody else instead of what comes from that port: the bytes by payload type.
fn silence(world: &World, told: u16) -> Option<Vec<(u8, u8)>> {
    let known = world.flow(told).rtp.first()?.silence.as_ref()?;
    Some(known.iter().map(|silence| (silence.pt, silence.byte)).collect())
}

#[test]
fn silence_is_said_in_the_codecs_of_who_sends() {
    let mut world = World::new();
    let body = |at: &str, port: u16| {
        let rtpmaps = "a=rtpmap:97 pcmu/16000\na=rtpmap:96 opus/48000/2\n";
        audio(at, port, rtpmaps).replace(" 8\n", " 8 0 9 97 96 18\n")
    };
    let told_b = port(&world.offer("a", None, &body(A, 4000)), 0);
    let told_a = port(&world.answer("a", "b", &body(B, 5000)), 0);
    let whole = Some(vec![(8, 0xd5), (0, 0xff), (9, 0xfa), (97, 0xff)]);
    bar(&mut world, BlockScope::Call, Bar::Silence, true).unwrap();
    assert_eq!((silence(&world, told_a), silence(&world, told_b)), (whole.clone(), whole.clone()));
    assert!(world.flows.values().all(|flow| flow.rtcp.iter().all(|output| output.silence.is_none())));
    bar(&mut world, BlockScope::Call, Bar::Silence, false).unwrap();
    let party = BlockScope::Sent(Sender::Tag(b"a"), Receiver::Tag(b"b"));
    bar(&mut world, party, Bar::Silence, true).unwrap();
    assert_eq!((silence(&world, told_a), silence(&world, told_b)), (whole, None));
    assert_eq!(flows(&world, told_a, told_b), [true, true], "blocked is something else");
}

#[test]
fn traffic_is_dropped_until_a_message_says_otherwise() {
    let mut world = World::new();
    let shut = |world: &World| world.flows.values().filter(|flow| flow.gate == Gate::Shut).count();
    world.offer("a", None, &audio(A, 4000, ""));
    world.say(false, ("a", Some("b")), &audio(B, 5000, ""), |options| options.shut = Some(true)).unwrap();
    assert_eq!(shut(&world), world.flows.len());
    world.offer("a", Some("b"), &audio(A, 4000, ""));
    assert_eq!(shut(&world), world.flows.len(), "nothing was said");
    world.say(true, ("b", Some("a")), &audio(B, 5000, ""), |options| options.shut = Some(false)).unwrap();
    assert_eq!(shut(&world), 0);
}
