//! What a packet costs, and how much of that is the bare primitives: `cargo bench -p srtp`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench, started by hand")]

#[path = "../tests/packet/mod.rs"]
mod packet;

use packet::{Dice, setup};
use srtp::{Guess, Opener, Options, Sealer, Setup, Suite, Tag, Tagger};
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

fn main() {
    nanoseconds_per_packet();
    bursts();
    open_and_seal_cost_little_more_than_their_primitives();
}

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

/// Packets of bursts, each of another session, sealed and opened with tags made one by one and together; by turns.
fn bursts() {
    let mut dice = Dice(2);
    let suite = Suite::AesCm128HmacSha1_80;
    let setups: Vec<Setup> = (0..64).map(|_| setup(&mut dice, suite, Options::default())).collect();
    let mut sealers: Vec<Sealer> = setups.iter().map(|setup| Sealer::new(setup).unwrap()).collect();
    println!("{:26} {:>22} {:>22}", "ns, packets in a burst", "seal: one by one, here", "open: likewise");
    // Goes on from one length to the next: an index is sealed once. So many stay below the first wrap.
    let mut seq = 0u16;
    for many in [1, 2, 3, 4, 6, 8, 16, 32, 64] {
        let mut least = [[u128::MAX; 2]; 2];
        for turn in 0..400 {
            let which = turn % 2;
            let tagger = [Tagger::one_by_one(), Tagger::new()][which];
            let mut openers: Vec<Opener> = setups.iter().map(|setup| Opener::new(setup).unwrap()).collect();
            let (mut sealed, mut opened) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..8 {
                seq += 1;
                let [high, low] = seq.to_be_bytes();
                let mut packets = vec![[0x80u8; 256]; many];
                packets.iter_mut().for_each(|packet| packet[2..4].copy_from_slice(&[high, low]));
                let start = now();
                seal_burst(tagger, &mut sealers[..many], black_box(&mut packets));
                sealed += start.elapsed();
                let start = now();
                open_burst(tagger, &mut openers[..many], black_box(&mut packets));
                opened += start.elapsed();
            }
            for (least, took) in least.iter_mut().zip([sealed, opened]) {
                least[which] = least[which].min(took.as_nanos() / (8 * many as u128));
            }
        }
        let told = least.map(|[one, together]| format!("{one}, {together}"));
        println!("{many:<26} {:>22} {:>22}", told[0], told[1]);
    }
}

fn seal_burst(tagger: Tagger, sealers: &mut [Sealer], packets: &mut [[u8; 256]]) {
    let mut due = [None; 64];
    for ((sealer, packet), due) in sealers.iter_mut().zip(&mut *packets).zip(&mut due) {
        *due = sealer.seal_rtp_without_tag(packet, PACKET).unwrap().1;
    }
    let len = PACKET + 10;
    let mut tags: [Option<Tag>; 64] = [None; 64];
    let covered = packets
        .iter()
        .zip(&*sealers)
        .zip(&due)
        .map(|((packet, sealer), due)| sealer.covered(&packet[..len], &due.unwrap()).unwrap());
    tagger.tags(covered.enumerate(), &mut tags[..packets.len()]);
    for ((packet, due), tag) in packets.iter_mut().zip(due).zip(tags) {
        due.unwrap().write(&mut packet[..len], &tag.unwrap());
    }
}

fn open_burst(tagger: Tagger, openers: &mut [Opener], packets: &mut [[u8; 256]]) {
    let len = PACKET + 10;
    let mut guesses: [Option<Guess>; 64] = [None; 64];
    let mut tags: [Option<Tag>; 64] = [None; 64];
    for ((opener, packet), guess) in openers.iter().zip(&*packets).zip(&mut guesses) {
        *guess = opener.guess(&packet[..len]);
    }
    let covered = packets
        .iter()
        .zip(&*openers)
        .zip(&guesses)
        .map(|((packet, opener), guess)| opener.covered(&packet[..len], &guess.unwrap()).unwrap());
    tagger.tags(covered.enumerate(), &mut tags[..packets.len()]);
    for (((opener, packet), guess), tag) in openers.iter_mut().zip(packets).zip(guesses).zip(tags) {
        opener.open_rtp_with(&mut packet[..len], guess.zip(tag).as_ref()).unwrap();
    }
}

/// The payload that the promise is about.
const PAYLOAD: usize = 172;
/// Bytes of a packet with it.
const PACKET: usize = 12 + PAYLOAD;
/// How much more than its primitives a packet may cost.
const MORE: f64 = 1.2;

/// What nobody can do without: the key stream of the payload laid over it, and HMAC-SHA1 of packet and rollover counter,
/// with both key blocks hashed before.
mod bare {
    use aes::cipher::{BlockCipherEncrypt, KeyInit};
    use aes::{Aes128Enc, Block};
    use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    use sha1::block_api::compress;

    pub(super) struct Counter(Aes128Enc, [u32; 5]);

    impl Counter {
        pub(super) fn new() -> Counter {
            Counter(Aes128Enc::new_from_slice(&[7; 16]).unwrap(), [1; 5])
        }

