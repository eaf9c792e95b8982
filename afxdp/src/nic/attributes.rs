/// Netlink attributes (linux/netlink.h, `struct nlattr`) one after the other; ends at the first that is damaged.
pub(super) struct Attributes<'a>(pub(super) &'a [u8]);

const HEADER: usize = 4;
/// Flags in the kind: nested, network byte order.
const KIND: u16 = 0x3fff;

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let len = usize::from(u16::from_ne_bytes(*self.0.first_chunk()?));
        let kind = u16::from_ne_bytes(*self.0.get(2..)?.first_chunk()?) & KIND;
        let value = self.0.get(HEADER..len)?;
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// The value of the first attribute of a kind.
pub(super) fn find(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    Attributes(bytes).find(|(found, _)| *found == kind).map(|(_, value)| value)
}

/// Appends an attribute; `value` must be shorter than 64 kB.
pub(super) fn put(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend(((HEADER + value.len()) as u16).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_found_and_damage_ends_it() {
        let mut message = Vec::new();
        put(&mut message, 7, b"abcde");
        put(&mut message, 0x8009, &3u32.to_ne_bytes());
        assert_eq!(message.len(), 12 + 8);
        assert_eq!(find(&message, 7), Some(&b"abcde"[..]));
        assert_eq!(find(&message, 9), Some(&3u32.to_ne_bytes()[..]));
        assert_eq!(find(&message, 1), None);
        for cut in 0..message.len() {
            assert!(Attributes(&message[..cut]).count() < 2, "{cut}");
        }
        assert_eq!(Attributes(&[3, 0, 1, 0]).count(), 0, "shorter than its own header");
    }
}
