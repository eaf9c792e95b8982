use super::*;
use crate::{Packet, Tag};
use etherparse::{SlicedPacket, TransportSlice};
use proptest::prelude::*;

fn link(tag: Option<u16>) -> Link {
    Link { src_mac: Mac([2, 0, 0, 0, 0, 1]), dst_mac: Mac([2, 0, 0, 0, 0, 2]), tag: tag.map(Tag::vlan) }
}

fn ends() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    prop_oneof![
        any::<([u8; 4], u16, [u8; 4], u16)>().prop_map(|(a, p, mut b, q)| {
            b[0] &= 0x7f;
            ((a, p).into(), (b, q).into())
        }),
        any::<([u8; 16], u16, [u8; 16], u16)>().prop_map(|(a, p, mut b, q)| {
            b[0] &= 0x7f;
            ((a, p).into(), (b, q).into())
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        (src, dst) in ends(), tag in prop::option::of(0u16..4096), tos: u8,
        payload in prop::collection::vec(any::<u8>(), 0..1400),
    ) {
        let headers = Headers::new(link(tag), src, dst, tos).unwrap();
        let mut frame = vec![0xaa; headers.len()];
        frame.extend(&payload);
        headers.write(&mut frame).unwrap();
        let packet = Packet::parse(&frame).unwrap();
        prop_assert_eq!((packet.src, packet.dst), (src, dst));
        prop_assert_eq!((packet.tos, packet.ttl), (tos, 64));
        prop_assert_eq!(packet.tag.map(Tag::number), tag);
        prop_assert_eq!((packet.src_mac, packet.dst_mac), (link(None).src_mac, link(None).dst_mac));
        prop_assert_ne!(packet.udp_checksum, 0);
        prop_assert!(packet.checksum_holds(&frame));
        prop_assert_eq!(packet.payload(&frame), &payload[..]);

        // The other library computes the same checksum.
        let sliced = SlicedPacket::from_ethernet(&frame).unwrap();
        let Some(TransportSlice::Udp(udp)) = sliced.transport else { panic!("no UDP") };
        let expected = match sliced.net.unwrap() {
            etherparse::NetSlice::Ipv4(ip) => {
                let header = ip.header().to_header();
                prop_assert_eq!(header.calc_header_checksum(), header.header_checksum);
                udp.to_header().calc_checksum_ipv4(&header, &payload).unwrap()
            }
            etherparse::NetSlice::Ipv6(ip) => {
                udp.to_header().calc_checksum_ipv6(&ip.header().to_header(), &payload).unwrap()
            }
            _ => panic!("no IP"),
        };
        prop_assert_eq!(udp.checksum(), expected);
    }

    /// What a relay does with a packet it leaves as it is: the sum is the one that arrived.
    #[test]
    fn headers_before_a_summed_payload_are_those_of_a_full_sum(
        (src, dst) in ends(), (from, to) in ends(), tag in prop::option::of(0u16..4096),
        payload in prop::collection::vec(prop_oneof![Just(0xff), Just(0), any::<u8>()], 0..300), damage: bool,
    ) {
        let came = Headers::new(link(None), src, dst, 0).unwrap();
        let mut frame = vec![0; came.len()];
        frame.extend(&payload);
        came.write(&mut frame).unwrap();
        if damage && let Some(last) = frame.last_mut().filter(|_| !payload.is_empty()) {
            *last ^= 4;
        }
        let packet = Packet::parse(&frame).unwrap();
        let sum = packet.payload_sum(&frame).unwrap();
        prop_assert_eq!(packet.agrees_with(sum), !damage || payload.is_empty());
        prop_assert_eq!(packet.payload_sum(&frame[..frame.len() - 1]), None);

        let leaves = Headers::new(link(tag), from, to, 0xb8).unwrap();
        let mut expected = vec![0; leaves.len()];
        expected.extend(packet.payload(&frame));
        let mut got = expected.clone();
        leaves.write(&mut expected).unwrap();
        leaves.write_summed(&mut got, sum).unwrap();
        prop_assert_eq!(got, expected);
    }
}

#[test]
fn a_changed_tos_equals_making_anew() {
    for ends in [("192.0.2.1:1", "192.0.2.2:2"), ("[2001:db8::1]:1", "[2001:db8::2]:2")] {
        let (src, dst) = (ends.0.parse().unwrap(), ends.1.parse().unwrap());
        let mut headers = Headers::new(link(Some(4)), src, dst, 0xff).unwrap();
        headers.set_tos(0xb8);
        assert_eq!(headers.tos(), 0xb8);
        assert_eq!(headers, Headers::new(link(Some(4)), src, dst, 0xb8).unwrap());
    }
}

#[test]
fn families_do_not_mix() {
    let v4 = "192.0.2.1:1".parse().unwrap();
    let v6 = "[2001:db8::1]:1".parse().unwrap();
    assert_eq!(Headers::new(link(None), v4, v6, 0), Err(HeadersError::MixedFamilies));
}

#[test]
fn no_room_leaves_the_frame_alone() {
    let headers =
        Headers::new(link(None), "192.0.2.1:1".parse().unwrap(), "192.0.2.2:2".parse().unwrap(), 0).unwrap();
    let mut frame = [0x55; 41];
    assert_eq!(headers.write(&mut frame), Err(HeadersError::NoRoom { needed: 42, room: 41 }));
    assert_eq!(frame, [0x55; 41]);
    let mut long = vec![0x55; 42 + 65508];
    assert_eq!(headers.write(&mut long), Err(HeadersError::TooLong(65508)));
    assert!(long.iter().all(|&byte| byte == 0x55));
    assert!(headers.write(&mut long[..42 + 65507]).is_ok());
}
