use super::detector::{Track, Tracks};
use super::direction::is_private;
use super::{Cause, Counts, Ends, OneWay, Watch, judge};
use crate::desk::{Desk, Snapshots};
use call::{Call, CallNumber, FlowUse, MediaReport, PartyReport, Scope, StreamReport};
use flow::{FlowKey, Moment};
use std::net::SocketAddr;

/// Calls that are looked at in one second, …
const CALLS: usize = 256;
/// … and in one question to a packet thread, which copies their counters between two bursts.
const AT_ONCE: usize = 32;

impl Watch {
    /// What is done once a second.
    pub(crate) fn look(desk: &mut Desk) {
        if desk.watch.after.0 == 0 {
            return;
        }
        let mut due: Vec<(CallNumber, u16, Vec<FlowKey>)> = Vec::new();
        let up = |call: &&Call| call.is_answered() && !call.is_ending();
        for call in desk.book.iter_from(CallNumber(desk.watch.next)).filter(up).take(CALLS) {
            due.push((call.number(), call.worker(), call.rtp_keys()));
        }
        if let Some((last, ..)) = due.last() {
            desk.watch.next = last.0 + 1;
        }
        due.sort_by_key(|(_, worker, _)| *worker);
        for of_worker in due.chunk_by(|a, b| a.1 == b.1) {
            for some in of_worker.chunks(AT_ONCE) {
                let keys: Vec<FlowKey> = some.iter().flat_map(|(.., keys)| keys).copied().collect();
                let snapshots = desk.flush_asking(some[0].1, &keys);
                for (number, ..) in some {
                    look_at(desk, *number, &snapshots);
                }
            }
        }
    }
}

/// One audio section of one party.
struct Section<'a> {
    at: (usize, usize),
    party: &'a PartyReport<'a>,
    media: &'a MediaReport<'a>,
    stream: &'a StreamReport<'a>,
    counts: Counts,
}

fn look_at(desk: &mut Desk, number: CallNumber, snapshots: &Snapshots) {
    let now = desk.clock.now();
    let Some(call) = desk.book.get(number) else { return };
    let report = call.report(Scope::default());
    let sections = sections(&report.parties, snapshots);
    let tracks = desk
        .watch
        .calls
        .entry(number)
        .or_insert_with(|| Tracks { created: call.created(), tracks: Vec::new() });
    if tracks.created != call.created() {
        *tracks = Tracks { created: call.created(), tracks: Vec::new() };
    }
    let mut old = std::mem::take(&mut tracks.tracks);
    for talker in &sections {
        for (egress, listener) in listeners(talker, &sections) {
            let ends = [talker.at, listener.at];
            let known = old.iter().position(|track| track.ends == ends).map(|at| old.swap_remove(at));
            let mut track = known.unwrap_or(Track { ends, seen: None, wrong: None, event: None });
            let counts = [talker.counts, listener.counts];
            if let Some((_, before)) = track.seen.replace((now, counts)) {
                let delta = [0, 1].map(|end| counts[end].since(&before[end]));
                let told = talker.stream.local.map(|key| shown(&desk.book, key));
                let peer = snapshots.get(&egress);
                let ends = Ends {
                    told,
                    talker: talker.stream.signalled,
                    listener: peer.and_then(|copy| copy.peer).or(listener.stream.signalled),
                    listener_is_heard: listener.counts.heard > 0,
                    leaves_from: egress.addr,
                    standing: talker
                        .stream
                        .local
                        .map_or(flow::PathReason::NoOutput, |key| desk.paths.standing(key).1),
                };
                let cause = judge(&delta[0], &delta[1], &ends);
                let scene = Scene { call, talker, listener, delta: &delta[0], ends: &ends };
                track.update(cause, now, desk.watch.after, &scene, &mut desk.watch.told);
            }
            tracks.tracks.push(track);
        }
    }
    for track in old {
        over(&track, call, "the direction is not used any more");
    }
}

fn sections<'a>(parties: &'a [PartyReport<'a>], snapshots: &Snapshots) -> Vec<Section<'a>> {
    let mut out = Vec::new();
    for (nth, party) in parties.iter().enumerate() {
        for (section, media) in party.medias.iter().enumerate().filter(|(_, media)| media.kind == b"audio") {
            let rtp = media.streams.iter().find(|stream| stream.usage == FlowUse::Rtp && !stream.rejected);
            let Some(stream) = rtp else { continue };
            let mut counts = Counts::default();
            for copy in stream.flows.iter().filter_map(|flow| snapshots.get(&flow.key).or(flow.last)) {
                counts.add(copy);
            }
            out.push(Section { at: (nth, section), party, media, stream, counts });
        }
    }
    out
}

/// Who is to hear a section, with the port that its packets leave from.
fn listeners<'a>(talker: &Section<'_>, all: &'a [Section<'a>]) -> Vec<(FlowKey, &'a Section<'a>)> {
    let spec =
        talker.stream.flows.iter().rev().filter_map(|flow| flow.spec).find(|spec| !spec.rtp.is_empty());
    let ways = spec.into_iter().flat_map(|spec| &spec.rtp).map(|output| output.egress);
    let owner = |key: FlowKey| {
        all.iter()
            .find(|section| section.stream.flows.iter().any(|flow| flow.key == key && flow.spec.is_some()))
    };
    ways.filter_map(|key| Some((key, owner(key)?))).collect()
}

