use crate::Engine;
use crate::Rtcp;
use crate::classify::{Class, classify};
use crate::flow::{Flow, STRAYS_EVERY};
use crate::sessions::Guard;
use flow::{Buffers, Carries, DropReason, Event, Frame, Gate, HeardReport, Moment, PuntReason};
use rtp::rtcp;
use std::net::SocketAddr;

/// What is to be done with a frame.
pub(crate) enum Next {
    Send(Admitted),
    Punt(PuntReason),
    Consume,
}

/// What is left to do with a frame that was let in. It is in clear now.
pub(crate) struct Admitted {
    pub(crate) class: Class,
    /// It leaves by the flow's RTCP outputs.
    pub(crate) by_rtcp: bool,
    pub(crate) outputs: usize,
    /// A fast path should have taken it, and has come nobody knows how far.
    pub(crate) lost_count: bool,
    /// What of its RTCP goes on.
    pub(crate) rtcp: GoesOn,
}

/// What of an RTCP compound goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GoesOn {
    All,
    /// All, but feedback only to who takes it.
    Fitting,
    /// Feedback, to who takes it: reports are ours.
    Feedback,
}

impl Engine {
    /// Classifies, opens, learns, checks the source and counts what arrived. Under keys, only what is authentic is
    /// learned from or counted.
    pub(crate) fn take_in<B: Buffers>(
        &mut self,
        at: usize,
        frame: &mut Frame,
        buffers: &mut B,
        now: Moment,
        events: &mut Vec<Event>,
    ) -> Result<Next, DropReason> {
        let ingress = self.places[at].ingress.ok_or(DropReason::NoFlow)?;
        let flow = self.table.get_mut(ingress).ok_or(DropReason::NoFlow)?;
        if flow.gate == Gate::Shut {
            return Err(DropReason::Blocked);
        }
        let on_wire = usize::from(frame.len);
        let class = classify(buffers.payload(frame), flow.carries, flow.handshakes);
        // Before the source is asked for: agents hear of other addresses than the peer's.
        if let Ok(Class::Handshake(reason)) = class {
            return Ok(Next::Punt(reason));
        }
        let is_rtp = matches!(class, Ok(Class::Rtp(_)));
        let strayed = is_rtp && flow.away.as_ref().is_some_and(|away| now >= away.strays_from);
        let lost_count = strayed && flow.away.as_ref().is_some_and(|away| now >= away.seals_until);
        if strayed {
            stray(flow, frame.remote, now, events);
        }
        if let (Ok(class), Some(held)) = (class, flow.held)
            && held.arriving != Guard::Plain
        {
            if held.arriving == Guard::Shut {
                return Err(DropReason::NoKeys);
            }
            if flow.peer.is_closed_to(frame.remote, flow.gate, now) {
                return Err(DropReason::UnknownSource);
            }
            let ready = self.tags.ready(at);
            let len = self.sessions.open(held, class, buffers.payload_mut(frame), ready.as_ref())?;
            frame.len = u16::try_from(len).unwrap_or(frame.len);
        }
        let teaches = class.is_ok_and(|class| class.teaches(flow.carries));
        let admitted = flow.peer.admit(frame.remote, teaches, flow.gate, now);
        report(flow, now, events);
        admitted?;
        if flow.bundled
            && let Ok(class) = class
        {
            self.places[at].ingress = Some(self.part(ingress, class, buffers.payload(frame)));
        }
        let ingress = self.places[at].ingress.ok_or(DropReason::NoFlow)?;
        let flow = self.table.get_mut(ingress).ok_or(DropReason::NoFlow)?;
        flow.counters.received.count(on_wire);
        self.totals.received.count(on_wire);
        if let Some(received) = self.addresses.received(flow.address) {
            received.count(on_wire);
        }
        // Whatever it was: somebody is there.
        flow.counters.last_packet = Some(now);
        let class = class?;
        if let Class::Rtp(packet) = class {
            flow.ssrcs.count(&packet, on_wire, now, &mut self.spare);
        }
        if class == Class::Rtcp && flow.is_readable() {
            let (stream, local, remote) = (flow.stream, flow.key, frame.remote);
            let bytes = buffers.payload(frame);
            self.overheard.note(Rtcp { at: now, stream, local, remote, bytes });
        }
        // RTCP goes on, so that the ends do not take the call for dead.
        if flow.blocked && class != Class::Rtcp {
            return Err(DropReason::Blocked);
        }
        let rtcp = if class == Class::Rtcp { flow.passing(buffers.payload(frame), now) } else { GoesOn::All };
        if rtcp == GoesOn::Feedback && !has_feedback(buffers.payload(frame)) {
            return Ok(Next::Consume);
        }
        let rtcp_port = flow.carries == Carries::Rtcp;
        let by_rtcp = (class == Class::Rtcp || rtcp_port) && !flow.rtcp.is_empty();
        let outputs = if by_rtcp { flow.rtcp.len() } else { flow.rtp.len() };
        if outputs == 0 {
            return Err(DropReason::NoOutput);
        }
        Ok(Next::Send(Admitted { class, by_rtcp, outputs, lost_count, rtcp }))
    }
}

impl Flow {
    /// What of an RTCP compound goes on. Reports that end here are remembered.
    fn passing(&mut self, payload: &[u8], now: Moment) -> GoesOn {
        if !self.reporting.ours {
            return if self.reporting.feedback { GoesOn::Fitting } else { GoesOn::All };
        }
        for packet in rtcp::walk(payload).flatten() {
            if let (Some(ssrc), Some(info)) = (packet.ssrc(), packet.sender_info()) {
                self.hear(HeardReport { ssrc, ntp: info.ntp_middle(), at: now });
            }
        }
        GoesOn::Feedback
    }
}

fn has_feedback(payload: &[u8]) -> bool {
    rtcp::walk(payload).flatten().any(|packet| packet.header().kind.is_feedback())
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
    let Some(away) = &mut flow.away else { return };
    if now >= away.report_from && flow.peer.is_surely(remote) && events.len() < events.capacity() {
        events.push(Event::Strayed { key: flow.key });
        away.report_from = now + STRAYS_EVERY;
    }
}
