//! Where RTCP goes, and who sends.

use crate::session::address_of;
use crate::{Name, Text};
use std::net::IpAddr;

/// Who may send on a stream (RFC 8866 §6.7), seen from the writer of the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the attribute of that name")]
pub enum Direction {
    #[default]
    Sendrecv,
    Sendonly,
    Recvonly,
    Inactive,
}

impl Direction {
    /// The direction an attribute name stands for.
    pub fn of(name: Name) -> Option<Direction> {
        match name {
            Name::Sendrecv => Some(Direction::Sendrecv),
            Name::Sendonly => Some(Direction::Sendonly),
            Name::Recvonly => Some(Direction::Recvonly),
            Name::Inactive => Some(Direction::Inactive),
            _ => None,
        }
    }

    /// From whether the writer sends and receives.
    pub fn from_flags(sends: bool, receives: bool) -> Direction {
        match (sends, receives) {
            (true, true) => Direction::Sendrecv,
            (true, false) => Direction::Sendonly,
            (false, true) => Direction::Recvonly,
            (false, false) => Direction::Inactive,
        }
    }

    /// Whether the writer of the body sends.
    pub fn sends(self) -> bool {
        matches!(self, Direction::Sendrecv | Direction::Sendonly)
    }

    /// Whether the writer of the body receives.
    pub fn receives(self) -> bool {
        matches!(self, Direction::Sendrecv | Direction::Recvonly)
    }

    /// The same seen from the other side.
    pub fn mirrored(self) -> Direction {
        Direction::from_flags(self.receives(), self.sends())
    }

    /// The attribute's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Sendrecv => "sendrecv",
            Direction::Sendonly => "sendonly",
            Direction::Recvonly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }
}

/// `a=rtcp` (RFC 3605).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtcp {
    /// Where RTCP is expected.
    pub port: u16,
    /// At which address, if not that of `c=`.
    pub address: Option<IpAddr>,
}

impl Rtcp {
    /// Reads `PORT` or `PORT IN IP4|IP6 ADDRESS`.
    pub fn parse(value: Text<'_>) -> Option<Rtcp> {
        let mut words = value.words();
        let port = words.next()?.number()?;
        let address = match (words.next(), words.next(), words.next()) {
            (None, ..) => None,
            (Some(net), Some(family), Some(address)) if net == "IN" => {
                Some(address_of(family, address.as_str()?)?)
            }
            _ => return None,
        };
        Some(Rtcp { port, address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtcp_with_and_without_address() {
        assert_eq!(Rtcp::parse("5001".into()), Some(Rtcp { port: 5001, address: None }));
        let full = Rtcp::parse("5001 IN IP6 2001:db8::1".into()).unwrap();
        assert_eq!(full.address.unwrap().to_string(), "2001:db8::1");
        for value in
            ["", "x", "99999", "5001 IN IP4", "5001 IN IP4 foo", "5001 XX IP4 192.0.2.1", "5001 IN IP4 ::1"]
        {
            assert_eq!(Rtcp::parse(value.into()), None, "{value}");
        }
    }

    #[test]
    fn directions_mirror() {
        use Direction::*;
        for (there, here) in
            [(Sendrecv, Sendrecv), (Sendonly, Recvonly), (Recvonly, Sendonly), (Inactive, Inactive)]
        {
            assert_eq!(there.mirrored(), here);
            assert_eq!(Direction::from_flags(there.sends(), there.receives()), there);
            assert_eq!(Direction::of(Name::of(there.as_str().as_bytes())), Some(there));
        }
        assert_eq!(Direction::of(Name::RtcpMux), None);
    }
}
