//! The fuzz bodies over the kept corpus and over seeded mutations of it.

use std::fs;
use std::path::Path;

/// Mutations tried per corpus file.
const ROUNDS: u32 = 400;

/// A small generator whose seed stands here, so that a failure is the same failure tomorrow.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

fn run(folder: &str, body: fn(&[u8])) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut files: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no corpus in {}", path.display());
    let corpus: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for bytes in &corpus {
        body(bytes);
        for _ in 0..ROUNDS {
            body(&mutated(bytes, &corpus, &mut dice));
        }
    }
}

fn mutated(bytes: &[u8], corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(out.len() + 1);
        match dice.roll(5) {
            0 => out.truncate(at),
            1 => out.insert(at, dice.roll(256) as u8),
            2 if at < out.len() => out[at] = b"dleid:0123456789-+[]=., {}\"\\"[dice.roll(28)],
            3 => {
                let other = &corpus[dice.roll(corpus.len())];
                let from = dice.roll(other.len() + 1);
                out.splice(at..at, other[from..].iter().copied());
            }
            _ => {
                let end = at + dice.roll(out.len() - at + 1);
                let piece = out[at..end].to_vec();
                out.extend(piece);
            }
        }
    }
    out
}

#[test]
fn bencode() {
    run("bencode", ng::fuzz::bencode);
}

#[test]
fn json_request() {
    run("json", ng::fuzz::json_request);
}

#[test]
fn request() {
    run("request", ng::fuzz::request);
}

#[test]
fn rtpp_flags() {
    run("rtpp-flags", ng::fuzz::rtpp_flags);
}
