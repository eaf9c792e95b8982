//! What a recipe changes inside RTP, and fan-out. No ng message asks for either yet; every path must know both.

use crate::packet::{Rtp, rtp, sender_report};
use crate::scenario::{A, A_RTCP, B, B_RTCP, C, send};
use crate::{CallShape, Rewrite, Scenario, Step};
use flow::PtChange;

const SSRC: u32 = 0xfeed_beef;

pub(super) fn list() -> Vec<Scenario> {
    let scenario = |name, call, steps| Scenario { name, call, steps };
    let rewrite = |rewrite| CallShape { rewrite, ..CallShape::default() };
    let all = Rewrite { ssrc: Some(SSRC), seq_offset: 40_000, pt: Some(PtChange { from: 8, to: 101 }) };
    let copy = |copy| CallShape { copy: Some(copy), ..CallShape::default() };
    vec![
        scenario("the_ssrc_is_replaced", rewrite(Rewrite { ssrc: Some(SSRC), ..Rewrite::default() }), ssrc()),
        scenario(
            "the_sequence_number_is_moved_modulo_65536",
            rewrite(Rewrite { seq_offset: 40_000, ..Rewrite::default() }),
            moved(),
        ),
        scenario(
            "only_the_named_payload_type_is_replaced",
            rewrite(Rewrite { pt: all.pt, ..Rewrite::default() }),
            payload_type(),
        ),
        scenario("a_rewrite_touches_nothing_but_its_fields", rewrite(all), everything()),
        scenario("a_rewrite_leaves_rtcp_and_the_way_back_alone", rewrite(all), others()),
        scenario("fan_out_copies_rtp_to_two", copy(Rewrite::default()), two(Rewrite::default())),
        scenario("each_copy_is_rewritten_by_itself", copy(all), two(all)),
        scenario("sixty_four_packets_at_once_fan_out", copy(all), many(all)),
    ]
}

/// What a rewrite makes of a packet.
fn rewritten(packet: &Rtp, rewrite: Rewrite) -> Vec<u8> {
    let mut changed = packet.clone();
    changed.ssrc = rewrite.ssrc.unwrap_or(changed.ssrc);
    changed.seq = changed.seq.wrapping_add(rewrite.seq_offset);
    if let Some(pt) = rewrite.pt.filter(|pt| pt.from == changed.pt) {
        changed.pt = pt.to;
    }
    changed.bytes()
}

fn passes(packet: &Rtp, rewrite: Rewrite) -> Step {
    send(A, &packet.bytes()).reaches_as(B, &rewritten(packet, rewrite))
}

fn ssrc() -> Vec<Step> {
    let rewrite = Rewrite { ssrc: Some(SSRC), ..Rewrite::default() };
    (1..4).map(|seq| passes(&rtp(seq), rewrite)).collect()
}

fn moved() -> Vec<Step> {
    let rewrite = Rewrite { seq_offset: 40_000, ..Rewrite::default() };
    [0, 25_534, 25_535, 25_536, 65_535].map(|seq| passes(&rtp(seq), rewrite)).into()
}

fn payload_type() -> Vec<Step> {
    let rewrite = Rewrite { pt: Some(PtChange { from: 8, to: 101 }), ..Rewrite::default() };
    [8, 0, 101, 8]
        .into_iter()
        .zip(1..)
        .map(|(pt, seq)| {
            let mut packet = rtp(seq);
            packet.pt = pt;
            packet.marker = seq % 2 == 0;
            passes(&packet, rewrite)
        })
        .collect()
}

fn everything() -> Vec<Step> {
    let rewrite = Rewrite { ssrc: Some(SSRC), seq_offset: 40_000, pt: Some(PtChange { from: 8, to: 101 }) };
    let mut packet = rtp(30_000);
    (packet.csrcs, packet.extension, packet.padding) = (vec![0x1111_1111; 3], Some((1, vec![8; 4])), 8);
    packet.marker = true;
    vec![passes(&packet, rewrite), passes(&rtp(1).sized(0), rewrite), passes(&rtp(2).sized(1460), rewrite)]
}

fn others() -> Vec<Step> {
    vec![
        send(B, &rtp(1).bytes()).reaches(A),
        send(A_RTCP, &sender_report(0x1111_1111, 1)).reaches(B_RTCP),
        send(B_RTCP, &sender_report(SSRC, 1)).reaches(A_RTCP),
        send(A, &sender_report(0x1111_1111, 2)).also(B_RTCP, &sender_report(0x1111_1111, 2)).done(),
    ]
}

fn copied(seq: u16, rewrite: Rewrite) -> Step {
    let packet = rtp(seq);
    send(A, &packet.bytes()).also(B, &packet.bytes()).also(C, &rewritten(&packet, rewrite)).done()
}

fn two(rewrite: Rewrite) -> Vec<Step> {
    let mut steps: Vec<Step> = (1..5).map(|seq| copied(seq, rewrite)).collect();
    steps.push(send(B, &rtp(77).bytes()).reaches(A));
    steps.push(send(C, &rtp(78).bytes()).reaches(A));
    steps
}

fn many(rewrite: Rewrite) -> Vec<Step> {
    (0..64).map(|seq| copied(seq, rewrite)).collect()
}
