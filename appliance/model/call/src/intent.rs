use crate::{BundleWish, DtlsWish, Family, OsrtpWish, PortError, SdesWish};
use flow::{Gate, Learning};
use sdp::{AttributeEdits, CodecEdits};
use std::net::IpAddr;
use thiserror::Error;

/// An SDP that one party sends to another: an offer or an answer, with everything the client wants done to it.
#[derive(Debug)]
pub struct Intent<'a> {
    /// The call.
    pub call_id: &'a [u8],
    /// Tag of the dialogue's offerer (who sent the INVITE, whoever sends this message).
    pub from_tag: &'a [u8],
    /// Tag of the other party, when known.
    pub to_tag: Option<&'a [u8]>,
    /// Branch of the request, to tell forks apart.
    pub via_branch: Option<&'a [u8]>,
    /// Free name of the sender.
    pub label: Option<&'a [u8]>,
    /// The body.
    pub sdp: &'a sdp::Session<'a>,
    /// What to do with it.
    pub options: Options<'a>,
}

/// What the client wants done: checked, free of the spellings it was asked in.
#[derive(Debug, Default)]
pub struct Options<'a> {
    /// Interface that faces the sender of this message.
    pub towards_sender: Option<&'a [u8]>,
    /// Interface that faces its receiver.
    pub towards_receiver: Option<&'a [u8]>,
    /// Family the receiver shall be addressed in.
    pub family: Option<Family>,
    /// Address printed instead of ours.
    pub media_address: Option<IpAddr>,
    /// Believe the SDP's address (true), the SIP message's source (false), or do as configured.
    pub trust_address: Option<bool>,
    /// Where the SIP message came from.
    pub received_from: Option<IpAddr>,
    /// Profile towards the receiver.
    pub transport: Option<&'a [u8]>,
    /// Which parts of the session level are made ours.
    pub replace: Replace,
    /// What is done about rtcp-mux.
    pub mux: MuxWish,
    /// What is done about BUNDLE.
    pub bundle: BundleWish,
    /// RTCP ends here and we write reports of our own, from now on.
    pub generate_rtcp: Option<bool>,
    /// How `a=rtcp` is written.
    pub rtcp_attribute: RtcpAttribute,
    /// What is done about ICE.
    pub ice: IceWish,
    /// Towards whom we are lite, from now on.
    pub ice_lite: IceLite,
    /// Tell the receiver of an offer that candidates may be trickled.
    pub trickle: bool,
    /// Name RFC 8445 in `a=ice-options`.
    pub ice2: bool,
    /// The sections go between the two ends as they are, from now on, and their media past us. Our ports stay open and
    /// relay what comes there as it is.
    pub passthrough: Option<bool>,
    /// The sender's ICE is refused.
    pub reject_ice: bool,
    /// ICE begins anew on both sides.
    pub reset: bool,
    /// Write a direction only where the sender wrote one.
    pub original_sendrecv: bool,
    /// Add `a=mid` where there is none.
    pub generate_mid: bool,
    /// Put our mark in, and leave bodies alone that bear it already.
    pub loop_protect: bool,
    /// What is done about SDES keys.
    pub sdes: SdesWish,
    /// What is done about keys under a plain profile.
    pub osrtp: OsrtpWish,
    /// Open and seal packets although both ends have the same keys.
    pub recrypt: bool,
    /// What is done about DTLS-SRTP.
    pub dtls: DtlsWish<'a>,
    /// Take `a=extmap` out.
    pub strip_extmap: bool,
    /// Changes to the list of codecs.
    pub codecs: CodecEdits<'a>,
    /// Textual changes to attributes.
    pub attributes: AttributeEdits<'a>,
    /// Media types whose sections are dropped.
    pub remove_media: Vec<&'a str>,
    /// An answer lists one codec, and telephone-event.
    pub single_codec: bool,
    /// Packetisation time written for the receiver, milliseconds.
    pub ptime: Option<u32>,
    /// Keep local ports although the sender's endpoint moved.
    pub port_latching: Option<bool>,
    /// Endpoint learning from now on.
    pub learning: Option<Learning>,
    /// No learning until the sender's next message.
    pub asymmetric: bool,
    /// What happens to packets from other sources, until then.
    pub gate: Option<Gate>,
    /// Nobody is heard in the call from now on, or everybody again (`drop-traffic`).
    pub shut: Option<bool>,
    /// Traffic class byte from now on: `Some(None)` is the configured default.
    pub tos: Option<Option<u8>>,
    /// Let one-way media take the fast path.
    pub one_way: bool,
    /// Send an empty packet first, to open the peer's NAT.
    pub pierce: bool,
    /// Free text for reports.
    pub metadata: Option<&'a [u8]>,
    /// Both parties of this message stay out of recordings.
    pub unrecorded: bool,
}

/// Which parts of the session level are made ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replace {
    /// Address in `o=`.
    pub origin: bool,
    /// User and session id of `o=` stay those of the first offer.
    pub origin_full: bool,
    /// `s=` stays that of the first offer.
    pub session_name: bool,
    /// Session version in `o=` grows only when the body changes.
    pub version: bool,
    /// Session version in `o=` grows with every body.
    pub force_version: bool,
    /// A real address where the peer wrote `0.0.0.0`.
    pub zero_address: bool,
}

/// What is done about rtcp-mux (RFC 5761).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MuxWish {
    /// Offer it though the sender did not.
    pub offer: bool,
    /// Offer it and give no other choice.
    pub require: bool,
    /// Accept it here, do not offer it on.
    pub demux: bool,
    /// Accept it whatever the other side does.
    pub accept: bool,
    /// Never accept it.
    pub reject: bool,
}

/// How `a=rtcp` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RtcpAttribute {
    /// Port only.
    #[default]
    Short,
    /// Port and address.
    Full,
    /// Not at all.
    Absent,
}

/// What is done about ICE towards the receiver (RFC 8445).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IceWish {
    /// Nothing was said: as before, else as [`IceWish::Default`].
    #[default]
    Unsaid,
    /// Ours, if the sender has any.
    Default,
    /// None.
    Remove,
    /// Ours, whatever the sender has.
    Force,
    /// The sender's stays, with candidates of ours below its own. If it has none: ours.
    Optional,
    /// The sender's stays, with ours as relay candidates. If it has none: as `Default`.
    ForceRelay,
}

/// Towards whom we are lite; `None`: as before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IceLite {
    /// Towards the receiver of an offer.
    pub forward: Option<bool>,
    /// Towards its sender.
    pub backward: Option<bool>,
}

/// Why an offer or answer could not be carried out. The texts are what proxies see.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Answer for a call that does not exist.
    #[error("Unknown call-id")]
    UnknownCall,
    /// As many calls as allowed.
    #[error("Parallel session limit reached")]
    SessionLimit,
    /// No ports.
    #[error(transparent)]
    Ports(#[from] PortError),
    /// Both tags name the same party.
    #[error("Invalid dialogue association")]
    SameParty,
    /// The SIP message's source shall be believed, and none was given.
    #[error("Incomplete SDP specification")]
    NoSource,
    /// Every section was to be removed.
    #[error("Error rewriting SDP")]
    NothingLeft,
}
