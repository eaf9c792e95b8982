use crate::call::{Call, FlowEntry};
use crate::compile::FlowUse;
use crate::media::{Media, PortPair, Transport};
use crate::party::{Party, PartyIx};
use crate::{Family, Stamp};
use flow::{FlowKey, FlowSpec, Gate, Snapshot};
use ice::Component;
use std::borrow::Cow;
use std::net::SocketAddr;

/// Everything there is to say about a call, for `query`, `delete`, the control tool and the CDR. Counters come from
/// the packet side; the flows to ask for are named here.
#[derive(Debug)]
pub struct CallReport<'a> {
    /// The Call-ID.
    pub id: &'a [u8],
    /// When it was created.
    pub created: Stamp,
    /// When the last message about it came.
    pub last_signal: Stamp,
    /// Free text given by the client.
    pub metadata: Option<&'a [u8]>,
    /// The parties asked for.
    pub parties: Vec<PartyReport<'a>>,
}

/// One party.
#[derive(Debug)]
pub struct PartyReport<'a> {
    /// Its tag, or `<untagged N>`.
    pub name: Cow<'a, [u8]>,
    /// Its tag; empty while unknown.
    pub tag: &'a [u8],
    /// Branch that made it.
    pub via_branch: Option<&'a [u8]>,
    /// Earlier tags.
    pub aliases: Vec<&'a [u8]>,
    /// Free name.
    pub label: Option<&'a [u8]>,
    /// It was offered to before it ever offered.
    pub callee: bool,
    /// When it was created.
    pub created: Stamp,
    /// Free text that came with one of its messages.
    pub metadata: Option<&'a [u8]>,
    /// Its packets stay out of recordings.
    pub unrecorded: bool,
    /// Tags of the parties it talks with.
    pub peers: Vec<&'a [u8]>,
    /// Its media sections.
    pub medias: Vec<MediaReport<'a>>,
}

/// One media section of a party.
#[derive(Debug)]
pub struct MediaReport<'a> {
    /// Place in the SDP, from 1.
    pub index: usize,
    /// `audio`, `video`, ….
    pub kind: &'a [u8],
    /// Profile.
    pub protocol: &'a [u8],
    /// The streams: RTP, then RTCP.
    pub streams: Vec<StreamReport<'a>>,
    /// Flags in upstream's words and order.
    pub flags: Vec<&'static str>,
    /// The suite of the keys that were agreed on, or the first one offered.
    pub crypto_suite: Option<&'static str>,
    media: &'a Media,
}

impl MediaReport<'_> {
    /// The profile in the usual spelling, when it is a known one.
    pub fn known_protocol(&self) -> Option<&'static str> {
        Some(sdp::Profile::of(self.protocol).as_str()).filter(|p| !p.is_empty())
    }

    /// Name of the codec with that payload type, as `name/clock`, when the party listed it.
    pub fn codec(&self, pt: u8) -> Option<String> {
        self.media.codecs.iter().find(|c| c.pt == pt).map(crate::media::OfferedCodec::text)
    }
}

/// RTP or RTCP of a section.
#[derive(Debug)]
pub struct StreamReport<'a> {
    /// Which of the two.
    pub usage: FlowUse,
    /// The port that faces the party now; `None` when it is closed.
    pub local: Option<FlowKey>,
    /// Family of that port.
    pub family: Family,
    /// Signalled endpoint.
    pub signalled: Option<SocketAddr>,
    /// The stream carries RTCP although it is the RTP stream (rtcp-mux).
    pub muxed: bool,
    /// RTCP of this leg comes on the RTP port (said of both its streams).
    pub leg_muxed: bool,
    /// The section speaks ICE.
    pub ice: bool,
    /// Not relayed because it is off or not ours.
    pub rejected: bool,
    /// When it was made.
    pub opened: Stamp,
    /// What happens to packets that are not the party's, while traffic is not dropped altogether.
    pub gate: Gate,
    /// Its flows: of all pairs that face the party.
    pub flows: Vec<FlowReport<'a>>,
}

