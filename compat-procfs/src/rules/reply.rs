//! What nf_tables answers. Lengths come from the kernel and are checked all the same.

/// One netlink message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply<'a> {
    /// The request of that number ended: 0 or a positive error number.
    Ended { number: u32, error: i32 },
    /// The last message of a dump.
    Done,
    /// A chain or a rule: what stands behind the netfilter header.
    Item(&'a [u8]),
}

const ERROR: u16 = 2;
const DONE: u16 = 3;

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The messages of a datagram.
pub(super) fn replies(mut bytes: &[u8]) -> impl Iterator<Item = Reply<'_>> {
    std::iter::from_fn(move || {
        let len = u32_at(bytes, 0)? as usize;
        let message = bytes.get(..len).filter(|message| message.len() >= 16)?;
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
        match u16_at(message, 4)? {
            ERROR => {
                let error = u32_at(message, 16)? as i32;
                Some(Reply::Ended { number: u32_at(message, 8)?, error: error.wrapping_neg() })
            }
            DONE => Some(Reply::Done),
            _ => Some(Reply::Item(message.get(20..).unwrap_or_default())),
        }
    })
}

/// The value of an attribute, without the flags of its kind.
pub(super) fn attribute(mut bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let len = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)? & 0x3fff;
        let value = bytes.get(4..len)?;
        if kind == wanted {
            return Some(value);
        }
        bytes = bytes.get(len.next_multiple_of(4)..)?;
    }
}

/// Name without its end.
pub(super) fn text(value: &[u8]) -> &[u8] {
    value.split(|&byte| byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_attributes_are_found_and_bad_lengths_end_the_reading() {
        let ended =
            [&36u32.to_ne_bytes()[..], &2u16.to_ne_bytes(), &[0; 2], &9u32.to_ne_bytes(), &[0; 4]].concat();
        let ended = [&ended[..], &(-17i32).to_ne_bytes(), &[0; 16]].concat();
        let mut bytes = ended.clone();
        bytes.extend([&24u32.to_ne_bytes()[..], &0xa06u16.to_ne_bytes(), &[0; 14], b"abcd"].concat());
        bytes.extend([255; 7]);
        let found: Vec<_> = replies(&bytes).collect();
        assert_eq!(found, [Reply::Ended { number: 9, error: 17 }, Reply::Item(b"abcd")]);
        let pair = [&6u16.to_ne_bytes()[..], &1u16.to_ne_bytes(), b"x\0\0\0"].concat();
        let pair = [&pair[..], &8u16.to_ne_bytes(), &0x8002u16.to_ne_bytes(), b"four"].concat();
        assert_eq!(attribute(&pair, 2), Some(&b"four"[..]));
        assert_eq!(attribute(&pair, 1).map(text), Some(&b"x"[..]));
        assert_eq!(attribute(&pair, 3), None);
        assert_eq!(attribute(&[3, 0, 1, 0], 1), None);
        assert_eq!(attribute(&[0; 8], 1), None);
    }
}
