//! Keys on one side or both: SRTP and SRTCP opened, sealed, and turned away.

use super::plain::talk;
use crate::packet::{Rtp, rtp, sender_report};
use crate::scenario::{A, A_RTCP, B, B_RTCP, send};
use crate::{CallShape, End, Gate, Place, Scenario, Signal, Step};
use flow::srtp::Suite;
use lab::Family;

const CM: Suite = Suite::AesCm128HmacSha1_80;
const CM_SHORT: Suite = Suite::AesCm128HmacSha1_32;
const CM_256: Suite = Suite::Aes256CmHmacSha1_80;
const GCM: Suite = Suite::AeadAes128Gcm;
const GCM_256: Suite = Suite::AeadAes256Gcm;

pub(super) fn list() -> Vec<Scenario> {
    let scenario = |name, call, steps| Scenario { name, call, steps };
    let call = |caller, callee| CallShape::default().keyed(caller, callee);
    let caller = |suite| call(Some(suite), None);
    let both = |one, other| call(Some(one), Some(other));
    let bridged = CallShape::default().callee(|leg| leg.family = Family::V6).keyed(Some(CM), Some(GCM_256));
    let muxed = caller(CM).both(|leg| leg.mux = true);
    let half_muxed = both(GCM, CM).callee(|leg| leg.mux = true);
    let strict = caller(CM).both(|leg| leg.gate = Gate::Strict);
    vec![
        scenario("srtp_is_opened_for_a_plain_callee_and_sealed_for_its_caller", caller(CM), talk()),
        scenario("srtp_is_sealed_for_a_callee_with_gcm", call(None, Some(GCM_256)), talk()),
        scenario("a_short_tag_is_no_obstacle", caller(CM_SHORT), talk()),
        scenario("aes_256_cm_becomes_plain", caller(CM_256), talk()),
        scenario("gcm_becomes_plain", caller(GCM), talk()),
        scenario("f8_becomes_plain", caller(Suite::F8_128HmacSha1_80), talk()),
        scenario("the_suite_without_a_cipher_becomes_plain", caller(Suite::NullHmacSha1_80), talk()),
        scenario("cm_becomes_gcm", both(CM, GCM), talk()),
        scenario("gcm_becomes_cm_with_a_short_tag", both(GCM_256, CM_SHORT), talk()),
        scenario("gcm_becomes_gcm_under_other_keys", both(GCM, GCM), talk()),
        scenario("cm_becomes_cm_under_other_keys", both(CM, CM), talk()),
        scenario("cm_over_v4_becomes_gcm_over_v6", bridged, talk()),
        scenario("srtcp_is_opened_and_sealed", both(CM, GCM), reports()),
        scenario("srtcp_on_one_port_with_srtp_is_opened_and_sealed", muxed, muxed_reports()),
        scenario("srtcp_leaves_the_port_of_srtp_and_comes_back_to_it", half_muxed, half_muxed_reports()),
        scenario("counters_go_on_over_a_wrap_with_loss_and_in_disorder", both(CM, GCM), bad_network()),
        scenario("whoever_is_heard_late_has_a_counter_of_its_own", caller(GCM), late()),
        scenario("forged_and_replayed_cm_is_turned_away_and_media_goes_on", caller(CM), attacks()),
        scenario("forged_and_replayed_gcm_is_turned_away_and_media_goes_on", caller(GCM_256), attacks()),
        scenario("forged_and_replayed_srtcp_is_turned_away", caller(CM), attacked_reports()),
        scenario("strangers_with_old_packets_are_turned_away", strict, strangers()),
        scenario("the_same_keys_again_keep_counters", both(CM, GCM), again(Signal::Again)),
        scenario("new_keys_keep_counters", both(CM, GCM), again(Signal::NewKeys)),
        scenario("blocked_srtp_goes_on_where_it_was", call(None, Some(CM)), blocked()),
    ]
}

fn passes(from: End, to: End, packet: &Rtp) -> Step {
    send(from, &packet.bytes()).reaches(to)
}

/// What the callee says, with an SSRC of its own.
fn back(seq: u16) -> Rtp {
    Rtp { ssrc: 0x2222_2222, ..rtp(seq) }
}

/// Both sides are heard, so that a fast path may take over.
fn greeting() -> Vec<Step> {
    (65_520..65_524u16).flat_map(|seq| [passes(A, B, &rtp(seq)), passes(B, A, &back(seq))]).collect()
}

fn reports() -> Vec<Step> {
    let mut steps = greeting();
    for number in 0..6u16 {
        steps.push(send(A_RTCP, &sender_report(0x1111_1111, number.into())).reaches(B_RTCP));
        steps.push(passes(A, B, &rtp(65_530u16.wrapping_add(number))));
        steps.push(send(B_RTCP, &sender_report(0x2222_2222, number.into())).reaches(A_RTCP));
    }
    // Where it does not belong it is still under the same keys.
    steps.push(send(A, &sender_report(0x1111_1111, 99)).reaches_as(B_RTCP, &sender_report(0x1111_1111, 99)));
    steps
}