/// One flow of a stream.
#[derive(Debug)]
pub struct FlowReport<'a> {
    /// Where its packets arrive.
    pub key: FlowKey,
    /// What it was installed as; `None` when it is closed.
    pub spec: Option<&'a FlowSpec>,
    /// Its last counters when it is closed.
    pub last: Option<&'a Snapshot>,
}

/// Which parties a report is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope<'a> {
    /// A party and those it talks with.
    pub from_tag: Option<&'a [u8]>,
    /// Likewise; with both, this one counts.
    pub to_tag: Option<&'a [u8]>,
}

impl Call {
    /// A report about the parties in scope. A tag that nobody has gives an empty list.
    pub fn report(&self, scope: Scope<'_>) -> CallReport<'_> {
        let parties = self.in_scope(scope).into_iter().map(|at| self.report_party(at)).collect();
        CallReport {
            id: &self.id,
            created: self.created,
            last_signal: self.last_signal,
            metadata: self.metadata.as_deref(),
            parties,
        }
    }

    /// The keys of every open flow, for a request of snapshots.
    pub fn flow_keys(&self) -> Vec<FlowKey> {
        self.flows.iter().filter(|f| !f.withdrawn).map(|f| f.key).collect()
    }

    /// The keys of all open flows, and whether they carry media, with or without RTCP.
    pub fn open_flows(&self) -> impl Iterator<Item = (FlowKey, bool)> {
        self.flows.iter().filter(|f| !f.withdrawn).map(|f| (f.key, f.usage == FlowUse::Rtp))
    }

    /// The keys of the open flows that carry media, with or without RTCP.
    pub fn rtp_keys(&self) -> Vec<FlowKey> {
        let media = |f: &&FlowEntry| !f.withdrawn && f.usage == FlowUse::Rtp;
        self.flows.iter().filter(media).map(|f| f.key).collect()
    }

    /// The ports that are to open the NAT of who they face, until something comes from there.
    pub fn piercing(&self) -> Vec<FlowKey> {
        let open = self.flows.iter().filter(|f| !f.withdrawn);
        open.filter(|f| self.parties[f.party].treatment.pierce).map(|f| f.key).collect()
    }

    fn in_scope(&self, scope: Scope<'_>) -> Vec<PartyIx> {
        let live = |tag: &[u8]| self.party(tag).filter(|at| !self.parties[*at].deleted);
        let mut out = Vec::new();
        let Some(named) = scope.to_tag.or(scope.from_tag) else { return (0..self.parties.len()).collect() };
        if let Some(at) = live(named) {
            out.push(at);
            out.extend(self.parties[at].peers.iter().copied());
        }
        out
    }

    fn report_party(&self, at: PartyIx) -> PartyReport<'_> {
        let party = &self.parties[at];
        let name = if party.tag.is_empty() {
            Cow::Owned(format!("<untagged {at}>").into_bytes())
        } else {
            Cow::Borrowed(&*party.tag)
        };
        PartyReport {
            name,
            tag: &party.tag,
            via_branch: party.via_branch.as_deref(),
            aliases: party.aliases.iter().map(|a| &**a).collect(),
            label: party.label.as_deref(),
            callee: party.callee,
            created: party.created,
            metadata: party.metadata.as_deref(),
            unrecorded: party.unrecorded,
            peers: party.peers.iter().map(|p| &*self.parties[*p].tag).collect(),
            medias: party
                .told_of()
                .enumerate()
                .map(|(nth, media)| self.report_media(at, nth, media))
                .collect(),
        }
    }

