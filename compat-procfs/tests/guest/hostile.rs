//! Random requests and random packets. The kernel log is the judge (`run-guest -S`); here it is only tried that the
//! module still forwards afterwards. GUEST_FUZZ_SECONDS says how long each lasts [5].

use crate::lab::{TABLE, addr, flow, picture, receive, rtcp, rtp, socket, table};
use compat_procfs::abi;
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
            (bytes[start + 104], bytes[start + 112], bytes[start + 113]) = (suite, tag, tag.max(10) * u8::from(suite > 0));
        }
        bytes
    };
    while Instant::now() < end {
        let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut claim = [1u32, 16, 1, noise.below(2) as u32].map(u32::to_ne_bytes).concat();
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
                    let mut room = vec![0; noise.below(5000)];
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
