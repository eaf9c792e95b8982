use super::*;
use etherparse::{EtherType, IpFragOffset, IpNumber, Ipv4Header, PacketBuilder, SlicedPacket};
use proptest::prelude::*;
use std::net::SocketAddr;

const SRC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const DST: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// A frame built by the other library.
fn built(v6: bool, tag: Option<u16>, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let from = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let to = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
    let ethernet = PacketBuilder::ethernet2(SRC, DST);
    let ip = match (tag, v6) {
        (None, false) => ethernet.ipv4([192, 0, 2, 1], [192, 0, 2, 2], 61),
        (None, true) => ethernet.ipv6(from, to, 61),
        (Some(tag), false) => {
            ethernet.single_vlan(tag.try_into().unwrap()).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 61)
        }
        (Some(tag), true) => ethernet.single_vlan(tag.try_into().unwrap()).ipv6(from, to, 61),
    };
    ip.udp(ports.0, ports.1).write(&mut out, payload).unwrap();
    out
}

fn plain() -> Vec<u8> {
    built(false, None, (4000, 5000), b"hello")
}

/// Changes a plain IPv4 frame's header and sums it anew.
fn v4_with(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut frame = plain();
    change(&mut frame[14..34]);
    frame[24..26].copy_from_slice(&[0, 0]);
    let checksum = Sum::default().bytes(&frame[14..34]).checksum();
    frame[24..26].copy_from_slice(&checksum.to_be_bytes());
    frame
}

fn v6_with(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut frame = built(true, None, (4000, 5000), b"hello");
    change(&mut frame[14..]);
    frame
}

proptest! {
    #[test]
    fn agrees_with_etherparse_on_plain_packets(
        v6: bool, tag in prop::option::of(0u16..4096), ports: (u16, u16),
        payload in prop::collection::vec(any::<u8>(), 0..1400), padding in 0usize..20,
    ) {
        let mut frame = built(v6, tag, ports, &payload);
        let len = frame.len();
        frame.resize(len + padding, 0xee);
        let packet = Packet::parse(&frame).unwrap();
        prop_assert_eq!(packet.payload(&frame), &payload[..]);
        prop_assert_eq!((packet.src.port(), packet.dst.port()), ports);
        prop_assert_eq!(packet.tag.map(Tag::number), tag);
        prop_assert_eq!((packet.src_mac, packet.dst_mac), (Mac(SRC), Mac(DST)));
        prop_assert_eq!((packet.ttl, packet.tos), (61, 0));
        prop_assert!(packet.checksum_holds(&frame));
        prop_assert_eq!(packet.headers_len() + payload.len(), len);
        if !payload.is_empty() {
            frame[len - 1] ^= 1;
            prop_assert!(!packet.checksum_holds(&frame), "a flipped bit must show");
        }
    }

    #[test]
    fn what_we_accept_etherparse_reads_the_same(frame in mutated()) {
        let Ok(packet) = Packet::parse(&frame) else { return Ok(()) };
        let sliced = SlicedPacket::from_ethernet(&frame).unwrap();
        let Some(etherparse::TransportSlice::Udp(udp)) = sliced.transport else {
            return Err(TestCaseError::fail("etherparse sees no UDP"));
        };
        prop_assert_eq!(udp.payload(), packet.payload(&frame));
        prop_assert_eq!((udp.source_port(), udp.destination_port()), (packet.src.port(), packet.dst.port()));
        prop_assert_eq!(udp.checksum(), packet.udp_checksum);
        let (src, dst): (IpAddr, IpAddr) = match sliced.net.unwrap() {
            etherparse::NetSlice::Ipv4(ip) => {
                prop_assert!(!ip.payload().fragmented && ip.header().options().is_empty());
                (ip.header().source_addr().into(), ip.header().destination_addr().into())
            }
            etherparse::NetSlice::Ipv6(ip) => {
                prop_assert!(ip.extensions().is_empty());
                (ip.header().source_addr().into(), ip.header().destination_addr().into())
            }
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!((src, dst), (packet.src.ip(), packet.dst.ip()));
        prop_assert!(sliced.link_exts.len() <= 1);
    }

    #[test]
    fn promises_of_the_fuzz_body_hold(frame in mutated()) {
        crate::fuzz::frame(&frame);
    }

    #[test]
    fn any_bytes_do_no_harm(frame in prop::collection::vec(any::<u8>(), 0..128)) {
        crate::fuzz::frame(&frame);
    }
}

/// Good frames with a few bytes changed and the end cut off.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((0usize..70, any::<u8>()), 0..3);
    (any::<bool>(), prop::option::of(0u16..4096), changes, prop::option::of(0usize..100), any::<bool>())
        .prop_map(|(v6, tag, changes, cut, resum)| {
            let mut frame = built(v6, tag, (4000, 5000), &[0x80; 33]);
            for (at, value) in changes {
                let at = at % frame.len();
                frame[at] = value;
            }
            frame.truncate(cut.unwrap_or(frame.len()));
            let network = if tag.is_some() { 18 } else { 14 };
            if resum && !v6 && frame.len() >= network + 20 {
                frame[network + 10..network + 12].copy_from_slice(&[0, 0]);
                let checksum = Sum::default().bytes(&frame[network..network + 20]).checksum();
                frame[network + 10..network + 12].copy_from_slice(&checksum.to_be_bytes());
            }
            frame
        })
}

