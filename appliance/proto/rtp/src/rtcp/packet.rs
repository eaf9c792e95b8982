use super::report::{BLOCK, INFO, ReportBlock, SenderInfo};
use crate::Error;

/// Length of the header all RTCP packets share, in bytes.
pub(super) const HEADER: usize = 4;

/// Packet type (RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// 200.
    SenderReport,
    /// 201.
    ReceiverReport,
    /// 202.
    SourceDescription,
    /// 203.
    Goodbye,
    /// 204.
    Application,
    /// 205: transport layer feedback.
    TransportFeedback,
    /// 206: payload-specific feedback.
    PayloadFeedback,
    /// 207.
    ExtendedReport,
    /// Any other.
    Other(u8),
}

impl Type {
    /// Feedback of RFC 4585, which only the profiles with an F know.
    pub fn is_feedback(self) -> bool {
        matches!(self, Type::TransportFeedback | Type::PayloadFeedback)
    }
}

impl From<u8> for Type {
    fn from(byte: u8) -> Type {
        match byte {
            200 => Type::SenderReport,
            201 => Type::ReceiverReport,
            202 => Type::SourceDescription,
            203 => Type::Goodbye,
            204 => Type::Application,
            205 => Type::TransportFeedback,
            206 => Type::PayloadFeedback,
            207 => Type::ExtendedReport,
            other => Type::Other(other),
        }
    }
}

/// The header all RTCP packets share (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What follows.
    pub kind: Type,
    /// Report or chunk count, subtype or feedback format: 0–31.
    pub count: u8,
    /// The packet ends with padding.
    pub padded: bool,
    /// Length of the whole packet in bytes, header and padding included.
    pub len: usize,
}

impl Header {
    /// Reads the first four bytes; the rest may be missing or encrypted (SRTCP).
    ///
    /// # Errors
    /// [`Error::TooShort`], [`Error::Version`].
    pub fn parse(bytes: &[u8]) -> Result<Header, Error> {
        let &[first, kind, high, low, ..] = bytes else {
            return Err(Error::TooShort { len: bytes.len(), needed: HEADER });
        };
        if first >> 6 != 2 {
            return Err(Error::Version(first >> 6));
        }
        Ok(Header {
            kind: kind.into(),
            count: first & 0x1f,
            padded: first & 0x20 != 0,
            len: (usize::from(u16::from_be_bytes([high, low])) + 1) * 4,
        })
    }
}

/// One packet of a compound, its length checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header,
    /// Behind the header, without padding.
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Checks the packet that `bytes` begin with and what its type says must be in it.
    ///
    /// # Errors
    /// [`Error`], when lengths, version, padding or report count do not fit.
    pub fn parse(bytes: &'a [u8]) -> Result<Packet<'a>, Error> {
        let header = Header::parse(bytes)?;
        let Some(whole) = bytes.get(..header.len) else {
            return Err(Error::TooShort { len: bytes.len(), needed: header.len });
        };
        let mut body = &whole[HEADER..];
        if header.padded {
            let (padding, room) = (body.last().copied().unwrap_or(0), body.len());
            match room.checked_sub(usize::from(padding)) {
                Some(len) if padding > 0 => body = &body[..len],
                _ => return Err(Error::Padding { padding, room }),
            }
        }
        let packet = Packet { header, body };
        let needed = packet.reports_at().map_or_else(
            || usize::from(packet.starts_with_ssrc()) * 4,
            |at| at + usize::from(header.count) * BLOCK,
        );
        if body.len() < needed {
            return Err(Error::TooShort { len: HEADER + body.len(), needed: HEADER + needed });
        }
        Ok(packet)
    }

    /// Where the report blocks stand in the body; only SR and RR have them.
    fn reports_at(&self) -> Option<usize> {
        match self.header.kind {
            Type::SenderReport => Some(4 + INFO),
            Type::ReceiverReport => Some(4),
            _ => None,
        }
    }

    /// True when the type demands an SSRC behind the header. SDES and BYE may be empty.
    fn starts_with_ssrc(&self) -> bool {
        match self.header.kind {
            Type::SourceDescription | Type::Goodbye => self.header.count > 0,
            Type::Other(_) => false,
            _ => true,
        }
    }

    /// Its header.
    pub fn header(&self) -> Header {
        self.header
    }

    /// What follows the header, without padding.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The SSRC of who sent it, of the first chunk (SDES) or of the first who leaves (BYE).
    pub fn ssrc(&self) -> Option<u32> {
        if !self.starts_with_ssrc() {
            return None;
        }
        self.body.first_chunk().map(|b| u32::from_be_bytes(*b))
    }

    /// The sender information of an SR.
    pub fn sender_info(&self) -> Option<SenderInfo> {
        match self.header.kind {
            Type::SenderReport => self.body[4..].first_chunk().map(SenderInfo::read),
            _ => None,
        }
    }

    /// The report blocks of an SR or RR; nothing for other types.
    pub fn reports(&self) -> impl ExactSizeIterator<Item = ReportBlock> + use<'a> {
        let blocks = match self.reports_at() {
            Some(at) => &self.body[at..at + usize::from(self.header.count) * BLOCK],
            None => &[],
        };
        let (blocks, _) = blocks.as_chunks::<BLOCK>();
        blocks.iter().map(ReportBlock::read)
    }
}
