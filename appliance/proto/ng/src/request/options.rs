//! Options with a closed list of values.

use super::member::members;

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
        ForceRelay = "force-relay",
    }
}

members! {
    /// `ICE-lite`: towards whom we are lite.
    IceLite {
        /// Towards the receiver.
        Forward = "forward",
        /// Towards the sender.
        Backward = "backward",
        /// Both.
        Both = "both",
        /// Neither.
        Off = "off",
    }
}

members! {
    /// `DTLS`.
    DtlsMode {
        /// No DTLS-SRTP.
        Off = "off" | "no" | "disable",
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
        Off = "off" | "no" | "disable",
        /// Add no suites of ours.
        NoNew = "nonew",
        /// RFC 4568 UNENCRYPTED_SRTP.
        UnencryptedSrtp = "unencrypted-srtp",
        /// RFC 4568 UNENCRYPTED_SRTCP.
        UnencryptedSrtcp = "unencrypted-srtcp",
        /// RFC 4568 UNAUTHENTICATED_SRTP.
        UnauthenticatedSrtp = "unauthenticated-srtp",
        /// The negation of `UnencryptedSrtp`.
        EncryptedSrtp = "encrypted-srtp",
        /// The negation of `UnencryptedSrtcp`.
        EncryptedSrtcp = "encrypted-srtcp",
        /// The negation of `UnauthenticatedSrtp`.
        AuthenticatedSrtp = "authenticated-srtp",
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
        Offer = "offer" | "offer-rfc",
        /// Offer it with doubled media lines.
        OfferLegacy = "offer-legacy",
        /// Accept the RFC's way.
        AcceptRfc = "accept-rfc",
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
        OriginFull = "origin-full",
        /// Removed from rtpengine, no effect; stock configurations still send it.
        SessionConnection = "session-connection",
        /// The user name in `o=`.
        Username = "username",
        /// `s=`.
        SessionName = "session-name",
        /// The version in `o=`.
        SdpVersion = "sdp-version",
        /// A version in `o=` that grows with every message.
        ForceIncrementSdpVersion = "force-increment-sdp-ver" | "force-increment-sdp-version",
        /// Addresses that are all zero.
        ZeroAddress = "zero-address",
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
        NoEcm = "no-ecm",
        /// No V.17.
        NoV17 = "no-v17",
        /// No V.27ter.
        NoV27ter = "no-v27ter",
        /// No V.29.
        NoV29 = "no-v29",
        /// No V.34.
        NoV34 = "no-v34",
        /// No internet-aware fax.
        NoIaf = "no-iaf",
        /// UDPTL error correction instead of redundancy.
        Fec = "fec",
    }
}

members! {
    /// `address family`.
    AddressFamily {
        /// IPv4.
        Ip4 = "ip4" | "ipv4" | "inet" | "inet4",
        /// IPv6.
        Ip6 = "ip6" | "ipv6" | "inet6",
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
        Blackhole = "blackhole",
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
        Dtmf = "dtmf",
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
        Off = "off" | "never" | "no" | "disable" | "disabled",
        /// Always.
        Always = "always" | "on" | "yes" | "enable" | "enabled" | "force" | "forced",
    }
}

members! {
    /// `record-call`.
    RecordCall {
        /// Record.
        On = "on" | "yes" | "true" | "1",
        /// Do not.
        Off = "off" | "no" | "false" | "0",
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
        Off = "off",
        /// When the SDP is the same.
        Sdp = "sdp",
        /// When the media address is the same.
        Address = "address" | "addr",
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

members! {
    /// The old way to name half a profile.
    ProfilePart {
        /// No SRTP.
        Rtp = "rtp",
        /// SRTP.
        Srtp = "srtp",
        /// No feedback.
        Avp = "avp",
        /// Feedback.
        Avpf = "avpf",
        /// Keys by DTLS.
        Dtls = "dtls",
    }
}

members! {
    /// Answers to a yes-or-no question.
    Switch {
        /// Yes.
        On = "on" | "yes" | "true" | "1" | "enable" | "enabled",
        /// No.
        Off = "off" | "no" | "false" | "0" | "disable" | "disabled",
    }
}

/// `transport protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// A whole profile.
    pub profile: Option<Profile>,
    /// Parts of one.
    pub parts: super::Set<ProfilePart>,
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
