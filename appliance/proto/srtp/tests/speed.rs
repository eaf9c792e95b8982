//! What a packet costs. Not a test: `cargo test --release -p srtp --test speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test")]

mod packet;

use packet::{Dice, setup};
use srtp::{Opener, Options, Sealer, Suite};
use std::hint::black_box;
use std::time::Duration;

/// Packets of one batch; the best of many batches is told, as the machine may be shared.
const BATCH: u16 = 500;

#[allow(clippy::disallowed_methods, reason = "a measurement needs a clock; the crate itself has none")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn best(mut batch: impl FnMut() -> Duration) -> u128 {
    let best = (0..300).map(|_| batch()).min().unwrap();
    best.as_nanos() / u128::from(BATCH)
}

#[test]
#[ignore = "prints nanoseconds per packet, checks nothing"]
fn nanoseconds_per_packet() {
    let mut dice = Dice(1);
    println!("{:26} {:>22} {:>22}", "seal / open, ns", "172 bytes", "1200 bytes");
    for suite in Suite::ALL {
        let mut line = format!("{:26}", suite.name());
        for size in [172, 1200] {
            let setup = setup(&mut dice, suite, Options::default());
            let plain = [vec![0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], dice.bytes(size - 12)].concat();
            let mut packets = vec![[0u8; 1500]; usize::from(BATCH)];
            let fill = |packets: &mut Vec<[u8; 1500]>| {
                for (packet, seq) in packets.iter_mut().zip(0u16..) {
                    packet[..size].copy_from_slice(&plain);
                    packet[2..4].copy_from_slice(&seq.to_be_bytes());
                }
            };
            let mut len = 0;
            let seal = best(|| {
                fill(&mut packets);
                let mut sealer = Sealer::new(&setup).unwrap();
                let start = now();
                for packet in &mut packets {
                    len = sealer.seal_rtp(black_box(packet), size).unwrap();
                }
                start.elapsed()
            });
            let sealed = packets.clone();
            let open = best(|| {
                packets.copy_from_slice(&sealed);
                let mut opener = Opener::new(&setup).unwrap();
                let start = now();
                for packet in &mut packets {
                    opener.open_rtp(black_box(&mut packet[..len])).unwrap();
                }
                start.elapsed()
            });
            line += &format!(" {:>22}", format!("{seal} / {open}"));
        }
        println!("{line}");
    }
}
