use super::*;
use crate::Applied;

const ANY: &str = "198.51.100.22:7000";

/// A relay whose port 100 has learned that A is at ANY, after its window.
fn learned_elsewhere() -> Relay {
    let mut relay = Relay::pair(|_| {});
    relay.now = Moment(4_000_000);
    relay.one(100, ANY, &rtp(1, 1)).unwrap();
    assert_eq!(relay.learned(), [(100, at(ANY))]);
    relay
}

fn next(change: impl FnOnce(&mut FlowSpec)) -> FlowSpec {
    let mut spec = FlowSpec { generation: Generation(2), ..spec(100, Some(A), &[200]) };
    change(&mut spec);
    spec
}

#[test]
fn a_later_generation_keeps_counters_senders_and_the_learned_peer() {
    let mut relay = learned_elsewhere();
    assert_eq!(relay.install(next(|spec| spec.tos = 0)), Applied::Installed);
    let snapshot = relay.snapshot(100);
    assert_eq!(
        (snapshot.generation, snapshot.peer, snapshot.confirmed),
        (Generation(2), Some(at(ANY)), true)
    );
    assert_eq!((snapshot.counters.received.packets, snapshot.ssrcs.len()), (1, 1));
    let (_, sent) = relay.burst(&[(200, B, &rtp(2, 1))]);
    assert_eq!((sent[0].to, sent[0].tos), (at(ANY), 0));
}

#[test]
fn the_learned_address_may_come_back_in_the_spec() {
    let mut relay = learned_elsewhere();
    relay.install(next(|spec| (spec.peer, spec.confirmed) = (Some(at(ANY)), true)));
    relay.one(100, A, &rtp(1, 2)).unwrap();
    assert_eq!(relay.peer_of_a(), at(ANY));
}

#[test]
fn another_address_in_the_spec_starts_anew() {
    let mut relay = learned_elsewhere();
    let moved = "198.51.100.77:4400";
    relay.install(next(|spec| (spec.peer, spec.learn_until) = (Some(at(moved)), Moment(9_000_000))));
    assert_eq!(relay.peer_of_a(), at(moved));
    assert!(!relay.snapshot(100).confirmed);
    relay.one(100, ANY, &rtp(1, 2)).unwrap();
    assert_eq!(relay.peer_of_a(), at(ANY), "the window is open");
}

#[test]
fn a_later_window_lets_a_peer_that_moved_be_found_again() {
    let mut relay = learned_elsewhere();
    relay.install(next(|spec| spec.learn_until = Moment(9_000_000)));
    assert_eq!(relay.peer_of_a(), at(ANY));
    let moved = "198.51.100.99:1234";
    relay.one(100, moved, &rtp(1, 2)).unwrap();
    assert_eq!(relay.peer_of_a(), at(moved));
    relay.one(100, ANY, &rtp(1, 3)).unwrap();
    assert_eq!(relay.peer_of_a(), at(ANY), "the address from before is as good as the SDP's");
    assert!(relay.snapshot(100).confirmed);
}

#[test]
fn an_earlier_generation_is_dead_on_sight() {
    let mut relay = Relay::pair(|a| a.generation = Generation(5));
    assert_eq!(relay.install(spec(100, Some(ANY), &[])), Applied::Stale);
    let withdraw = Change::Withdraw { key: port(100), generation: Generation(4) };
    assert_eq!(relay.engine.apply(withdraw, &mut relay.events), Applied::Stale);
    assert!(relay.events.is_empty());
    assert_eq!(relay.one(100, A, &rtp(1, 1)), Ok(at(B)));
}

#[test]
fn a_withdrawn_flow_reports_its_last_counters_and_is_gone() {
    let mut relay = Relay::pair(|_| {});
    relay.one(100, A, &rtp(1, 1)).unwrap();
    relay.events.clear();
    let withdraw = Change::Withdraw { key: port(100), generation: Generation(1) };
    assert_eq!(relay.engine.apply(withdraw.clone(), &mut relay.events), Applied::Withdrawn);
    let [Event::Withdrawn(last)] = &relay.events[..] else { panic!("{:?}", relay.events) };
    assert_eq!((last.key, last.counters.received.packets), (port(100), 1));
    assert_eq!(relay.engine.flows(), 1);
    assert_eq!(relay.one(100, A, &rtp(1, 2)), Err(DropReason::NoFlow));
    assert_eq!(relay.one(200, B, &rtp(2, 1)), Err(DropReason::NoPeer), "its egress port is gone");
    relay.events.clear();
    assert_eq!(relay.engine.apply(withdraw, &mut relay.events), Applied::Withdrawn);
    assert!(matches!(&relay.events[..], [Event::Withdrawn(last)] if last.counters == Counters::default()));
}

#[test]
fn a_place_that_another_flow_has_taken_is_not_mistaken_for_the_egress() {
    let mut relay = Relay::pair(|_| {});
    relay.one(100, A, &rtp(1, 1)).unwrap();
    let withdraw = Change::Withdraw { key: port(200), generation: Generation(1) };
    relay.engine.apply(withdraw, &mut relay.events);
    relay.install(spec(300, Some(ANY), &[]));
    assert_eq!(relay.one(100, A, &rtp(1, 2)), Err(DropReason::NoPeer));
    relay.install(spec(200, Some(B), &[]));
    assert_eq!(relay.one(100, A, &rtp(1, 3)), Ok(at(B)));
}

#[test]
fn after_a_re_invite_the_former_source_is_believed_at_once_but_the_sdp_may_overrule_it() {
    let mut relay = Relay::pair(|_| {});
    relay.now = Moment(4_000_000);
    relay.one(100, ANY, &rtp(1, 1)).unwrap();
    assert_eq!(relay.peer_of_a(), at(ANY));
    let mut again = spec(100, Some(A), &[200]);
    (again.generation, again.learn_until) = (Generation(2), Moment(7_000_000));
    relay.install(again);
    relay.one(100, ANY, &rtp(1, 2)).unwrap();
    assert!(relay.snapshot(100).confirmed, "the path may be fast again at once");
    relay.one(100, A, &rtp(1, 3)).unwrap();
    assert_eq!(relay.peer_of_a(), at(A), "who is where the SDP says is the peer");
    relay.one(100, ANY, &rtp(1, 4)).unwrap();
    assert_eq!(relay.peer_of_a(), at(A));
}
