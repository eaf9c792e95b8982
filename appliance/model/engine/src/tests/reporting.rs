//! RTCP between profiles, and RTCP that ends here.

use super::*;

/// SR, one word of BYE, PLI and generic NACK, each from sender 7 about sender 8.
const SR: [u32; 7] = [0x80c8_0006, 7, 0xe000_0001, 0x8000_0000, 160, 10, 1600];
const BYE: [u32; 2] = [0x81cb_0001, 7];
const PLI: [u32; 3] = [0x81ce_0002, 7, 8];
const NACK: [u32; 4] = [0x81cd_0003, 7, 8, 0x03e8_0000];

fn bytes(parts: &[&[u32]]) -> Vec<u8> {
    parts.concat().iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Ports 100 and 200 of a muxed pair; `change` is told the one that faces A, which has feedback.
fn pair(change: impl Fn(&mut FlowSpec)) -> Relay {
    let muxed = |number, peer, egress: u16| FlowSpec {
        carries: Carries::RtpAndRtcp,
        rtcp: [Output::plain(port(egress))].into_iter().collect(),
        ..spec(number, Some(peer), &[egress])
    };
    let mut a = muxed(100, A, 200);
    a.reporting.feedback = true;
    change(&mut a);
    Relay::new([a, muxed(200, B, 100)])
}

#[test]
fn feedback_does_not_pass_to_a_profile_without_it() {
    let mut relay = pair(|_| {});
    for (sent, wanted) in [
        (bytes(&[&SR, &BYE, &PLI]), Some(bytes(&[&SR, &BYE]))),
        (bytes(&[&NACK, &SR]), Some(bytes(&[&SR]))),
        (bytes(&[&SR, &BYE]), Some(bytes(&[&SR, &BYE]))),
        (bytes(&[&PLI]), None),
        (bytes(&[&NACK, &PLI]), None),
    ] {
        let (_, left) = relay.burst(&[(100, A, &sent)]);
        assert_eq!(left.into_iter().next().map(|sent| sent.bytes), wanted);
    }
    let (a, b) = (relay.snapshot(100).counters, relay.snapshot(200).counters);
    assert_eq!((a.received.packets, a.received.errors, a.drops[DropReason::Feedback as usize]), (5, 0, 2));
    assert_eq!((b.received.errors, b.sent.packets, b.sent.bytes), (2, 3, 36 + 28 + 36));
    let (_, left) = relay.burst(&[(200, B, &bytes(&[&SR, &PLI]))]);
    assert_eq!(left[0].bytes, bytes(&[&SR, &PLI]), "the other way everything passes");
}

#[test]
fn reports_end_where_ours_are_written_and_feedback_goes_on_to_who_takes_it() {
    let mut relay = pair(|a| a.reporting.ours = true);
    let (verdicts, sent) = relay.burst(&[(100, A, &bytes(&[&SR, &BYE])), (100, A, &bytes(&[&SR, &PLI]))]);
    assert_eq!((verdicts, sent), (vec![Verdict::Consume; 2], vec![]));
    let heard = relay.snapshot(100).heard;
    assert_eq!(heard[..], [HeardReport { ssrc: 7, ntp: 0x0001_8000, at: relay.now }]);
    let mut b = FlowSpec { generation: Generation(2), ..spec(200, Some(B), &[100]) };
    b.reporting.feedback = true;
    relay.install(b);
    let (_, sent) = relay.burst(&[(100, A, &bytes(&[&SR, &PLI]))]);
    assert_eq!(sent[0].bytes, bytes(&[&PLI]));
    assert_eq!(relay.snapshot(200).counters.received.errors, 0);
}

#[test]
fn of_many_senders_the_latest_reports_are_remembered() {
    let mut relay = pair(|a| a.reporting.ours = true);
    for ssrc in [1, 2, 3, 1, 4, 5] {
        relay.now = relay.now + Micros(1);
        let mut report = SR;
        report[1] = ssrc;
        relay.burst(&[(100, A, &bytes(&[&report]))]);
    }
    let mut heard: Vec<u32> = relay.snapshot(100).heard.iter().map(|report| report.ssrc).collect();
    heard.sort_unstable();
    assert_eq!(heard, [1, 3, 4, 5]);
}

#[test]
fn a_report_of_ours_is_counted_and_waits_for_a_peer() {
    let mut relay = Relay::new([spec(100, Some(A), &[]), spec(200, None, &[])]);
    let mut room = [0; 64];
    let (departure, len) = relay.engine.report(port(100), &mut room, 28).unwrap();
    assert_eq!((departure, len), (Departure { from: port(100), to: at(A), tos: 184 }, 28));
    assert_eq!(relay.snapshot(100).counters.sent, Traffic { packets: 1, bytes: 28, errors: 0 });
    assert_eq!(relay.engine.report(port(200), &mut room, 28), None);
    assert_eq!(relay.engine.report(port(300), &mut room, 28), None);
}
