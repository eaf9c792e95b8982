use sha1::block_api::compress;
use zeroize::{Zeroize, Zeroizing};

/// What SHA-1 begins with (FIPS 180-4 §5.3.1).
const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
/// Bytes of a block of SHA-1.
const BLOCK: usize = 64;

/// HMAC-SHA1 (RFC 2104) with both key blocks already hashed, so a packet costs its own blocks and one more.
pub(crate) struct Mac {
    inner: [u32; 5],
    outer: [u32; 5],
}

impl Mac {
    /// `key` has at most 64 bytes.
    pub(crate) fn new(key: &[u8]) -> Mac {
        let keyed = |pad: u8| {
            let mut block = Zeroizing::new([pad; BLOCK]);
            for (byte, key) in block.iter_mut().zip(key) {
                *byte ^= key;
            }
            let mut state = START;
            compress(&mut state, &[*block]);
            state
        };
        Mac { inner: keyed(0x36), outer: keyed(0x5c) }
    }

    /// The whole tag of `data` followed by `suffix`, which has at most four bytes.
    pub(crate) fn tag(&self, data: &[u8], suffix: &[u8]) -> [u8; 20] {
        let mut state = self.inner;
        let (blocks, rest) = data.as_chunks::<BLOCK>();
        compress(&mut state, blocks);
        let mut tail = [0; 2 * BLOCK];
        let used = rest.len() + suffix.len();
        tail[..rest.len()].copy_from_slice(rest);
        tail[rest.len()..used].copy_from_slice(suffix);
        // One byte 0x80 and eight of length must follow what is left.
        let end = if used + 9 <= BLOCK { BLOCK } else { 2 * BLOCK };
        finish(&mut tail[..end], used, data.len() + suffix.len());
        compress(&mut state, tail[..end].as_chunks().0);

        let mut last = [0; BLOCK];
        last[..20].copy_from_slice(&bytes(&state));
        finish(&mut last, 20, 20);
        let mut state = self.outer;
        compress(&mut state, &[last]);
        bytes(&state)
    }
}

impl Drop for Mac {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

/// The padding of SHA-1 behind `used` bytes, for a message of one key block and `len` bytes (FIPS 180-4 §5.1.1).
fn finish(tail: &mut [u8], used: usize, len: usize) {
    tail[used] = 0x80;
    let at = tail.len() - 8;
    tail[at..].copy_from_slice(&((BLOCK + len) as u64 * 8).to_be_bytes());
}

fn bytes(state: &[u32; 5]) -> [u8; 20] {
    let mut out = [0; 20];
    for (out, word) in out.chunks_exact_mut(4).zip(state) {
        out.copy_from_slice(&word.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::{Hmac, KeyInit, Mac as _};
    use sha1::Sha1;

    #[test]
    fn is_the_hmac_of_others_at_every_length() {
        let key: [u8; 20] = std::array::from_fn(|at| at as u8 * 7);
        let data: Vec<u8> = (0..400u16).map(|at| at as u8).collect();
        let mac = Mac::new(&key);
        for len in 0..data.len() {
            for suffix in [&[][..], &[1, 2, 3, 4]] {
                let mut theirs = Hmac::<Sha1>::new_from_slice(&key).unwrap();
                theirs.update(&data[..len]);
                theirs.update(suffix);
                assert_eq!(
                    mac.tag(&data[..len], suffix)[..],
                    theirs.finalize().into_bytes()[..],
                    "{len} bytes"
                );
            }
        }
    }
}