    fn report_media(&self, at: PartyIx, nth: usize, index: usize) -> MediaReport<'_> {
        let party = &self.parties[at];
        let media = &party.medias[index];
        let streams = match media.transport {
            Transport::Untouched => Vec::new(),
            _ => [FlowUse::Rtp, FlowUse::Rtcp].map(|usage| self.report_stream(at, index, usage)).into(),
        };
        MediaReport {
            index: nth + 1,
            kind: &media.kind,
            protocol: &media.protocol,
            streams,
            flags: media.flags(party),
            crypto_suite: media.keying.suite().map(flow::srtp::Suite::name),
            media,
        }
    }

    fn never_had_rtcp(&self, party: PartyIx, media: usize, rtp: FlowKey) -> Option<FlowKey> {
        let odd = FlowKey::new(rtp.addr, rtp.port | 1);
        let had = self.flows.iter().any(|f| f.party == party && f.media == media && f.key == odd);
        (!had).then_some(FlowKey::new(rtp.addr, 0))
    }

    fn report_stream(&self, at: PartyIx, index: usize, usage: FlowUse) -> StreamReport<'_> {
        let media = &self.parties[at].medias[index];
        let mine = |f: &&FlowEntry| f.party == at && f.media == index && f.usage == usage;
        // The port that the party knows it by may be another section's.
        let lead = self.parties[at].lead(index).unwrap_or(index);
        let carrier = &self.parties[at].medias[lead];
        let pair = carrier.pair().filter(|p| !p.closed && !media.rejected);
        let (local, signalled) = match usage {
            FlowUse::Rtp => (pair.and_then(|_| carrier.egress(Component::Rtp)), media.rtp),
            // A muxed leg that never had an RTCP port shows port 0, one that closed it shows none.
            FlowUse::Rtcp => {
                let local = |p: &PortPair| {
                    p.rtcp
                        .and_then(|_| carrier.egress(Component::Rtcp))
                        .or(self.never_had_rtcp(at, lead, p.rtp))
                };
                (pair.and_then(local), media.rtcp)
            }
        };
        let opened = media.pairs.first().map_or(self.created.at, |p| p.opened);
        StreamReport {
            usage,
            local,
            family: local.map_or(media.family, |k| Family::of(k.addr)),
            signalled,
            muxed: media.mux.active && usage == FlowUse::Rtp,
            leg_muxed: media.mux.active,
            ice: media.ice.on,
            rejected: media.rejected,
            opened: Stamp { at: opened, wall_us: self.created.wall_us_of(opened) },
            gate: self.parties[at].treatment.gate,
            flows: self
                .flows
                .iter()
                .filter(mine)
                .map(|f| FlowReport { key: f.key, spec: f.installed.as_deref(), last: f.last.as_deref() })
                .collect(),
        }
    }
}

impl Media {
    /// The called side is reported as controlling, as upstream does also without ICE.
    fn flags(&self, party: &Party) -> Vec<&'static str> {
        let (doubled, reversed) = self.took_secure_double();
        [
            (self.initialized, "initialized"),
            (party.treatment.asymmetric, "asymmetric"),
            (self.send, "send"),
            (self.recv, "recv"),
            (self.mux.active, "rtcp-mux"),
            (self.keying.speaks_dtls(), "DTLS-SRTP"),
            (self.keying.dtls_role(true), "DTLS role active"),
            (self.keying.dtls_role(false), "DTLS role passive"),
            (self.keying.speaks_sdes && self.transport == Transport::Rtp, "SDES"),
            (self.passes(), "passthrough"),
            (self.ice.on, "ICE"),
            (self.ice.trickles, "trickle ICE"),
            (self.ice.is_controlling(self.called), "ICE controlling"),
            (doubled, "legacy OSRTP"),
            (reversed, "reverse legacy OSRTP"),
            (self.ice.peer_lite, "ICE-lite peer"),
            (self.ice.on && self.ice.lite, "ICE-lite self"),
            (self.feedback, "RTCP feedback"),
            (self.reports, "RTCP generator"),
            (party.treatment.one_way, "unidirectional"),
        ]
        .into_iter()
        .filter_map(|(on, text)| on.then_some(text))
        .collect()
    }
}
