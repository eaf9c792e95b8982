use sha1::block_api::compress;
use zeroize::{Zeroize, Zeroizing};

/// What SHA-1 begins with (FIPS 180-4 §5.3.1).
const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
/// Bytes of a block of SHA-1.
pub(super) const BLOCK: usize = 64;

/// HMAC-SHA1 (RFC 2104) with both key blocks already hashed, so a packet costs its own blocks and one more.
pub(crate) struct Mac {
    pub(super) inner: [u32; 5],
    pub(super) outer: [u32; 5],
}

/// What a tag is made of: a key, bytes, and what follows these and stands in no packet.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) mac: &'a Mac,
    pub(crate) data: &'a [u8],
    pub(crate) suffix: [u8; 4],
}

impl Message<'_> {
    /// Its whole tag, by itself.
    pub(crate) fn tag(&self) -> [u8; 20] {
        self.mac.tag(self.data, &self.suffix)
    }
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
        let mut tail = [[0; BLOCK]; 2];
        let blocks = last_blocks(&mut tail, rest, suffix, data.len());
        compress(&mut state, &tail[..blocks]);

        let last = outer_block(&state);
        let mut state = self.outer;
        compress(&mut state, &[last]);
        bytes(&state)
    }
}

/// Writes the last one or two blocks of a message of `len` bytes and a suffix into zeroes, the bytes behind its whole blocks
/// being `rest`; how many they are.
pub(super) fn last_blocks(tail: &mut [[u8; BLOCK]; 2], rest: &[u8], suffix: &[u8], len: usize) -> usize {
    let used = rest.len() + suffix.len();
    // One byte 0x80 and eight of length must follow what is left.
    let blocks = if used + 9 <= BLOCK { 1 } else { 2 };
    let tail = &mut tail.as_flattened_mut()[..blocks * BLOCK];
    tail[..rest.len()].copy_from_slice(rest);
    tail[rest.len()..used].copy_from_slice(suffix);
    finish(tail, used, len + suffix.len());
    blocks
}

/// The block that is hashed under the outer key: what the inner one has made of the message.
pub(super) fn outer_block(inner: &[u32; 5]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..20].copy_from_slice(&bytes(inner));
    finish(&mut block, 20, 20);
    block
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

pub(super) fn bytes(state: &[u32; 5]) -> [u8; 20] {
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
