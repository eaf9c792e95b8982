//! Stored packets: what a NIC may receive, good and odd.
#![allow(dead_code, reason = "not every test needs everything")]

use std::net::SocketAddr;
use wire::{Headers, Link, Mac, Sum, Tag};

pub(crate) const OUR_MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
pub(crate) const PEER_MAC: Mac = Mac([2, 0, 0, 0, 0, 2]);

pub(crate) fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address and port")
}

/// A UDP packet from a peer to us.
pub(crate) fn udp(from: SocketAddr, to: SocketAddr, tag: Option<u16>, payload: &[u8]) -> Vec<u8> {
    let link = Link { src_mac: PEER_MAC, dst_mac: OUR_MAC, tag: tag.map(Tag::vlan) };
    sent(link, from, to, 0, payload)
}

/// A UDP packet as it leaves.
pub(crate) fn sent(link: Link, from: SocketAddr, to: SocketAddr, tos: u8, payload: &[u8]) -> Vec<u8> {
    let headers = Headers::new(link, from, to, tos).expect("one family");
    let mut frame = vec![0; headers.len()];
    frame.extend(payload);
    headers.write(&mut frame).expect("room");
    frame
}

/// An RTP packet of 20 ms of G.711 silence.
pub(crate) fn rtp(pt: u8, seq: u16, timestamp: u32, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, pt];
    packet.extend(seq.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0xd5; 160]);
    packet
}

/// Every shape of frame the parser has an opinion on, by name.
pub(crate) fn odd_and_plain() -> Vec<(String, Vec<u8>)> {
    let (a4, b4) = (at("192.0.2.10:4000"), at("192.0.2.1:5000"));
    let (a6, b6) = (at("[2001:db8::10]:4000"), at("[2001:db8::1]:5000"));
    let media = rtp(8, 1, 160, 0x1234);
    let plain4 = udp(a4, b4, None, &media);
    let plain6 = udp(a6, b6, None, &media);
    let mut all: Vec<(String, Vec<u8>)> = vec![
        ("plain ipv4".into(), plain4.clone()),
        ("plain ipv6".into(), plain6.clone()),
        ("tagged ipv4".into(), udp(a4, b4, Some(7), &media)),
        ("tagged ipv6".into(), udp(a6, b6, Some(4095), &media)),
        ("empty payload".into(), udp(a4, b4, None, b"")),
    ];
    let mut add = |name: &str, frame: Vec<u8>| all.push((name.to_owned(), frame));
    let mut padded = udp(a4, b4, None, b"x");
    padded.resize(60, 0);
    add("short ipv4 with ethernet padding", padded);
    for (name, kind) in [("arp", [8, 6]), ("lldp", [0x88, 0xcc]), ("length field", [0, 46])] {
        let mut frame = plain4.clone();
        frame[12..14].copy_from_slice(&kind);
        add(name, frame);
    }
    for outer in [[0x81, 0], [0x88, 0xa8]] {
        let mut stacked = udp(a4, b4, Some(5), &media);
        stacked.splice(12..12, [outer[0], outer[1], 0, 9]);
        add("stacked tags", stacked);
    }
    let mut service = udp(a4, b4, Some(5), &media);
    service[12..14].copy_from_slice(&[0x88, 0xa8]);
    add("service tag", service);
    let mut to_group = plain4.clone();
    to_group[0] |= 1;
    add("ethernet multicast", to_group);
    add("ipv4 multicast", udp(a4, at("239.1.2.3:5000"), None, &media));
    add("ipv4 broadcast", udp(a4, at("255.255.255.255:5000"), None, &media));
    add("ipv6 multicast", udp(a6, at("[ff02::1]:5000"), None, &media));
    add("no ipv4 udp checksum", change4(&plain4, |ip| ip[26..28].fill(0)));
    add("no ipv6 udp checksum", change6(&plain6, |ip| ip[46..48].fill(0)));
    let mut wrong = plain4.clone();
    wrong[24] ^= 0x40;
    add("ipv4 header checksum", wrong);
    type Change = fn(&mut [u8]);
    let changes4: [(&str, Change); 14] = [
        ("version 6 in ipv4", |ip| ip[0] = 0x65),
        ("options", |ip| ip[0] = 0x46),
        ("header too short", |ip| ip[0] = 0x44),
        ("total length below header", |ip| ip[2..4].copy_from_slice(&[0, 19])),
        ("total length beyond frame", |ip| ip[3] += 1),
        ("total length below udp", |ip| ip[2..4].copy_from_slice(&[0, 27])),
        ("udp length below ip", |ip| ip[3] -= 1),
        ("first fragment", |ip| ip[6] = 0x20),
        ("later fragment", |ip| ip[7] = 9),
        ("don't fragment and reserved", |ip| ip[6] = 0xc0),
        ("tcp", |ip| ip[9] = 6),
        ("icmp", |ip| ip[9] = 1),
        ("tos", |ip| ip[1] = 0xb8),
        ("udp length zero", |ip| ip[24..26].fill(0)),
    ];
    for (name, with) in changes4 {
        add(&format!("ipv4: {name}"), change4(&plain4, with));
    }
    let changes6: [(&str, Change); 6] = [
        ("version 4 in ipv6", |ip| ip[0] = 0x45),
        ("payload length beyond frame", |ip| ip[5] += 1),
        ("udp length beyond ip", |ip| ip[5] -= 1),
        ("payload length zero", |ip| ip[4..6].fill(0)),
        ("traffic class and flow label", |ip| ip[..4].copy_from_slice(&[0x6b, 0x8f, 0xed, 0xcb])),
        ("udp length zero", |ip| ip[44..46].fill(0)),
    ];
    for (name, with) in changes6 {
        add(&format!("ipv6: {name}"), change6(&plain6, with));
    }
    for next in [0, 6, 43, 44, 50, 51, 58, 59, 60, 135, 139, 140] {
        let mut frame = plain6.clone();
        frame[20] = next;
        add(&format!("ipv6: next header {next}"), frame);
    }
    // Every cut that the kernel's test run accepts.
    for frame in [udp(a4, b4, Some(3), b"0123"), udp(a6, b6, None, b"0123")] {
        for len in 14..frame.len() {
            add(&format!("cut to {len}"), frame[..len].to_vec());
        }
    }
    all
}

fn change4(frame: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut frame = frame.to_vec();
    change(&mut frame[14..]);
    frame[24..26].fill(0);
    let checksum = Sum::default().bytes(&frame[14..34]).checksum();
    frame[24..26].copy_from_slice(&checksum.to_be_bytes());
    frame
}

fn change6(frame: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut frame = frame.to_vec();
    change(&mut frame[14..]);
    frame
}
