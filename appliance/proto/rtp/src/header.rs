use crate::Error;

/// Length of the fixed part in bytes (RFC 3550 §5.1).
const FIXED: usize = 12;

/// A view of an RTP packet whose header has been checked: version, CSRC list and extension lie within the bytes.
/// The padding count is not part of the check, because in SRTP it is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    bytes: &'a [u8],
    /// Where the payload starts.
    end: usize,
}

/// A header extension (RFC 3550 §5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Defined by profile: 0xBEDE and 0x100x are RFC 8285.
    pub profile: u16,
    /// The extension's words, without its own four-byte header.
    pub data: &'a [u8],
}

impl<'a> Header<'a> {
    /// Checks the header that `bytes` begin with (RFC 3550 §5.1).
    ///
    /// # Errors
    /// [`Error::TooShort`] when fixed part, CSRC list or extension do not fit; [`Error::Version`].
    pub fn parse(bytes: &'a [u8]) -> Result<Header<'a>, Error> {
        let short = |needed| Error::TooShort { len: bytes.len(), needed };
        let &[first, ..] = bytes else { return Err(short(FIXED)) };
        if first >> 6 != 2 {
            return Err(Error::Version(first >> 6));
        }
        let mut end = FIXED + usize::from(first & 0x0f) * 4;
        if bytes.len() < end {
            return Err(short(end));
        }
        if first & 0x10 != 0 {
            let Some(head) = bytes.get(end..end + 4) else { return Err(short(end + 4)) };
            end += 4 + usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
            if bytes.len() < end {
                return Err(short(end));
            }
        }
        Ok(Header { bytes, end })
    }

    fn word(&self, at: usize) -> u32 {
        let b = &self.bytes[at..at + 4];
        u32::from_be_bytes([b[0], b[1], b[2], b[3]])
    }

    /// Marker bit.
    pub fn marker(&self) -> bool {
        self.bytes[1] & 0x80 != 0
    }

    /// Payload type, 0–127.
    pub fn pt(&self) -> u8 {
        self.bytes[1] & 0x7f
    }

    /// Sequence number.
    pub fn seq(&self) -> u16 {
        u16::from_be_bytes([self.bytes[2], self.bytes[3]])
    }

    /// Timestamp in units of the payload's clock.
    pub fn timestamp(&self) -> u32 {
        self.word(4)
    }

    /// Synchronisation source.
    pub fn ssrc(&self) -> u32 {
        self.word(8)
    }

    /// Contributing sources, at most 15.
    pub fn csrcs(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        let count = usize::from(self.bytes[0] & 0x0f);
        self.bytes[FIXED..FIXED + count * 4]
            .chunks_exact(4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// The header extension, if there is one.
    pub fn extension(&self) -> Option<Extension<'a>> {
        if self.bytes[0] & 0x10 == 0 {
            return None;
        }
        let start = FIXED + usize::from(self.bytes[0] & 0x0f) * 4;
        let profile = u16::from_be_bytes([self.bytes[start], self.bytes[start + 1]]);
        Some(Extension { profile, data: &self.bytes[start + 4..self.end] })
    }

    /// The element of that number in the header extension (RFC 8285 §4.2, §4.3): its data.
    pub fn element(&self, id: u8) -> Option<&'a [u8]> {
        let Extension { profile, data } = self.extension()?;
        match profile {
            0xbede => element(data, id, |head| (head[0] >> 4, 1, usize::from(head[0] & 0x0f) + 1)),
            0x1000..=0x100f => {
                element(data, id, |head| (head[0], 2, head.get(1).copied().unwrap_or(0).into()))
            }
            _ => None,
        }
    }

    /// Everything behind the header, padding (and in SRTP the tag) included.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[self.end..]
    }

    /// The payload of an unencrypted packet without its padding.
    ///
    /// # Errors
    /// [`Error::Padding`] when the padding bit is set and the count in the last byte is zero or too large.
    pub fn unpadded(&self) -> Result<&'a [u8], Error> {
        let payload = self.payload();
        if self.bytes[0] & 0x20 == 0 {
            return Ok(payload);
        }
        let padding = payload.last().copied().unwrap_or(0);
        let room = payload.len();
        match room.checked_sub(usize::from(padding)) {
            Some(len) if padding > 0 => Ok(&payload[..len]),
            _ => Err(Error::Padding { padding, room }),
        }
    }
}

/// Walks over elements; `read` gives number, header length and data length of the one that bytes begin with.
fn element(data: &[u8], wanted: u8, read: impl Fn(&[u8]) -> (u8, usize, usize)) -> Option<&[u8]> {
    let mut rest = data;
    while let Some(first) = rest.first() {
        // A byte of zero is padding, whatever the form.
        if *first == 0 {
            rest = &rest[1..];
            continue;
        }
        let (id, head, len) = read(rest);
        // In the short form number 15 ends the list.
        if head == 1 && id == 15 {
            return None;
        }
        let found = rest.get(head..head + len)?;
        if id == wanted {
            return Some(found);
        }
        rest = &rest[head + len..];
    }
    None
}

/// The fixed part of an RTP header, to change in place.
#[derive(Debug)]
pub struct HeaderMut<'a> {
    fixed: &'a mut [u8; FIXED],
}

