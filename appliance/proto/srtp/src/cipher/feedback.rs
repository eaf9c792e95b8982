use super::Aes;
use zeroize::Zeroizing;

/// AES in f8 mode (RFC 3711 §4.1.2): each block of the key stream needs the one before.
pub(crate) struct Feedback {
    aes: Aes,
    /// Under the key masked with the salt.
    masked: Aes,
}

impl Feedback {
    /// `salt` is not longer than `key`.
    pub(crate) fn new(key: &[u8], salt: &[u8]) -> Feedback {
        let mut mask = Zeroizing::new([0x55; 32]);
        mask[..salt.len()].copy_from_slice(salt);
        for (mask, key) in mask.iter_mut().zip(key) {
            *mask ^= key;
        }
        Feedback { aes: Aes::new(key), masked: Aes::new(&mask[..key.len()]) }
    }

    /// Encrypts or decrypts under an initialisation vector made of the packet's header.
    pub(crate) fn apply(&self, iv: u128, data: &mut [u8]) {
        let start = self.masked.encrypt_one(iv);
        let mut stream = 0;
        for (number, part) in data.chunks_mut(16).enumerate() {
            stream = self.aes.encrypt_one(start ^ number as u128 ^ stream);
            for (data, key) in part.iter_mut().zip(stream.to_be_bytes()) {
                *data ^= key;
            }
        }
    }
}
