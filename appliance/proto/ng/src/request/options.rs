//! Options with a closed list of values.

use super::member::{Member, members};

members! {
    /// `ICE`: what happens to ICE towards the receiver.
    IceMode {
        /// Strip it.
        Remove = "remove",
        /// Drop what came, offer ours as the only candidate.
        Force = "force",
        /// As `Force` if there was ICE, else none.
        Default = "default",
        /// Add ourselves as a low-priority candidate.
        Optional = "optional",
        /// Add ourselves as the only usable relay candidate.
        ForceRelay = "force relay" | "force_relay",
    }
}

members! {
    /// `ICE-lite`: towards whom we are lite.
    IceLite {
        /// Towards the receiver.
        Forward = "forward",
        /// Towards the sender.
        Backward = "backward" | "backwards",
        /// Both.
        Both = "both",
        /// Neither.
        Off = "off" | "no" | "none",
    }
}

members! {
    /// `DTLS`.
    DtlsMode {
        /// No DTLS-SRTP.
        Off = "off" | "no" | "disable" | "disabled",
        /// We wait for the handshake.
        Passive = "passive",
        /// We start it.
        Active = "active",
    }
}

members! {
    /// Members of `SDES` that need no value.
    SdesOption {
        /// No `a=crypto`.
        Off = "off" | "no" | "disable" | "disabled",
        /// Add no suites of ours.
        NoNew = "nonew",
        /// RFC 4568 UNENCRYPTED_SRTP.
        UnencryptedSrtp = "UNENCRYPTED_SRTP",
        /// RFC 4568 UNENCRYPTED_SRTCP.
        UnencryptedSrtcp = "UNENCRYPTED_SRTCP",
        /// RFC 4568 UNAUTHENTICATED_SRTP.
        UnauthenticatedSrtp = "UNAUTHENTICATED_SRTP",
        /// The negation of `UnencryptedSrtp`.
        EncryptedSrtp = "ENCRYPTED_SRTP",
        /// The negation of `UnencryptedSrtcp`.
        EncryptedSrtcp = "ENCRYPTED_SRTCP",
        /// The negation of `UnauthenticatedSrtp`.
        AuthenticatedSrtp = "AUTHENTICATED_SRTP",
        /// Base64 padding after keys.
        Pad = "pad",
        /// A lifetime of 2^31 after keys.
        Lifetime = "lifetime",
        /// Keep the suite over re-offers.
        Static = "static",
        /// Prefer SDES when DTLS is offered too.
        Prefer = "prefer",
    }
}

members! {
    /// `OSRTP`: best-effort SRTP (RFC 8643).
    Osrtp {
        /// Offer it.
        Offer = "offer" | "offer-RFC",
        /// Offer it with doubled media lines.
        OfferLegacy = "offer-legacy",
        /// Accept the RFC's way.
        AcceptRfc = "accept-RFC",
        /// Accept doubled media lines.
        AcceptLegacy = "accept-legacy",
        /// Accept either.
        Accept = "accept",
    }
}

members! {
    /// `rtcp-mux` (RFC 5761).
    RtcpMux {
        /// Offer it.
        Offer = "offer",
        /// Offer it and give no separate RTCP port.
        Require = "require",
        /// Accept it from the sender, not towards the receiver.
        Demux = "demux",
        /// Accept it.
        Accept = "accept",
        /// Refuse it.
        Reject = "reject",
    }
}

members! {
    /// `bundle` (RFC 9143).
    Bundle {
        /// Accept it.
        Accept = "accept",
        /// Offer it.
        Offer = "offer",
        /// Offer it on one port.
        Require = "require",
        /// Offer it with port 0 and bundle-only.
        Strict = "strict",
        /// Refuse it.
        Reject = "reject",
    }
}

members! {
    /// `replace`: parts of the SDP that are ours to write.
    Replace {
        /// The address in `o=`.
        Origin = "origin",
        /// All of `o=`.
        OriginFull = "origin full" | "origin_full",
        /// Removed from rtpengine, no effect; stock configurations still send it.
        SessionConnection = "session connection",
        /// The user name in `o=`.
        Username = "username",
        /// `s=`.
        SessionName = "session name",
        /// The version in `o=`.
        SdpVersion = "SDP version",
        /// A version in `o=` that grows with every message.
        ForceIncrementSdpVersion = "force increment sdp ver",
        /// Addresses that are all zero.
        ZeroAddress = "zero address",
    }
}

members! {
    /// `T.38`.
    T38 {
        /// Offered T.38 becomes audio.
        Decode = "decode",
        /// Offered audio becomes T.38.
        Force = "force",
        /// End an earlier gateway.
        Stop = "stop",
        /// No error correction mode.
        NoEcm = "no ECM",
        /// No V.17.
        NoV17 = "no V17" | "no V.17",
        /// No V.27ter.
        NoV27ter = "no V27ter" | "no V.27ter",
        /// No V.29.
        NoV29 = "no V29" | "no V.29",
        /// No V.34.
        NoV34 = "no V34" | "no V.34",
        /// No internet-aware fax.
        NoIaf = "no IAF",
        /// UDPTL error correction instead of redundancy.
        Fec = "FEC",
    }
}

/// `address family`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressFamily {
    /// IPv4.
    Ip4,
    /// IPv6.
    Ip6,
}

