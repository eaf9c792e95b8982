use super::{named, opinions};
use crate::desk::{Desk, History, Snapshots};
use crate::placement::Paths;
use crate::record::{Recording, Standing};
use call::{Call, CallReport, FlowUse, MediaReport, PartyReport, Scope, Stamp, StreamReport};
use flow::{Gate, Snapshot, SsrcCounters, Traffic};
use ng::request::Flag;
use ng::{Dict, Reply, Request, Value};
use std::net::SocketAddr;

/// Senders named per party at most.
const SSRCS: usize = 21;

/// `query`.
pub(super) fn query(desk: &mut Desk, request: &Request<'_>) -> Result<Reply, Reply> {
    let call_id = request.need_call_id()?;
    let number = desk.book.number(call_id).ok_or_else(|| Reply::error("Unknown call-id"))?;
    let snapshots = desk.snapshots(number);
    let now = desk.clock.stamp();
    let Some(call) = desk.book.get(number) else { return Err(Reply::error("Unknown call-id")) };
    let scope = Scope { from_tag: named(&request.from_tag), to_tag: named(&request.to_tag) };
    let explain = request.has(Flag::Explain).then_some(&desk.paths);
    let recorded = desk.recordings.of(number).map(Recording::standing);
    let histories = desk.quality.histories(number);
    Ok(Page { snapshots: &snapshots, histories, now, explain, recorded }.reply(call, scope))
}

/// The statistics of a call as `delete` tells them.
pub(super) fn render(desk: &Desk, call: &Call, scope: Scope<'_>, snapshots: &Snapshots) -> Reply {
    let (now, recorded) = (desk.clock.stamp(), desk.recordings.of(call.number()).map(Recording::standing));
    let histories = desk.quality.histories(call.number());
    Page { snapshots, histories, now, explain: None, recorded }.reply(call, scope)
}

/// The statistics of a call with the path of each stream, for the control tool.
pub fn render_call(call: &Call, snapshots: &Snapshots, paths: &Paths, now: Stamp) -> Reply {
    Page { snapshots, histories: &[], now, explain: Some(paths), recorded: None }
        .reply(call, Scope::default())
}

/// What a report is written with.
struct Page<'a> {
    snapshots: &'a Snapshots,
    /// How the call's senders were heard.
    histories: &'a [History],
    now: Stamp,
    /// Say which path each stream is on, and why.
    explain: Option<&'a Paths>,
    /// Whether the call is recorded.
    recorded: Option<Standing>,
}

