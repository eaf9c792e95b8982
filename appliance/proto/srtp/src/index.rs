//! The packet index of SRTP (RFC 3711 §3.3.1, appendix A).

use crate::Progress;

/// Indices have 48 bits.
const END: u64 = 1 << 48;

/// Where a sequence number cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outside {
    /// Before the first packet with rollover counter zero. Its sequence number taken as it stands may mean that
    /// more than half of the numbers were skipped.
    Before,
    /// Past the last packet a key may protect.
    Past,
}

/// The index of the packet with this sequence number: the one with the likeliest rollover counter.
pub(crate) fn estimate(progress: &Progress, seq: u16) -> Result<u64, Outside> {
    let roc = progress.index >> 16;
    let seq = u64::from(seq);
    if progress.is_fresh() {
        return Ok(roc << 16 | seq);
    }
    let last = progress.index & 0xffff;
    let guess = if last < 0x8000 {
        if seq > last + 0x8000 { roc.checked_sub(1).ok_or(Outside::Before)? } else { roc }
    } else if last - 0x8000 > seq {
        roc + 1
    } else {
        roc
    };
    let index = guess << 16 | seq;
    if index < END { Ok(index) } else { Err(Outside::Past) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(index: u64) -> Progress {
        Progress { index, window: 1 }
    }

    #[test]
    fn the_counter_of_a_first_packet_is_given() {
        assert_eq!(estimate(&Progress::default(), 65535), Ok(65535));
        assert_eq!(estimate(&Progress::joining(7), 3), Ok(7 << 16 | 3));
    }

    #[test]
    fn wraps_both_ways() {
        assert_eq!(estimate(&at(5 << 16 | 65535), 0), Ok(6 << 16));
        assert_eq!(estimate(&at(6 << 16), 65535), Ok(5 << 16 | 65535));
        assert_eq!(estimate(&at(5 << 16 | 100), 32868), Ok(5 << 16 | 32868));
        assert_eq!(estimate(&at(5 << 16 | 100), 32869), Ok(4 << 16 | 32869));
        assert_eq!(estimate(&at(5 << 16 | 40000), 7232), Ok(5 << 16 | 7232));
        assert_eq!(estimate(&at(5 << 16 | 40000), 7231), Ok(6 << 16 | 7231));
    }

    #[test]
    fn both_ends_are_ends() {
        assert_eq!(estimate(&at(10), 65530), Err(Outside::Before));
        assert_eq!(estimate(&at(END - 1), 0), Err(Outside::Past));
        assert_eq!(estimate(&at(END - 1), 65534), Ok(END - 2));
    }

    proptest! {
        #[test]
        fn near_indices_are_found(index in 0x1_0000u64..END - 0x1_0000, shift in -0x7fffi64..0x8000) {
            let wanted = index.wrapping_add_signed(shift);
            prop_assert_eq!(estimate(&at(index), wanted as u16), Ok(wanted));
        }
    }
}
