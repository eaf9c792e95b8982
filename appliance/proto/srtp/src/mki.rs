use crate::Error;
use std::fmt;

/// A master key identifier (RFC 3711 §3.1), or none: the bytes that stand before or behind the tag of each packet.
///
/// A sealer writes it. An opener skips as many bytes and does not compare them: a session has one master key, and the
/// tag tells whether it is the right one. No secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mki {
    bytes: [u8; Mki::MAX_LEN],
    len: u8,
}

impl Mki {
    /// The longest there is (RFC 4568 §6.1), in bytes.
    pub const MAX_LEN: usize = 128;
    /// No identifier at all.
    pub const NONE: Mki = Mki { bytes: [0; Mki::MAX_LEN], len: 0 };

    /// The identifier with exactly these bytes; without any, [`Mki::NONE`].
    ///
    /// # Errors
    /// [`Error::MkiLength`] for more than 128.
    pub fn new(bytes: &[u8]) -> Result<Mki, Error> {
        let mut mki = Mki::NONE;
        let room = mki.bytes.get_mut(..bytes.len()).ok_or(Error::MkiLength(bytes.len()))?;
        room.copy_from_slice(bytes);
        mki.len = u8::try_from(bytes.len()).map_err(|_| Error::MkiLength(bytes.len()))?;
        Ok(mki)
    }

    /// What SDP spells as `value:len`: a decimal number, written into `len` bytes with the highest first
    /// (RFC 4568 §6.1). The number may be as large as its bytes allow.
    ///
    /// # Errors
    /// [`Error::MkiLength`] unless `len` is 1 to 128; [`Error::MkiValue`] when `value` is no number of that size.
    pub fn parse(value: &[u8], len: usize) -> Result<Mki, Error> {
        if len == 0 {
            return Err(Error::MkiLength(0));
        }
        let mut mki = Mki::new([0; Mki::MAX_LEN].get(..len).ok_or(Error::MkiLength(len))?)?;
        // 2^1024 has 309 digits; more can only be leading zeros or too much.
        if value.is_empty() || value.len() > 309 {
            return Err(Error::MkiValue);
        }
        for digit in value {
            let mut carry = match digit {
                b'0'..=b'9' => u16::from(digit - b'0'),
                _ => return Err(Error::MkiValue),
            };
            for byte in mki.bytes[..len].iter_mut().rev() {
                let sum = u16::from(*byte) * 10 + carry;
                *byte = sum as u8;
                carry = sum >> 8;
            }
            if carry != 0 {
                return Err(Error::MkiValue);
            }
        }
        Ok(mki)
    }

    /// Its bytes as on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// How many bytes that are: 0 to 128.
    #[allow(clippy::len_without_is_empty, reason = "`Mki::NONE` is compared with, not asked for emptiness")]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }
}

impl Default for Mki {
    fn default() -> Mki {
        Mki::NONE
    }
}

impl fmt::Debug for Mki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mki").field(&self.as_bytes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_becomes_bytes() {
        let bytes = |value: &str, len| Mki::parse(value.as_bytes(), len).map(|mki| mki.as_bytes().to_vec());
        assert_eq!(bytes("1", 1).unwrap(), [1]);
        assert_eq!(bytes("1", 4).unwrap(), [0, 0, 0, 1]);
        assert_eq!(bytes("0258", 2).unwrap(), [1, 2]);
        assert_eq!(bytes("255", 1).unwrap(), [255]);
        assert_eq!(bytes("340282366920938463463374607431768211455", 16).unwrap(), [255; 16]);
        assert_eq!(bytes("256", 1), Err(Error::MkiValue));
        assert_eq!(bytes("", 1), Err(Error::MkiValue));
        assert_eq!(bytes("1x", 1), Err(Error::MkiValue));
        assert_eq!(bytes("1", 0), Err(Error::MkiLength(0)));
        assert_eq!(bytes("1", 129), Err(Error::MkiLength(129)));
        assert_eq!(bytes("7", 128).unwrap().len(), 128);
        assert_eq!(bytes(&"9".repeat(310), 128), Err(Error::MkiValue));
    }

    #[test]
    fn bytes_are_kept() {
        assert_eq!(Mki::new(&[]).unwrap(), Mki::NONE);
        assert_eq!(Mki::new(&[1, 2]).unwrap().as_bytes(), [1, 2]);
        assert_eq!(Mki::new(&[3; 128]).unwrap().len(), 128);
        assert_eq!(Mki::new(&[3; 129]), Err(Error::MkiLength(129)));
    }
}
