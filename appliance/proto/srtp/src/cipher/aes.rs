use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Aes192Enc, Aes256Enc, Block};

/// AES with its key schedule, encryption only. The schedule is wiped when dropped (feature of `aes`).
pub(crate) enum Aes {
    Key128(Aes128Enc),
    Key192(Aes192Enc),
    Key256(Aes256Enc),
}

impl Aes {
    /// # Panics
    /// When the key has not 16, 24 or 32 bytes, which no suite has.
    pub(crate) fn new(key: &[u8]) -> Aes {
        const WHOLE: &str = "the length was looked at";
        match key.len() {
            16 => Aes::Key128(Aes128Enc::new_from_slice(key).expect(WHOLE)),
            24 => Aes::Key192(Aes192Enc::new_from_slice(key).expect(WHOLE)),
            32 => Aes::Key256(Aes256Enc::new_from_slice(key).expect(WHOLE)),
            other => unreachable!("no suite has a key of {other} bytes"),
        }
    }

    pub(crate) fn encrypt(&self, blocks: &mut [Block]) {
        match self {
            Aes::Key128(aes) => aes.encrypt_blocks(blocks),
            Aes::Key192(aes) => aes.encrypt_blocks(blocks),
            Aes::Key256(aes) => aes.encrypt_blocks(blocks),
        }
    }

    pub(crate) fn encrypt_one(&self, block: u128) -> u128 {
        let mut blocks = [Block::from(block.to_be_bytes())];
        self.encrypt(&mut blocks);
        u128::from_be_bytes(blocks[0].0)
    }
}
