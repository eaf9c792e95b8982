//! A media section as received.

use crate::{Attribute, Bandwidth, Codec, Connection, Error, Name, Session, Text, codec};

/// A section from its `m=` line to the next.
#[derive(Clone, Debug)]
pub struct Media<'a> {
    /// Position among the sections, from 0.
    pub index: usize,
    /// The line `m=` stands on, counted from 1.
    pub line: u32,
    /// `audio`, `video`, `image`, … as spelled.
    pub kind: Text<'a>,
    /// The port; 0 rejects the stream.
    pub port: u16,
    /// The number after `/`, if there is one.
    pub port_count: Option<u32>,
    /// The protocol as spelled.
    pub protocol: Text<'a>,
    /// The protocol, recognised.
    pub profile: Profile,
    /// Everything after the protocol.
    pub formats: Text<'a>,
    /// `i=`
    pub title: Option<Text<'a>>,
    /// `c=` of this section.
    pub connection: Option<Connection<'a>>,
    /// `b=` of this section.
    pub bandwidth: Bandwidth,
    /// `a=` of this section.
    pub attributes: Vec<Attribute<'a>>,
}

impl<'a> Media<'a> {
    pub(crate) fn parse(value: Text<'a>, line: u32, index: usize) -> Result<Media<'a>, Error> {
        let fail = |problem| Error::Media { line, problem };
        let (kind, rest) = word(value).ok_or(fail("is empty"))?;
        let (port, rest) = word(rest).ok_or(fail("has no port"))?;
        let (protocol, rest) = word(rest).ok_or(fail("has no protocol"))?;
        let (port, count) = match port.split_once(b'/') {
            Some((port, count)) => (port, Some(count)),
            None => (port, None),
        };
        let port = leading_number(port).ok_or(fail("has no number for its port"))?;
        let port = u16::try_from(port).map_err(|_| fail("has a port above 65535"))?;
        let port_count = match count {
            None => None,
            Some(count) => match leading_number(count) {
                None | Some(0) => return Err(fail("has no number of ports after the slash")),
                Some(count) => Some(u32::try_from(count).unwrap_or(u32::MAX)),
            },
        };
        Ok(Media {
            index,
            line,
            kind,
            port,
            port_count,
            protocol,
            profile: Profile::of(&protocol),
            formats: rest.trimmed(),
            title: None,
            connection: None,
            bandwidth: Bandwidth::default(),
            attributes: Vec::with_capacity(8),
        })
    }

    /// Formats of RTP are payload types, unless the stream is rejected: nobody looks then.
    pub(crate) fn check_formats(&self) -> Result<(), Error> {
        let rtp = self.profile.is_rtp() && self.port != 0;
        for (at, format) in self.formats.words().enumerate() {
            if at == Session::MAX_FORMATS {
                return Err(Error::TooMany { line: self.line, what: "formats", limit: at });
            }
            if rtp && payload_type(format).is_none() {
                return Err(Error::Format { line: self.line, number: at + 1 });
            }
        }
        Ok(())
    }

    /// Whether the stream is refused: port 0.
    pub fn is_rejected(&self) -> bool {
        self.port == 0
    }

    /// Attributes of that name in this section.
    pub fn all(&self, name: Name) -> impl Iterator<Item = &Attribute<'a>> {
        self.attributes.iter().filter(move |a| a.name == name)
    }

    /// The first attribute of that name in this section.
    pub fn first(&self, name: Name) -> Option<&Attribute<'a>> {
        self.all(name).next()
    }

    /// The codecs in the order of `m=`: format, rtpmap (or the static table), fmtp, feedback. Empty for protocols
    /// other than RTP. A format listed twice is there twice.
    pub fn codecs(&self) -> Vec<Codec<'a>> {
        codec::of_media(self)
    }
}

/// The word before the next run of spaces, and what follows that run.
fn word(text: Text<'_>) -> Option<(Text<'_>, Text<'_>)> {
    let text = text.as_bytes().trim_ascii_start();
    if text.is_empty() {
        return None;
    }
    let end = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
    Some((Text::new(&text[..end]), Text::new(&text[end..])))
}

/// The digits a text begins with, as rtpengine reads numbers; saturates.
fn leading_number(text: Text<'_>) -> Option<u64> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit());
    text.first().filter(|b| b.is_ascii_digit())?;
    Some(digits.fold(0u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b - b'0'))))
}

/// A payload type from a format, a sign in front and rubbish behind it forgiven.
pub(crate) fn payload_type(format: Text<'_>) -> Option<u8> {
    let bare = format.as_bytes().strip_prefix(b"+").unwrap_or(format.as_bytes());
    leading_number(Text::new(bare)).filter(|&n| n < 128).map(|n| n as u8)
}

/// The protocols we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the protocol of that name")]
pub enum Profile {
    RtpAvp,
    RtpAvpf,
    RtpSavp,
    RtpSavpf,
    UdpTlsRtpSavp,
    UdpTlsRtpSavpf,
    Udptl,
    /// Anything else: passed on as it is.
    Other,
}

impl Profile {
    const KNOWN: [Profile; 7] = [
        Profile::RtpAvp,
        Profile::RtpSavp,
        Profile::UdpTlsRtpSavpf,
        Profile::RtpSavpf,
        Profile::RtpAvpf,
        Profile::Udptl,
        Profile::UdpTlsRtpSavp,
    ];

    /// Looks a protocol up, case ignored.
    pub fn of(protocol: &[u8]) -> Profile {
        let same = |p: &Profile| p.as_str().as_bytes().eq_ignore_ascii_case(protocol);
        Profile::KNOWN.into_iter().find(same).unwrap_or(Profile::Other)
    }

    /// The spelling we write; empty for [`Profile::Other`].
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::RtpAvp => "RTP/AVP",
            Profile::RtpAvpf => "RTP/AVPF",
            Profile::RtpSavp => "RTP/SAVP",
            Profile::RtpSavpf => "RTP/SAVPF",
            Profile::UdpTlsRtpSavp => "UDP/TLS/RTP/SAVP",
            Profile::UdpTlsRtpSavpf => "UDP/TLS/RTP/SAVPF",
            Profile::Udptl => "udptl",
            Profile::Other => "",
        }
    }

    /// Whether formats are payload types.
    pub fn is_rtp(self) -> bool {
        !matches!(self, Profile::Udptl | Profile::Other)
    }

    /// Whether packets are SRTP.
    pub fn is_secure(self) -> bool {
        self.is_rtp() && !matches!(self, Profile::RtpAvp | Profile::RtpAvpf)
    }

    /// Whether it is one of the feedback profiles (RFC 4585, RFC 5124).
    pub fn has_feedback(self) -> bool {
        matches!(self, Profile::RtpAvpf | Profile::RtpSavpf | Profile::UdpTlsRtpSavpf)
    }

    /// The same protocol with SRTP or without.
    pub fn with_security(self, secure: bool) -> Profile {
        match (self, secure) {
            (Profile::RtpAvp, true) => Profile::RtpSavp,
            (Profile::RtpAvpf, true) => Profile::RtpSavpf,
            (Profile::RtpSavp | Profile::UdpTlsRtpSavp, false) => Profile::RtpAvp,
            (Profile::RtpSavpf | Profile::UdpTlsRtpSavpf, false) => Profile::RtpAvpf,
            (same, _) => same,
        }
    }
}
