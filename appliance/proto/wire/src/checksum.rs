use std::net::IpAddr;

/// A ones' complement sum that is still being added up (RFC 1071). Room for 2^31 additions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u64);

impl Sum {
    /// Adds a 16-bit number.
    #[must_use]
    pub const fn word(self, word: u16) -> Sum {
        Sum(self.0 + word as u64)
    }

    /// Adds bytes that stand at an even distance from the first; an odd last byte counts as the high half of a
    /// number.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Sum {
        // Added up in this machine's order and turned round once at the end (RFC 1071 §2 B), in four sums that do not
        // wait for each other: the compiler makes vectors of them.
        let (blocks, rest) = bytes.as_chunks::<16>();
        let mut lanes = [0u64; 4];
        for block in blocks {
            let (fours, _) = block.as_chunks::<4>();
            for (lane, four) in lanes.iter_mut().zip(fours) {
                *lane += u64::from(u32::from_ne_bytes(*four));
            }
        }
        let mut sum: u64 = lanes.iter().sum();
        let (twos, odd) = rest.as_chunks::<2>();
        for two in twos {
            sum += u64::from(u16::from_ne_bytes(*two));
        }
        if let [last] = odd {
            sum += u64::from(u16::from_ne_bytes([*last, 0]));
        }
        Sum(self.0 + u64::from(Sum(sum).fold().to_be()))
    }

    /// Adds an address as it stands in a pseudo header.
    #[must_use]
    pub fn address(self, address: IpAddr) -> Sum {
        match address {
            IpAddr::V4(v4) => {
                let bits = v4.to_bits();
                self.word((bits >> 16) as u16).word(bits as u16)
            }
            IpAddr::V6(v6) => self.bytes(&v6.octets()),
        }
    }

    /// The sum in 16 bits, not complemented.
    pub const fn fold(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        sum as u16
    }

    /// The checksum: the complement of the sum.
    pub const fn checksum(self) -> u16 {
        !self.fold()
    }

    /// The checksum for a UDP header, where zero would mean "none" and is written as 0xffff (RFC 768).
    pub const fn udp_checksum(self) -> u16 {
        match self.checksum() {
            0 => 0xffff,
            other => other,
        }
    }
}

/// A checksum after one of the 16-bit numbers under it has changed (RFC 1624, equation 3). For a UDP checksum the
/// caller leaves 0 alone on the way in and turns 0 into 0xffff on the way out.
pub const fn replace(checksum: u16, old: u16, new: u16) -> u16 {
    Sum(0).word(!checksum).word(!old).word(new).checksum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slowly(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    proptest! {
        #[test]
        fn sums_like_rfc_1071(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Sum::default().bytes(&bytes).checksum(), slowly(&bytes));
        }

        #[test]
        fn replacing_equals_summing_anew(mut words in prop::collection::vec(any::<u16>(), 2..40), at: prop::sample::Index, new: u16) {
            // A header is never all zero: its version and length are not.
            words.push(0x4500);
            let whole = |words: &[u16]| words.iter().fold(Sum::default(), |sum, &word| sum.word(word)).checksum();
            let before = whole(&words);
            let at = at.index(words.len() - 1);
            let old = std::mem::replace(&mut words[at], new);
            prop_assert_eq!(replace(before, old, new), whole(&words));
        }
    }

    #[test]
    fn rfc_1624_example_does_not_become_minus_zero() {
        // RFC 1624 §4: the header that equation 2 gets wrong.
        assert_eq!(replace(0xdd2f, 0x5555, 0x3285), 0x0000);
    }
}
