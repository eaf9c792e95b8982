use std::net::IpAddr;

/// A ones' complement sum that is still being added up (RFC 1071). Room for 2^31 additions of 32 bits.
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
    #[inline]
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Sum {
        // Numbers of any even length may be added up, since 2^16 leaves 1 when divided by 2^16 - 1, and in this machine's
        // order, if the sum is turned round at the end (RFC 1071 §2 B, C).
        let (blocks, rest) = bytes.as_chunks::<16>();
        let (mut wide, mut carries) = (0u128, 0u64);
        for block in blocks {
            let (added, carried) = wide.overflowing_add(u128::from_ne_bytes(*block));
            wide = added;
            carries += u64::from(carried);
        }
        let mut sum = halves(wide as u64) + halves((wide >> 64) as u64) + carries;
        let (eights, rest) = rest.as_chunks::<8>();
        for eight in eights {
            sum += halves(u64::from_ne_bytes(*eight));
        }
        let (fours, rest) = rest.as_chunks::<4>();
        for four in fours {
            sum += u64::from(u32::from_ne_bytes(*four));
        }
        let (twos, odd) = rest.as_chunks::<2>();
        for two in twos {
            sum += u64::from(u16::from_ne_bytes(*two));
        }
        if let [last] = odd {
            sum += u64::from(u16::from_ne_bytes([*last, 0]));
        }
        Sum(self.0 + u64::from(Sum(sum).fold().to_be()))
    }

    /// Adds what another sum has come to.
    #[must_use]
    pub const fn and(self, other: Sum) -> Sum {
        self.word(other.fold())
    }

    /// Adds an address as it stands in a pseudo header.
    #[must_use]
    pub fn address(self, address: IpAddr) -> Sum {
        match address {
            IpAddr::V4(v4) => Sum(self.0 + u64::from(v4.to_bits())),
            IpAddr::V6(v6) => self.bytes(&v6.octets()),
        }
    }

    /// The sum in 16 bits, not complemented. It is zero only if nothing but zeros was added.
    pub const fn fold(self) -> u16 {
        // The upper half of a number and itself with its halves exchanged is the sum of the halves and its carry.
        let (wide, turned) = (self.0, self.0.rotate_left(32));
        let half = (wide.wrapping_add(turned) >> 32) as u32;
        (half.wrapping_add(half.rotate_left(16)) >> 16) as u16
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

/// The two halves of a number, added up.
const fn halves(number: u64) -> u64 {
    (number >> 32) + (number & 0xffff_ffff)
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

        /// Where the bytes end matters: blocks, and pieces of 8, 4, 2 and 1 behind them.
        #[test]
        fn sums_the_same_in_pieces(bytes in prop::collection::vec(prop_oneof![Just(0xff), Just(0), any::<u8>()], 0..100), cut: prop::sample::Index) {
            let (one, two) = bytes.split_at(cut.index(bytes.len() / 2 + 1) * 2);
            let (one, two) = (Sum::default().bytes(one), Sum::default().bytes(two));
            prop_assert_eq!(one.and(two).checksum(), slowly(&bytes));
        }

        #[test]
        fn folds_like_adding_up_the_words(sum in prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), Just(0xffff), Just(0x1_0000)]) {
            let words = [sum >> 48, sum >> 32 & 0xffff, sum >> 16 & 0xffff, sum & 0xffff];
            let mut slow: u64 = words.iter().sum();
            while slow > 0xffff {
                slow = (slow >> 16) + (slow & 0xffff);
            }
            prop_assert_eq!(u64::from(Sum(sum).fold()), slow);
            prop_assert_eq!(Sum(sum).fold() == 0, sum == 0);
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
