use super::{COOKIE, HEADER, attribute};
use crate::Role;
use crate::integrity::{fingerprint, is_hmac};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Message classes (RFC 8489 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Request,
    Indication,
    Success,
    Error,
}

/// The bytes lie: lengths do not add up, or a fixed-size attribute has another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A STUN message of method Binding, read in place. Nothing in it may be believed before the seals were checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    bytes: &'a [u8],
    pub(crate) class: Class,
    /// False for a method other than Binding.
    pub(crate) binding: bool,
    pub(crate) transaction: [u8; 12],
    pub(crate) username: Option<&'a [u8]>,
    pub(crate) priority: Option<u32>,
    pub(crate) use_candidate: bool,
    /// The sender's role, and its tie-breaker.
    pub(crate) role: Option<(Role, u64)>,
    pub(crate) mapped: Option<SocketAddr>,
    /// The code of an error response, 300 to 699.
    pub(crate) error: Option<u16>,
    /// The first attributes that must be understood and are not.
    unknown: [u16; 4],
    unknown_count: usize,
    /// Where MESSAGE-INTEGRITY begins.
    integrity: Option<usize>,
    /// Where FINGERPRINT begins; it is the last attribute.
    fingerprint: Option<usize>,
}

/// Whether the bytes look like STUN at all, so that they are worth reading: first two bits zero, magic cookie (RFC 7983).
fn looks_like(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER && bytes[0] < 4 && bytes[4..8] == COOKIE.to_be_bytes()
}

