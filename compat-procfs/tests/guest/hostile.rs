//! Random requests and random packets. The kernel log is the judge (`run-guest -S`); here it is only tried that the
//! module still forwards afterwards. GUEST_FUZZ_SECONDS says how long each lasts [5].

use crate::lab::{TABLE, addr, at_host, flow, picture, receive, rtcp, rtp, socket, table};
use compat_procfs::abi;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// xorshift64*: enough for noise, the same noise every time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }

    fn spoil(&mut self, bytes: &mut [u8]) {
        for _ in 0..=self.below(6) {
            if !bytes.is_empty() {
                let at = self.below(bytes.len());
                bytes[at] = self.next() as u8;
            }
        }
    }
}

fn until() -> Instant {
    let seconds = std::env::var("GUEST_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    Instant::now() + Duration::from_secs(seconds)
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn random_requests() {
    drop(table());
    let path = format!("/proc/rtpengine/{TABLE}/control");
    let mut noise = Noise(0x5eed_0001);
    let end = until();
    let (mut tried, mut taken) = (0, 0);
    // A flow and an output as a daemon would send them, to be spoilt: the bytes of the request, not of our mirror.
    let (one, out) = flow("10.0.1.2:4300", "10.0.1.1:30300", "10.0.2.1:30300", "10.0.2.2:5300");
    let image = |noise: &mut Noise| -> Vec<u8> {
        let outputs = noise.below(4);
        let mut bytes = vec![0; 656 + 272 * outputs];
        bytes[..4].copy_from_slice(&2u32.to_ne_bytes());
        let len = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&len.to_ne_bytes());
        for (start, addr) in [(8, one.local), (28, one.source)] {
            bytes[start] = addr.family;
            bytes[start + 2..start + 4].copy_from_slice(&(addr.port ^ noise.below(8) as u16).to_ne_bytes());
            bytes[start + 4..start + 20].copy_from_slice(&addr.addr);
        }
        bytes[48] = noise.below(4) as u8;
        (bytes[68], bytes[69], bytes[71]) = (1 + noise.below(4) as u8, noise.below(3) as u8, outputs as u8);
        for n in 0..outputs {
            let start = 656 + 272 * n;
            for (start, addr) in [(start, out.from), (start + 20, out.to)] {
                bytes[start] = addr.family;
                bytes[start + 2..start + 4].copy_from_slice(&addr.port.to_ne_bytes());
                bytes[start + 4..start + 20].copy_from_slice(&addr.addr);
            }
            bytes[start + 40] = noise.below(16) as u8;
            let suite = noise.below(7) as u8;
            let tag = [0, 10, 10, 4, 10, 16, 16][usize::from(suite)];
            (bytes[start + 104], bytes[start + 112], bytes[start + 113]) =
                (suite, tag, tag.max(10) * u8::from(suite > 0));
        }
        bytes
    };
    while Instant::now() < end {
        let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut claim = [1u32, 16, abi::ABI_VERSION, noise.below(2) as u32].map(u32::to_ne_bytes).concat();
        if noise.below(8) == 0 {
            noise.spoil(&mut claim);
        }
        let _ = file.write(&claim);
        for _ in 0..noise.below(100) {
            let mut request = match noise.below(5) {
                0 => (0..noise.below(1200)).map(|_| noise.next() as u8).collect(),
                1 => {
                    // A pick of one of the flows.
                    let mut bytes = vec![0; 40];
                    bytes[0] = 3 + noise.below(2) as u8;
                    bytes[4] = 40;
                    bytes[8..28].copy_from_slice(&image(&mut noise)[8..28]);
                    bytes[32] = noise.below(4) as u8;
                    bytes
                }
                _ => image(&mut noise),
            };
            if noise.below(3) == 0 {
                noise.spoil(&mut request);
            }
            if noise.below(20) == 0 {
                request.truncate(noise.below(request.len() + 1));
            }
            tried += 1;
            if file.write(&request).is_ok() {
                taken += 1;
                if noise.below(2) == 0 {
                    let mut room = vec![0; noise.below(8000)];
                    let _ = file.read(&mut room);
                }
            }
            if noise.below(50) == 0 {
                let _ = std::fs::read(format!("/proc/rtpengine/{TABLE}/list"));
                let _ = std::fs::read(format!("/proc/rtpengine/{TABLE}/blist"));
            }
        }
    }
    println!("{tried} requests, {taken} taken");
    assert!(taken > 20 && taken < tried, "{taken} of {tried}");
    let mut table = table();
    table.install(&one, &[out]).unwrap();
    table.withdraw(one.local, 1).unwrap();
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn random_packets() {
    let left = socket("10.0.1.2:4310");
    let left6 = socket("[2001:db8:1::2]:4310");
    let right = socket("10.0.2.2:5310");
    let mut table = table();
    let mut locals = Vec::new();
    // One port for each suite, both directions of work: opened, and sealed.
    for suite in 0..7u32 {
        let tag = [0, 10, 10, 4, 10, 16, 16][suite as usize];
        for open in [true, false] {
            let port = 30400 + 4 * suite as u16 + 2 * u16::from(open);
            let local = format!("10.0.1.1:{port}");
            let local6 = format!("[2001:db8:1::1]:{port}");
            for (source, local) in [("10.0.1.2:4310", local), ("[2001:db8:1::2]:4310", local6)] {
                let (mut one, mut out) = flow(source, &local, "10.0.2.1:30310", "10.0.2.2:5310");
                let secret = if open { &mut one.open } else { &mut out.seal };
                secret.suite = suite;
                (secret.rtp_tag_len, secret.rtcp_tag_len) = (tag, if suite == 0 { 0 } else { tag.max(10) });
                one.source_check = abi::SOURCE_IGNORE;
                one.flags = abi::FLOW_RTCP_FORWARD | if suite % 2 == 0 { abi::FLOW_RTCP_COPY } else { 0 };
                out.flags |= abi::OUT_RTCP;
                table.install(&one, &[out, out]).unwrap();
                locals.push(local);
            }
        }
    }
    let mut noise = Noise(0x5eed_0002);
    let end = until();
    let mut sent = 0u64;
    while Instant::now() < end {
        let mut packet = match noise.below(4) {
            0 => (0..noise.below(300)).map(|_| noise.next() as u8).collect(),
            1 => rtcp(noise.below(6) as u32),
            _ => rtp(noise.below(128) as u8, noise.next() as u16, noise.below(6) as u32, noise.below(1500)),
        };
        if noise.below(2) == 0 {
            noise.spoil(&mut packet);
        }
        if noise.below(4) == 0 {
            packet.truncate(noise.below(packet.len() + 1));
        }
        if noise.below(2) == 0 && packet.len() > 1 {
            packet[0] = 0x80 | packet[0] & 0x3f;
        }
        let local = &locals[noise.below(locals.len())];
        let from = if local.starts_with('[') { &left6 } else { &left };
        let _ = from.send_to(&packet, local.as_str());
        sent += 1;
    }
    println!("{sent} packets");
    // Every flow still answers, and the plain one still forwards.
    let seen: u64 = locals
        .iter()
        .map(|local| {
            let said = table.snapshot(addr(local)).unwrap();
            said.received.packets + said.fates.iter().sum::<u64>()
        })
        .sum();
    assert!(seen > sent / 2, "{seen} of {sent} seen\n{}", picture());
    right.set_nonblocking(true).unwrap();
    while right.recv(&mut [0; 2048]).is_ok() {}
    right.set_nonblocking(false).unwrap();
    let last = rtp(0, 1, 0x1234_5678, 77);
    left.send_to(&last, locals[2].as_str()).unwrap();
    assert_eq!(receive(&right), last, "{}", picture());
}

/// The internet checksum of `bytes`.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// An IP packet with UDP in it, both lengths and the checksum as they should be.
fn datagram(v6: bool, options: usize, port: u16, payload: &[u8]) -> Vec<u8> {
    let udp_len = (8 + payload.len()) as u16;
    let mut udp = [4320u16.to_be_bytes(), port.to_be_bytes(), udp_len.to_be_bytes(), [0, 0]].concat();
    udp.extend(payload);
    let (from, to): (Vec<u8>, Vec<u8>) = if v6 {
        let net = |host| [&[0x20, 1, 0x0d, 0xb8, 0, 1][..], &[0; 9], &[host]].concat();
        (net(2), net(1))
    } else {
        (vec![10, 0, 1, 2], vec![10, 0, 1, 1])
    };
    let pseudo = [&from[..], &to, &[0, 17], &udp_len.to_be_bytes(), &udp].concat();
    let sum = checksum(&pseudo);
    udp[6..8].copy_from_slice(&if sum == 0 { 0xffff } else { sum }.to_be_bytes());
    let mut packet = if v6 {
        let [high, low] = udp_len.to_be_bytes();
        vec![0x60, 0, 0, 0, high, low, 17, 64]
    } else {
        let [high, low] = (20 + options as u16 * 4 + udp_len).to_be_bytes();
        vec![0x45 + options as u8, 0, high, low, 0, 1, 0, 0, 64, 17, 0, 0]
    };
    packet.extend(from);
    packet.extend(to);
    if !v6 {
        packet.extend(vec![1; options * 4]); // no operation
        let sum = checksum(&packet);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
    }
    packet.extend(udp);
    packet
}

fn raw(v6: bool) -> Socket {
    at_host("left", move || {
        let domain = if v6 { Domain::IPV6 } else { Domain::IPV4 };
        Socket::new(domain, Type::RAW, Some(Protocol::from(255))).unwrap() // IPPROTO_RAW: headers are ours
    })
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn odd_headers_go_the_ordinary_way() {
    let right = socket("10.0.2.2:5320");
    let up = socket("10.0.1.1:30320");
    let mut table = table();
    let (one, out) = flow("10.0.1.2:4320", "10.0.1.1:30320", "10.0.2.1:30320", "10.0.2.2:5320");
    table.install(&one, &[out]).unwrap();
    let wire = raw(false);
    let to: SockAddr = "10.0.1.1:0".parse::<std::net::SocketAddr>().unwrap().into();
    let media = rtp(0, 1, 1, 100);
    // As it should be, with IP options, without a checksum: media all the same.
    let mut unchecked = datagram(false, 0, 30320, &media);
    unchecked[26..28].copy_from_slice(&[0, 0]);
    for packet in [datagram(false, 0, 30320, &media), datagram(false, 3, 30320, &media), unchecked] {
        wire.send_to(&packet, &to).unwrap();
        assert_eq!(receive(&right), media);
    }
    // More IP than UDP: the rest belongs to nobody, and the checksum over all of it does not hold for us.
    let mut longer = datagram(false, 0, 30320, &media);
    longer.extend([0xaa; 8]);
    let total = (longer.len() as u16).to_be_bytes();
    longer[2..4].copy_from_slice(&total);
    longer[10..12].copy_from_slice(&[0, 0]);
    let sum = checksum(&longer[..20]);
    longer[10..12].copy_from_slice(&sum.to_be_bytes());
    wire.send_to(&longer, &to).unwrap();
    assert_eq!(receive(&up), media);
    // A wrong checksum: nobody gets it.
    let mut wrong = datagram(false, 0, 30320, &media);
    wrong[40] ^= 1;
    wire.send_to(&wrong, &to).unwrap();
    wire.send_to(&datagram(false, 0, 30320, &rtp(0, 2, 1, 9)), &to).unwrap();
    assert_eq!(receive(&right), rtp(0, 2, 1, 9));
    let said = table.snapshot(one.local).unwrap();
    assert_eq!((said.received.packets, said.fates[abi::FATE_PASS_ODD]), (4, 2), "{}", picture());
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn random_headers() {
    let right = socket("10.0.2.2:5330");
    let mut table = table();
    for local in ["10.0.1.1:30330", "[2001:db8:1::1]:30330"] {
        let source = if local.starts_with('[') { "[2001:db8:1::2]:4320" } else { "10.0.1.2:4320" };
        let (mut one, out) = flow(source, local, "10.0.2.1:30330", "10.0.2.2:5330");
        one.source_check = abi::SOURCE_IGNORE;
        table.install(&one, &[out, out]).unwrap();
    }
    let wires = [raw(false), raw(true)];
    let to = ["10.0.1.1:0", "[2001:db8:1::1]:0"]
        .map(|at| SockAddr::from(at.parse::<std::net::SocketAddr>().unwrap()));
    let mut noise = Noise(0x5eed_0003);
    let end = until();
    let (mut tried, mut sent) = (0u64, 0u64);
    while Instant::now() < end {
        let v6 = noise.below(2) == 1;
        let options = noise.below(6) * noise.below(2);
        let media = rtp(0, noise.next() as u16, 1, noise.below(400));
        let mut packet = datagram(v6, options, 30330, &media);
        let headers = if v6 { 48 } else { 28 + options * 4 };
        match noise.below(5) {
            0 => noise.spoil(&mut packet[..headers]),
            1 => noise.spoil(&mut packet),
            2 => packet.truncate(20 + noise.below(packet.len() - 20)),
            3 if !v6 => packet[6] = [0x20, 0, 0x3f][noise.below(3)], // fragments
            _ => {}
        }
        tried += 1;
        sent += u64::from(wires[usize::from(v6)].send_to(&packet, &to[usize::from(v6)]).is_ok());
    }
    println!("{sent} of {tried} packets sent");
    assert!(sent > 50);
    assert!(table.snapshot(addr("10.0.1.1:30330")).unwrap().received.packets > 10, "{}", picture());
    assert!(table.snapshot(addr("[2001:db8:1::1]:30330")).unwrap().received.packets > 10, "{}", picture());
    right.set_nonblocking(true).unwrap();
    while right.recv(&mut [0; 2048]).is_ok() {}
    right.set_nonblocking(false).unwrap();
    let last = rtp(0, 1, 0x1234_5678, 77);
    wires[0].send_to(&datagram(false, 0, 30330, &last), &to[0]).unwrap();
    assert_eq!(receive(&right), last, "{}", picture());
}
