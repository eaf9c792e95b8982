//! So many flows that what packets read of them is read ahead.

use super::*;

/// What is read ahead changes nothing: each packet leaves by its own flow, and what has no flow by none.
#[test]
fn each_packet_of_a_crowd_meets_its_own_flow() {
    let crowd = crate::warm::NEAR as u16 + 54;
    let other = |number: u16| number ^ 1;
    let mut relay = Relay::new((1000..1000 + crowd).map(|number| spec(number, Some(A), &[other(number)])));
    // In the second round the flows know each other's places, in the third one of them is gone.
    for round in 0..3 {
        let gone = |number: u16| round == 2 && (number == 1000 || number == 1001);
        if round == 2 {
            let withdrawn = Change::Withdraw { key: port(1001), generation: Generation(1) };
            assert_eq!(relay.engine.apply(withdrawn, &mut relay.events), crate::Applied::Withdrawn);
        }
        for first in (1000..1000 + crowd).step_by(10) {
            let packets: Vec<_> =
                (first..first + 10).map(|number| (number, rtp(number.into(), round))).collect();
            let mut arrived: Vec<_> =
                packets.iter().map(|(number, packet)| (*number, A, &packet[..])).collect();
            arrived.insert(5, (7, A, &packets[0].1));
            let known = packets.iter().filter(|(number, _)| !gone(*number));
            let expected: Vec<_> = known
                .map(|(number, packet)| Sent {
                    from: other(*number),
                    to: at(A),
                    tos: 184,
                    bytes: packet.clone(),
                })
                .collect();
            assert_eq!(relay.burst(&arrived).1, expected, "round {round}, from {first}");
        }
    }
    let counted = relay.snapshot(1002).counters;
    assert_eq!((counted.received.packets, counted.sent.packets), (3, 3));
    assert_eq!(relay.snapshot(1000).counters.drops[DropReason::NoPeer as usize], 1);
}