impl<'a> Message<'a> {
    /// Reads all attributes, in one pass over at most the datagram. `None`: no STUN.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Result<Message<'a>, Malformed>> {
        looks_like(bytes).then(|| Message::parse_header(bytes))
    }

    fn parse_header(bytes: &'a [u8]) -> Result<Message<'a>, Malformed> {
        let kind = u16::from_be_bytes([bytes[0], bytes[1]]);
        let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        if length % 4 != 0 || length + HEADER != bytes.len() {
            return Err(Malformed);
        }
        let class = match (kind & 0x0100 != 0, kind & 0x0010 != 0) {
            (false, false) => Class::Request,
            (false, true) => Class::Indication,
            (true, false) => Class::Success,
            (true, true) => Class::Error,
        };
        let mut transaction = [0; 12];
        transaction.copy_from_slice(&bytes[8..20]);
        let mut message = Message {
            bytes,
            class,
            binding: kind & !0x0110 == 0x0001,
            transaction,
            username: None,
            priority: None,
            use_candidate: false,
            role: None,
            mapped: None,
            error: None,
            unknown: [0; 4],
            unknown_count: 0,
            integrity: None,
            fingerprint: None,
        };
        message.read_attributes()?;
        Ok(message)
    }

    fn read_attributes(&mut self) -> Result<(), Malformed> {
        let mut at = HEADER;
        while at < self.bytes.len() {
            let rest = &self.bytes[at..];
            if rest.len() < 4 {
                return Err(Malformed);
            }
            let kind = u16::from_be_bytes([rest[0], rest[1]]);
            let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
            let value = rest.get(4..4 + length).ok_or(Malformed)?;
            let next = at + 4 + length.next_multiple_of(4);
            if next > self.bytes.len() {
                return Err(Malformed);
            }
            if kind == attribute::FINGERPRINT {
                // It must be last (RFC 8489 §14.7); one that is not seals nothing.
                if length != 4 || next != self.bytes.len() {
                    return Err(Malformed);
                }
                self.fingerprint = Some(at);
            } else if self.integrity.is_none() {
                self.read_attribute(kind, value, at)?;
            }
            // What stands behind MESSAGE-INTEGRITY is not sealed by it, and so not read (RFC 8489 §14.5).
            at = next;
        }
        Ok(())
    }

    /// Of attributes that come twice, the first counts (RFC 8489 §14).
    fn read_attribute(&mut self, kind: u16, value: &'a [u8], at: usize) -> Result<(), Malformed> {
        match kind {
            attribute::USERNAME => {
                self.username.get_or_insert(value);
            }
            attribute::INTEGRITY if value.len() == 20 => self.integrity = Some(at),
            attribute::INTEGRITY => return Err(Malformed),
            attribute::PRIORITY => {
                let value = u32::from_be_bytes(fixed(value)?);
                self.priority.get_or_insert(value);
            }
            attribute::USE_CANDIDATE => self.use_candidate = true,
            attribute::CONTROLLED | attribute::CONTROLLING => {
                let role = if kind == attribute::CONTROLLED { Role::Controlled } else { Role::Controlling };
                let tie_breaker = u64::from_be_bytes(fixed(value)?);
                self.role.get_or_insert((role, tie_breaker));
            }
            attribute::XOR_MAPPED => {
                let value = self.unmask(value)?;
                self.mapped.get_or_insert(value);
            }
            attribute::ERROR => {
                let code = value.get(2..4).ok_or(Malformed)?;
                let code = u16::from(code[0] & 7) * 100 + u16::from(code[1].min(99));
                self.error.get_or_insert(code);
            }
            attribute::INTEGRITY_SHA256 | attribute::UNKNOWN => {}
            _ if kind < 0x8000 && self.unknown_count < self.unknown.len() => {
                self.unknown[self.unknown_count] = kind;
                self.unknown_count += 1;
            }
            _ => {}
        }
        Ok(())
    }

    /// XOR-MAPPED-ADDRESS in the clear (RFC 8489 §14.2).
    fn unmask(&self, value: &[u8]) -> Result<SocketAddr, Malformed> {
        let (head, address) = value.split_at_checked(4).ok_or(Malformed)?;
        let port = u16::from_be_bytes([head[2], head[3]]) ^ (COOKIE >> 16) as u16;
        let ip = match head[1] {
            1 => IpAddr::V4(Ipv4Addr::from_bits(u32::from_be_bytes(fixed(address)?) ^ COOKIE)),
            2 => {
                let mut mask = [0; 16];
                mask.copy_from_slice(&self.bytes[4..20]);
                let masked = u128::from_be_bytes(fixed(address)?);
                IpAddr::V6(Ipv6Addr::from_bits(masked ^ u128::from_be_bytes(mask)))
            }
            _ => return Err(Malformed),
        };
        Ok(SocketAddr::new(ip, port))
    }

    /// Attributes the sender insists on and we do not know.
    pub(crate) fn unknown(&self) -> &[u16] {
        &self.unknown[..self.unknown_count]
    }

    /// Whether there is a FINGERPRINT and it is right.
    pub(crate) fn has_good_fingerprint(&self) -> bool {
        let Some(at) = self.fingerprint else { return false };
        let said = &self.bytes[at + 4..at + 8];
        fingerprint(&[&self.bytes[..at]]).to_be_bytes() == *said
    }

    /// Whether there is a MESSAGE-INTEGRITY and it was made with this password.
    pub(crate) fn is_sealed_with(&self, password: &str) -> bool {
        let Some(at) = self.integrity else { return false };
        // The length as if MESSAGE-INTEGRITY were the last attribute (RFC 8489 §14.5).
        let length = (at + 24 - HEADER) as u16;
        let parts = [&self.bytes[..2], &length.to_be_bytes(), &self.bytes[4..at]];
        is_hmac(password.as_bytes(), &parts, &self.bytes[at + 4..at + 24])
    }
}

fn fixed<const N: usize>(value: &[u8]) -> Result<[u8; N], Malformed> {
    value.try_into().map_err(|_| Malformed)
}

/// The two user fragments of a request: the receiver's, then the sender's (RFC 8445 §7.2.2).
///
/// For choosing among agents that share a port (forked calls). Nothing is verified, so nothing may be concluded but
/// which agent to ask. `None`: no STUN request, or no such user name.
pub fn usernames(packet: &[u8]) -> Option<(&str, &str)> {
    let message = Message::parse(packet)?.ok()?;
    std::str::from_utf8(message.username?).ok()?.split_once(':')
}
