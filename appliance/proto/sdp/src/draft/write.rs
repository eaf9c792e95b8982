//! The lines of a draft, in their order.

use super::attributes::{Fate, ScopeEdits};
use super::{Draft, DraftMedia, Formats};
use crate::{Bandwidth, Candidate, Codec, Crypto, Extmap, Rtcp};
use std::io::Write as _;
use std::net::IpAddr;

pub(super) fn draft(draft: &Draft<'_>, out: &mut Vec<u8>) {
    out.reserve(estimate(draft));
    let origin = &draft.origin;
    out.extend_from_slice(b"v=0\r\no=");
    for field in [&origin.user, &origin.id, &origin.version] {
        text(out, field);
        out.push(b' ');
    }
    out.extend_from_slice(b"IN ");
    text(out, &origin.addr_type);
    out.push(b' ');
    text(out, &origin.address);
    end(out);
    line(out, b"s=", &draft.name);
    for (kind, field) in
        [(b"i=", &draft.info), (b"u=", &draft.uri), (b"e=", &draft.email), (b"p=", &draft.phone)]
    {
        if let Some(field) = field {
            line(out, kind, field);
        }
    }
    bandwidth(out, &draft.bandwidth);
    match &draft.timing {
        Some(timing) => line(out, b"t=", timing),
        None => out.extend_from_slice(b"t=0 0\r\n"),
    }
    let mut a = Attributes { out, edits: Some(&draft.edits.session) };
    a.optional("rtpengine:", draft.loop_mark.as_deref());
    a.flag("ice-lite", draft.ice_lite);
    a.each("group:", &draft.groups);
    a.each("", &draft.attributes);
    a.finish();
    for m in &draft.media {
        media(m, draft.edits.for_kind(&m.kind), out);
    }
}

/// Bytes a draft will need, roughly: enough that writing seldom grows the buffer.
fn estimate(draft: &Draft<'_>) -> usize {
    let per_media = |m: &DraftMedia<'_>| {
        let other: usize = m.attributes.iter().map(|a| a.len() + 4).sum();
        let codecs: usize = m.codecs().iter().map(|c| 64 + c.fmtp.as_ref().map_or(0, |f| f.len() + 16)).sum();
        256 + other + codecs + m.candidates.len() * 96 + m.cryptos.len() * 112 + m.extmaps.len() * 64
    };
    256 + draft.media.iter().map(per_media).sum::<usize>()
}

fn media(m: &DraftMedia<'_>, edits: Option<&ScopeEdits<'_>>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"m=");
    text(out, &m.kind);
    out.push(b' ');
    number(out, m.port.into());
    out.push(b' ');
    text(out, &m.protocol);
    formats(out, &m.formats);
    end(out);
    if let Some(title) = &m.title {
        line(out, b"i=", title);
    }
    out.extend_from_slice(b"c=");
    address(out, m.address);
    end(out);
    bandwidth(out, &m.bandwidth);
    let mut a = Attributes { out, edits };
    a.optional("mid:", m.mid.as_deref());
    a.flag("bundle-only", m.bundle_only);
    a.optional("label:", m.label.as_deref());
    for codec in m.codecs() {
        codec_lines(&mut a, codec);
    }
    a.flag("extmap-allow-mixed", m.extmap_allow_mixed);
    for extmap in &m.extmaps {
        a.line("extmap:", |out| extmap_value(out, extmap));
    }
    a.each("rtcp-fb:* ", &m.feedback);
    a.each("", &m.attributes);
    if let Some(direction) = m.direction {
        a.flag(direction.as_str(), true);
    }
    if let Some(rtcp) = &m.rtcp {
        a.line("rtcp:", |out| rtcp_value(out, rtcp));
    }
    a.flag("rtcp-mux", m.rtcp_mux);
    for crypto in &m.cryptos {
        a.line("crypto:", |out| crypto_value(out, crypto));
    }
    a.optional("setup:", m.setup.map(|s| s.as_str().as_bytes()));
    a.optional("fingerprint:", m.fingerprint.as_deref());
    a.optional("tls-id:", m.tls_id.as_deref());
    for (name, value) in [("ptime:", m.ptime), ("maxptime:", m.maxptime)] {
        if let Some(value) = value {
            a.line(name, |out| number(out, value.into()));
        }
    }
    a.optional("ice-ufrag:", m.ice_ufrag.as_deref());
    a.optional("ice-pwd:", m.ice_pwd.as_deref());
    a.optional("ice-options:", m.ice_options.as_deref());
    for candidate in &m.candidates {
        a.line("candidate:", |out| candidate_value(out, candidate));
    }
    a.flag("end-of-candidates", m.end_of_candidates);
    a.finish();
}

fn formats(out: &mut Vec<u8>, formats: &Formats<'_>) {
    match formats {
        Formats::Codecs(codecs) if codecs.is_empty() => out.extend_from_slice(b" 0"),
        Formats::Codecs(codecs) => {
            for codec in codecs {
                out.push(b' ');
                number(out, codec.pt.into());
            }
        }
        Formats::Raw(raw) if raw.is_empty() => {}
        Formats::Raw(raw) => {
            out.push(b' ');
            text(out, raw);
        }
    }
}