fn muxed_reports() -> Vec<Step> {
    let mut steps = greeting();
    for number in 0..6u16 {
        steps.push(send(A, &sender_report(0x1111_1111, number.into())).reaches(B));
        steps.push(passes(A, B, &rtp(65_530u16.wrapping_add(number))));
        steps.push(send(B, &sender_report(0x2222_2222, number.into())).reaches(A));
    }
    steps
}

fn half_muxed_reports() -> Vec<Step> {
    let mut steps = greeting();
    for number in 0..6u16 {
        steps.push(send(A_RTCP, &sender_report(0x1111_1111, number.into())).reaches(B));
        steps.push(passes(B, A, &back(65_530u16.wrapping_add(number))));
        steps.push(send(B, &sender_report(0x2222_2222, number.into())).reaches(A_RTCP));
    }
    steps
}

/// Three wraps; every fifth packet is lost, every third comes after its successor, and the gaps grow.
fn bad_network() -> Vec<Step> {
    let mut steps = greeting();
    let mut numbers: Vec<u32> = (65_530..65_550).collect();
    numbers.extend((0..9).map(|hop| 66_000 + hop * 15_000));
    numbers.retain(|number| number % 5 != 3);
    for pair in numbers.chunks_mut(3) {
        if let [_, two, three] = pair
            && *three - *two < 100
        {
            std::mem::swap(two, three);
        }
    }
    for number in numbers {
        steps.push(passes(A, B, &rtp(number as u16)));
        steps.push(passes(B, A, &back(number as u16)));
    }
    steps
}

/// One source wraps; another, which joins then, has not wrapped.
fn late() -> Vec<Step> {
    let mut steps = greeting();
    steps.extend((65_530..65_540u32).map(|number| passes(A, B, &rtp(number as u16))));
    let joined = |seq| Rtp { ssrc: 0x3333_3333, ..rtp(seq) };
    for (number, other) in (65_533..65_540u32).zip(4..) {
        steps.push(passes(A, B, &joined(number as u16)));
        steps.push(passes(A, B, &rtp(other)));
        steps.push(passes(B, A, &back(number as u16)));
    }
    steps
}

fn attacks() -> Vec<Step> {
    let mut steps = greeting();
    for number in 65_530..65_545u32 {
        let packet = rtp(number as u16).bytes();
        steps.push(send(A, &packet).forged().is_refused());
        // Far ahead: the counter must not follow.
        steps.push(send(A, &rtp((number as u16).wrapping_add(20_000)).bytes()).in_clear().is_refused());
        steps.push(send(A, &packet).reaches(B));
        steps.push(send(A, &packet).is_refused());
        steps.push(passes(B, A, &back(number as u16)));
    }
    // Of before the wrap, and of before the flow was handed over.
    steps.push(send(A, &rtp(65_535).bytes()).is_refused());
    steps.push(send(A, &rtp(65_520).bytes()).is_refused());
    steps.push(passes(A, B, &rtp(20)));
    steps
}

fn attacked_reports() -> Vec<Step> {
    let mut steps = greeting();
    for number in 0..4 {
        let report = sender_report(0x1111_1111, number);
        steps.push(send(A_RTCP, &report).forged().is_refused());
        steps.push(send(A_RTCP, &report).reaches(B_RTCP));
        steps.push(send(A_RTCP, &report).is_refused());
        steps.push(send(A_RTCP, &sender_report(0x1111_1111, 50 + number)).in_clear().is_refused());
    }
    steps
}

fn strangers() -> Vec<Step> {
    let mut steps = greeting();
    for (place, seq) in [Place::Stranger, Place::OtherPort, Place::OtherAddress].into_iter().zip(65_530u16..)
    {
        steps.push(passes(A, B, &rtp(seq)));
        steps.push(send(A.at(place), &rtp(seq).bytes()).is_refused());
        steps.push(send(A.at(place), &rtp(seq.wrapping_add(100)).bytes()).in_clear().is_refused());
        steps.push(passes(B, A, &back(seq)));
    }
    steps
}

fn again(signal: Signal) -> Vec<Step> {
    let mut steps = greeting();
    let talk = |from: u32| {
        (from..from + 8)
            .flat_map(|number| [passes(A, B, &rtp(number as u16)), passes(B, A, &back(number as u16))])
    };
    steps.extend(talk(65_530));
    steps.push(Step::Signal(signal));
    steps.extend(talk(65_540));
    steps.push(Step::Signal(signal));
    steps.extend(talk(65_550));
    steps.push(send(A_RTCP, &sender_report(0x1111_1111, 1)).reaches(B_RTCP));
    steps
}

fn blocked() -> Vec<Step> {
    let mut steps = greeting();
    steps.push(Step::Signal(Signal::Block));
    steps.extend((65_530..65_538u32).map(|number| send(A, &rtp(number as u16).bytes()).ends()));
    steps.push(Step::Signal(Signal::Unblock));
    steps.extend((65_538..65_545u32).map(|number| passes(A, B, &rtp(number as u16))));
    steps.push(passes(B, A, &back(65_530)));
    steps
}
