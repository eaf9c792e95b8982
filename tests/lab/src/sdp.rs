//! SDP texts of simple peers, and enough reading to find where the relay wants media.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

/// Builds an SDP with one or more media sections, as plain telephones write it.
#[derive(Debug, Clone)]
pub struct Builder {
    address: IpAddr,
    session: Vec<String>,
    media: Vec<Section>,
}

#[derive(Debug, Clone)]
struct Section {
    kind: String,
    port: u16,
    protocol: String,
    formats: Vec<String>,
    lines: Vec<String>,
}

/// An offer or answer with one audio section: PCMU and PCMA at `rtp`, sendrecv, 20 ms.
pub fn audio(rtp: SocketAddr) -> Builder {
    Builder::new(rtp.ip()).media("audio", rtp.port(), "RTP/AVP").codec(0, "PCMU/8000").codec(8, "PCMA/8000")
}

impl Builder {
    /// No media yet. `address` stands in `o=` and `c=`.
    pub fn new(address: IpAddr) -> Builder {
        Builder { address, session: Vec::new(), media: Vec::new() }
    }

    /// A session-level line without its line end, for example `a=ice-lite`.
    pub fn session_line(mut self, line: impl Into<String>) -> Builder {
        self.session.push(line.into());
        self
    }

    /// Starts a media section; what follows belongs to it.
    pub fn media(mut self, kind: &str, port: u16, protocol: &str) -> Builder {
        let (kind, protocol) = (kind.to_owned(), protocol.to_owned());
        self.media.push(Section { kind, port, protocol, formats: Vec::new(), lines: Vec::new() });
        self
    }

    /// Adds a payload type with its `a=rtpmap` to the last section.
    pub fn codec(self, payload_type: u8, rtpmap: &str) -> Builder {
        self.format(&payload_type.to_string()).line(format!("a=rtpmap:{payload_type} {rtpmap}"))
    }

    /// Adds a format to the last section without an `a=rtpmap`.
    pub fn format(mut self, format: &str) -> Builder {
        if let Some(section) = self.media.last_mut() {
            section.formats.push(format.to_owned());
        }
        self
    }

    /// Adds a line without its line end to the last section, for example `a=sendonly`.
    pub fn line(mut self, line: impl Into<String>) -> Builder {
        match self.media.last_mut() {
            Some(section) => section.lines.push(line.into()),
            None => self.session.push(line.into()),
        }
        self
    }

    /// The text, lines ended by CRLF.
    pub fn text(&self) -> String {
        let family = if self.address.is_ipv4() { "IP4" } else { "IP6" };
        let mut out = format!(
            "v=0\r\no=lab 1 1 IN {family} {a}\r\ns=-\r\nc=IN {family} {a}\r\nt=0 0\r\n",
            a = self.address
        );
        for line in &self.session {
            out.push_str(line);
            out.push_str("\r\n");
        }
        for section in &self.media {
            let formats = section.formats.join(" ");
            // Writing to a String cannot fail.
            let _ = write!(out, "m={} {} {} {formats}\r\n", section.kind, section.port, section.protocol);
            for line in &section.lines {
                out.push_str(line);
                out.push_str("\r\n");
            }
        }
        out
    }
}

/// One media section as read from an SDP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video` …
    pub kind: String,
    /// RTP port; 0 for a refused section.
    pub port: u16,
    /// `RTP/AVP` …
    pub protocol: String,
    /// Payload types or other formats, as written.
    pub formats: Vec<String>,
    /// The section's own connection address, else the session's.
    pub address: Option<IpAddr>,
    /// All lines of the section after `m=`, without line ends.
    pub lines: Vec<String>,
}

impl Media {
    /// Where RTP is to be sent.
    pub fn rtp(&self) -> Option<SocketAddr> {
        self.address.map(|address| SocketAddr::new(address, self.port))
    }

    /// Where RTCP is to be sent: `a=rtcp-mux` → the RTP port, `a=rtcp` → what it says, else the port after RTP.
    pub fn rtcp(&self) -> Option<SocketAddr> {
        let mut rtcp = self.rtp()?;
        if self.attribute("rtcp-mux").is_some() {
            return Some(rtcp);
        }
        match self.attribute("rtcp") {
            Some(value) => {
                let mut words = value.split(' ');
                rtcp.set_port(words.next()?.parse().ok()?);
                if let Some(address) = words.nth(2) {
                    rtcp.set_ip(address.parse().ok()?);
                }
            }
            None => rtcp.set_port(rtcp.port().checked_add(1)?),
        }
        Some(rtcp)
    }

    /// The value of the first attribute of this name; empty for `a=name`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes(name).next()
    }

    /// The values of all attributes of this name.
    pub fn attributes<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.lines.iter().filter_map(move |line| {
            let rest = line.strip_prefix("a=")?.strip_prefix(name)?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix(':') }
        })
    }
}

/// Reads the media sections of an SDP. What does not look like SDP is skipped.
pub fn read(text: &str) -> Vec<Media> {
    let mut session_address = None;
    let mut sections: Vec<Media> = Vec::new();
    for line in text.lines() {
        let line = line.trim_end_matches('\r');
        if let Some(rest) = line.strip_prefix("m=") {
            sections.extend(read_media_line(rest, session_address));
            continue;
        }
        let address =
            line.strip_prefix("c=").and_then(|rest| rest.split(' ').nth(2)).and_then(|a| a.parse().ok());
        match sections.last_mut() {
            Some(section) => {
                section.address = address.or(section.address);
                section.lines.push(line.to_owned());
            }
            None => session_address = address.or(session_address),
        }
    }
    sections
}

/// The first section's RTP address; what most tests want.
pub fn rtp_address(text: &str) -> Option<SocketAddr> {
    read(text).first()?.rtp()
}

fn read_media_line(rest: &str, address: Option<IpAddr>) -> Option<Media> {
    let mut words = rest.split(' ');
    let kind = words.next()?.to_owned();
    let port = words.next()?.split('/').next()?.parse().ok()?;
    let protocol = words.next()?.to_owned();
    let formats = words.map(str::to_owned).collect();
    Some(Media { kind, port, protocol, formats, address, lines: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_can_be_read() {
        let text = audio(([198, 51, 100, 10], 4000).into())
            .line("a=rtcp:4005 IN IP4 198.51.100.11")
            .media("video", 5000, "RTP/AVPF")
            .codec(96, "VP8/90000")
            .line("c=IN IP6 2001:db8::1")
            .line("a=rtcp-mux")
            .text();
        let media = read(&text);
        assert_eq!(media.len(), 2);
        assert_eq!(media[0].formats, ["0", "8"]);
        assert_eq!(media[0].rtp(), Some(([198, 51, 100, 10], 4000).into()));
        assert_eq!(media[0].rtcp(), Some(([198, 51, 100, 11], 4005).into()));
        assert_eq!(media[1].rtcp(), Some("[2001:db8::1]:5000".parse().unwrap()));
        assert_eq!(media[1].attribute("rtpmap"), Some("96 VP8/90000"));
        assert_eq!(media[1].attribute("rtcp-mux"), Some(""));
        assert_eq!(media[1].attribute("rtcp"), None);
    }

    #[test]
    fn rtcp_defaults_to_the_next_port() {
        let text = audio(([192, 0, 2, 1], 4000).into()).text();
        assert_eq!(read(&text)[0].rtcp(), Some(([192, 0, 2, 1], 4001).into()));
        assert!(text.ends_with("\r\n") && !text.contains("\n\n"));
    }
}