impl AddressFamily {
    /// Only as SDP writes it.
    pub(crate) const fn named(word: &[u8]) -> Option<Self> {
        match word {
            b"IP4" => Some(AddressFamily::Ip4),
            b"IP6" => Some(AddressFamily::Ip6),
            _ => None,
        }
    }
}

members! {
    /// `endpoint-learning`.
    EndpointLearning {
        /// Do not learn.
        Off = "off",
        /// From the first packet.
        Immediate = "immediate",
        /// After a while.
        Delayed = "delayed",
        /// From the best match in a while.
        Heuristic = "heuristic",
    }
}

members! {
    /// `media-echo`.
    MediaEcho {
        /// Swallow both directions.
        Blackhole = "blackhole" | "sinkhole",
        /// Echo to the receiver.
        Forward = "forward",
        /// Echo to the sender.
        Backwards = "backwards" | "backward",
        /// Echo to both.
        Both = "both",
    }
}

members! {
    /// `drop-traffic`.
    DropTraffic {
        /// Drop everything from now on.
        Start = "start",
        /// No longer.
        Stop = "stop",
    }
}

members! {
    /// `DTMF-security`: what replaces a digit.
    DtmfSecurity {
        /// Nothing.
        Drop = "drop",
        /// Silence.
        Silence = "silence",
        /// A tone.
        Tone = "tone",
        /// A random digit.
        Random = "random",
        /// Zero.
        Zero = "zero",
        /// A given digit.
        Dtmf = "DTMF",
        /// No replacement: let it pass.
        Off = "off",
    }
}

members! {
    /// `audio-player`.
    AudioPlayer {
        /// As configured.
        Default = "default",
        /// When transcoding.
        Transcoding = "transcoding" | "transcode",
        /// Never.
        Off = "off" | "no" | "disable" | "disabled",
        /// Always.
        Always = "always" | "on" | "yes" | "enable" | "enabled" | "force" | "forced",
    }
}

members! {
    /// `record-call`.
    RecordCall {
        /// Record.
        On = "yes" | "on",
        /// Do not.
        Off = "no" | "off",
        /// Throw away what was recorded.
        Discard = "discard" | "discard-recording",
    }
}

members! {
    /// `all`: what a command applies to.
    All {
        /// Nothing more than the selected party.
        None = "none",
        /// Everything.
        All = "all",
        /// What offer and answer set up.
        OfferAnswer = "offer-answer",
        /// All but what offer and answer set up.
        ExceptOfferAnswer = "except-offer-answer" | "not-offer-answer",
        /// All flows.
        Flows = "flows",
    }
}

members! {
    /// `alias-key`: when an unknown From-tag is another name of a known party.
    AliasKey {
        /// Never.
        Off = "off" | "no" | "none",
        /// When the SDP is the same.
        Sdp = "SDP",
        /// When the media address is the same.
        Address = "address",
    }
}

members! {
    /// `mode` of `moh`.
    MusicMode {
        /// Advertised as sendonly.
        SendOnly = "sendonly",
        /// Advertised as sendrecv.
        SendRecv = "sendrecv",
        /// For offers inside a dialogue, advertising nothing.
        Reflect = "reflect",
    }
}

members! {
    /// RTP profiles by their SDP names.
    Profile {
        /// RTP/AVP.
        Avp = "rtp/avp",
        /// RTP/SAVP.
        Savp = "rtp/savp",
        /// RTP/AVPF.
        Avpf = "rtp/avpf",
        /// RTP/SAVPF.
        Savpf = "rtp/savpf",
        /// UDP/TLS/RTP/SAVP.
        DtlsSavp = "udp/tls/rtp/savp",
        /// UDP/TLS/RTP/SAVPF.
        DtlsSavpf = "udp/tls/rtp/savpf",
        /// udptl.
        Udptl = "udptl",
    }
}

impl Profile {
    /// The profile with this name, in any mixture of cases.
    pub(crate) fn in_any_case(name: &[u8]) -> Option<Self> {
        let same = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
        Profile::NAMES.iter().find(|(_, known, _)| same(known)).map(|(_, _, profile)| *profile)
    }
}

members! {
    /// Answers to a yes-or-no question.
    Switch {
        /// Yes.
        On = "on" | "yes" | "enable" | "enabled",
        /// No.
        Off = "off" | "no" | "disable" | "disabled",
    }
}

/// `transport protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// A whole profile.
    pub profile: Option<Profile>,
    /// `accept`: follow the peer's choice.
    pub accept: bool,
}

/// Media path options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// `endpoint-learning`.
    pub endpoint_learning: Option<EndpointLearning>,
    /// `media-echo`.
    pub media_echo: Option<MediaEcho>,
    /// `drop-traffic`.
    pub drop_traffic: Option<DropTraffic>,
    /// `passthrough`: pass media through as it is.
    pub passthrough: Option<bool>,
    /// `delay-buffer` in milliseconds; 0 ends an earlier one.
    pub delay_buffer_ms: Option<i64>,
    /// `TOS`, the byte; 256 and more mean the configured one, negative unchanged.
    pub tos: Option<i64>,
    /// `audio-player`.
    pub audio_player: Option<AudioPlayer>,
}
