use super::world::*;
use crate::{Delete, Intent, Options, Settings};
use crate::{Doomed, EndReason, Scope};
use flow::{Micros, Moment};

fn secs(secs: u64) -> Micros {
    Micros::from_secs(secs)
}

fn settings() -> Settings {
    Settings { timeout: secs(60), silent_timeout: secs(300), offer_timeout: secs(120), ..Settings::default() }
}

/// Looks at the call as the sweep does, with the last packet seen at `packet`.
fn judge(world: &mut World, packet: Option<Moment>) -> Option<EndReason> {
    let now = world.now;
    let number = *world.book.due(now, 1).first()?;
    world.apply(|book, outside| book.judge(number, packet, outside))
}

#[test]
fn silence_ends_an_answered_call_and_packets_put_it_off() {
    let mut world = World::with(settings(), 10);
    world.offer("a", None, &audio(A, 4000, ""));
    world.answer("a", "b", &audio(B, 5000, ""));
    assert_eq!(judge(&mut world, None), None, "looked at once after the answer");
    world.now = world.now + secs(59);
    assert_eq!(judge(&mut world, None), None, "not due");
    world.now = world.now + secs(2);
    let packet = Some(world.now - secs(10));
    assert_eq!(judge(&mut world, packet), None);
    world.now = world.now + secs(51);
    assert_eq!(judge(&mut world, packet), Some(EndReason::Timeout));
}

#[test]
fn a_muted_call_may_be_silent_longer_and_an_offer_waits_for_its_answer() {
    let mut world = World::with(settings(), 10);
    world.offer("a", None, &audio(A, 4000, ""));
    judge(&mut world, None);
    world.now = world.now + secs(119);
    assert_eq!(judge(&mut world, None), None);
    world.now = world.now + secs(2);
    assert_eq!(judge(&mut world, None), Some(EndReason::OfferTimeout));

    let mut world = World::with(settings(), 10);
    world.offer("a", None, &audio(A, 4000, "a=inactive\n"));
    world.answer("a", "b", &audio(B, 5000, "a=inactive\n"));
    judge(&mut world, None);
    world.now = world.now + secs(299);
    assert_eq!(judge(&mut world, None), None);
    world.now = world.now + secs(2);
    assert_eq!(judge(&mut world, None), Some(EndReason::SilentTimeout));
}

#[test]
fn the_final_timeout_spares_nobody() {
    let mut world = World::with(Settings { final_timeout: secs(10), ..settings() }, 10);
    world.offer("a", None, &audio(A, 4000, ""));
    world.answer("a", "b", &audio(B, 5000, ""));
    judge(&mut world, None);
    world.now = world.now + secs(10);
    let now = world.now;
    assert_eq!(judge(&mut world, Some(now)), Some(EndReason::FinalTimeout));
}

#[test]
fn a_deleted_call_stays_for_its_delay_and_a_new_offer_takes_the_deletion_back() {
    let mut world = World::with(settings(), 10);
    world.offer("a", None, &audio(A, 4000, ""));
    world.answer("a", "b", &audio(B, 5000, ""));
    world.delete(secs(5));
    assert_eq!(world.flows.len(), 4, "media goes on");
    world.offer("a", Some("b"), &audio(A, 4000, ""));
    world.now = world.now + secs(6);
    assert_eq!(judge(&mut world, None), None);
    world.delete(secs(5));
    world.now = world.now + secs(5);
    assert_eq!(judge(&mut world, None), Some(EndReason::Terminated));
    let number = world.book.number(b"call").unwrap();
    let mut changes = crate::Changes::default();
    world.book.remove(number, &mut changes);
    world.carry_out(changes);
    assert!(world.flows.is_empty() && world.book.is_empty());
    assert_eq!(world.withdrawn.len(), world.ports.taken.len());
}

