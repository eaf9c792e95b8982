use super::{named, opinions};
use crate::desk::{Desk, History, Snapshots};
use crate::placement::Paths;
use crate::record::{Recording, Standing};
use call::{Call, CallReport, FlowUse, MediaReport, PartyReport, Scope, Stamp, StreamReport};
use flow::{Gate, Snapshot, SsrcCounters, Traffic};
use ng::request::Flag;
use ng::{Body, Reply, Request};
use std::net::{IpAddr, SocketAddr};

/// Senders named per party at most.
const SSRCS: usize = 21;
/// What the report of a call with two parties and one section takes.
const ROOM: usize = 3072;

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
        let mut body = Body::with_room(ROOM);
        body.int("created", report.created.wall_secs());
        body.int("created_us", report.created.wall_us % 1_000_000);
        body.int("created_ts", report.created.wall_us);
        body.int("last signal", report.last_signal.wall_secs());
        body.int("last redis update", 0);
        if let Some(metadata) = report.metadata {
            body.bytes("metadata", metadata);
        }
        body.dict("SSRC", |out| self.all_ssrcs(&report, out));
        body.dict("tags", |tags| {
            for party in &report.parties {
                tags.dict_of(&party.name, |out| self.party(party, out));
            }
        });
        body.dict("totals", |out| self.totals(&report, out));
        if let Some(standing) = self.recorded {
            body.dict("recording", |out| {
                out.int("call recording", u64::from(standing == Standing::Running));
                out.int("forwarding", 0);
            });
        }
        Reply::saying(body)
    }

    fn party(&self, party: &PartyReport<'_>, out: &mut Body) {
        out.bytes("tag", party.tag);
        if let Some(branch) = party.via_branch {
            out.bytes("via-branch", branch);
        }
        if !party.aliases.is_empty() {
            out.list("tag-aliases", |list| party.aliases.iter().for_each(|alias| list.bytes(alias)));
        }
        if let Some(label) = party.label {
            out.bytes("label", label);
        }
        out.int("created", party.created.wall_secs());
        if let Some(metadata) = party.metadata {
            out.bytes("metadata", metadata);
        }
        for key in ["subscriptions", "subscribers"] {
            out.list(key, |list| {
                for tag in &party.peers {
                    list.dict(|peer| {
                        peer.bytes("tag", tag);
                        peer.text("type", "offer/answer");
                    });
                }
            });
        }
        out.list("medias", |list| {
            for media in &party.medias {
                list.dict(|out| self.media(media, out));
            }
        });
        out.list("VSC", |_| {});
        if self.recorded.is_some() {
            out.dict("recording", |out| {
                out.int("excluded", party.unrecorded.into());
                out.int("forwarding", 0);
            });
        }
    }

    fn media(&self, media: &MediaReport<'_>, out: &mut Body) {
        let ingress = self.ssrcs_of(media, |copy| &copy.ssrcs);
        let egress = self.ssrcs_of(media, |copy| &copy.sent_ssrcs);
        out.int("index", media.index as u64);
        out.bytes("type", media.kind);
        if let Some(protocol) = media.known_protocol() {
            out.value("protocol", &protocol.into());
        }
        if let Some(codec) = ingress.first().and_then(|s| media.codec(s.last_pt)) {
            out.value("codec", &codec.into());
        }
        let latest = ingress.first().map(|s| s.ssrc);
        out.list("streams", |list| {
            for stream in &media.streams {
                list.dict(|out| self.stream(stream, media, latest, out));
            }
        });
        out.list("flags", |list| media.flags.iter().for_each(|flag| list.text(flag)));
        out.list("ingress SSRCs", |list| {
            for ssrc in &ingress {
                list.dict(|out| {
                    out.int("SSRC", ssrc.ssrc.into());
                    self.heard(ssrc, out);
                });
            }
        });
        out.list("egress SSRCs", |list| {
            for ssrc in &egress {
                list.dict(|out| {
                    out.int("SSRC", ssrc.ssrc.into());
                    ssrc_counts(ssrc, out);
                });
            }
        });
    }

    fn stream(
        &self,
        stream: &StreamReport<'_>,
        media: &MediaReport<'_>,
        latest: Option<u32>,
        out: &mut Body,
    ) {
        let seen = self.seen(stream);
        if let Some(local) = stream.local {
            out.int("local port", local.port.into());
            out.address("local address", local.addr);
            out.text("family", family(local.addr));
        }
        out.dict("endpoint", |out| endpoint(seen.peer.or(stream.signalled), out));
        out.dict("advertised endpoint", |out| endpoint(stream.signalled, out));
        if let Some(suite) = media.crypto_suite {
            out.value("crypto suite", &suite.into());
        }
        let last = seen.last.map_or(stream.opened.wall_us, |at| self.now.wall_us_of(at)) / 1_000_000;
        out.int("last packet", last);
        out.int("last kernel packet", 0);
        out.int("last user packet", last);
        if let Some(ssrc) = latest {
            out.int("SSRC", ssrc.into());
        }
        out.list("flags", |list| stream_flags(stream, &seen).for_each(|flag| list.text(flag)));
        out.dict("stats", |out| traffic(seen.received, out));
        out.dict("stats_out", |out| traffic(seen.sent, out));
        if let (Some(paths), Some(local)) = (self.explain, stream.local) {
            let (path, reason) = paths.standing(local);
            out.text("path", path.code());
            out.text("path reason", reason.code());
        }
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
                seen.gate = Some(stream.gate);
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

    fn all_ssrcs(&self, whole: &CallReport<'_>, out: &mut Body) {
        for media in whole.parties.iter().flat_map(|p| &p.medias) {
            for ssrc in self.ssrcs_of(media, |copy| &copy.ssrcs) {
                out.dict(&ssrc.ssrc.to_string(), |out| self.heard(&ssrc, out));
            }
        }
    }

    /// What was counted of a sender, and what those who hear it have reported.
    fn heard(&self, ssrc: &SsrcCounters, out: &mut Body) {
        ssrc_counts(ssrc, out);
        if let Some(history) = self.histories.iter().find(|history| history.ssrc == ssrc.ssrc) {
            opinions::add(out, history, self.now);
        }
    }

    fn totals(&self, report: &CallReport<'_>, out: &mut Body) {
        let mut sums = [Traffic::default(); 2];
        for stream in report.parties.iter().flat_map(|p| &p.medias).flat_map(|m| &m.streams) {
            sums[usize::from(stream.usage == FlowUse::Rtcp)].add(self.seen(stream).received);
        }
        out.dict("RTP", |out| traffic(sums[0], out));
        out.dict("RTCP", |out| traffic(sums[1], out));
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
fn stream_flags(stream: &StreamReport<'_>, seen: &Seen) -> impl Iterator<Item = &'static str> + use<> {
    let open = stream.local.is_some();
    let rtp = stream.usage == FlowUse::Rtp;
    let confirmed = open && seen.confirmed;
    let told = !(stream.rejected && stream.flows.is_empty());
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
    .filter_map(move |(on, text)| (on && told).then_some(text))
}

fn ssrc_counts(ssrc: &SsrcCounters, out: &mut Body) {
    out.int("bytes", ssrc.traffic.bytes);
    out.int("packets", ssrc.traffic.packets);
    out.int("last RTP timestamp", ssrc.last_timestamp.into());
    out.int("last RTP seq", ssrc.last_seq.into());
}

fn family(addr: IpAddr) -> &'static str {
    if addr.is_ipv4() { "IPv4" } else { "IPv6" }
}

fn endpoint(at: Option<SocketAddr>, out: &mut Body) {
    let Some(at) = at else { return };
    out.text("family", family(at.ip()));
    out.address("address", at.ip());
    out.int("port", at.port().into());
}

fn traffic(count: Traffic, out: &mut Body) {
    out.int("packets", count.packets);
    out.int("bytes", count.bytes);
    out.int("errors", count.errors);
}
