//! Flags that are either said or not said.

use super::member::members;

members! {
    /// A word of the `flags` list that carries no value. What it stands for besides (`Flag::stands_for`) is in the
    /// fields of those keys too; words with a value in them (`codec-strip-X`) are only there.
    Flag {
        /// Ignore the address in the SDP, use the one the SIP message came from.
        SipSourceAddress = "SIP source address",
        /// Believe the address in the SDP.
        TrustAddress = "trust address",
        /// Learn where media comes from (the default). rtpengine no longer knows it; Kamailio's users write it.
        Symmetric = "symmetric",
        /// Never learn: the SDP address is right.
        Asymmetric = "asymmetric",
        /// After learning, drop what comes from elsewhere.
        StrictSource = "strict source",
        /// After learning, follow a source that moves.
        MediaHandover = "media handover",
        /// Forget what was learned about the endpoint's ICE and SRTP.
        Reset = "reset",
        /// Keep local ports when the remote port moves.
        PortLatching = "port latching",
        /// Take new local ports when the remote port moves.
        NoPortLatching = "no port latching",
        /// Write no `a=rtcp`.
        NoRtcpAttribute = "no rtcp attribute",
        /// Write `a=rtcp` with the address.
        FullRtcpAttribute = "full rtcp attribute",
        /// Mark our SDP and leave one that carries our mark alone.
        LoopProtect = "loop protect",
        /// Leave direction attributes as they came.
        OriginalSendrecv = "original sendrecv",
        /// Write `a=mid`.
        GenerateMid = "generate mid",
        /// Remove all RTP header extensions from the SDP.
        StripExtmap = "strip extmap",
        /// Reject a media section that is left without codecs.
        AllowNoCodecMedia = "allow no codec media",
        /// Refuse the offerer's ICE.
        RejectIce = "reject ICE" | "ICE reject",
        /// Use trickle ICE.
        TrickleIce = "trickle ICE",
        /// The SDP is a fragment (trickle ICE in INFO).
        Fragment = "fragment",
        /// Neither write nor evaluate `a=tls-id`.
        NoTlsId = "no tls id",
        /// Decrypt and encrypt again even if the keys are equal.
        Recrypt = "recrypt",
        /// Reverse path for RTCP of subscriptions.
        RtcpMirror = "RTCP mirror" | "mirror RTCP",
        /// Everything a browser needs; the keys it stands for are set too.
        WebRtc = "WebRTC",
        /// Transcode even between equal codecs.
        ForceTranscoding = "force transcoding",
        /// Leave one codec in the answer.
        SingleCodec = "single codec",
        /// Keep the negotiated codecs in a re-offer.
        ReuseCodecs = "reuse codecs" | "no codec renegotiation",
        /// Keep payload types stable over re-offers.
        StaticCodecs = "static codecs" | "static codec",
        /// Tolerate payload types that differ between offer and answer.
        AllowAsymmetricCodecs = "allow asymmetric codecs" | "allow asymmetric codec",
        /// A subscriber may accept only some codecs.
        AllowTranscoding = "allow transcoding",
        /// Player output before the answer.
        EarlyMedia = "early media",
        /// No jitter buffer for this call.
        NoJitterBuffer = "no jitter buffer",
        /// Send an empty datagram first, to open the peer's NAT.
        PierceNat = "pierce NAT",
        /// Send nothing before something came.
        NatWait = "NAT wait",
        /// One-way media may take the fast path.
        Unidirectional = "unidirectional",
        /// Drop undersized packets.
        BlockShort = "block short",
        /// Mute other output while playing.
        BlockEgress = "block egress",
        /// Make the call ready for injected DTMF.
        InjectDtmf = "inject DTMF",
        /// Look for DTMF tones in the audio.
        DetectDtmf = "detect DTMF",
        /// Drop DTMF.
        BlockDtmf = "block DTMF",
        /// Throw the recording away.
        DiscardRecording = "discard recording",
        /// Do not record this party.
        ExcludeRecording = "exclude recording",
        /// Write no database rows for the recording.
        SkipRecordingDb = "skip recording db",
        /// Play a notice to this party when recording starts.
        RecordingAnnouncement = "recording announcement",
        /// DTMF codes steer the recording.
        RecordingVsc = "recording vsc",
        /// More reply data for a SIPREC client.
        Siprec = "SIPREC",
        /// Log everything about this call.
        Debug = "debug",
        /// Do not store the call after this message.
        NoRedisUpdate = "no redis update",
        /// Only the direction from this party.
        Directional = "directional",
        /// Both directions.
        Bidirectional = "bidirectional",
        /// Mix the sources of a subscription.
        Mix = "mix",
        /// Subscribe without media for now.
        Inactive = "inactive",
        /// Subscribe to what the party hears.
        Egress = "egress",
        /// Drop other subscriptions.
        Unsubscribe = "unsubscribe",
        /// An unknown call is an error.
        Fatal = "fatal",
        /// `query`: say which path each stream is on, and why. Ours.
        Explain = "explain",
        /// Reply without statistics.
        Fast = "fast",
        /// Honour `to-tag` in `delete`.
        ToTag = "to tag" | "to_tag",
        /// An unknown To-tag in an answer is a new branch.
        NewBranch = "new branch",
        /// The answer is provisional.
        Provisional = "provisional",
        /// Stop recording, but only for now.
        Pause = "pause",
        /// `record-call=yes`, whatever the key says.
        RecordCall = "record call",
        /// `generate-RTCP=on`.
        GenerateRtcp = "generate RTCP",
        /// `passthrough=on`.
        Passthrough = "passthrough",
        /// `passthrough=off`.
        NoPassthrough = "no passthrough",
        /// `audio-player=always`.
        AudioPlayer = "audio player",
        /// `audio-player=off`.
        NoAudioPlayer = "no audio player",
        /// `codec-accept-all`.
        AlwaysTranscode = "always transcode",
        /// `SDES-pad`.
        PadCrypto = "pad crypto",
        /// `all=all`.
        All = "all",
        /// Obsolete, no effect.
        SymmetricCodecs = "symmetric codecs",
        /// Obsolete, no effect.
        AsymmetricCodecs = "asymmetric codecs",
        /// Obsolete, no effect.
        ReorderCodecs = "reorder codecs",
    }
}

impl Flag {
    /// What the word is short for, in the syntax of `rtpp-flags`.
    pub(crate) const fn stands_for(self) -> Option<&'static str> {
        Some(match self {
            Flag::WebRtc => {
                "transport-protocol=UDP/TLS/RTP/SAVPF ICE=force trickle-ICE rtcp-mux-offer rtcp-mux-require \
                 no-rtcp-attribute SDES-off generate-mid BUNDLE-require"
            }
            Flag::RecordCall => "record-call=yes",
            Flag::GenerateRtcp => "generate-RTCP=on",
            Flag::Passthrough => "passthrough=on",
            Flag::NoPassthrough => "passthrough=off",
            Flag::AudioPlayer => "audio-player=always",
            Flag::NoAudioPlayer => "audio-player=off",
            Flag::AlwaysTranscode => "codec-accept-all",
            Flag::PadCrypto => "SDES-pad",
            Flag::All => "all=all",
            _ => return None,
        })
    }

    /// The flag that this one takes back.
    pub(crate) const fn opposite(self) -> Option<Self> {
        match self {
            Flag::SipSourceAddress => Some(Flag::TrustAddress),
            Flag::TrustAddress => Some(Flag::SipSourceAddress),
            _ => None,
        }
    }
}
