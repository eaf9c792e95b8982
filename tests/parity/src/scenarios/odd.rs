//! Odd headers, odd sizes, and what is no RTP at all.

use crate::packet::{dtls, rtp, stun};
use crate::scenario::{A, A_RTCP, B, send};
use crate::{CallShape, Media, Scenario, Step};
use lab::Family;

pub(super) fn list() -> Vec<Scenario> {
    let scenario = |name, call, steps| Scenario { name, call, steps };
    let call = CallShape::default;
    let opaque = CallShape { media: Media::Opaque, ..call() };
    let to_v6 = call().callee(|leg| leg.family = Family::V6);
    vec![
        scenario("headers_with_csrcs_extension_and_padding_pass_whole", call(), long_headers()),
        scenario("a_bare_header_passes", call(), bare()),
        scenario("wrong_padding_passes", call(), wrong_padding()),
        scenario("headers_that_lie_are_errors", call(), lying()),
        scenario("what_is_too_short_for_rtp_is_an_error", call(), short()),
        scenario("other_versions_and_protocols_are_errors", call(), garbage()),
        scenario("stun_and_dtls_pass_between_secured_ends", CallShape { secured: true, ..call() }, secured()),
        scenario("an_empty_datagram_ends_here", call(), empty()),
        scenario("packets_as_long_as_the_wire_pass", call(), full_size()),
        scenario("packets_as_long_as_the_wire_pass_to_v6", to_v6, full_size()),
        scenario("packets_of_4096_bytes_pass", call(), fragmented()),
        scenario("every_opaque_datagram_passes", opaque, any_datagram()),
        scenario("a_port_of_nobody_answers_nobody", call(), nobody()),
    ]
}

fn long_headers() -> Vec<Step> {
    let mut csrcs = rtp(1);
    csrcs.csrcs = vec![1, 2, 3];
    let mut most_csrcs = rtp(2);
    most_csrcs.csrcs = (100..115).collect();
    let mut extension = rtp(3);
    extension.extension = Some((0xbede, vec![0x1001_0203, 0x3001_0203]));
    let mut empty_extension = rtp(4);
    empty_extension.extension = Some((0x1000, Vec::new()));
    let mut padding = rtp(5);
    padding.padding = 20;
    let mut all = rtp(6);
    (all.csrcs, all.extension, all.padding) = (vec![9; 15], Some((1, vec![7; 30])), 255);
    [csrcs, most_csrcs, extension, empty_extension, padding, all]
        .map(|packet| send(A, &packet.bytes()).reaches(B))
        .into()
}

fn bare() -> Vec<Step> {
    let packet = rtp(1).sized(0).bytes();
    assert_eq!(packet.len(), 12);
    vec![send(A, &packet).reaches(B)]
}

fn wrong_padding() -> Vec<Step> {
    let mut padding = rtp(1).bytes();
    padding[0] |= 0x20;
    let length = padding.len();
    [0, 255]
        .map(|last| {
            padding[length - 1] = last;
            send(A, &padding).reaches(B)
        })
        .into()
}

fn lying() -> Vec<Step> {
    let mut csrcs = rtp(1).sized(8).bytes();
    csrcs[0] |= 15;
    let mut no_extension = rtp(2).sized(3).bytes();
    no_extension[0] |= 0x10;
    let mut extension = rtp(3);
    extension.extension = Some((0xbede, vec![1, 2]));
    let mut extension = extension.sized(4).bytes();
    extension[14..16].copy_from_slice(&[0xff, 0xff]);
    let mut steps: Vec<Step> =
        [csrcs, no_extension, extension].map(|packet| send(A, &packet).is_an_error()).into();
    steps.push(send(A, &rtp(4).bytes()).reaches(B));
    steps
}

fn short() -> Vec<Step> {
    let whole = rtp(1).bytes();
    let mut steps: Vec<Step> = [1, 2, 4, 8, 11].map(|length| send(A, &whole[..length]).is_an_error()).into();
    steps.push(send(A, &rtp(2).bytes()).reaches(B));
    steps
}

fn garbage() -> Vec<Step> {
    let version = |version: u8| {
        let mut packet = rtp(1).bytes();
        packet[0] = version << 6;
        packet
    };
    let zrtp = b"\x10\x00\x00\x01ZRTP\x11\x11\x11\x11PZ\x00\x03Hello   ";
    let keep_alive = b"\r\n\r\n";
    [version(0), version(1), version(3), stun(), dtls(), zrtp.to_vec(), keep_alive.to_vec(), vec![0xff; 200]]
        .map(|packet| send(A, &packet).is_an_error())
        .into()
}

fn secured() -> Vec<Step> {
    vec![
        send(A, &stun()).reaches(B),
        send(B, &dtls()).reaches(A),
        send(A, b"\r\n\r\n").is_an_error(),
        send(A, &rtp(1).bytes()).reaches(B),
    ]
}

fn empty() -> Vec<Step> {
    vec![send(A, b"").is_an_error(), send(A, &rtp(1).bytes()).reaches(B)]
}

/// 1500 bytes of IPv4 are 1472 of UDP payload.
fn full_size() -> Vec<Step> {
    let packet = |seq, length: usize| rtp(seq).sized(length - 12).bytes();
    vec![
        send(A, &packet(1, 1472)).reaches(B),
        send(B, &packet(2, 1472)).reaches(A),
        send(A, &packet(3, 1400)).reaches(B),
    ]
}

fn fragmented() -> Vec<Step> {
    [1473, 2048, 2049, 4096]
        .into_iter()
        .zip(1..)
        .map(|(length, seq): (usize, u16)| send(A, &rtp(seq).sized(length - 12).bytes()).reaches(B))
        .collect()
}

fn any_datagram() -> Vec<Step> {
    let datagrams = [&b""[..], b"\0", b"udptl", &[0xff; 300], &stun(), &rtp(1).bytes(), &[0x80, 201, 0, 0]];
    datagrams
        .iter()
        .flat_map(|datagram| [send(A, datagram).reaches(B), send(B, datagram).reaches(A)])
        .collect()
}

fn nobody() -> Vec<Step> {
    vec![
        send(A, &rtp(1).bytes()).to_nobody().ends(),
        send(A_RTCP, &rtp(1).bytes()).to_nobody().ends(),
        send(A, &rtp(2).bytes()).reaches(B),
    ]
}
