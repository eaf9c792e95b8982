//! ICE candidates (RFC 8839 §5.1).

use crate::{Field, Text};
use std::net::IpAddr;

/// The type of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateKind<'a> {
    /// `host`
    Host,
    /// `srflx`
    ServerReflexive,
    /// `prflx`
    PeerReflexive,
    /// `relay`
    Relay,
    /// A type we do not know, as spelled.
    Other(Field<'a>),
}

impl<'a> CandidateKind<'a> {
    fn parse(text: Text<'a>) -> CandidateKind<'a> {
        match text.as_bytes() {
            b"host" => CandidateKind::Host,
            b"srflx" => CandidateKind::ServerReflexive,
            b"prflx" => CandidateKind::PeerReflexive,
            b"relay" => CandidateKind::Relay,
            _ => CandidateKind::Other(text.into()),
        }
    }

    /// The type's spelling.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            CandidateKind::Host => b"host",
            CandidateKind::ServerReflexive => b"srflx",
            CandidateKind::PeerReflexive => b"prflx",
            CandidateKind::Relay => b"relay",
            CandidateKind::Other(text) => text.as_bytes(),
        }
    }
}

/// `a=candidate`: `FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE [raddr …] [rport …] [NAME VALUE …]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Candidates of one kind, address and server share it.
    pub foundation: Field<'a>,
    /// 1 RTP, 2 RTCP.
    pub component: u16,
    /// `UDP`, `TCP`, as spelled; ignores case.
    pub transport: Field<'a>,
    /// Higher is tried first.
    pub priority: u32,
    /// An address or a host name (mDNS).
    pub address: Field<'a>,
    /// The port; 9 for active TCP.
    pub port: u16,
    /// What kind of candidate.
    pub kind: CandidateKind<'a>,
    /// The address behind a reflexive or relayed candidate.
    pub related_address: Option<Field<'a>>,
    /// The port behind it.
    pub related_port: Option<u16>,
    /// What follows, as spelled: `tcptype active`, `generation 0`, `ufrag x`, …
    pub extensions: Field<'a>,
}

impl<'a> Candidate<'a> {
    /// Reads a value.
    pub fn parse(value: Text<'a>) -> Option<Candidate<'a>> {
        let mut words = Words(value);
        let foundation = words.next()?;
        let component = words.next()?.number()?;
        let transport = words.next()?;
        let priority = words.next()?.number()?;
        let address = words.next()?;
        let port = words.next()?.number()?;
        let (typ, kind) = (words.next()?, words.next()?);
        if typ != "typ" {
            return None;
        }
        let (mut related_address, mut related_port) = (None, None);
        if words.peek() == Some(Text::new(b"raddr")) {
            words.next();
            related_address = Some(words.next()?.into());
        }
        if words.peek() == Some(Text::new(b"rport")) {
            words.next();
            related_port = Some(words.next()?.number()?);
        }
        Some(Candidate {
            foundation: foundation.into(),
            component,
            transport: transport.into(),
            priority,
            address: address.into(),
            port,
            kind: CandidateKind::parse(kind),
            related_address,
            related_port,
            extensions: words.0.trimmed().into(),
        })
    }

    /// The address, if it is one and not a host name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.address.as_text().as_str()?.parse().ok()
    }

    /// The same, no longer borrowing from the body.
    pub fn into_owned(self) -> Candidate<'static> {
        Candidate {
            foundation: self.foundation.into_owned(),
            component: self.component,
            transport: self.transport.into_owned(),
            priority: self.priority,
            address: self.address.into_owned(),
            port: self.port,
            kind: match self.kind {
                CandidateKind::Host => CandidateKind::Host,
                CandidateKind::ServerReflexive => CandidateKind::ServerReflexive,
                CandidateKind::PeerReflexive => CandidateKind::PeerReflexive,
                CandidateKind::Relay => CandidateKind::Relay,
                CandidateKind::Other(text) => CandidateKind::Other(text.into_owned()),
            },
            related_address: self.related_address.map(Field::into_owned),
            related_port: self.related_port,
            extensions: self.extensions.into_owned(),
        }
    }

    /// The extensions as pairs of name and value.
    pub fn extension_pairs(&self) -> Extensions<'_> {
        Extensions(Words(self.extensions.as_text()))
    }
}

