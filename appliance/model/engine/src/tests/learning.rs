use super::*;

const SAME_IP: &str = "198.51.100.20:4002";
const SAME_PORT: &str = "198.51.100.21:4000";
const ANY: &str = "198.51.100.22:7000";
const ANY2: &str = "198.51.100.23:7100";
/// After the window of `spec`.
const LATE: Moment = Moment(4_000_000);

/// What each step of a story is: a source, and where the peer is afterwards.
fn follows(relay: &mut Relay, story: &[(&str, &str)]) {
    for (step, (source, peer)) in story.iter().enumerate() {
        relay.one(100, source, &rtp(1, step as u16)).unwrap();
        assert_eq!(relay.peer_of_a(), at(peer), "step {step}, from {source}");
    }
}

#[test]
fn heuristic_takes_the_best_source_of_the_window_at_once_and_keeps_it() {
    let mut relay = Relay::pair(|_| {});
    follows(&mut relay, &[(ANY, ANY), (SAME_PORT, SAME_PORT), (SAME_IP, SAME_IP), (ANY2, SAME_IP)]);
    assert_eq!(relay.learned(), [(200, at(B))], "nothing is decided within the window but B's exact match");
    relay.now = LATE;
    follows(&mut relay, &[(ANY2, SAME_IP), (A, SAME_IP)]);
    assert_eq!(relay.learned(), [(100, at(SAME_IP))]);
    assert!(relay.snapshot(100).confirmed);
}

#[test]
fn heuristic_prefers_the_later_of_equal_sources() {
    follows(&mut Relay::pair(|_| {}), &[(ANY, ANY), (ANY2, ANY2), (ANY, ANY)]);
}

#[test]
fn heuristic_decides_at_once_on_an_exact_match() {
    let mut relay = Relay::pair(|_| {});
    follows(&mut relay, &[(A, A), (ANY, A), (SAME_IP, A)]);
    assert_eq!(relay.learned(), [(100, at(A)), (200, at(B))]);
}

#[test]
fn heuristic_takes_the_first_source_when_the_window_was_silent() {
    let mut relay = Relay::pair(|_| {});
    relay.now = LATE;
    follows(&mut relay, &[(ANY, ANY), (ANY2, ANY), (A, ANY)]);
}

#[test]
fn delayed_follows_every_source_until_the_first_after_the_window() {
    let mut relay = Relay::pair(|a| a.learning = Learning::Delayed);
    follows(&mut relay, &[(A, A), (ANY, ANY), (SAME_IP, SAME_IP)]);
    relay.now = LATE;
    follows(&mut relay, &[(ANY2, ANY2), (A, ANY2)]);
    assert_eq!(relay.learned(), [(200, at(B)), (100, at(ANY2))]);
}

#[test]
fn immediate_takes_the_first_source() {
    let mut relay = Relay::pair(|a| a.learning = Learning::Immediate);
    follows(&mut relay, &[(ANY, ANY), (A, ANY), (SAME_IP, ANY)]);
    assert_eq!(relay.learned(), [(100, at(ANY)), (200, at(B))]);
}

#[test]
fn without_learning_the_sdp_is_believed_and_other_sources_are_forwarded() {
    let mut relay = Relay::pair(|a| a.learning = Learning::Off);
    follows(&mut relay, &[(ANY, A), (SAME_IP, A), (A, A)]);
    assert_eq!(relay.learned(), [(100, at(A)), (200, at(B))]);
}

#[test]
fn strict_source_drops_whatever_is_not_the_peer_of_the_moment() {
    let mut relay = Relay::pair(|a| a.gate = Gate::Strict);
    for (source, passes) in
        [(ANY, true), (SAME_IP, true), (ANY2, false), (ANY, false), (A, true), (SAME_IP, false)]
    {
        let got = relay.one(100, source, &rtp(1, 1));
        assert_eq!(got, if passes { Ok(at(B)) } else { Err(DropReason::UnknownSource) }, "from {source}");
    }
    let counters = relay.snapshot(100).counters;
    assert_eq!((counters.received.packets, counters.received.errors), (3, 3));
    assert_eq!(counters.drops[DropReason::UnknownSource as usize], 3);
}