fn codec_lines(a: &mut Attributes<'_, '_>, codec: &Codec<'_>) {
    a.line("rtpmap:", |out| {
        number(out, codec.pt.into());
        out.push(b' ');
        text(out, &codec.name);
        out.push(b'/');
        number(out, codec.clock.into());
        if codec.channels > 1 {
            out.push(b'/');
            number(out, codec.channels.into());
        }
    });
    if let Some(fmtp) = &codec.fmtp {
        a.line("fmtp:", |out| per_format(out, codec.pt, fmtp));
    }
    for feedback in &codec.feedback {
        a.line("rtcp-fb:", |out| per_format(out, codec.pt, feedback));
    }
}

fn per_format(out: &mut Vec<u8>, pt: u8, value: &[u8]) {
    number(out, pt.into());
    out.push(b' ');
    text(out, value);
}

fn extmap_value(out: &mut Vec<u8>, extmap: &Extmap<'_>) {
    number(out, extmap.id.into());
    text(out, &extmap.direction);
    out.push(b' ');
    text(out, &extmap.uri);
    word(out, &extmap.attributes);
}

fn rtcp_value(out: &mut Vec<u8>, rtcp: &Rtcp) {
    number(out, rtcp.port.into());
    if let Some(ip) = rtcp.address {
        out.push(b' ');
        address(out, ip);
    }
}

fn crypto_value(out: &mut Vec<u8>, crypto: &Crypto<'_>) {
    number(out, crypto.tag.into());
    word(out, &crypto.suite);
    word(out, &crypto.key_params);
    word(out, &crypto.session_params);
}

fn candidate_value(out: &mut Vec<u8>, c: &Candidate<'_>) {
    text(out, &c.foundation);
    out.push(b' ');
    number(out, c.component.into());
    word(out, &c.transport);
    out.push(b' ');
    number(out, c.priority.into());
    word(out, &c.address);
    out.push(b' ');
    number(out, c.port.into());
    out.extend_from_slice(b" typ ");
    text(out, c.kind.as_bytes());
    if let Some(related) = &c.related_address {
        out.extend_from_slice(b" raddr");
        word(out, related);
    }
    if let Some(port) = c.related_port {
        out.extend_from_slice(b" rport ");
        number(out, port.into());
    }
    word(out, &c.extensions);
}

/// Writes `a=` lines and lets the request's edits decide about each.
struct Attributes<'o, 'e> {
    out: &'o mut Vec<u8>,
    edits: Option<&'e ScopeEdits<'e>>,
}

impl Attributes<'_, '_> {
    fn line(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        let start = self.out.len();
        self.out.extend_from_slice(b"a=");
        self.out.extend_from_slice(name.as_bytes());
        value(self.out);
        if let Some(edits) = self.edits {
            match edits.fate(&self.out[start + 2..]) {
                Fate::Stays => {}
                Fate::Goes => {
                    self.out.truncate(start);
                    return;
                }
                Fate::Becomes(instead) => {
                    self.out.truncate(start + 2);
                    text(self.out, instead);
                }
            }
        }
        end(self.out);
    }

    fn flag(&mut self, name: &str, is: bool) {
        if is {
            self.line(name, |_| {});
        }
    }

    fn optional(&mut self, name: &str, value: Option<&[u8]>) {
        if let Some(value) = value {
            self.line(name, |out| text(out, value));
        }
    }

    fn each(&mut self, name: &str, values: &[crate::Field<'_>]) {
        for value in values {
            self.line(name, |out| text(out, value));
        }
    }

    fn finish(self) {
        for added in self.edits.into_iter().flat_map(|e| &e.add) {
            line(self.out, b"a=", added);
        }
    }
}

fn line(out: &mut Vec<u8>, kind: &[u8; 2], value: &[u8]) {
    out.extend_from_slice(kind);
    text(out, value);
    end(out);
}

/// Text never makes a line of its own: whatever a caller or request says, it ends at the first line feed.
fn text(out: &mut Vec<u8>, value: &[u8]) {
    let first = value.split(|&b| b == b'\n').next().unwrap_or_default();
    let whole = first.len() == value.len();
    out.extend_from_slice(if whole { first } else { first.strip_suffix(b"\r").unwrap_or(first) });
}

/// A space and a text, unless the text is empty.
fn word(out: &mut Vec<u8>, value: &[u8]) {
    if !value.is_empty() {
        out.push(b' ');
        text(out, value);
    }
}

fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn address(out: &mut Vec<u8>, ip: IpAddr) {
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    write!(out, "IN {family} {ip}").expect("a Vec takes everything");
}

fn bandwidth(out: &mut Vec<u8>, bandwidth: &Bandwidth) {
    for (kind, value) in bandwidth.iter() {
        out.extend_from_slice(b"b=");
        out.extend_from_slice(kind.as_str().as_bytes());
        out.push(b':');
        number(out, value);
        end(out);
    }
}
