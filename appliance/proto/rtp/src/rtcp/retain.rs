use super::{Header, Type};

/// Takes packets out of a compound in place and closes the gaps; the length of what is left, in bytes. A packet that is
/// longer than the datagram is taken for as long as it is there; less than a header at the end goes.
pub fn retain(bytes: &mut [u8], keep: impl Fn(Type) -> bool) -> usize {
    let (mut at, mut kept) = (0, 0);
    while let Ok(header) = Header::parse(&bytes[at..]) {
        let end = bytes.len().min(at + header.len);
        if keep(header.kind) {
            bytes.copy_within(at..end, kept);
            kept += end - at;
        }
        at = end;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(words: &[u32]) -> Vec<u32> {
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let len = retain(&mut bytes, |kind| !kind.is_feedback());
        bytes[..len].as_chunks().0.iter().map(|word| u32::from_be_bytes(*word)).collect()
    }

    #[test]
    fn feedback_goes_wherever_it_stands() {
        let (bye, pli, nack) = ([0x81cb_0001, 7], [0x81ce_0002, 7, 8], [0x81cd_0003, 7, 8, 9]);
        assert_eq!(left(&[&bye[..], &pli, &nack].concat()), bye);
        assert_eq!(left(&[&pli[..], &bye, &nack, &bye].concat()), [bye, bye].concat());
        assert_eq!(left(&[&pli[..], &nack].concat()), []);
        assert_eq!(left(&bye), bye);
    }

    #[test]
    fn a_length_that_lies_costs_nothing_but_the_rest() {
        assert_eq!(left(&[0x81cb_00ff, 7, 0x81ce_0002]), [0x81cb_00ff, 7, 0x81ce_0002]);
        assert_eq!(left(&[0x81cb_0001, 7, 0x81ce_00ff, 7, 8]), [0x81cb_0001, 7]);
        assert_eq!(left(&[0x81cb_0001, 7, 0x0001_0203]), [0x81cb_0001, 7]);
    }
}
