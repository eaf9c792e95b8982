//! An `a=` line: name and value, with the name recognised once.

use crate::Text;

/// One attribute, borrowed from the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    raw: Text<'a>,
    name_len: u32,
    /// Which attribute this is.
    pub name: Name,
    /// The line it stands on, counted from 1.
    pub line: u32,
}

impl<'a> Attribute<'a> {
    /// Takes what stands after `a=`, on line `line`.
    pub fn new(raw: Text<'a>, line: u32) -> Self {
        let name_len = raw.iter().position(|&b| b == b':').unwrap_or(raw.len());
        let name = Name::of(&raw[..name_len]);
        Attribute { raw, name_len: name_len as u32, name, line }
    }

    /// Everything after `a=`.
    pub fn raw(&self) -> Text<'a> {
        self.raw
    }

    /// What stands before the first colon, spelled as received.
    pub fn name_text(&self) -> Text<'a> {
        Text::new(&self.raw.as_bytes()[..self.name_len as usize])
    }

    /// What stands after the first colon; empty if there is none.
    pub fn value(&self) -> Text<'a> {
        Text::new(self.raw.as_bytes().get(self.name_len as usize + 1..).unwrap_or(&[]))
    }
}

/// The attributes this crate understands. Names are compared with their case, as rtpengine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the attribute of that name")]
pub enum Name {
    Candidate,
    Crypto,
    EndOfCandidates,
    Extmap,
    ExtmapAllowMixed,
    Fingerprint,
    Fmtp,
    Group,
    IceLite,
    IceMismatch,
    IceOptions,
    IcePwd,
    IceUfrag,
    Inactive,
    Label,
    /// `a=rtpengine`, the mark of `loop-protect`.
    LoopMark,
    Maxptime,
    Mid,
    Ptime,
    Recvonly,
    RemoteCandidates,
    Rtcp,
    RtcpFb,
    RtcpMux,
    Rtpmap,
    Sendonly,
    Sendrecv,
    Setup,
    TlsId,
    BundleOnly,
    Msid,
    Ssrc,
    SsrcGroup,
    /// Anything else.
    Other,
}

impl Name {
    /// Looks a name up.
    pub fn of(name: &[u8]) -> Name {
        match name {
            b"candidate" => Name::Candidate,
            b"crypto" => Name::Crypto,
            b"end-of-candidates" => Name::EndOfCandidates,
            b"extmap" => Name::Extmap,
            b"extmap-allow-mixed" => Name::ExtmapAllowMixed,
            b"fingerprint" => Name::Fingerprint,
            b"fmtp" => Name::Fmtp,
            b"group" => Name::Group,
            b"ice-lite" => Name::IceLite,
            b"ice-mismatch" => Name::IceMismatch,
            b"ice-options" => Name::IceOptions,
            b"ice-pwd" => Name::IcePwd,
            b"ice-ufrag" => Name::IceUfrag,
            b"inactive" => Name::Inactive,
            b"label" => Name::Label,
            b"rtpengine" => Name::LoopMark,
            b"maxptime" => Name::Maxptime,
            b"mid" => Name::Mid,
            b"ptime" => Name::Ptime,
            b"recvonly" => Name::Recvonly,
            b"remote-candidates" => Name::RemoteCandidates,
            b"rtcp" => Name::Rtcp,
            b"rtcp-fb" => Name::RtcpFb,
            b"rtcp-mux" => Name::RtcpMux,
            b"rtpmap" => Name::Rtpmap,
            b"sendonly" => Name::Sendonly,
            b"sendrecv" => Name::Sendrecv,
            b"setup" => Name::Setup,
            b"tls-id" => Name::TlsId,
            b"bundle-only" => Name::BundleOnly,
            b"msid" => Name::Msid,
            b"ssrc" => Name::Ssrc,
            b"ssrc-group" => Name::SsrcGroup,
            _ => Name::Other,
        }
    }

    /// Whether an RTP stream's attribute of this name passes through as it is, in its order. The others are read,
    /// and a [`Draft`](crate::Draft) has a place of its own for them.
    pub fn passes(self) -> bool {
        matches!(self, Name::BundleOnly | Name::Msid | Name::Ssrc | Name::SsrcGroup | Name::Other)
    }
}
