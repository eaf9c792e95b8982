//! RTP both ways, over both families, early and unanswered.

use crate::packet::rtp;
use crate::scenario::{A, B, send};
use crate::{CallShape, End, Place, Scenario, Step};
use lab::Family;

pub(super) fn list() -> Vec<Scenario> {
    let scenario = |name, call, steps| Scenario { name, call, steps };
    let call = CallShape::default;
    let families = |caller, callee| {
        let mut shape = call();
        shape.legs[0].family = caller;
        shape.legs[1].family = callee;
        shape
    };
    vec![
        scenario("rtp_passes_both_ways", call(), both_ways()),
        scenario("rtp_passes_from_v4_to_v6_and_back", families(Family::V4, Family::V6), both_ways()),
        scenario("rtp_passes_from_v6_to_v4_and_back", families(Family::V6, Family::V4), both_ways()),
        scenario("rtp_passes_over_v6", families(Family::V6, Family::V6), both_ways()),
        scenario("a_long_talk_passes", call(), talk()),
        scenario("a_long_talk_passes_from_v4_to_v6", families(Family::V4, Family::V6), talk()),
        scenario("a_long_talk_passes_over_v6", families(Family::V6, Family::V6), talk()),
        scenario("sequence_numbers_wrap_untouched", call(), wrap()),
        scenario("a_new_ssrc_passes_untouched", call(), new_ssrc()),
        scenario("sixty_four_packets_at_once_pass_in_order", call(), a_burst()),
        scenario("early_media_passes_from_anywhere", CallShape { answered: false, ..call() }, early()),
        scenario("nothing_passes_an_inactive_call", CallShape { active: false, ..call() }, inactive()),
    ]
}

fn both_ways() -> Vec<Step> {
    let mut steps = Vec::new();
    for seq in 0..5 {
        steps.push(send(A, &rtp(100 + seq).bytes()).reaches(B));
        let mut back = rtp(9000 + seq);
        back.pt = 0;
        back.ssrc = 0x2222_2222;
        back.marker = seq == 0;
        steps.push(send(B, &back.bytes()).reaches(A));
    }
    steps
}

/// Long enough for a fast path to take over early on: every form a header can have, payloads from nothing to what just
/// fits, other payload types, silence and strays in between.
pub(super) fn talk() -> Vec<Step> {
    let mut steps = Vec::new();
    for turn in 0..24u16 {
        let mut there =
            rtp(65_520u16.wrapping_add(turn)).sized([160, 0, 1, 33, 1200, 1400][usize::from(turn) % 6]);
        there.marker = turn % 5 == 0;
        there.csrcs = (0..u32::from(turn % 4)).collect();
        there.extension = (turn % 7 == 3).then(|| (0xbede, vec![0x1041_0000, 7]));
        there.padding = if turn % 9 == 4 { 12 } else { 0 };
        steps.push(send(A, &there.bytes()).reaches(B));
        let mut back = rtp(7 + 2 * turn).sized(usize::from(turn) * 50);
        back.ssrc = if turn < 12 { 5 } else { 0xffff_fffe };
        back.pt = [0, 8, 101, 96][usize::from(turn) % 4];
        steps.push(send(B, &back.bytes()).reaches(A));
    }
    steps
}

fn wrap() -> Vec<Step> {
    let numbers = [65_533, 65_534, 65_535, 0, 1, 2];
    numbers.map(|seq| send(A, &rtp(seq).bytes()).reaches(B)).into()
}

fn new_ssrc() -> Vec<Step> {
    let packet = |ssrc, seq| {
        let mut packet = rtp(seq);
        packet.ssrc = ssrc;
        packet.bytes()
    };
    let order = [(1, 10), (1, 11), (2, 40_000), (2, 40_001), (1, 12), (u32::MAX, 0), (0, 0)];
    order.map(|(ssrc, seq)| send(A, &packet(ssrc, seq)).reaches(B)).into()
}

fn a_burst() -> Vec<Step> {
    (0..64).map(|seq| send(A, &rtp(seq).bytes()).reaches(B)).collect()
}

/// The callee's address is not known before its answer, so nothing is learned from its packets and nothing is sent
/// to it.
fn early() -> Vec<Step> {
    let places: [End; 3] = [B, B.at(Place::Stranger), B.at(Place::OtherPort)];
    places.into_iter().zip(1..).map(|(from, seq)| send(from, &rtp(seq).bytes()).reaches(A)).collect()
}

fn inactive() -> Vec<Step> {
    vec![send(A, &rtp(1).bytes()).ends(), send(B, &rtp(1).bytes()).ends(), send(A, &rtp(2).bytes()).ends()]
}
