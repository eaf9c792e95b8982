use super::*;
use std::collections::BTreeMap;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

fn capture<'a>(from: &str, to: &str, call_id: &'a [u8], payload: &'a [u8]) -> Capture<'a> {
    Capture {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        over_tcp: false,
        wall_us: 1_700_000_000_123_456,
        protocol: Protocol::Rtcp,
        call_id,
        payload,
    }
}

#[test]
fn a_packet_byte_by_byte() {
    let mut out = vec![0xff];
    assert!(capture("192.0.2.1:4001", "198.51.100.2:30001", b"id", b"{}").write(2001, &mut out));
    let wanted = [
        &b"\xffHEP3\x00\x6d"[..],
        b"\0\0\0\x01\0\x07\x02",
        b"\0\0\0\x02\0\x07\x11",
        b"\0\0\0\x07\0\x08\x0f\xa1",
        b"\0\0\0\x08\0\x08\x75\x31",
        b"\0\0\0\x09\0\x0a\x65\x53\xf1\x00",
        b"\0\0\0\x0a\0\x0a\x00\x01\xe2\x40",
        b"\0\0\0\x0b\0\x07\x05",
        b"\0\0\0\x0c\0\x0a\x00\x00\x07\xd1",
        b"\0\0\0\x03\0\x0a\xc0\x00\x02\x01",
        b"\0\0\0\x04\0\x0a\xc6\x33\x64\x02",
        b"\0\0\0\x11\0\x08id",
        b"\0\0\0\x0f\0\x08{}",
    ];
    assert_eq!(out, wanted.concat());
}

#[test]
fn ipv6_has_chunks_of_its_own_and_no_call_id_has_none() {
    let mut out = Vec::new();
    assert!(capture("[2001:db8::1]:1", "[2001:db8::2]:2", b"", b"x").write(1, &mut out));
    let chunks = chunks(&out);
    assert_eq!(chunks[&1], [10]);
    assert_eq!(chunks[&5][..4], [0x20, 0x01, 0x0d, 0xb8]);
    assert_eq!(chunks[&6][15], 2);
    assert!(!chunks.contains_key(&3) && !chunks.contains_key(&17));
}

#[test]
fn what_does_not_fit_is_not_written() {
    let long = vec![b'x'; 65_536];
    let mut out = vec![1];
    assert!(!capture("192.0.2.1:1", "192.0.2.1:2", b"", &long).write(1, &mut out));
    assert!(!capture("192.0.2.1:1", "192.0.2.1:2", &long, b"").write(1, &mut out));
    assert_eq!(out, [1]);
    let fitting = vec![b'x'; 65_535 - 6 - 90 - 12];
    assert!(capture("192.0.2.1:1", "192.0.2.1:2", b"", &fitting).write(1, &mut out));
}

