use crate::Engine;
use crate::classify::{Class, classify};
use crate::engine::Places;
use crate::flow::{Flow, Way};
use crate::sent::RtpSeen;
use flow::{
    Buffers, Burst, Carries, Departure, DropReason, Event, Frame, Micros, Moment, PuntReason, Rewrite,
    Verdict,
};
use rtp::HeaderMut;
use std::net::SocketAddr;

/// Strays of a flow are reported at most this often.
const STRAYS_EVERY: Micros = Micros::from_secs(1);

/// What is to be done with a frame.
enum Next {
    Send(Admitted),
    Punt(PuntReason),
}

/// What is left to do with a frame that was let in.
struct Admitted {
    /// RTP, so that its header may be rewritten.
    rtp: Option<RtpSeen>,
    /// It leaves by the flow's RTCP outputs.
    by_rtcp: bool,
    outputs: usize,
}

impl Engine {
    /// Decides about every frame of the burst; copies for fan-out are appended. Frames that the backend has decided on
    /// already are left as they are. At most two events per arrived frame are appended, and only into capacity that `events`
    /// has: what does not fit is reported with a later packet.
    pub fn run<B: Buffers>(
        &mut self,
        burst: &mut Burst,
        buffers: &mut B,
        now: Moment,
        events: &mut Vec<Event>,
    ) {
        self.places.clear();
        let arrived = burst.frames().len();
        for frame in burst.frames() {
            self.places.push(Places { ingress: self.table.find(frame.local), egress: None });
        }
        for at in 0..arrived {
            let frame = burst.frames()[at];
            if frame.verdict != Verdict::Undecided {
                continue;
            }
            let verdict = match self.take_in(at, &frame, buffers, now, events) {
                Ok(Next::Send(admitted)) => self.send_on(at, &frame, &admitted, burst, buffers),
                Ok(Next::Punt(reason)) => Verdict::Punt(reason),
                Err(reason) => {
                    if matches!(reason, DropReason::NotMedia | DropReason::TooShort) {
                        self.blame_egress(at);
                    }
                    Verdict::Drop(reason)
                }
            };
            burst.frames_mut()[at].verdict = verdict;
        }
    }

    /// Classifies, learns, checks the source and counts what arrived.
    fn take_in<B: Buffers>(
        &mut self,
        at: usize,
        frame: &Frame,
        buffers: &B,
        now: Moment,
        events: &mut Vec<Event>,
    ) -> Result<Next, DropReason> {
        let ingress = self.places[at].ingress.ok_or(DropReason::NoFlow)?;
        let flow = self.table.get_mut(ingress).ok_or(DropReason::NoFlow)?;
        let payload = buffers.payload(frame);
        let class = classify(payload, flow.carries, flow.handshakes);
        // Before the source is asked for: agents hear of other addresses than the peer's.
        if let Ok(Class::Handshake(reason)) = class {
            return Ok(Next::Punt(reason));
        }
        let teaches = class.is_ok_and(|class| class.teaches(flow.carries));
        let admitted = flow.peer.admit(frame.remote, teaches, flow.gate, now);
        report(flow, now, events);
        admitted?;
        flow.counters.received.count(payload.len());
        self.totals.received.count(payload.len());
        let class = class?;
        flow.counters.last_packet = Some(now);
        if let Class::Rtp(header) = class {
            flow.ssrcs.count(&header, payload.len(), now);
            if flow.strays_from.is_some_and(|from| now >= from) {
                stray(flow, frame.remote, now, events);
            }
        }
        // RTCP goes on, so that the ends do not take the call for dead.
        if flow.blocked && class != Class::Rtcp {
            return Err(DropReason::Blocked);
        }
        let rtcp_port = flow.carries == Carries::Rtcp;
        let by_rtcp = (class == Class::Rtcp || rtcp_port) && !flow.rtcp.is_empty();
        let outputs = if by_rtcp { flow.rtcp.len() } else { flow.rtp.len() };
        if outputs == 0 {
            return Err(DropReason::NoOutput);
        }
        let rtp = match class {
            Class::Rtp(header) => Some(RtpSeen::of(&header)),
            _ => None,
        };
        Ok(Next::Send(Admitted { rtp, by_rtcp, outputs }))
    }