#[test]
fn deleting_one_branch_leaves_the_other() {
    let mut world = World::new();
    for (branch, to, at) in [("v1", "b1", 5000), ("v2", "b2", 6000)] {
        let intent = |sdp, to| Intent {
            call_id: b"call",
            from_tag: b"a",
            to_tag: to,
            via_branch: Some(branch.as_bytes()),
            label: None,
            sdp,
            options: Options::default(),
        };
        let (offer, answer) = (audio(A, 4000, ""), audio(B, at, ""));
        let offer = sdp::Session::parse(offer.as_bytes()).unwrap();
        let answer = sdp::Session::parse(answer.as_bytes()).unwrap();
        world.apply(|book, outside| book.offer(&intent(&offer, None), outside)).unwrap();
        world.apply(|book, outside| book.answer(&intent(&answer, Some(to.as_bytes())), outside)).unwrap();
    }
    let open = world.flows.len();
    let wanted = Delete {
        call_id: b"call",
        from_tag: Some(b"a"),
        via_branch: Some(b"v1"),
        delay: Some(Micros(0)),
        to_tag: None,
    };
    let doomed = world.book.doom(&wanted, world.now).unwrap();
    assert!(matches!(doomed, Doomed::Party(..)), "{doomed:?}");
    world.apply(|book, outside| book.carry_out(doomed, outside));
    assert_eq!(world.flows.len(), open - 2, "the ports that faced b1 are closed");
    let report = world.book.find(b"call").unwrap().report(Scope::default());
    let closed: Vec<_> = report.parties.iter().map(|p| p.medias[0].streams[0].local.is_none()).collect();
    assert_eq!(closed, [false, true, false]);
    assert!(
        matches!(world.book.doom(&wanted, world.now), Some(Doomed::Call(..))),
        "the branch is not found any more"
    );
}

#[test]
fn a_delete_ends_one_dialogue_of_a_call_id_and_not_the_others() {
    let mut world = World::new();
    for (from, to, at) in [("a", "b", 4000), ("c", "d", 6000)] {
        world.offer(from, None, &audio(A, at, ""));
        world.answer(from, to, &audio(B, at + 1000, ""));
    }
    let wanted = |from: &'static [u8]| Delete {
        call_id: b"call",
        from_tag: Some(from),
        delay: Some(Micros(0)),
        ..Delete::default()
    };
    let doomed = world.book.doom(&wanted(b"b"), world.now).unwrap();
    assert!(matches!(doomed, Doomed::Party(..)), "{doomed:?}");
    world.apply(|book, outside| book.carry_out(doomed, outside));
    assert_eq!(world.flows.len(), 4, "b has nobody left, and a has not either");
    assert_eq!(world.book.doom(&wanted(b"a"), world.now), None, "gone already");
    assert!(matches!(world.book.doom(&wanted(b"d"), world.now), Some(Doomed::Call(..))));
}

#[test]
fn unknown_tags_delete_nothing() {
    let mut world = World::new();
    world.offer("a", None, &audio(A, 4000, ""));
    let wanted = |from: &'static [u8], to| Delete {
        call_id: b"call",
        from_tag: Some(from),
        to_tag: to,
        via_branch: None,
        delay: None,
    };
    assert_eq!(world.book.doom(&wanted(b"zz", None), world.now), None);
    assert!(world.book.doom(&wanted(b"zz", Some(b"a")), world.now).is_some());
    let declined = world.book.doom(&wanted(b"a", Some(b"zz")), world.now);
    assert!(
        matches!(declined, Some(Doomed::Call(..))),
        "who declines has a tag nobody knows yet: {declined:?}"
    );
    world.answer("a", "b", &audio(B, 5000, ""));
    assert_eq!(world.book.doom(&wanted(b"a", Some(b"zz")), world.now), None);
}

#[test]
fn the_session_limit_counts_calls_and_spares_those_that_are_up() {
    let mut world = World::with(Settings { max_sessions: Some(1), ..settings() }, 10);
    world.offer("a", None, &audio(A, 4000, ""));
    world.offer("a", None, &audio(A, 4002, ""));
    assert!(world.book.is_full());
    world.book.settings_mut().max_sessions = Some(2);
    assert!(!world.book.is_full());
}