/// Chunks by type, with all lengths checked.
fn chunks(packet: &[u8]) -> BTreeMap<u16, Vec<u8>> {
    assert_eq!(&packet[..4], b"HEP3");
    assert_eq!(usize::from(u16::from_be_bytes([packet[4], packet[5]])), packet.len());
    let mut rest = &packet[6..];
    let mut out = BTreeMap::new();
    while let [v1, v2, t1, t2, l1, l2, ..] = *rest {
        assert_eq!((v1, v2), (0, 0), "the generic vendor");
        let len = usize::from(u16::from_be_bytes([l1, l2]));
        out.insert(u16::from_be_bytes([t1, t2]), rest[6..len].to_vec());
        rest = &rest[len..];
    }
    assert!(rest.is_empty());
    out
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn sender_report() -> Vec<u8> {
    words(&[
        0x81c8_000c,
        0x1111_1111,
        0xe000_0001,
        0x8000_0000,
        160,
        10,
        1600,
        0x2222_2222,
        0x40ff_fffe,
        0x0001_0005,
        7,
        0x0001_8000,
        65536,
    ])
}

#[test]
fn reports_are_told_as_homer_reads_them() {
    let mut datagram = sender_report();
    datagram.extend(words(&[
        0x82ca_0006,
        0x1111_1111,
        0x0104_6162,
        0x6364_0000,
        0x2222_2222,
        0x0201_6100,
        0x0000_0000,
    ]));
    let told: serde_json::Value = serde_json::from_str(&report(&datagram).unwrap()).unwrap();
    let wanted = serde_json::json!({
        "sender_information": {"ntp_timestamp_sec": 3_758_096_385_u32, "ntp_timestamp_usec": 2_147_483_648_u32,
            "octets": 1600, "rtp_timestamp": 160, "packets": 10},
        "ssrc": 286_331_153, "type": 200, "report_count": 1,
        "report_blocks": [{"source_ssrc": 572_662_306, "highest_seq_no": 65541, "fraction_lost": 64, "ia_jitter": 7,
            "packets_lost": -2, "lsr": 98304, "dlsr": 65536}],
        "sdes_report_count": 2,
        "sdes_information": [{"sdes_chunk_ssrc": 286_331_153, "type": 1, "text": "abcd"},
            {"sdes_chunk_ssrc": 572_662_306, "type": 2, "text": "a"}],
    });
    assert_eq!(told, wanted);
}

#[test]
fn voip_metrics_are_told_too() {
    let mut datagram = words(&[0x80c9_0001, 7]);
    let block = [
        0x0700_0008,
        9,
        0x0102_0304,
        0x0005_0006,
        0x0007_0008,
        0x090a_0b0c,
        0x0d0e_0f10,
        0x1100_0011,
        0x0012_0013,
    ];
    datagram.extend(words(&[0x80cf_000a, 7]));
    datagram.extend(words(&block));
    let told: serde_json::Value = serde_json::from_str(&report(&datagram).unwrap()).unwrap();
    assert_eq!((&told["type"], &told["report_count"]), (&201.into(), &0.into()));
    let metrics = &told["report_blocks_xr"];
    assert_eq!(
        (&metrics["id"], &metrics["r_factor"], &metrics["mos_cq"]),
        (&9.into(), &13.into(), &16.into())
    );
    assert_eq!((&metrics["round_trip_delay"], &metrics["jb_abs_max"]), (&7.into(), &19.into()));
}

#[test]
fn what_is_no_report_is_not_told() {
    assert_eq!(report(b""), None);
    assert_eq!(report(b"RTCP?"), None);
    assert_eq!(report(&words(&[0x81cb_0001, 7])), None, "a goodbye");
    assert_eq!(report(&words(&[0x81ce_0002, 1, 2])), None, "feedback");
    assert_eq!(report(&words(&[0x81ca_0003, 1, 0x0104_6162, 0x6364_0000])), None, "a description");
    // Every way to cut it short, and every byte turned over, must end in an answer.
    let whole = [sender_report(), words(&[0x81ca_0003, 1, 0x0104_6162, 0x6364_0000])].concat();
    for end in 0..whole.len() {
        report(&whole[..end]);
        let mut turned = whole.clone();
        turned[end] ^= 0xff;
        report(&turned);
    }
}

fn to(address: SocketAddr, tcp: bool) -> crate::config::checked::Homer {
    crate::config::checked::Homer { address, tcp, capture_id: 5, rtcp: true, ng: None }
}

#[test]
fn packets_reach_a_collector_over_udp() {
    let collector = UdpSocket::bind("127.0.0.1:0").unwrap();
    collector.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let homer = Homer::start(&to(collector.local_addr().unwrap(), false)).unwrap();
    homer.send(&capture("192.0.2.1:1", "192.0.2.2:2", b"call", b"{}"));
    let mut bytes = [0; 2048];
    let len = collector.recv(&mut bytes).unwrap();
    let chunks = chunks(&bytes[..len]);
    assert_eq!(
        (&chunks[&17][..], &chunks[&15][..], &chunks[&12][..]),
        (&b"call"[..], &b"{}"[..], &[0, 0, 0, 5][..])
    );
    while homer.sent() != (Sent { sent: 1, lost: 0 }) {
        std::thread::yield_now();
    }
}

#[test]
fn over_tcp_packets_follow_each_other_and_a_missing_collector_costs_only_them() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let at: SocketAddr = collector.local_addr().unwrap();
    let homer = Homer::start(&to(at, true)).unwrap();
    for _ in 0..2 {
        homer.send(&capture("192.0.2.1:1", "192.0.2.2:2", b"call", b"{}"));
    }
    let (mut stream, _) = collector.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    for _ in 0..2 {
        let mut head = [0; 6];
        stream.read_exact(&mut head).unwrap();
        let mut rest = vec![0; usize::from(u16::from_be_bytes([head[4], head[5]])) - 6];
        stream.read_exact(&mut rest).unwrap();
        assert_eq!(chunks(&[&head[..], &rest].concat())[&17], b"call");
    }
    drop(homer);
    drop((stream, collector));
    let homer = Homer::start(&to(at, true)).unwrap();
    homer.send(&capture("192.0.2.1:1", "192.0.2.2:2", b"call", b"{}"));
    while homer.sent() != (Sent { sent: 0, lost: 1 }) {
        std::thread::yield_now();
    }
}