    /// Sends the frame out by all ways: copies by the later ones first, then itself by the first.
    fn send_on<B: Buffers>(
        &mut self,
        at: usize,
        frame: &Frame,
        admitted: &Admitted,
        burst: &mut Burst,
        buffers: &mut B,
    ) -> Verdict {
        for output in 1..admitted.outputs {
            let (departure, egress, rewrite) = match self.resolve(at, admitted, output) {
                Ok(way) => way,
                Err(reason) => {
                    self.count_lost_copy(at, reason);
                    continue;
                }
            };
            let copy = if burst.room() == 0 { None } else { buffers.copy(frame) };
            let Some(mut copy) = copy else {
                self.count_lost_copy(at, DropReason::NoRoom);
                continue;
            };
            if let Some(rtp) = admitted.rtp {
                apply_rewrite(buffers.payload_mut(&copy), rewrite);
                self.count_sender(egress, rtp.rewritten(rewrite), frame.len);
            }
            copy.verdict = Verdict::Forward(departure);
            if burst.push(copy).is_ok() {
                self.places.push(Places { ingress: self.places[at].ingress, egress: Some(egress) });
            }
        }
        match self.resolve(at, admitted, 0) {
            Ok((departure, egress, rewrite)) => {
                if let Some(rtp) = admitted.rtp {
                    apply_rewrite(buffers.payload_mut(frame), rewrite);
                    self.count_sender(egress, rtp.rewritten(rewrite), frame.len);
                }
                self.places[at].egress = Some(egress);
                Verdict::Forward(departure)
            }
            Err(reason) => Verdict::Drop(reason),
        }
    }

    /// What cannot be forwarded is reported as an error of the stream that misses it.
    fn blame_egress(&mut self, at: usize) {
        let Some(flow) = self.places[at].ingress.and_then(|place| self.table.get(place)) else { return };
        let way = flow.rtp.first().or(flow.rtcp.first()).map(|way| way.egress);
        self.places[at].egress = way.and_then(|key| self.table.find(key));
    }

    fn count_sender(&mut self, egress: u32, rtp: RtpSeen, len: u16) {
        if let Some(flow) = self.table.get_mut(egress) {
            flow.sent.count(rtp, len.into());
        }
    }

    /// Where output number `output` leads now. The place of its egress flow is remembered in the ingress flow.
    fn resolve(
        &mut self,
        at: usize,
        admitted: &Admitted,
        output: usize,
    ) -> Result<(Departure, u32, Rewrite), DropReason> {
        let ingress = self.places[at].ingress.ok_or(DropReason::NoFlow)?;
        let flow = self.table.get(ingress).ok_or(DropReason::NoFlow)?;
        let ways = if admitted.by_rtcp { &flow.rtcp } else { &flow.rtp };
        let Way { egress: key, rewrite, place } = *ways.get(output).ok_or(DropReason::NoOutput)?;
        let remembered = self.table.get(place).is_some_and(|egress| egress.key == key);
        let place = if remembered {
            place
        } else {
            let found = self.table.find(key).ok_or(DropReason::NoPeer)?;
            if let Some(flow) = self.table.get_mut(ingress) {
                let ways = if admitted.by_rtcp { &mut flow.rtcp } else { &mut flow.rtp };
                ways[output].place = found;
            }
            found
        };
        let egress = self.table.get(place).ok_or(DropReason::NoPeer)?;
        let to = egress.peer.address().ok_or(DropReason::NoPeer)?;
        Ok((Departure { from: key, to, tos: egress.tos }, place, rewrite))
    }
}

fn report(flow: &mut Flow, now: Moment, events: &mut Vec<Event>) {
    let Some(peer) = flow.peer.report(now) else { return };
    if events.len() < events.capacity() {
        let (stream, key, generation) = (flow.stream, flow.key, flow.generation);
        events.push(Event::PeerLearned { stream, key, generation, peer });
        flow.peer.reported(now);
    }
}

/// A packet that a fast path should have taken. Said once a second, and only of the peer's own.
fn stray(flow: &mut Flow, remote: SocketAddr, now: Moment, events: &mut Vec<Event>) {
    if flow.peer.is_surely(remote) && events.len() < events.capacity() {
        events.push(Event::Strayed { key: flow.key });
        flow.strays_from = Some(now + STRAYS_EVERY);
    }
}

fn apply_rewrite(payload: &mut [u8], rewrite: Rewrite) {
    if rewrite.is_nothing() {
        return;
    }
    let Some(mut header) = HeaderMut::new(payload) else { return };
    if let Some(ssrc) = rewrite.ssrc {
        header.set_ssrc(ssrc);
    }
    if rewrite.seq_offset != 0 {
        header.set_seq(header.seq().wrapping_add(rewrite.seq_offset));
    }
    if let Some(pt) = rewrite.pt.filter(|change| change.from == header.pt()) {
        header.set_pt(pt.to);
    }
}
