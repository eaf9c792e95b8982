//! Sections that share a port. Port 100 faces A with audio; port 102, which A does not know, has its video. Ports 200 and
//! 202 face B.

use super::*;

const AUDIO: (u32, u8) = (1, 8);
const VIDEO: (u32, u8) = (2, 96);
const C: &str = "198.51.100.30:5002";

fn shared(change: impl Fn(&mut Part)) -> Relay {
    let both = |number, peer: Option<&str>, egress: u16| FlowSpec {
        carries: Carries::RtpAndRtcp,
        rtcp: [Output::plain(port(egress))].into_iter().collect(),
        ..spec(number, peer, &[egress])
    };
    let mut part = Part {
        flow: port(102),
        mid: Some((4, (*b"v").into())),
        ssrcs: Vec::new(),
        payload_types: 1 << VIDEO.1,
    };
    change(&mut part);
    let audio = FlowSpec { parts: vec![part], ..both(100, Some(A), 200) };
    let video = FlowSpec { via: Some(port(100)), ..both(102, None, 202) };
    Relay::new([audio, video, both(200, Some(B), 100), both(202, Some(C), 102)])
}

fn of((ssrc, pt): (u32, u8), seq: u16) -> Vec<u8> {
    let mut packet = rtp(ssrc, seq);
    packet[1] = pt;
    packet
}

/// With a name in extension number 4.
fn named(packet: &[u8], name: u8) -> Vec<u8> {
    let extension = [0xbe, 0xde, 0, 1, 0x40, name, 0, 0];
    let mut packet = [&packet[..12], &extension, &packet[12..]].concat();
    packet[0] |= 0x10;
    packet
}

/// The port that a packet of A leaves from.
fn way(relay: &mut Relay, packet: &[u8]) -> u16 {
    let (verdicts, sent) = relay.burst(&[(100, A, packet)]);
    assert_eq!(sent.len(), 1, "{verdicts:?}");
    sent[0].from
}

#[test]
fn packets_are_told_apart_by_name_then_sender_then_payload_type() {
    let mut relay = shared(|_| {});
    assert_eq!(way(&mut relay, &of(AUDIO, 1)), 200);
    assert_eq!(way(&mut relay, &of(VIDEO, 1)), 202, "by its payload type");
    assert_eq!(way(&mut relay, &named(&of((9, 8), 1), b'v')), 202, "by its name");
    assert_eq!(way(&mut relay, &of((9, 8), 2)), 202, "its sender is known now");
    assert_eq!(way(&mut relay, &named(&of((10, 96), 1), b'a')), 200, "the name is the other section's");
    assert_eq!(way(&mut relay, &of((10, 96), 2)), 200);
    assert_eq!(way(&mut relay, &of((11, 33), 1)), 200, "nothing says whose it is");
    let (audio, video) = (relay.snapshot(100), relay.snapshot(102));
    assert_eq!((audio.counters.received.packets, video.counters.received.packets), (4, 3));
    assert_eq!(video.ssrcs.iter().map(|sender| sender.ssrc).collect::<Vec<_>>(), [2, 9]);
    assert_eq!(video.counters.last_packet, Some(relay.now));
}

#[test]
fn senders_of_the_sdp_are_known_from_the_start() {
    let mut relay = shared(|part| (part.ssrcs, part.payload_types) = (vec![2], 0));
    assert_eq!(way(&mut relay, &of((2, 8), 1)), 202);
    assert_eq!(way(&mut relay, &of((3, 8), 1)), 200);
}

#[test]
fn all_sections_leave_through_the_port_that_is_shared() {
    let mut relay = shared(|_| {});
    let (_, sent) = relay.burst(&[(200, B, &of((21, 8), 1)), (202, C, &of((22, 96), 1))]);
    assert_eq!(sent.iter().map(|sent| (sent.from, sent.to)).collect::<Vec<_>>(), [(100, at(A)); 2]);
    let sent = |number| relay.snapshot(number).counters.sent.packets;
    assert_eq!((sent(100), sent(102)), (1, 1));
    // A moves: the sections move with it.
    relay.now = relay.now + Micros::from_secs(4);
    relay.burst(&[(100, "198.51.100.99:9", &of(AUDIO, 1))]);
    let (_, sent) = relay.burst(&[(202, C, &of((22, 96), 2))]);
    assert_eq!(sent[0].to, at("198.51.100.99:9"));
}

#[test]
fn rtcp_goes_where_its_senders_or_those_it_is_about_are() {
    let mut relay = shared(|_| {});
    relay.burst(&[(100, A, &of(AUDIO, 1)), (100, A, &of(VIDEO, 1))]);
    relay.burst(&[(200, B, &of((21, 8), 1)), (202, C, &of((22, 96), 1))]);
    let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
    let sr = |ssrc| [0x80c8_0006, ssrc, 0, 0, 0, 0, 0];
    let rr = |about| [0x81c9_0007, 77, about, 0, 0, 0, 0, 0];
    for (words, wanted) in [
        (&sr(AUDIO.0)[..], 200),
        (&sr(VIDEO.0), 202),
        (&[&sr(AUDIO.0)[..], &[0x81ce_0002, 1, 22]].concat(), 202),
        (&rr(21), 200),
        (&rr(22), 202),
        (&rr(1234), 200),
        (&[0x81ce_0002, 77, 22], 202),
        (&[0x81ce_0002, 77, 21], 200),
        (&[0x84ce_0004, 77, 0, 22, 0x0100_0000], 202),
    ] {
        assert_eq!(way(&mut relay, &bytes(words)), wanted, "{words:x?}");
    }
}
