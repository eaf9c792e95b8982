//! Packets from elsewhere: `strict-source`, `media-handover`; and `block media`.

use crate::packet::{rtp, sender_report};
use crate::scenario::{A, A_RTCP, B, B_RTCP, send};
use crate::{CallShape, Gate, Place, Scenario, Signal, Step};

pub(super) fn list() -> Vec<Scenario> {
    let scenario = |name, call, steps| Scenario { name, call, steps };
    let call = CallShape::default;
    let strict = || call().both(|leg| leg.gate = Gate::Strict);
    let handover = || call().both(|leg| leg.gate = Gate::Handover);
    vec![
        scenario("strict_source_turns_strangers_away", strict(), strangers()),
        scenario("strict_source_lets_the_told_source_take_over", strict(), strict_learns()),
        scenario("strict_source_holds_for_rtcp", strict(), strict_rtcp()),
        scenario("media_handover_follows_the_last_source", handover(), follows()),
        scenario("blocked_media_ends_here_until_unblocked", call(), blocked()),
    ]
}

fn strangers() -> Vec<Step> {
    let mut steps = vec![send(B, &rtp(1).bytes()).reaches(A)];
    for (place, seq) in [Place::Stranger, Place::OtherPort, Place::OtherAddress].into_iter().zip(2..) {
        steps.push(send(B.at(place), &rtp(seq).bytes()).is_refused());
        steps.push(send(A, &rtp(100 + seq).bytes()).reaches(B));
    }
    steps.push(send(B, &rtp(9).bytes()).reaches(A));
    steps
}

fn strict_learns() -> Vec<Step> {
    vec![
        send(B.at(Place::Stranger), &rtp(1).bytes()).reaches(A),
        send(A, &rtp(1).bytes()).reaches(B.at(Place::Stranger)),
        send(B, &rtp(2).bytes()).reaches(A),
        send(B.at(Place::Stranger), &rtp(3).bytes()).is_refused(),
        send(A, &rtp(2).bytes()).reaches(B),
    ]
}

fn strict_rtcp() -> Vec<Step> {
    vec![
        send(B_RTCP, &sender_report(2, 1)).reaches(A_RTCP),
        send(B_RTCP.at(Place::Stranger), &sender_report(3, 1)).is_refused(),
        send(A_RTCP, &sender_report(1, 1)).reaches(B_RTCP),
    ]
}

fn follows() -> Vec<Step> {
    vec![
        send(B, &rtp(1).bytes()).reaches(A),
        send(A, &rtp(1).bytes()).reaches(B),
        send(B.at(Place::Stranger), &rtp(2).bytes()).reaches(A),
        send(A, &rtp(2).bytes()).reaches(B.at(Place::Stranger)),
        send(A, &rtp(3).bytes()).reaches(B.at(Place::Stranger)),
    ]
}

fn blocked() -> Vec<Step> {
    vec![
        send(A, &rtp(1).bytes()).reaches(B),
        send(B, &rtp(1).bytes()).reaches(A),
        Step::Signal(Signal::Block),
        send(A, &rtp(2).bytes()).ends(),
        send(B, &rtp(2).bytes()).ends(),
        Step::Signal(Signal::Unblock),
        send(A, &rtp(3).bytes()).reaches(B),
        send(B, &rtp(3).bytes()).reaches(A),
    ]
}
