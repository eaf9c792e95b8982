//! HMAC-SHA1 of several messages at a time, each in a lane of AVX2's vectors.

use super::Message;
use super::mac::{BLOCK, bytes, last_blocks, outer_block};
use fearless_simd::prelude::*;
use fearless_simd::x86::Avx2;
use fearless_simd::{Level, u8x16, u32x4, u32x8};
use sha1::block_api::compress;

/// Messages that are worked on at a time.
const LANES: usize = 8;

/// Eight messages side by side: a lane that has done with one takes the next, whatever their lengths.
#[derive(Clone, Copy)]
pub(crate) struct Lanes(Avx2);

/// One word of SHA-1's state in every lane, for each of the five words.
type States = [[u32; LANES]; 5];

/// What a lane works on.
struct Lane<'a> {
    /// Which of the messages it is, and the state that its outer hash begins with. None: nothing.
    message: Option<(usize, &'a [u32; 5])>,
    /// Whole blocks of the message that are still to come.
    whole: &'a [[u8; BLOCK]],
    /// What comes behind them …
    tail: [[u8; BLOCK]; 2],
    /// … from here …
    at: usize,
    /// … to here.
    end: usize,
    /// The inner hash is done.
    outer: bool,
}

impl Lanes {
    /// With fewer messages than these, one after the other is as fast.
    pub(crate) const LEAST: usize = 3;

    /// Asks the processor. One that has instructions for SHA-1 hashes one message as fast as eight.
    pub(crate) fn find() -> Option<Lanes> {
        if std::arch::is_x86_feature_detected!("sha") { None } else { Lanes::of_any_speed() }
    }

    /// As long as the processor has the vectors.
    pub(crate) fn of_any_speed() -> Option<Lanes> {
        Level::new().as_avx2().map(Lanes)
    }

    /// Gives `made` the tag of each message with its number, as they get ready.
    pub(crate) fn tags<'a>(
        self,
        messages: impl Iterator<Item = (usize, Message<'a>)>,
        mut made: impl FnMut(usize, [u8; 20]),
    ) {
        let mut messages = messages.fuse();
        let mut states = [[0; LANES]; 5];
        let mut lanes = [const { Lane::IDLE }; LANES];
        loop {
            let mut busy = 0;
            for (at, lane) in lanes.iter_mut().enumerate() {
                if lane.message.is_none()
                    && let Some((number, message)) = messages.next()
                {
                    lane.take(number, &message);
                    put(&mut states, at, &message.mac.inner);
                }
                busy += usize::from(lane.message.is_some());
            }
            if busy < Lanes::LEAST {
                break;
            }
            self.compress(&mut states, &std::array::from_fn(|at| lanes[at].block()));
            for (at, lane) in lanes.iter_mut().enumerate() {
                let Some((number, outer)) = lane.message else { continue };
                if !lane.step() {
                    continue;
                }
                let state = get(&states, at);
                if lane.outer {
                    lane.message = None;
                    made(number, bytes(&state));
                } else {
                    lane.turn(&state);
                    put(&mut states, at, outer);
                }
            }
        }
        // What is left of the last ones.
        for (at, lane) in lanes.iter_mut().enumerate() {
            if let Some((number, _)) = lane.message {
                made(number, lane.finish(get(&states, at)));
            }
        }
    }

    fn compress(self, states: &mut States, blocks: &[&[u8; BLOCK]; LANES]) {
        self.0.vectorize(
            #[inline(always)]
            || compress_lanes(self.0, states, blocks),
        );
    }
}

impl<'a> Lane<'a> {
    const IDLE: Lane<'static> =
        Lane { message: None, whole: &[], tail: [[0; BLOCK]; 2], at: 0, end: 0, outer: false };

    fn take(&mut self, number: usize, message: &Message<'a>) {
        let (whole, rest) = message.data.as_chunks();
        let mut tail = [[0; BLOCK]; 2];
        let end = last_blocks(&mut tail, rest, &message.suffix, message.data.len());
        *self = Lane { message: Some((number, &message.mac.outer)), whole, tail, at: 0, end, outer: false };
    }

    /// The next block of it; any block if it has none.
    fn block(&self) -> &[u8; BLOCK] {
        self.whole.first().unwrap_or(&self.tail[self.at])
    }

    /// The block was hashed: whether it was the last under this key.
    fn step(&mut self) -> bool {
        match self.whole.split_first() {
            Some((_, rest)) => self.whole = rest,
            None => self.at += 1,
        }
        self.at == self.end
    }

    /// From the inner hash to the outer one.
    fn turn(&mut self, inner: &[u32; 5]) {
        self.tail[0] = outer_block(inner);
        (self.at, self.end, self.outer) = (0, 1, true);
    }

