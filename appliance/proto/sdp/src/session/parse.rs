//! The one pass over a body's lines.

use super::{Bandwidth, Connection, Origin, Session};
use crate::{Attribute, Error, Lines, Media, Text};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// `v=`, `m=`, and a `c=` for each section.
    Body,
    /// Nothing.
    Fragment,
}

pub(super) fn session(body: &[u8], rules: Rules) -> Result<Session<'_>, Error> {
    if body.len() > Session::MAX_BODY {
        return Err(Error::TooLarge { bytes: body.len(), limit: Session::MAX_BODY });
    }
    let mut session = Session {
        body,
        origin: None,
        name: None,
        info: None,
        uri: None,
        email: None,
        phone: None,
        connection: None,
        bandwidth: Bandwidth::default(),
        timing: None,
        attributes: Vec::new(),
        media: Vec::with_capacity(2),
    };
    let mut seen_version = false;
    for line in Lines::new(body) {
        let number = line.number;
        // An empty line ends the description; what follows belongs to somebody else.
        if line.text.is_empty() || line.text[0] == b'\r' {
            break;
        }
        if number as usize > Session::MAX_LINES {
            return Err(Error::TooMany { line: number, what: "lines", limit: Session::MAX_LINES });
        }
        let Some((kind, value)) = line.split() else {
            // A single byte at the very end is a leftover, often a NUL.
            if line.text.len() == 1 && line.span.end == body.len() && line.span.len() == 1 {
                break;
            }
            return Err(Error::NotALine { line: number });
        };
        if !seen_version {
            seen_version = true;
            if kind == b'v' && value == "0" {
                continue;
            }
            if rules == Rules::Body {
                return Err(Error::NoVersion);
            }
        }
        match session.media.last_mut() {
            Some(media) if kind != b'm' => media_line(media, kind, value, number)?,
            _ => session_line(&mut session, kind, value, number)?,
        }
    }
    if rules == Rules::Body {
        if session.media.is_empty() {
            return Err(if seen_version { Error::NoMedia } else { Error::Empty });
        }
        for media in &session.media {
            if media.connection.is_none() && session.connection.is_none() {
                return Err(Error::NoConnection { line: media.line });
            }
        }
    }
    for media in &session.media {
        media.check_formats()?;
    }
    Ok(session)
}

fn session_line<'a>(s: &mut Session<'a>, kind: u8, value: Text<'a>, line: u32) -> Result<(), Error> {
    match kind {
        b'a' => s.attributes.push(Attribute::new(value, line)),
        b'm' => {
            if s.media.len() == Session::MAX_MEDIA {
                return Err(Error::TooMany { line, what: "media sections", limit: Session::MAX_MEDIA });
            }
            s.media.push(Media::parse(value, line, s.media.len())?);
        }
        b'c' => once(&mut s.connection, connection(value, line)?, kind, line)?,
        b'o' => once(&mut s.origin, origin(value, line)?, kind, line)?,
        b's' => s.name = Some(value),
        b't' => s.timing = filled(value),
        b'b' => s.bandwidth.read(value),
        b'i' => s.info = filled(value),
        b'u' => s.uri = filled(value),
        b'e' => s.email = filled(value),
        b'p' => s.phone = filled(value),
        b'r' | b'z' | b'k' => {}
        b'v' => return Err(Error::Repeated { line, kind }),
        _ => return Err(Error::UnknownType { line, kind }),
    }
    Ok(())
}

fn media_line<'a>(m: &mut Media<'a>, kind: u8, value: Text<'a>, line: u32) -> Result<(), Error> {
    match kind {
        b'a' => m.attributes.push(Attribute::new(value, line)),
        b'c' => once(&mut m.connection, connection(value, line)?, kind, line)?,
        b'b' => m.bandwidth.read(value),
        b'i' => m.title = filled(value),
        b'k' | b'r' | b'z' => {}
        b'v' | b'o' | b's' | b'u' | b'e' | b'p' | b't' => return Err(Error::Misplaced { line, kind }),
        _ => return Err(Error::UnknownType { line, kind }),
    }
    Ok(())
}

fn filled(value: Text<'_>) -> Option<Text<'_>> {
    (!value.is_empty()).then_some(value)
}

fn once<T>(slot: &mut Option<T>, value: T, kind: u8, line: u32) -> Result<(), Error> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::Repeated { line, kind }),
    }
}

fn origin(value: Text<'_>, line: u32) -> Result<Origin<'_>, Error> {
    // Fields part at single spaces, so that one may be empty; if `IN`, family and address are not where they belong
    // then, fields part at runs of spaces.
    let single = six(value.as_bytes().split(|&b| b == b' ').map(Text::new));
    let sound = single[3] == "IN" && !single[4].is_empty() && !single[5].is_empty();
    let fields = if sound { single } else { six(value.words()) };
    let [user, id, version, net_type, addr_type, address] = fields;
    if address.is_empty() || addr_type.is_empty() {
        return Err(Error::Origin { line, fields: fields.iter().filter(|f| !f.is_empty()).count() });
    }
    Ok(Origin {
        user: or(user, "-"),
        id: or(id, "0"),
        version: or(version, "0"),
        net_type,
        addr_type,
        address,
    })
}

fn or<'a>(field: Text<'a>, instead: &'static str) -> Text<'a> {
    if field.is_empty() { instead.into() } else { field }
}

/// The first six words; empty ones for those that are missing.
fn six<'a>(words: impl Iterator<Item = Text<'a>>) -> [Text<'a>; 6] {
    let mut out = [Text::default(); 6];
    for (place, word) in out.iter_mut().zip(words) {
        *place = word;
    }
    out
}

fn connection(value: Text<'_>, line: u32) -> Result<Connection<'_>, Error> {
    // One space each, as rtpengine wants it; whatever follows the address is not looked at.
    let mut words = value.as_bytes().split(|&b| b == b' ').map(Text::new);
    let parsed = match (words.next(), words.next(), words.next().and_then(Text::as_str)) {
        (Some(net), Some(family), Some(address)) if net == "IN" => address_of(family, address),
        _ => None,
    };
    parsed.map(|address| Connection { address, raw: value }).ok_or(Error::Connection { line })
}

/// Reads an address of the family `IP4` or `IP6`; IPv6 may stand in brackets.
pub(crate) fn address_of(family: Text<'_>, address: &str) -> Option<IpAddr> {
    if family == "IP4" {
        address.parse().ok().map(|a: Ipv4Addr| a.into())
    } else if family == "IP6" {
        let bare = address.strip_prefix('[').and_then(|a| a.strip_suffix(']'));
        bare.unwrap_or(address).parse().ok().map(|a: Ipv6Addr| a.into())
    } else {
        None
    }
}
