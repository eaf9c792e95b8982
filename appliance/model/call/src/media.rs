use crate::bundle::Bundling;
use crate::doubles::Double;
use crate::ice::IceLeg;
use crate::keying::Keying;
use crate::mux::Mux;
use crate::seldom::Seldom;
use crate::{AddressId, Family, Handshake};
use flow::{FlowKey, Moment};
use std::net::{IpAddr, SocketAddr};

/// A local RTP port and the RTCP port after it, facing one party. Which pair a party sees depends on where its
/// counterpart is: a counterpart that moves gets its media through another pair, one that comes back gets the
/// earlier pair again, and pairs once shown stay open for the life of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortPair {
    /// Endpoint of the counterpart that this pair stands for; `None` until the counterpart has spoken.
    pub(crate) stands_for: Option<SocketAddr>,
    pub(crate) address: AddressId,
    pub(crate) rtp: FlowKey,
    /// `None` when RTCP comes on the RTP port.
    pub(crate) rtcp: Option<FlowKey>,
    /// When the pair was opened.
    pub(crate) opened: Moment,
    /// The flows were withdrawn (the party was deleted).
    pub(crate) closed: bool,
    /// There are pairs beside it on other addresses.
    pub(crate) company: bool,
    /// It is beside the pair of this index, for ICE.
    pub(crate) company_of: Option<usize>,
}

/// What kind of transport a media section has, as far as relaying goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// RTP and RTCP of some profile.
    Rtp,
    /// Any other UDP payload (UDPTL, BFCP, DTLS/SCTP, made-up profiles): relayed as it is.
    Opaque,
    /// Not ours: TCP and whatever does not run over UDP. Passes untouched, no ports.
    Untouched,
}

/// One media section as one party sees it: what its SDP said, and the ports of ours that face it.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    /// `audio`, `video`, ….
    pub(crate) kind: Box<[u8]>,
    /// Profile in the party's SDP, or the one we offered it.
    pub(crate) protocol: Box<[u8]>,
    /// Profile that the client asked for towards this party.
    pub(crate) asked: Option<Box<[u8]>>,
    pub(crate) transport: Transport,
    /// Signalled RTP endpoint. `None` until the party has sent an SDP.
    pub(crate) rtp: Option<SocketAddr>,
    /// Signalled RTCP endpoint.
    pub(crate) rtcp: Option<SocketAddr>,
    /// Held by an address of zeros (RFC 2543 §B.5).
    pub(crate) holds: bool,
    /// The party's SDP has been seen.
    pub(crate) initialized: bool,
    /// It was offered to the party first: ICE is ours to control (RFC 8445 §6.1.1).
    pub(crate) called: bool,
    /// Port zero: the section is off.
    pub(crate) rejected: bool,
    /// We send to the party.
    pub(crate) send: bool,
    /// We receive from the party.
    pub(crate) recv: bool,
    pub(crate) mux: Mux,
    /// Keys, the party's and ours towards it.
    pub(crate) keying: Keying,
    /// `a=mid` in the party's SDP.
    pub(crate) mid: Option<Box<[u8]>>,
    /// `a=ptime` in the party's SDP, milliseconds.
    pub(crate) ptime: Option<u32>,
    /// Everything after the protocol in `m=`, to refuse the section with.
    pub(crate) formats: Box<[u8]>,
    /// The formats the party listed, with their codec names, for answers that must speak of them.
    pub(crate) codecs: Vec<OfferedCodec>,
    /// Family the party is addressed in.
    pub(crate) family: Family,
    pub(crate) pairs: Vec<PortPair>,
    /// Index in `pairs` of the one whose ports the party has been told.
    pub(crate) selected: Option<usize>,
    pub(crate) ice: Seldom<IceLeg>,
    /// The client wants the section told as it came.
    pub(crate) passthrough: bool,
    pub(crate) bundling: Bundling,
    /// It is two sections in the party's SDP, plain and secure.
    pub(crate) double: Option<Double>,
    /// Its last SDP speaks of RTCP feedback.
    pub(crate) feedback: bool,
    /// Its last SDP has header extensions, but not of both lengths (RFC 8285 §6).
    pub(crate) unmixed: bool,
    /// RTCP ends here, and we report ourselves (`generate RTCP`).
    pub(crate) reports: bool,
    /// What its agents were told.
    pub(crate) agents: Option<Box<Handshake>>,
}

/// What is kept of a codec that a party offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfferedCodec {
    pub(crate) pt: u8,
    pub(crate) name: Box<[u8]>,
    pub(crate) clock: u32,
    pub(crate) channels: u16,
}

impl OfferedCodec {
    pub(crate) fn of(codec: &sdp::Codec<'_>) -> OfferedCodec {
        OfferedCodec {
            pt: codec.pt,
            name: codec.name.as_bytes().into(),
            clock: codec.clock,
            channels: codec.channels,
        }
    }

    /// Same payload type for the same format.
    pub(crate) fn is(&self, codec: &sdp::Codec<'_>) -> bool {
        self.pt == codec.pt
            && self.clock == codec.clock
            && self.channels == codec.channels
            && self.name.eq_ignore_ascii_case(codec.name.as_bytes())
    }

    /// As rtpmap writes it: `name/clock`, with the channels when there are several.
    pub(crate) fn text(&self) -> String {
        let name = String::from_utf8_lossy(&self.name);
        match self.channels {
            0 | 1 => format!("{name}/{}", self.clock),
            several => format!("{name}/{}/{several}", self.clock),
        }
    }
}

impl Media {
    pub(crate) fn new(kind: &[u8], protocol: &[u8], transport: Transport, family: Family) -> Media {
        Media {
            kind: kind.into(),
            protocol: protocol.into(),
            asked: None,
            transport,
            rtp: None,
            rtcp: None,
            holds: false,
            initialized: false,
            called: false,
            rejected: false,
            send: true,
            recv: true,
            mux: Mux::default(),
            keying: Keying::default(),
            mid: None,
            ptime: None,
            formats: Box::default(),
            codecs: Vec::new(),
            family,
            pairs: Vec::new(),
            selected: None,
            ice: Seldom::default(),
            passthrough: false,
            bundling: Bundling::default(),
            double: None,
            feedback: false,
            unmixed: false,
            reports: false,
            agents: None,
        }
    }

    /// Port zero, or not told to the other side: nothing is relayed.
    pub(crate) fn turn_off(&mut self) {
        (self.initialized, self.rejected, self.send, self.recv) = (false, true, false, false);
        (self.rtp, self.rtcp, self.holds) = (None, None, false);
    }

    /// Both ends are told each other's own addresses and keys.
    pub(crate) fn passes(&self) -> bool {
        self.passthrough || self.ice.passes.is_some()
    }

    /// The pair whose ports the party has been told.
    pub(crate) fn pair(&self) -> Option<&PortPair> {
        self.pairs.get(self.selected?).filter(|pair| !pair.closed)
    }
}

/// True for `0.0.0.0` and `::`, the old way to say hold.
pub(crate) fn is_hold(addr: IpAddr) -> bool {
    addr.is_unspecified()
}