        pub(super) fn cipher(&self, iv: u128, payload: &mut [u8]) {
            let mut stream = [Block::default(); super::PAYLOAD.div_ceil(16)];
            for (block, counter) in stream.iter_mut().zip(iv..) {
                *block = Block::from(counter.to_be_bytes());
            }
            self.0.encrypt_blocks(&mut stream);
            let (whole, rest) = payload.as_chunks_mut::<16>();
            for (data, key) in whole.iter_mut().zip(&stream) {
                *data = (u128::from_ne_bytes(*data) ^ u128::from_ne_bytes(key.0)).to_ne_bytes();
            }
            if let Some(key) = stream.get(whole.len()) {
                rest.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            }
        }

        pub(super) fn tag(&self, packet: &[u8]) -> [u32; 5] {
            let mut blocks = [[0; 64]; (super::PACKET + 4 + 9).div_ceil(64)];
            blocks.as_flattened_mut()[..packet.len()].copy_from_slice(packet);
            let mut state = self.1;
            compress(&mut state, &blocks);
            let mut last = [0; 64];
            for (bytes, word) in last.chunks_exact_mut(4).zip(state) {
                bytes.copy_from_slice(&word.to_be_bytes());
            }
            let mut state = self.1;
            compress(&mut state, &[last]);
            state
        }
    }

    pub(super) struct Gcm(LessSafeKey);

    impl Gcm {
        pub(super) fn new() -> Gcm {
            Gcm(LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &[7; 16]).unwrap()))
        }

        pub(super) fn seal(&self, nonce: u16, packet: &mut [u8]) {
            let (header, rest) = packet.split_at_mut(12);
            let (payload, tag) = rest.split_at_mut(super::PAYLOAD);
            let made = self.0.seal_in_place_separate_tag(at(nonce), Aad::from(&*header), payload).unwrap();
            tag[..16].copy_from_slice(made.as_ref());
        }

        pub(super) fn open(&self, nonce: u16, packet: &mut [u8]) {
            let (header, rest) = packet.split_at_mut(12);
            self.0.open_in_place(at(nonce), Aad::from(&*header), &mut rest[..super::PAYLOAD + 16]).unwrap();
        }
    }

    fn at(nonce: u16) -> Nonce {
        let mut bytes = [0; 12];
        bytes[..2].copy_from_slice(&nonce.to_be_bytes());
        Nonce::assume_unique_for_key(bytes)
    }
}

/// Nanoseconds of one batch, the best of many, of `work` on a packet with its number.
fn cost(
    packets: &mut [[u8; 256]],
    fresh: &[[u8; 256]],
    mut work: impl FnMut(u16, &mut [u8; 256]),
) -> Duration {
    packets.copy_from_slice(fresh);
    let start = now();
    for (packet, number) in packets.iter_mut().zip(0u16..) {
        work(number, black_box(packet));
    }
    start.elapsed()
}

fn open_and_seal_cost_little_more_than_their_primitives() {
    let mut dice = Dice(2);
    let mut clear = vec![[0u8; 256]; usize::from(BATCH)];
    for (packet, seq) in clear.iter_mut().zip(0u16..) {
        packet[..12].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
        packet[2..4].copy_from_slice(&seq.to_be_bytes());
        packet[12..PACKET].copy_from_slice(&dice.bytes(PAYLOAD));
    }
    let mut failed = Vec::new();
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm] {
        let setup = setup(&mut dice, suite, Options::default());
        let (counter, gcm) = (bare::Counter::new(), bare::Gcm::new());
        let mut packets = clear.clone();
        let mut best = [Duration::MAX; 4];
        // By turns, so that both meet the same machine.
        for _ in 0..400 {
            let mut sealer = Sealer::new(&setup).unwrap();
            let mut opener = Opener::new(&setup).unwrap();
            let mut len = 0;
            let seal = cost(&mut packets, &clear, |_, packet| {
                len = sealer.seal_rtp(packet, PACKET).unwrap();
            });
            let sealed = packets.clone();
            let open = cost(&mut packets, &sealed, |_, packet| {
                opener.open_rtp(&mut packet[..len]).unwrap();
            });
            let (bare_seal, bare_open) = match suite.is_aead() {
                true => {
                    let seal = cost(&mut packets, &clear, |at, packet| gcm.seal(at, packet));
                    let sealed = packets.clone();
                    (seal, cost(&mut packets, &sealed, |at, packet| gcm.open(at, packet)))
                }
                false => {
                    let work = |at: u16, packet: &mut [u8; 256]| {
                        counter.cipher(u128::from(at) << 16, &mut packet[12..PACKET]);
                        black_box(counter.tag(&packet[..PACKET]));
                    };
                    (cost(&mut packets, &clear, work), cost(&mut packets, &clear, work))
                }
            };
            for (best, new) in best.iter_mut().zip([seal, open, bare_seal, bare_open]) {
                *best = (*best).min(new);
            }
        }
        let [seal, open, bare_seal, bare_open] = best.map(|batch| batch.as_nanos() as f64 / f64::from(BATCH));
        let ratio = (seal + open) / (bare_seal + bare_open);
        println!(
            "{:26} seal {seal:.0} ns, open {open:.0} ns; primitives {bare_seal:.0} and {bare_open:.0} ns: {ratio:.2} times",
            suite.name()
        );
        if ratio > MORE {
            failed.push((suite.name(), ratio));
        }
    }
    assert_eq!(failed, [], "more than {MORE} times");
}