/// The address that SDP says for one of our ports.
fn shown(book: &call::Book, key: FlowKey) -> std::net::IpAddr {
    let all = book.interfaces();
    let addresses = all.all().iter().flat_map(|interface| &interface.addresses);
    let found = addresses.map(|id| all.address(*id)).find(|local| local.addr == key.addr);
    found.map_or(key.addr, |local| local.shown())
}

/// What is told of.
struct Scene<'a> {
    call: &'a Call,
    talker: &'a Section<'a>,
    listener: &'a Section<'a>,
    delta: &'a Counts,
    ends: &'a Ends,
}

impl Track {
    fn update(
        &mut self,
        cause: Option<Cause>,
        now: Moment,
        after: flow::Micros,
        scene: &Scene<'_>,
        told: &mut [u64; Cause::ALL.len()],
    ) {
        let Some(cause) = cause else {
            self.wrong = None;
            if self.event.is_some() {
                over(self, scene.call, "it is heard");
                self.event = None;
            }
            return;
        };
        // Another cause does not begin the wait anew: nobody has been heard in between.
        let since = self.wrong.map_or(now, |(since, _)| since);
        self.wrong = Some((since, cause));
        if now.since(since) < after || self.event.as_ref().is_some_and(|event| event.cause == cause) {
            return;
        }
        let event = scene.event(cause, since);
        told[cause as usize] += 1;
        tracing::warn!(
            call = %String::from_utf8_lossy(&event.call_id),
            "one-way audio: {} does not hear {} (section {}): {}: {}",
            String::from_utf8_lossy(&event.listener),
            String::from_utf8_lossy(&event.talker),
            event.media,
            cause.code(),
            event.detail,
        );
        self.event = Some(event);
    }
}

/// An event ends.
fn over(track: &Track, call: &Call, why: &str) {
    if let Some(event) = &track.event {
        tracing::info!(
            call = %String::from_utf8_lossy(call.id()),
            "one-way audio is over: {} and {} (section {}): {why}",
            String::from_utf8_lossy(&event.listener),
            String::from_utf8_lossy(&event.talker),
            event.media,
        );
    }
}

impl Scene<'_> {
    fn event(&self, cause: Cause, since: Moment) -> OneWay {
        OneWay {
            call_id: self.call.id().into(),
            talker: self.talker.party.name.as_ref().into(),
            listener: self.listener.party.name.as_ref().into(),
            media: self.talker.media.index,
            cause,
            detail: self.detail(cause),
            since,
        }
    }

    /// In words, with what to look at.
    fn detail(&self, cause: Cause) -> String {
        let at =
            |at: Option<SocketAddr>| at.map_or_else(|| "an unknown address".to_owned(), |at| at.to_string());
        let port = at(self.talker.stream.local.map(SocketAddr::from));
        let (talker, listener) = (at(self.ends.talker), at(self.ends.listener));
        let Counts { gated, forged, keyless, unsent, .. } = self.delta;
        match cause {
            Cause::NoIngress => format!(
                "nothing arrives at {port} from {talker}: does the phone send, and does a firewall or NAT let it through?"
            ),
            Cause::WrongSource => format!(
                "what arrives at {port} is not from {talker} and strict-source drops it ({gated} packets): the phone has \
                 moved or its NAT has, or it is a stranger"
            ),
            Cause::SrtpAuthentication if *forged == 0 => {
                format!("there are no keys yet for what arrives at {port} ({keyless} packets)")
            }
            Cause::SrtpAuthentication => format!(
                "what arrives at {port} is not authentic under the keys that were agreed on ({forged} packets)"
            ),
            Cause::Blocked => format!("what arrives at {port} is blocked by `block media` or `drop-traffic`"),
            Cause::PrivateAddress if self.is_ours() => format!(
                "{talker} was told to send to {}, a private address of ours: set what the interface advertises",
                self.ends.told.map_or_else(|| "-".to_owned(), |told| told.to_string())
            ),
            Cause::PrivateAddress => format!(
                "the listener says it is at {listener}, a private address, and has sent nothing that shows where it is"
            ),
            Cause::NoRouteBack => format!(
                "what goes to {listener} does not leave from {} ({unsent} packets not sent, path: {})",
                self.ends.leaves_from,
                self.ends.standing.code()
            ),
            Cause::NoAddress => {
                "the listener has said no address, and has sent nothing that shows one".to_owned()
            }
        }
    }

    fn is_ours(&self) -> bool {
        self.delta.heard == 0 && self.ends.told.is_some_and(is_private)
    }
}
