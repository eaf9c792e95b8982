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
