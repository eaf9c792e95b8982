use crate::Engine;
use crate::arrive::{Admitted, GoesOn, Next};
use crate::classify::Class;
use crate::engine::Places;
use crate::flow::Way;
use crate::tape::{Copied, Passing};
use flow::{Buffers, Burst, Departure, DropReason, Event, Frame, Moment, Rewrite, Verdict};
use rtp::rtcp::{self, Type};
use rtp::{Header, HeaderMut};

/// How a packet leaves by one of a flow's outputs.
struct Leaving {
    departure: Departure,
    /// Place of the egress port's flow.
    egress: u32,
    rewrite: Rewrite,
    /// What every byte of its payload is replaced by.
    silence: Option<u8>,
    /// The session that seals it.
    seal: Option<u32>,
    /// Who gets it takes RTCP feedback.
    feedback: bool,
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
        let arrived = burst.frames().len();
        self.look_up(burst.frames());
        self.make_tags(burst, buffers, now);
        for at in 0..arrived {
            let mut frame = burst.frames()[at];
            if frame.verdict != Verdict::Undecided {
                continue;
            }
            let taken_in = self.take_in(at, &mut frame, buffers, now, events);
            self.copy_arrived(at, &frame, &taken_in, buffers, now);
            frame.verdict = match taken_in {
                Ok(Next::Send(admitted)) => self.send_on((at, now), &mut frame, &admitted, burst, buffers),
                Ok(Next::Punt(reason)) => Verdict::Punt(reason),
                Ok(Next::Consume) => Verdict::Consume,
                Err(reason) => {
                    if matches!(reason, DropReason::NotMedia | DropReason::TooShort) {
                        self.blame_egress(at);
                    }
                    Verdict::Drop(reason)
                }
            };
            burst.frames_mut()[at] = frame;
        }
        self.finish_tags(burst, buffers);
    }

    /// Sends the frame out by all ways: copies by the later ones first, as it is in clear until it is sealed itself.
    fn send_on<B: Buffers>(
        &mut self,
        (at, now): (usize, Moment),
        frame: &mut Frame,
        admitted: &Admitted,
        burst: &mut Burst,
        buffers: &mut B,
    ) -> Verdict {
        for output in 1..admitted.outputs {
            let leaving = match self.resolve(at, admitted, output) {
                Ok(leaving) => leaving,
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
            let place = burst.frames().len();
            copy.verdict = self.let_out(place, &mut copy, admitted, &leaving, (buffers, now));
            if burst.push(copy).is_ok() {
                let ingress = self.places[at].ingress;
                self.places.push(Places { ingress, egress: Some(leaving.egress) });
            }
        }
        match self.resolve(at, admitted, 0) {
            Ok(leaving) => {
                self.places[at].egress = Some(leaving.egress);
                self.let_out(at, frame, admitted, &leaving, (buffers, now))
            }
            Err(reason) => Verdict::Drop(reason),
        }
    }

    /// What arrived, in clear if it was opened.
    fn copy_arrived<B: Buffers>(
        &mut self,
        at: usize,
        frame: &Frame,
        taken_in: &Result<Next, DropReason>,
        buffers: &B,
        now: Moment,
    ) {
        let Some(flow) = self.places[at].ingress.and_then(|place| self.table.get_mut(place)) else { return };
        if !flow.traced && flow.recorded.is_none() {
            return;
        }
        let passing = taken_in.as_ref().err().copied().map_or(Passing::In, Passing::Dropped);
        let copied = Copied { at: now, passing, local: frame.local, remote: frame.remote };
        if flow.traced {
            self.tape.record(&copied, buffers.payload(frame));
        }
        // STUN and DTLS are no part of what was said.
        if !matches!(taken_in, Ok(Next::Punt(_))) {
            self.reel.record(flow, &copied, buffers.payload(frame));
        }
    }

    /// Rewrites and seals a frame, which is or will be at this place of the burst, for the way it leaves by.
    fn let_out<B: Buffers>(
        &mut self,
        place: usize,
        frame: &mut Frame,
        admitted: &Admitted,
        leaving: &Leaving,
        (buffers, now): (&mut B, Moment),
    ) -> Verdict {
        let class = admitted.class;
        match (class, admitted.rtcp, leaving.feedback) {
            (Class::Rtp(_), ..) if leaving.rewrite.is_nothing() && leaving.silence.is_none() => {}
            (Class::Rtp(_), ..) => {
                let payload = buffers.payload_mut(frame);
                apply_silence(payload, leaving.silence);
                apply_rewrite(payload, leaving.rewrite);
            }
            (_, GoesOn::Fitting, false) => {
                shorten(frame, buffers, |kind| !kind.is_feedback());
                if frame.len == 0 {
                    return Verdict::Drop(DropReason::Feedback);
                }
            }
            (_, GoesOn::Feedback, true) => shorten(frame, buffers, Type::is_feedback),
            (_, GoesOn::Feedback, false) => return Verdict::Consume,
            _ => {}
        }
        if let Some(flow) = self.table.get_mut(leaving.egress)
            && (flow.traced || flow.recorded.is_some())
        {
            let Departure { from, to, .. } = leaving.departure;
            let copied = Copied { at: now, passing: Passing::Out, local: from, remote: to };
            if flow.traced {
                self.tape.record(&copied, buffers.payload(frame));
            }
            self.reel.record(flow, &copied, buffers.payload(frame));
        }
        if let Some(session) = leaving.seal {
            let (room, len) = (buffers.room_mut(frame), frame.len.into());
            let sealed = if self.tags.are_put_off() {
                self.sessions.seal_without_tag(session, class, room, len)
            } else {
                self.sessions.seal(session, class, room, len).map(|len| (len, None))
            };
            match sealed.map(|(len, due)| (u16::try_from(len), due)) {
                Ok((Ok(len), due)) => {
                    frame.len = len;
                    due.into_iter().for_each(|due| self.tags.owe(place, session, due));
                }
                Ok((Err(_), _)) => return Verdict::Drop(DropReason::TooLong),
                Err(reason) => return Verdict::Drop(reason),
            }
        }
        if let (Class::Rtp(packet), Some(flow)) = (class, self.table.get_mut(leaving.egress)) {
            flow.sent.count(packet.rewritten(leaving.rewrite), frame.len.into());
        }
        Verdict::Forward(leaving.departure)
    }

    /// What cannot be forwarded is reported as an error of the stream that misses it.
    fn blame_egress(&mut self, at: usize) {
        let Some(flow) = self.places[at].ingress.and_then(|place| self.table.get(place)) else { return };
        let way = flow.rtp.first().or(flow.rtcp.first()).map(|way| way.egress);
        self.places[at].egress = way.and_then(|key| self.table.find(key));
    }

    /// Where output number `output` leads now. The place of its egress flow is remembered in the ingress flow.
    fn resolve(&mut self, at: usize, admitted: &Admitted, output: usize) -> Result<Leaving, DropReason> {
        let ingress = self.places[at].ingress.ok_or(DropReason::NoFlow)?;
        let flow = self.table.get(ingress).ok_or(DropReason::NoFlow)?;
        let ways = if admitted.by_rtcp { &flow.rtcp } else { &flow.rtp };
        let Way { egress: key, rewrite, silent, place } = *ways.get(output).ok_or(DropReason::NoOutput)?;
        let silence = match admitted.class {
            Class::Rtp(packet) if silent => flow.silence_of(packet.pt),
            _ => None,
        };
        let settles = flow.one_way && matches!(admitted.class, Class::Rtp(_));
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
        if settles && let Some(egress) = self.table.get_mut(place) {
            egress.peer.settle();
        }
        let egress = self.table.get(place).ok_or(DropReason::NoPeer)?;
        // A section that shares another's port leaves as that one does.
        let (key, port) = match egress.via.as_deref().copied() {
            None => (key, egress),
            Some(via) => (via, self.port(via).ok_or(DropReason::NoPeer)?),
        };
        let to = port.peer.address().ok_or(DropReason::NoPeer)?;
        let seal = port.sealed_by()?;
        // How far the numbers have come is known to the fast path alone.
        if seal.is_some() && admitted.lost_count {
            return Err(DropReason::SealedElsewhere);
        }
        let departure = Departure { from: key, to, tos: egress.tos };
        Ok(Leaving { departure, egress: place, rewrite, silence, seal, feedback: egress.reporting.feedback })
    }
}

/// Takes packets out of an RTCP compound.
fn shorten<B: Buffers>(frame: &mut Frame, buffers: &mut B, keep: impl Fn(Type) -> bool) {
    let len = rtcp::retain(buffers.payload_mut(frame), keep);
    // No longer than it was.
    frame.len = u16::try_from(len).unwrap_or(frame.len);
}

fn apply_silence(packet: &mut [u8], silence: Option<u8>) {
    let Some(byte) = silence else { return };
    let Ok(header) = Header::parse(packet) else { return };
    let whole = header.payload().len();
    // Padding stays, whose last byte is its length.
    let said = header.unpadded().map_or(whole, <[u8]>::len);
    let start = packet.len() - whole;
    packet[start..start + said].fill(byte);
}

fn apply_rewrite(payload: &mut [u8], rewrite: Rewrite) {
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
