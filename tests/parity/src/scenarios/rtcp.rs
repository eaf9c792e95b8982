//! RTCP on a port of its own, muxed (RFC 5761), bridged between the two, and where it does not belong.

use crate::packet::{rtp, sender_report};
use crate::scenario::{A, A_RTCP, B, B_RTCP, send};
use crate::{CallShape, Place, Scenario, Signal, Step};

pub(super) fn list() -> Vec<Scenario> {
    let scenario = |name, call, steps| Scenario { name, call, steps };
    let call = CallShape::default;
    let mux = |caller, callee| {
        let mut shape = call();
        shape.legs[0].mux = caller;
        shape.legs[1].mux = callee;
        shape
    };
    let inactive = CallShape { active: false, ..call() };
    vec![
        scenario("rtcp_passes_between_its_own_ports", call(), separate()),
        scenario("rtcp_that_strays_to_the_rtp_port_goes_to_the_peers_rtcp_port", call(), astray()),
        scenario("rtp_on_the_rtcp_port_is_an_error", call(), misplaced()),
        scenario("rtcp_muxed_on_both_sides_passes_on_the_rtp_ports", mux(true, true), muxed()),
        scenario("rtcp_muxed_by_the_caller_reaches_the_callees_rtcp_port", mux(true, false), caller_muxes()),
        scenario("rtcp_muxed_by_the_callee_reaches_the_callers_rtcp_port", mux(false, true), callee_muxes()),
        scenario("rtcp_passes_an_inactive_call", inactive, despite_direction()),
        scenario("rtcp_passes_while_media_is_blocked", call(), despite_block()),
        scenario("muxed_rtcp_passes_while_media_is_blocked", mux(true, true), muxed_despite_block()),
        scenario("rtcp_is_learned_apart_from_rtp", call(), learned_apart()),
        scenario("rtcp_of_eight_bytes_passes", call(), shortest()),
        scenario("shorter_rtcp_ends_without_an_error", call(), too_short()),
        scenario("rtcp_with_a_lying_length_passes_whole", call(), lying()),
    ]
}

fn separate() -> Vec<Step> {
    vec![
        send(A_RTCP, &sender_report(1, 10)).reaches(B_RTCP),
        send(B_RTCP, &sender_report(2, 20)).reaches(A_RTCP),
        send(A, &rtp(1).bytes()).reaches(B),
        send(A_RTCP, &sender_report(1, 11)).reaches(B_RTCP),
    ]
}

fn astray() -> Vec<Step> {
    vec![
        send(A, &rtp(1).bytes()).reaches(B),
        send(A, &sender_report(1, 10)).reaches(B_RTCP),
        send(B, &sender_report(2, 10)).reaches(A_RTCP),
        send(A, &rtp(2).bytes()).reaches(B),
    ]
}

fn misplaced() -> Vec<Step> {
    vec![
        send(A_RTCP, &sender_report(1, 10)).reaches(B_RTCP),
        send(A_RTCP, &rtp(1).bytes()).is_an_error(),
        send(A_RTCP, &sender_report(1, 11)).reaches(B_RTCP),
    ]
}

fn muxed() -> Vec<Step> {
    vec![
        send(A, &sender_report(1, 10)).reaches(B),
        send(A, &rtp(1).bytes()).reaches(B),
        send(B, &sender_report(2, 10)).reaches(A),
        send(B, &rtp(1).bytes()).reaches(A),
    ]
}

fn caller_muxes() -> Vec<Step> {
    vec![
        send(A, &sender_report(1, 10)).reaches(B_RTCP),
        send(B_RTCP, &sender_report(2, 10)).reaches(A),
        send(A, &rtp(1).bytes()).reaches(B),
        send(B, &rtp(1).bytes()).reaches(A),
    ]
}

fn callee_muxes() -> Vec<Step> {
    vec![
        send(A_RTCP, &sender_report(1, 10)).reaches(B),
        send(B, &sender_report(2, 10)).reaches(A_RTCP),
        send(A, &rtp(1).bytes()).reaches(B),
        send(B, &rtp(1).bytes()).reaches(A),
    ]
}

fn despite_direction() -> Vec<Step> {
    vec![
        send(A, &rtp(1).bytes()).ends(),
        send(A_RTCP, &sender_report(1, 10)).reaches(B_RTCP),
        send(B_RTCP, &sender_report(2, 10)).reaches(A_RTCP),
    ]
}

fn despite_block() -> Vec<Step> {
    vec![
        send(A, &rtp(1).bytes()).reaches(B),
        Step::Signal(Signal::Block),
        send(A, &rtp(2).bytes()).ends(),
        send(A_RTCP, &sender_report(1, 10)).reaches(B_RTCP),
        send(B_RTCP, &sender_report(2, 10)).reaches(A_RTCP),
    ]
}

fn muxed_despite_block() -> Vec<Step> {
    vec![
        Step::Signal(Signal::Block),
        send(A, &rtp(2).bytes()).ends(),
        send(A, &sender_report(1, 10)).reaches(B),
        send(B, &sender_report(2, 10)).reaches(A),
    ]
}

fn learned_apart() -> Vec<Step> {
    let moved = B.at(Place::OtherAddress);
    let moved_rtcp = B_RTCP.at(Place::OtherAddress);
    vec![
        send(moved, &rtp(1).bytes()).reaches(A),
        send(A, &rtp(1).bytes()).reaches(moved),
        send(A_RTCP, &sender_report(1, 10)).reaches(B_RTCP),
        send(moved_rtcp, &sender_report(2, 10)).reaches(A_RTCP),
        send(A_RTCP, &sender_report(1, 11)).reaches(moved_rtcp),
    ]
}

fn shortest() -> Vec<Step> {
    vec![send(A_RTCP, &[0x80, 201, 0, 1, 0, 0, 0, 1]).reaches(B_RTCP)]
}

fn too_short() -> Vec<Step> {
    vec![
        send(A_RTCP, &[0x80, 201, 0, 1, 0, 0, 0]).ends(),
        send(A_RTCP, &[0x80, 201, 0, 0]).ends(),
        send(A_RTCP, &sender_report(1, 10)).reaches(B_RTCP),
    ]
}

fn lying() -> Vec<Step> {
    let report = |ssrc, packets| {
        let mut long = sender_report(ssrc, packets);
        long[2..4].copy_from_slice(&[0xff, 0xff]);
        long
    };
    vec![
        send(A_RTCP, &report(1, 10)).reaches(B_RTCP),
        send(B_RTCP, &report(2, 10)).reaches(A_RTCP),
        send(B, &report(2, 11)).reaches(A_RTCP),
    ]
}