/// Pairs of name and value behind a candidate. A name without value ends them.
#[derive(Clone, Debug)]
pub struct Extensions<'a>(Words<'a>);

impl<'a> Iterator for Extensions<'a> {
    type Item = (Text<'a>, Text<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

/// One entry of `a=remote-candidates` (RFC 8839 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteCandidate<'a> {
    /// 1 RTP, 2 RTCP.
    pub component: u16,
    /// An address or a host name.
    pub address: Text<'a>,
    /// The port.
    pub port: u16,
}

/// The entries of a `remote-candidates` value; a malformed one ends them.
pub fn remote_candidates(value: Text<'_>) -> impl Iterator<Item = RemoteCandidate<'_>> {
    let mut words = Words(value);
    std::iter::from_fn(move || {
        Some(RemoteCandidate {
            component: words.next()?.number()?,
            address: words.next()?,
            port: words.next()?.number()?,
        })
    })
}

/// Words separated by spaces that can give back what is left.
#[derive(Clone, Copy, Debug)]
struct Words<'a>(Text<'a>);

impl<'a> Words<'a> {
    fn peek(self) -> Option<Text<'a>> {
        { self }.next()
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Text<'a>;

    fn next(&mut self) -> Option<Text<'a>> {
        let text = self.0.as_bytes().trim_ascii_start();
        if text.is_empty() {
            return None;
        }
        let end = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
        self.0 = Text::new(&text[end..]);
        Some(Text::new(&text[..end]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflexive_candidate_with_extensions() {
        let value = "842163049 1 udp 1677729535 192.0.2.44 41020 typ srflx raddr 198.51.100.20 rport 50112 generation 0 ufrag k";
        let c = Candidate::parse(value.into()).unwrap();
        assert_eq!((c.component, c.priority, c.port), (1, 1_677_729_535, 41020));
        assert_eq!(c.ip().unwrap(), IpAddr::from([192, 0, 2, 44]));
        assert_eq!(c.kind, CandidateKind::ServerReflexive);
        assert_eq!(c.related_address.as_ref().unwrap(), &"198.51.100.20");
        assert_eq!(c.related_port, Some(50112));
        let pairs: Vec<_> = c.extension_pairs().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        assert_eq!(pairs, [("generation".into(), "0".into()), ("ufrag".into(), "k".into())]);
        assert_eq!(c.clone().into_owned(), c);
    }

    #[test]
    fn addresses_may_be_ipv6_or_names_and_types_unknown() {
        let v6 = Candidate::parse("1 2 UDP 1 2001:db8:4321::20 5 typ host".into()).unwrap();
        assert!(v6.ip().unwrap().is_ipv6());
        let name = Candidate::parse("1 1 udp 1 5d1c-0f0a.local 5 typ future".into()).unwrap();
        assert_eq!(name.ip(), None);
        assert_eq!(name.kind, CandidateKind::Other("future".into()));
    }

    #[test]
    fn malformed_candidates_are_none() {
        for value in [
            "",
            "1 1 UDP 1 192.0.2.1 5",
            "1 1 UDP 1 192.0.2.1 5 type host",
            "1 1 UDP 1 192.0.2.1 65536 typ host",
            "1 x UDP 1 192.0.2.1 5 typ host",
            "1 1 UDP 4294967296 192.0.2.1 5 typ host",
            "1 1 UDP 1 192.0.2.1 5 typ relay raddr",
            "1 1 UDP 1 192.0.2.1 5 typ relay raddr 192.0.2.2 rport x",
        ] {
            assert!(Candidate::parse(value.into()).is_none(), "{value}");
        }
    }

    #[test]
    fn remote_candidates_come_in_threes() {
        let all: Vec<_> = remote_candidates("1 192.0.2.1 5 2 192.0.2.1 6 3".into()).collect();
        assert_eq!(all.len(), 2);
        assert_eq!((all[1].component, all[1].port), (2, 6));
    }
}