#[test]
fn strict_source_without_learning_believes_the_sdp_from_the_first_packet() {
    let mut relay = Relay::pair(|a| (a.gate, a.learning) = (Gate::Strict, Learning::Off));
    assert_eq!(relay.one(100, ANY, &rtp(1, 1)), Err(DropReason::UnknownSource));
    assert_eq!(relay.one(100, A, &rtp(1, 1)), Ok(at(B)));
}

#[test]
fn handover_follows_the_source_after_learning_and_says_so_at_once_but_not_for_ever() {
    let mut relay = Relay::pair(|a| a.gate = Gate::Handover);
    follows(&mut relay, &[(A, A), (ANY, ANY), (ANY2, ANY2)]);
    let told = relay.learned().into_iter().filter(|(port, _)| *port == 100).map(|(_, peer)| peer);
    assert_eq!(told.collect::<Vec<_>>(), [at(A), at(ANY), at(ANY2)]);
    for _ in 0..50 {
        follows(&mut relay, &[(ANY, ANY), (ANY2, ANY2)]);
        relay.events.truncate(12);
    }
    let told = relay.learned().into_iter().filter(|(port, _)| *port == 100).count();
    assert!(told <= 8, "{told} reports of 100 moves at once");
    relay.now = relay.now + Micros::from_secs(1);
    follows(&mut relay, &[(ANY2, ANY2)]);
    assert_eq!(relay.learned(), [(100, at(ANY2))], "one a second in the long run");
}

#[test]
fn handover_needs_learning() {
    let mut relay = Relay::pair(|a| (a.gate, a.learning) = (Gate::Handover, Learning::Off));
    follows(&mut relay, &[(A, A), (ANY, A)]);
}

#[test]
fn stray_rtcp_and_garbage_teach_nothing_but_stun_and_dtls_do() {
    for (bytes, peer) in [(RTCP, A), (&[0xff; 20], A), (&[0x80, 8, 0], A), (STUN, ANY), (DTLS, ANY)] {
        let mut relay = Relay::pair(|a| a.foreign = true);
        let _ = relay.one(100, ANY, bytes);
        assert_eq!(relay.peer_of_a(), at(peer), "{bytes:x?}");
    }
}

#[test]
fn rtcp_teaches_where_it_belongs() {
    for (carries, peer) in [(Carries::Rtcp, ANY), (Carries::RtpAndRtcp, A)] {
        let mut relay = Relay::pair(|a| a.carries = carries);
        relay.one(100, ANY, RTCP).unwrap();
        assert_eq!(relay.peer_of_a(), at(peer), "{carries:?}: it may come from the peer's RTCP port");
    }
}

#[test]
fn a_peer_without_an_address_is_learned() {
    for unknown in [None, Some("0.0.0.0:4000"), Some("198.51.100.20:0")] {
        let mut relay = Relay::pair(|a| a.peer = unknown.map(at));
        assert_eq!(relay.one(200, B, &rtp(9, 1)), Err(DropReason::NoPeer));
        follows(&mut relay, &[(ANY, ANY)]);
    }
}

#[test]
fn a_report_that_found_no_room_is_made_later() {
    let mut relay = Relay::pair(|_| {});
    relay.events = Vec::new();
    relay.one(100, A, &rtp(1, 1)).unwrap();
    assert_eq!(relay.learned(), []);
    relay.events = Vec::with_capacity(1);
    relay.one(100, A, &rtp(1, 2)).unwrap();
    assert_eq!(relay.learned(), [(100, at(A))]);
    relay.one(100, A, &rtp(1, 3)).unwrap();
    assert_eq!(relay.learned(), []);
}

#[test]
fn held_by_zeros_a_source_with_the_port_of_the_sdp_is_the_best() {
    let mut relay = Relay::pair(|a| a.peer = Some(at("0.0.0.0:4000")));
    follows(&mut relay, &[(ANY, ANY), (A, A), (ANY2, A)]);
}

#[test]
fn who_is_sent_to_by_a_one_way_flow_is_settled_where_it_is() {
    let mut relay = Relay::pair(|a| a.one_way = true);
    relay.one(200, ANY, &rtp(2, 1)).unwrap();
    assert!(!relay.snapshot(200).confirmed, "nothing was sent there");
    let mut relay = Relay::pair(|a| a.one_way = true);
    relay.one(100, A, &rtp(1, 1)).unwrap();
    relay.one(200, ANY, &rtp(2, 1)).unwrap();
    let copy = relay.snapshot(200);
    assert_eq!((copy.peer, copy.confirmed), (Some(at(B)), true));
}