impl<'a> HeaderMut<'a> {
    /// Takes the first twelve bytes of a packet that [`Header::parse`] has accepted; `None` if there are fewer.
    pub fn new(bytes: &'a mut [u8]) -> Option<HeaderMut<'a>> {
        bytes.first_chunk_mut().map(|fixed| HeaderMut { fixed })
    }

    /// Payload type as it is now.
    pub fn pt(&self) -> u8 {
        self.fixed[1] & 0x7f
    }

    /// Sequence number as it is now.
    pub fn seq(&self) -> u16 {
        u16::from_be_bytes([self.fixed[2], self.fixed[3]])
    }

    /// Sets the payload type (its low seven bits); the marker stays.
    pub fn set_pt(&mut self, pt: u8) {
        self.fixed[1] = (self.fixed[1] & 0x80) | (pt & 0x7f);
    }

    /// Sets the sequence number.
    pub fn set_seq(&mut self, seq: u16) {
        self.fixed[2..4].copy_from_slice(&seq.to_be_bytes());
    }

    /// Sets the SSRC.
    pub fn set_ssrc(&mut self, ssrc: u32) {
        self.fixed[8..12].copy_from_slice(&ssrc.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 3550 §5.1 with two CSRCs, a two-word extension, three bytes of payload and one of padding.
    const FULL: &[u8] = &[
        0xb2, 0x88, 0x12, 0x34, 0, 0, 0, 0xa0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0,
        2, 1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x22, 0x33, 1,
    ];

    #[test]
    fn every_field_is_read() {
        let header = Header::parse(FULL).unwrap();
        assert!(header.marker());
        assert_eq!(
            (header.pt(), header.seq(), header.timestamp(), header.ssrc()),
            (8, 0x1234, 160, 0xdead_beef)
        );
        assert_eq!(header.csrcs().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(header.extension(), Some(Extension { profile: 0xbede, data: &[1, 2, 3, 4, 5, 6, 7, 8] }));
        assert_eq!(header.payload(), [0x11, 0x22, 0x33, 1]);
        assert_eq!(header.unpadded().unwrap(), [0x11, 0x22, 0x33]);
    }

    fn extended(profile: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x90, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        bytes.extend(profile.to_be_bytes());
        bytes.extend((data.len() as u16 / 4).to_be_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn elements_of_both_forms_are_found_behind_padding() {
        let short = extended(0xbede, &[0x10, 7, 0, 0, 0x41, b'v', b'1', 0]);
        let header = Header::parse(&short).unwrap();
        assert_eq!([1, 4, 2].map(|id| header.element(id)), [Some(&[7][..]), Some(b"v1"), None]);
        let long = extended(0x1003, &[0, 1, 0, 4, 2, b'v', b'1', 0]);
        let header = Header::parse(&long).unwrap();
        assert_eq!([1, 4, 2].map(|id| header.element(id)), [Some(&[][..]), Some(b"v1"), None]);
    }

    #[test]
    fn an_element_that_does_not_fit_ends_the_search() {
        for (profile, data) in [
            (0xbede, [0x2f, 1, 0x40, 9]),
            (0xbede, [0xf0, 1, 0x40, 9]),
            (0x1000, [2, 200, 4, 0]),
            (0xabac, [0x40, 9, 0, 0]),
            (0x1000, [0, 0, 0, 4]),
        ] {
            let bytes = extended(profile, &data);
            assert_eq!(Header::parse(&bytes).unwrap().element(4).unwrap_or_default(), b"", "{profile:x}");
        }
    }

    #[test]
    fn every_truncation_of_the_header_is_refused() {
        let start = FULL.len() - 4;
        for len in 0..start {
            assert!(matches!(Header::parse(&FULL[..len]), Err(Error::TooShort { .. })), "{len} bytes");
        }
        assert_eq!(Header::parse(&FULL[..start]).unwrap().payload(), b"");
    }

    #[test]
    fn other_versions_are_refused() {
        let mut bytes = FULL.to_vec();
        for version in [0u8, 1, 3] {
            bytes[0] = (bytes[0] & 0x3f) | version << 6;
            assert_eq!(Header::parse(&bytes), Err(Error::Version(version)));
        }
    }

    #[test]
    fn padding_must_be_there_and_not_exceed_the_payload() {
        let mut bytes = FULL.to_vec();
        let last = bytes.len() - 1;
        for (count, len) in [(4, Some(0)), (1, Some(3)), (0, None), (5, None), (255, None)] {
            bytes[last] = count;
            let got = Header::parse(&bytes).unwrap().unpadded();
            assert_eq!(got.ok().map(<[u8]>::len), len, "padding {count}");
        }
    }

    proptest! {
        #[test]
        fn setters_change_their_field_alone(
            mut bytes in proptest::collection::vec(any::<u8>(), 12..64),
            pt in 0u8..128, seq: u16, ssrc: u32,
        ) {
            bytes[0] = 0x80;
            let before = bytes.clone();
            let mut header = HeaderMut::new(&mut bytes).unwrap();
            header.set_pt(pt);
            header.set_seq(seq);
            header.set_ssrc(ssrc);
            prop_assert_eq!((header.pt(), header.seq()), (pt, seq));
            let (was, is) = (Header::parse(&before).unwrap(), Header::parse(&bytes).unwrap());
            prop_assert_eq!((is.pt(), is.seq(), is.ssrc()), (pt, seq, ssrc));
            prop_assert_eq!((is.marker(), is.timestamp(), is.payload()), (was.marker(), was.timestamp(), was.payload()));
        }
    }
}