#[test]
fn every_cut_of_a_frame_is_refused() {
    for v6 in [false, true] {
        let frame = built(v6, Some(7), (1, 2), b"0123456789");
        for len in 0..frame.len() {
            let reason = Packet::parse(&frame[..len]).unwrap_err();
            let headers = if v6 { 58 } else { 38 };
            let expected = if len < headers { Reason::ShortFrame } else { Reason::BadLength };
            assert_eq!(reason, expected, "{len} bytes");
        }
        assert!(Packet::parse(&frame).is_ok());
    }
}

#[test]
fn odd_ipv4_is_named() {
    let cases: Vec<(Vec<u8>, Reason)> = vec![
        (v4_with(|ip| ip[0] = 0x65), Reason::BadVersion),
        (v4_with(|ip| ip[0] = 0x46), Reason::IpOptions),
        (v4_with(|ip| ip[0] = 0x44), Reason::BadLength),
        (v4_with(|ip| ip[3] = 19), Reason::BadLength),
        (v4_with(|ip| ip[3] += 1), Reason::BadLength),
        (v4_with(|ip| ip[3] = 27), Reason::BadUdpLength),
        (v4_with(|ip| ip[3] -= 1), Reason::BadUdpLength),
        (v4_with(|ip| ip[6] = 0x20), Reason::Fragment),
        (v4_with(|ip| ip[7] = 1), Reason::Fragment),
        (v4_with(|ip| ip[9] = 6), Reason::NotUdp),
        (v4_with(|ip| ip[16] = 224), Reason::Group),
        (v4_with(|ip| ip[16..20].fill(255)), Reason::Group),
    ];
    for (frame, reason) in cases {
        assert_eq!(Packet::parse(&frame), Err(reason), "{frame:02x?}");
    }
    // "Don't fragment" is no fragment.
    assert!(Packet::parse(&v4_with(|ip| ip[6] = 0x40)).is_ok());
    let mut damaged = plain();
    damaged[24] ^= 1;
    assert_eq!(Packet::parse(&damaged), Err(Reason::BadHeaderChecksum));
}

#[test]
fn odd_ipv6_is_named() {
    let mut cases = vec![
        (v6_with(|ip| ip[0] = 0x40), Reason::BadVersion),
        (v6_with(|ip| ip[5] += 1), Reason::BadLength),
        (v6_with(|ip| ip[5] -= 1), Reason::BadUdpLength),
        (v6_with(|ip| ip[6] = 44), Reason::Fragment),
        (v6_with(|ip| ip[6] = 58), Reason::NotUdp),
        (v6_with(|ip| ip[24] = 0xff), Reason::Group),
        (v6_with(|ip| ip[46..48].fill(0)), Reason::NoChecksum),
    ];
    for next in [0, 43, 51, 60, 135, 139, 140] {
        cases.push((v6_with(|ip| ip[6] = next), Reason::ExtensionHeader));
    }
    for (frame, reason) in cases {
        assert_eq!(Packet::parse(&frame), Err(reason), "{frame:02x?}");
    }
}

#[test]
fn odd_ethernet_is_named() {
    let mut arp = plain();
    arp[12..14].copy_from_slice(&[0x08, 0x06]);
    assert_eq!(Packet::parse(&arp), Err(Reason::NotIp));
    let mut group = plain();
    group[0] |= 1;
    assert_eq!(Packet::parse(&group), Err(Reason::Group));
    for outer in [[0x81, 0x00], [0x88, 0xa8]] {
        let mut stacked = built(false, Some(5), (1, 2), b"x");
        stacked.splice(12..12, [outer[0], outer[1], 0, 9]);
        assert_eq!(Packet::parse(&stacked), Err(Reason::StackedTags));
        let mut service = built(false, Some(5), (1, 2), b"x");
        service[12..14].copy_from_slice(&outer);
        assert_eq!(Packet::parse(&service).unwrap().tag, Some(Tag(5)));
    }
}

#[test]
fn a_fragment_of_the_other_library_is_a_fragment() {
    let mut header = Ipv4Header::new(32, 60, IpNumber::UDP, [192, 0, 2, 1], [192, 0, 2, 2]).unwrap();
    header.fragment_offset = IpFragOffset::try_new(8).unwrap();
    let mut frame = Vec::new();
    etherparse::Ethernet2Header { source: SRC, destination: DST, ether_type: EtherType::IPV4 }
        .write(&mut frame)
        .unwrap();
    header.write(&mut frame).unwrap();
    frame.extend([0; 32]);
    assert_eq!(Packet::parse(&frame), Err(Reason::Fragment));
}

#[test]
fn no_ipv4_checksum_is_no_mistake() {
    let mut frame = plain();
    frame[40..42].copy_from_slice(&[0, 0]);
    let packet = Packet::parse(&frame).unwrap();
    assert_eq!(packet.udp_checksum, 0);
    assert!(packet.checksum_holds(&frame));
    assert_eq!(packet.src, "192.0.2.1:4000".parse::<SocketAddr>().unwrap());
}