impl Page<'_> {
    fn reply(&self, call: &Call, scope: Scope<'_>) -> Reply {
        let report = call.report(scope);
        let mut reply = Reply::ok();
        let body = reply.body_mut();
        body.push("created", int(report.created.wall_secs()));
        body.push("created_us", int(report.created.wall_us % 1_000_000));
        body.push("created_ts", int(report.created.wall_us));
        body.push("last signal", int(report.last_signal.wall_secs()));
        body.push("last redis update", Value::Int(0));
        if let Some(metadata) = report.metadata {
            body.push("metadata", bytes(metadata));
        }
        body.push("SSRC", Value::Dict(self.all_ssrcs(&report)));
        let mut tags = Dict::new();
        for party in &report.parties {
            tags.push_bytes(party.name.to_vec(), Value::Dict(self.party(party)));
        }
        body.push("tags", Value::Dict(tags));
        body.push("totals", Value::Dict(self.totals(&report)));
        if let Some(standing) = self.recorded {
            let running = u64::from(standing == Standing::Running);
            let recording = Dict::new().with("call recording", int(running)).with("forwarding", int(0));
            body.push("recording", Value::Dict(recording));
        }
        reply
    }

    fn party(&self, party: &PartyReport<'_>) -> Dict<'static> {
        let mut out = Dict::new();
        out.push("tag", bytes(party.tag));
        if let Some(branch) = party.via_branch {
            out.push("via-branch", bytes(branch));
        }
        if !party.aliases.is_empty() {
            out.push("tag-aliases", Value::List(party.aliases.iter().map(|a| bytes(a)).collect()));
        }
        if let Some(label) = party.label {
            out.push("label", bytes(label));
        }
        out.push("created", int(party.created.wall_secs()));
        if let Some(metadata) = party.metadata {
            out.push("metadata", bytes(metadata));
        }
        for key in ["subscriptions", "subscribers"] {
            let peers = party
                .peers
                .iter()
                .map(|tag| Value::Dict(Dict::new().with("tag", bytes(tag)).with("type", "offer/answer")));
            out.push(key, Value::List(peers.collect()));
        }
        let medias = party.medias.iter().map(|media| Value::Dict(self.media(media)));
        out.push("medias", Value::List(medias.collect()));
        out.push("VSC", Value::List(Vec::new()));
        if self.recorded.is_some() {
            let excluded = int(party.unrecorded.into());
            out.push(
                "recording",
                Value::Dict(Dict::new().with("excluded", excluded).with("forwarding", int(0))),
            );
        }
        out
    }

    fn media(&self, media: &MediaReport<'_>) -> Dict<'static> {
        let ingress = self.ssrcs_of(media, |copy| &copy.ssrcs);
        let egress = self.ssrcs_of(media, |copy| &copy.sent_ssrcs);
        let mut out = Dict::new();
        out.push("index", int(media.index as u64));
        out.push("type", bytes(media.kind));
        if let Some(protocol) = media.known_protocol() {
            out.push("protocol", protocol);
        }
        if let Some(codec) = ingress.first().and_then(|s| media.codec(s.last_pt)) {
            out.push("codec", codec);
        }
        let latest = ingress.first().map(|s| s.ssrc);
        let streams = media.streams.iter().map(|stream| Value::Dict(self.stream(stream, media, latest)));
        out.push("streams", Value::List(streams.collect()));
        out.push("flags", Value::List(media.flags.iter().map(|f| Value::from(*f)).collect()));
        let heard = |s: &SsrcCounters| self.heard(s, Dict::new().with("SSRC", int(s.ssrc.into())));
        out.push("ingress SSRCs", Value::List(ingress.iter().map(|s| Value::Dict(heard(s))).collect()));
        out.push("egress SSRCs", ssrc_list(&egress));
        out
    }

    fn stream(
        &self,
        stream: &StreamReport<'_>,
        media: &MediaReport<'_>,
        latest: Option<u32>,
    ) -> Dict<'static> {
        let seen = self.seen(stream);
        let mut out = Dict::new();
        if let Some(local) = stream.local {
            out.push("local port", int(local.port.into()));
            out.push("local address", local.addr.to_string());
            out.push("family", if local.addr.is_ipv4() { "IPv4" } else { "IPv6" });
        }
        out.push("endpoint", endpoint(seen.peer.or(stream.signalled)));
        out.push("advertised endpoint", endpoint(stream.signalled));
        if let Some(suite) = media.crypto_suite {
            out.push("crypto suite", suite);
        }
        let last = seen.last.map_or(stream.opened.wall_us, |at| self.now.wall_us_of(at)) / 1_000_000;
        out.push("last packet", int(last));
        out.push("last kernel packet", Value::Int(0));
        out.push("last user packet", int(last));
        if let Some(ssrc) = latest {
            out.push("SSRC", int(ssrc.into()));
        }
        out.push("flags", Value::List(stream_flags(stream, &seen).into_iter().map(Value::from).collect()));
        out.push("stats", traffic(seen.received));
        out.push("stats_out", traffic(seen.sent));
        if let (Some(paths), Some(local)) = (self.explain, stream.local) {
            let (path, reason) = paths.standing(local);
            out.push("path", path.code());
            out.push("path reason", reason.code());
        }
        out
    }

    /// What all flows of a stream have seen together; the address is that of the port told last.
    fn seen(&self, stream: &StreamReport<'_>) -> Seen {
        let mut seen = Seen::default();
        for flow in &stream.flows {
            let Some(copy) = self.snapshots.get(&flow.key).or(flow.last) else { continue };
            seen.received.add(copy.counters.received);
            seen.sent.add(copy.counters.sent);
            seen.last = seen.last.max(copy.counters.last_packet);
            if stream.local == Some(flow.key) {
                seen.confirmed = copy.confirmed;
                seen.peer = copy.peer;
            }
            if let Some(spec) = flow.spec {
                seen.gate = Some(spec.gate);
                seen.blocked |= spec.blocked;
                seen.outputs |= !spec.rtp.is_empty();
                let outputs = if stream.usage == FlowUse::Rtp { &spec.rtp } else { &spec.rtcp };
                seen.sendable |= outputs
                    .iter()
                    .all(|out| self.snapshots.get(&out.egress).is_none_or(|e| e.peer.is_some()));
            }
        }
        seen
    }

    /// The senders seen in a section, or those it was sent, latest first.
    fn ssrcs_of(
        &self,
        media: &MediaReport<'_>,
        which: fn(&Snapshot) -> &[SsrcCounters],
    ) -> Vec<SsrcCounters> {
        let mut out: Vec<SsrcCounters> = Vec::new();
        let rtp = media.streams.iter().filter(|s| s.usage == FlowUse::Rtp);
        let copies =
            rtp.flat_map(|s| s.flows.iter().rev()).filter_map(|f| self.snapshots.get(&f.key).or(f.last));
        for ssrc in copies.flat_map(|copy: &Snapshot| which(copy).iter().rev()) {
            match out.iter_mut().find(|known| known.ssrc == ssrc.ssrc) {
                Some(known) => known.traffic.add(ssrc.traffic),
                None => out.push(*ssrc),
            }
        }
        out.truncate(SSRCS);
        out
    }

    fn all_ssrcs(&self, whole: &CallReport<'_>) -> Dict<'static> {
        let mut out = Dict::new();
        for media in whole.parties.iter().flat_map(|p| &p.medias) {
            for ssrc in self.ssrcs_of(media, |copy| &copy.ssrcs) {
                out.push(ssrc.ssrc.to_string(), Value::Dict(self.heard(&ssrc, Dict::new())));
            }
        }
        out
    }

    /// What was counted of a sender, and what those who hear it have reported.
    fn heard(&self, ssrc: &SsrcCounters, out: Dict<'static>) -> Dict<'static> {
        let out = ssrc_counts(ssrc, out);
        match self.histories.iter().find(|history| history.ssrc == ssrc.ssrc) {
            Some(history) => opinions::add(out, history, self.now),
            None => out,
        }
    }

    fn totals(&self, report: &CallReport<'_>) -> Dict<'static> {
        let mut sums = [Traffic::default(); 2];
        for stream in report.parties.iter().flat_map(|p| &p.medias).flat_map(|m| &m.streams) {
            sums[usize::from(stream.usage == FlowUse::Rtcp)].add(self.seen(stream).received);
        }
        Dict::new().with("RTP", traffic(sums[0])).with("RTCP", traffic(sums[1]))
    }
}

#[derive(Default)]
struct Seen {
    received: Traffic,
    sent: Traffic,
    last: Option<flow::Moment>,
    peer: Option<SocketAddr>,
    confirmed: bool,
    gate: Option<Gate>,
    blocked: bool,
    outputs: bool,
    /// Everybody it is for has an address.
    sendable: bool,
}

/// Flags in upstream's words and order. It calls a confirmed stream `kernelized` also when it has no module.
fn stream_flags(stream: &StreamReport<'_>, seen: &Seen) -> Vec<&'static str> {
    let open = stream.local.is_some();
    if stream.rejected && stream.flows.is_empty() {
        return Vec::new();
    }
    let rtp = stream.usage == FlowUse::Rtp;
    let confirmed = open && seen.confirmed;
    [
        (rtp, "RTP"),
        (!rtp || stream.muxed, "RTCP"),
        (!rtp && stream.leg_muxed, "fallback RTCP"),
        (stream.signalled.is_some(), "filled"),
        (stream.ice, "ICE"),
        (confirmed, "confirmed"),
        (confirmed && seen.sendable, "kernelized"),
        (confirmed && seen.sendable, "no kernel support"),
        (seen.gate == Some(Gate::Strict), "strict source address"),
        (seen.gate == Some(Gate::Handover), "media handover"),
    ]
    .into_iter()
    .filter_map(|(on, text)| on.then_some(text))
    .collect()
}

fn ssrc_counts(ssrc: &SsrcCounters, out: Dict<'static>) -> Dict<'static> {
    out.with("bytes", int(ssrc.traffic.bytes))
        .with("packets", int(ssrc.traffic.packets))
        .with("last RTP timestamp", int(ssrc.last_timestamp.into()))
        .with("last RTP seq", int(ssrc.last_seq.into()))
}

fn ssrc_list(ssrcs: &[SsrcCounters]) -> Value<'static> {
    let each =
        ssrcs.iter().map(|s| Value::Dict(ssrc_counts(s, Dict::new().with("SSRC", int(s.ssrc.into())))));
    Value::List(each.collect())
}

fn endpoint(at: Option<SocketAddr>) -> Value<'static> {
    let Some(at) = at else { return Value::Dict(Dict::new()) };
    let family = if at.is_ipv4() { "IPv4" } else { "IPv6" };
    Value::Dict(
        Dict::new()
            .with("family", family)
            .with("address", at.ip().to_string())
            .with("port", int(at.port().into())),
    )
}

fn traffic(count: Traffic) -> Value<'static> {
    Value::Dict(
        Dict::new()
            .with("packets", int(count.packets))
            .with("bytes", int(count.bytes))
            .with("errors", int(count.errors)),
    )
}

fn int(number: u64) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn bytes(text: &[u8]) -> Value<'static> {
    Value::Bytes(text.to_vec().into())
}
