//! Mirror of `kmod/uapi/rtpengine.h`, whose comments are the manual. Same names without the prefix `rtpe_`, same
//! order, same sizes: `tests/layout.rs` compiles the header and compares every field.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// One field as seen from here: name, offset and size in bytes.
pub type Field = (&'static str, usize, usize);

/// One struct as seen from here: its name in C, its size in bytes, its fields.
pub type Layout = (&'static str, usize, &'static [Field]);

macro_rules! mirror {
    ($($(#[doc = $doc:literal])* $name:ident = $c:literal { $($field:ident: $type:ty,)* })*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
            #[repr(C)]
            #[allow(missing_docs)] // the header documents the fields
            pub struct $name { $(pub $field: $type,)* }
        )*
        /// Every struct of the mirror.
        pub const LAYOUTS: &[Layout] = &[$((
            $c,
            size_of::<$name>(),
            &[$((stringify!($field), std::mem::offset_of!($name, $field), size_of::<$type>()),)*],
        ),)*];
    };
}

macro_rules! constants {
    ($($(#[doc = $doc:literal])* $name:ident: $type:ty = $value:expr,)*) => {
        $($(#[doc = $doc])* pub const $name: $type = $value;)*
        /// Every constant of the mirror, without the prefix `RTPE_`.
        pub const CONSTANTS: &[(&str, u64)] = &[$((stringify!($name), $name as u64),)*];
    };
}

constants! {
    /// Version of the ABI; a module of another one is refused.
    ABI_VERSION: u32 = 2,
    /// First word of the greeting.
    MAGIC: u32 = 0x5254_5045,
    /// Table numbers are below.
    TABLES_MAX: u32 = 64,
    /// Outputs of a flow.
    OUTPUTS_MAX: usize = 32,
    /// Payload types counted apart.
    PTS_MAX: usize = 32,
    /// SSRCs tracked per flow.
    SSRCS_MAX: usize = 4,
    /// Length of the version text.
    VERSION_LEN: usize = 32,
    /// Address family IPv4.
    INET4: u8 = 4,
    /// Address family IPv6.
    INET6: u8 = 6,
    /// Plain RTP.
    SUITE_NONE: u32 = 0,
    /// No cipher, HMAC-SHA1.
    SUITE_NULL_SHA1: u32 = 1,
    /// AES-CM with a 128-bit key.
    SUITE_AES_CM_128_SHA1: u32 = 2,
    /// AES-CM with a 192-bit key.
    SUITE_AES_CM_192_SHA1: u32 = 3,
    /// AES-CM with a 256-bit key.
    SUITE_AES_CM_256_SHA1: u32 = 4,
    /// AES-GCM with a 128-bit key.
    SUITE_AES_GCM_128: u32 = 5,
    /// AES-GCM with a 256-bit key.
    SUITE_AES_GCM_256: u32 = 6,
    /// SRTP is authenticated but not encrypted.
    SRTP_CLEAR_RTP: u32 = 1,
    /// SRTCP is authenticated but not encrypted.
    SRTP_CLEAR_RTCP: u32 = 2,
    /// The place is in use.
    SSRC_KNOWN: u32 = 1,
    /// Its index and window are valid.
    SSRC_INDEX: u32 = 2,
    /// Its SRTCP index and window are valid.
    SSRC_RTCP_INDEX: u32 = 4,
    /// Its packets pass up.
    SSRC_PASS: u32 = 8,
    /// RTP leaves here.
    OUT_RTP: u32 = 1,
    /// RTCP leaves here.
    OUT_RTCP: u32 = 2,
    /// The SSRC is replaced.
    OUT_SSRC: u32 = 4,
    /// One payload type is replaced.
    OUT_PT: u32 = 8,
    /// Request: become the owner.
    OP_CLAIM: u32 = 1,
    /// Request: install a flow.
    OP_INSTALL: u32 = 2,
    /// Request: take a flow back.
    OP_WITHDRAW: u32 = 3,
    /// Request: counters of a flow.
    OP_SNAPSHOT: u32 = 4,
    /// Request: empty the table.
    OP_FLUSH: u32 = 5,
    /// Keep the flows that are there.
    CLAIM_ADOPT: u32 = 1,
    /// RTP only.
    CARRIES_RTP: u8 = 1,
    /// RTCP only.
    CARRIES_RTCP: u8 = 2,
    /// RTP and RTCP on one port.
    CARRIES_BOTH: u8 = 3,
    /// Neither.
    CARRIES_OPAQUE: u8 = 4,
    /// Any source.
    SOURCE_IGNORE: u8 = 0,
    /// Packets from elsewhere are dropped.
    SOURCE_DROP: u8 = 1,
    /// Packets from elsewhere pass up.
    SOURCE_PASS: u8 = 2,
    /// RTCP is forwarded.
    FLOW_RTCP_FORWARD: u32 = 1,
    /// And passes up as well.
    FLOW_RTCP_COPY: u32 = 2,
    /// Payload types that are not listed pass up.
    FLOW_PT_FILTER: u32 = 4,
    /// Dropped: from another source.
    FATE_SOURCE: usize = 0,
    /// Dropped: SRTP authentication failed.
    FATE_AUTH: usize = 1,
    /// Dropped: received before.
    FATE_REPLAY: usize = 2,
    /// Dropped: a header does not fit.
    FATE_MALFORMED: usize = 3,
    /// Dropped: no output for it.
    FATE_NO_OUTPUT: usize = 4,
    /// Dropped: no memory or no route.
    FATE_SEND: usize = 5,
    /// Passed up: not what the flow carries.
    FATE_PASS_KIND: usize = 6,
    /// Passed up: from another source.
    FATE_PASS_SOURCE: usize = 7,
    /// Passed up: payload type filtered.
    FATE_PASS_PT: usize = 8,
    /// Passed up: no room for another SSRC.
    FATE_PASS_SSRC: usize = 9,
    /// Passed up: no output has a route.
    FATE_PASS_ROUTE: usize = 10,
    /// Passed up: bad checksum, or it could not be prepared.
    FATE_PASS_ODD: usize = 11,
    /// How many fates there are.
    FATES: usize = 12,
}

mirror! {
    /// An address and a UDP port.
    Addr = "rtpe_addr" { family: u8, zero: u8, port: u16, addr: [u8; 16], }
    /// What is given of an SSRC and returned.
    Ssrc = "rtpe_ssrc" {
        ssrc: u32, flags: u32, index: u64, window: u64, rtcp_window: u64, rtcp_index: u32, zero: u32,
    }
    /// A payload type the flow is known to carry.
    Pt = "rtpe_pt" { pt: u8, zero: [u8; 3], clock_hz: u32, }
    /// One way out.
    Output = "rtpe_output" {
        from: Addr, to: Addr, flags: u32, tos: u8, pt_from: u8, pt_to: u8, zero: u8, ssrc: [u32; SSRCS_MAX],
        rtcp_index: u32, zero2: u32, index_offset: [i64; SSRCS_MAX], seal: Srtp,
    }
    /// Head of every request.
    Request = "rtpe_request" { op: u32, size: u32, }
    /// Become the owner.
    ClaimRequest = "rtpe_claim" { request: Request, abi: u32, flags: u32, }
    /// A flow; its outputs follow.
    Flow = "rtpe_flow" {
        request: Request, local: Addr, source: Addr, generation: u64, stream: u64, flags: u32, carries: u8,
        source_check: u8, pt_count: u8, output_count: u8, pts: [Pt; PTS_MAX], ssrcs: [Ssrc; SSRCS_MAX], open: Srtp,
    }
    /// Names an installed flow.
    Pick = "rtpe_pick" { request: Request, local: Addr, zero: u32, generation: u64, }
    /// What the module says first.
    Hello = "rtpe_hello" {
        magic: u32, abi: u32, size_hello: u32, size_claim: u32, size_flow: u32, size_output: u32, size_pick: u32,
        size_snapshot: u32, table: u32, owner: i32, flows: u32, suites: u32, version: [u8; VERSION_LEN],
    }
    /// Packets and bytes of UDP payload.
    Traffic = "rtpe_traffic" { packets: u64, bytes: u64, errors: u64, }
    /// Counters of one payload type.
    PtCounters = "rtpe_pt_counters" { pt: u8, known: u8, zero: [u8; 2], clock_hz: u32, packets: u64, bytes: u64, }
    /// Counters of one SSRC.
    SsrcCounters = "rtpe_ssrc_counters" {
        state: Ssrc, rtp: Traffic, first_index: u64, last_timestamp: u32, lost: u32, duplicates: u32, reordered: u32,
        jitter_us: u32, last_pt: u8, zero: [u8; 3],
    }
    /// Counters of one output.
    OutputCounters = "rtpe_output_counters" { packets: u64, bytes: u64, errors: u64, rtcp_index: u32, zero: u32, }
    /// Everything the module knows of one flow.
    Snapshot = "rtpe_snapshot" {
        local: Addr, source: Addr, generation: u64, stream: u64, installed_ns: u64, last_packet_ns: u64,
        received: Traffic, fates: [u64; FATES], flags: u32, carries: u8, source_check: u8, output_count: u8,
        last_tos: u8, pts: [PtCounters; PTS_MAX], ssrcs: [SsrcCounters; SSRCS_MAX],
        outputs: [OutputCounters; OUTPUTS_MAX], index_offset: [[i64; SSRCS_MAX]; OUTPUTS_MAX],
    }
}

/// Session keys. Debug shows none of them.
#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
#[allow(missing_docs)] // the header documents the fields
pub struct Keys {
    pub cipher: [u8; 32],
    pub auth: [u8; 20],
    pub salt: [u8; 14],
    pub zero: [u8; 2],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// One direction of SRTP and SRTCP. All zero: plain RTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
#[allow(missing_docs)] // the header documents the fields
pub struct Srtp {
    pub suite: u32,
    pub flags: u32,
    pub rtp_tag_len: u8,
    pub rtcp_tag_len: u8,
    pub mki_len: u8,
    pub zero: [u8; 5],
    pub mki: [u8; 16],
    pub rtp: Keys,
    pub rtcp: Keys,
}

/// The structs with keys, for the comparison with the header.
pub const SECRET_LAYOUTS: &[Layout] = &[
    (
        "rtpe_keys",
        size_of::<Keys>(),
        &[
            ("cipher", std::mem::offset_of!(Keys, cipher), 32),
            ("auth", std::mem::offset_of!(Keys, auth), 20),
            ("salt", std::mem::offset_of!(Keys, salt), 14),
            ("zero", std::mem::offset_of!(Keys, zero), 2),
        ],
    ),
    (
        "rtpe_srtp",
        size_of::<Srtp>(),
        &[
            ("suite", std::mem::offset_of!(Srtp, suite), 4),
            ("flags", std::mem::offset_of!(Srtp, flags), 4),
            ("rtp_tag_len", std::mem::offset_of!(Srtp, rtp_tag_len), 1),
            ("rtcp_tag_len", std::mem::offset_of!(Srtp, rtcp_tag_len), 1),
            ("mki_len", std::mem::offset_of!(Srtp, mki_len), 1),
            ("zero", std::mem::offset_of!(Srtp, zero), 5),
            ("mki", std::mem::offset_of!(Srtp, mki), 16),
            ("rtp", std::mem::offset_of!(Srtp, rtp), size_of::<Keys>()),
            ("rtcp", std::mem::offset_of!(Srtp, rtcp), size_of::<Keys>()),
        ],
    ),
];