    /// Hashes what is left, alone.
    fn finish(&mut self, mut state: [u32; 5]) -> [u8; 20] {
        compress(&mut state, self.whole);
        compress(&mut state, &self.tail[self.at..self.end]);
        if let Some((_, outer)) = self.message.filter(|_| !self.outer) {
            let last = outer_block(&state);
            state = *outer;
            compress(&mut state, &[last]);
        }
        bytes(&state)
    }
}

fn put(states: &mut States, lane: usize, state: &[u32; 5]) {
    for (words, word) in states.iter_mut().zip(state) {
        words[lane] = *word;
    }
}

fn get(states: &States, lane: usize) -> [u32; 5] {
    states.map(|words| words[lane])
}

/// One block of each lane (FIPS 180-4 §6.1.2). This and what it calls must become one function, or the processor's vectors
/// would not be used.
#[inline(always)]
fn compress_lanes<S: Simd>(simd: S, states: &mut States, blocks: &[&[u8; BLOCK]; LANES]) {
    let mut w = words(simd, blocks);
    let start = states.map(|words| u32x8::simd_from(simd, words));
    let [mut a, mut b, mut c, mut d, mut e] = start;
    // Without loops, so that what is shifted along needs no moves and the schedule no sums.
    macro_rules! rounds {
        ($function:ident, $constant:literal, $($t:literal)*) => {$(
            if $t >= 16 {
                let mixed = w[($t + 13) % 16] ^ w[($t + 8) % 16] ^ w[($t + 2) % 16] ^ w[$t % 16];
                w[$t % 16] = left(mixed, 1);
            }
            let next = left(a, 5) + ($function(b, c, d) + (e + (w[$t % 16] + $constant)));
            (e, d, c, b, a) = (d, c, left(b, 30), a, next);
        )*};
    }
    rounds!(choose, 0x5a82_7999, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19);
    rounds!(parity, 0x6ed9_eba1, 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39);
    rounds!(majority, 0x8f1b_bcdc, 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59);
    rounds!(parity, 0xca62_c1d6, 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79);
    let [of_a, of_b, of_c, of_d, of_e] = start;
    *states = [
        (of_a + a).to_array(),
        (of_b + b).to_array(),
        (of_c + c).to_array(),
        (of_d + d).to_array(),
        (of_e + e).to_array(),
    ];
}

#[inline(always)]
fn left<S: Simd>(x: u32x8<S>, by: u32) -> u32x8<S> {
    x << by | x >> (32 - by)
}

#[inline(always)]
fn choose<S: Simd>(b: u32x8<S>, c: u32x8<S>, d: u32x8<S>) -> u32x8<S> {
    d ^ (b & (c ^ d))
}

#[inline(always)]
fn parity<S: Simd>(b: u32x8<S>, c: u32x8<S>, d: u32x8<S>) -> u32x8<S> {
    b ^ c ^ d
}

#[inline(always)]
fn majority<S: Simd>(b: u32x8<S>, c: u32x8<S>, d: u32x8<S>) -> u32x8<S> {
    (b & c) | (d & (b | c))
}

/// The sixteen words of each block, word by word: of all lanes side by side.
#[inline(always)]
fn words<S: Simd>(simd: S, blocks: &[&[u8; BLOCK]; LANES]) -> [u32x8<S>; 16] {
    let mut words = [u32x8::splat(simd, 0); 16];
    for four in 0..4 {
        let low = turned(simd, [blocks[0], blocks[1], blocks[2], blocks[3]], four);
        let high = turned(simd, [blocks[4], blocks[5], blocks[6], blocks[7]], four);
        for at in 0..4 {
            words[4 * four + at] = low[at].combine(high[at]);
        }
    }
    words
}

/// Words 4n to 4n + 3 of four lanes, word by word.
#[inline(always)]
fn turned<S: Simd>(simd: S, blocks: [&[u8; BLOCK]; 4], n: usize) -> [u32x4<S>; 4] {
    let rows =
        [row(simd, blocks[0], n), row(simd, blocks[1], n), row(simd, blocks[2], n), row(simd, blocks[3], n)];
    let (even, odd) = (rows[0].zip_low(rows[2]), rows[1].zip_low(rows[3]));
    let (even_high, odd_high) = (rows[0].zip_high(rows[2]), rows[1].zip_high(rows[3]));
    [even.zip_low(odd), even.zip_high(odd), even_high.zip_low(odd_high), even_high.zip_high(odd_high)]
}

/// Words 4n to 4n + 3 of one lane: SHA-1 has the highest byte first, the processor the lowest.
#[inline(always)]
fn row<S: Simd>(simd: S, block: &[u8; BLOCK], n: usize) -> u32x4<S> {
    let highest_first = u8x16::simd_from(simd, [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]);
    u8x16::from_slice(simd, &block[16 * n..][..16]).swizzle_dyn(highest_first).bitcast()
}

#[cfg(test)]
mod tests;
