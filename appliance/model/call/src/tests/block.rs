use super::world::*;
use crate::{Block, BlockScope, Receiver, Sender};

fn block(world: &mut World, scope: BlockScope<'_>, on: bool) -> Result<(), Block> {
    world.apply(|book, outside| book.block(b"call", scope, on, outside)).map(|_| ())
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
