use super::Aes;
use aes::Block;
use zeroize::Zeroize;

/// Blocks made at a time: enough for all the pipelines of a processor and a voice packet of 20 ms.
const BATCH: usize = 16;

/// AES in counter mode as SRTP has it (RFC 3711 §4.1.1).
pub(crate) struct Counter {
    aes: Aes,
    /// The session salt in its place: `k_s * 2^16`.
    salt: u128,
}

impl Counter {
    /// `salt` has at most 14 bytes.
    pub(crate) fn new(key: &[u8], salt: &[u8]) -> Counter {
        let mut bytes = [0; 16];
        bytes[..salt.len()].copy_from_slice(salt);
        let salt = u128::from_be_bytes(bytes);
        bytes.zeroize();
        Counter { aes: Aes::new(key), salt }
    }

    /// Encrypts or decrypts what belongs to `index`: 48 bits of SRTP or 31 of SRTCP.
    pub(crate) fn apply(&self, ssrc: u32, index: u64, data: &mut [u8]) {
        self.apply_at(self.salt ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16, data);
    }

    /// The key stream from block `iv` on, into zeroes or over data. Bounded by what the low 16 bits of the block count:
    /// one MiB, more than a UDP datagram can have.
    pub(crate) fn apply_at(&self, iv: u128, data: &mut [u8]) {
        let mut counter = iv;
        let mut stream = [Block::default(); BATCH];
        for part in data.chunks_mut(BATCH * 16) {
            let stream = &mut stream[..part.len().div_ceil(16)];
            for block in stream.iter_mut() {
                *block = Block::from(counter.to_be_bytes());
                counter = counter.wrapping_add(1);
            }
            self.aes.encrypt(stream);
            let (whole, rest) = part.as_chunks_mut::<16>();
            for (data, key) in whole.iter_mut().zip(stream.iter()) {
                *data = (u128::from_ne_bytes(*data) ^ u128::from_ne_bytes(key.0)).to_ne_bytes();
            }
            if let Some(key) = stream.get(whole.len()) {
                for (data, key) in rest.iter_mut().zip(key) {
                    *data ^= key;
                }
            }
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.salt.zeroize();
    }
}
