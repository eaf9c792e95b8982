use crate::classify::Handshakes;
use crate::learn::Peer;
use crate::sent::SentTable;
use crate::sessions::{Guard, Held};
use crate::ssrc::SsrcTable;
use flow::{
    Carries, Counters, DropReason, FlowKey, FlowSpec, Gate, Generation, HeardReport, Micros, Moment, Output,
    Part, Progress, Recorded, Reporting, Rewrite, Silence, Snapshot, StreamId,
};
use smallvec::SmallVec;
use std::sync::Arc;

/// One flow as its worker holds it: the spec taken apart into what packets need, and what packets have shown.
///
/// With very many flows a packet waits for each line of memory that it reads (64 bytes), so what all packets read stands first
/// and in as few lines as it takes; `warm.rs` asks for these ahead.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Flow {
    // First line: what the flow is.
    pub(crate) key: FlowKey,
    pub(crate) carries: Carries,
    pub(crate) gate: Gate,
    pub(crate) handshakes: Handshakes,
    pub(crate) blocked: bool,
    /// Whoever it goes to is taken to be where it is thought to be.
    pub(crate) one_way: bool,
    pub(crate) tos: u8,
    /// Its packets are copied to the tape.
    pub(crate) traced: bool,
    /// It has parts.
    pub(crate) bundled: bool,
    pub(crate) reporting: Reporting,
    /// Its packets are copied to the reel.
    pub(crate) recorded: Option<Recorded>,
    /// Keys, if it opens or seals.
    pub(crate) held: Option<Held>,
    /// Place of its address in the engine.
    pub(crate) address: u32,
    /// A fast path carries the flow.
    pub(crate) away: Option<Box<Away>>,
    // Second: where the peer is. What it was before is in the third, which a peer that is known has no need of.
    /// Whose port it leaves through.
    pub(crate) via: Option<Box<FlowKey>>,
    pub(crate) peer: Peer,
    // Fourth: the way out.
    pub(crate) rtp: SmallVec<[Way; 1]>,
    /// Packets that the reel has had no room for, since the last that it had.
    pub(crate) unrecorded: u64,
    // Fifth: who was heard.
    pub(crate) ssrcs: SsrcTable,
    pub(crate) sent: SentTable,
    pub(crate) stream: StreamId,
    // Sixth: what was counted. The reasons of drops follow.
    pub(crate) counters: Counters,
    // The rest is for RTCP and for the desk.
    pub(crate) rtcp: SmallVec<[Way; 1]>,
    /// What silence is in its payload types, if somebody is to hear nothing else.
    pub(crate) silence: Option<Arc<[Silence]>>,
    pub(crate) generation: Generation,
    /// The last sender reports, if they end here.
    pub(crate) heard: Vec<HeardReport>,
    /// Sections that share the port.
    pub(crate) parts: Vec<Part>,
}

/// The most senders whose reports are remembered.
const MAX_HEARD: usize = 4;

/// Strays of a flow are reported at most this often. Whoever hears of them has this long to say how far the fast path has
/// come.
pub(crate) const STRAYS_EVERY: Micros = Micros::from_secs(1);

/// Since when packets of a flow should not come here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Away {
    /// Packets until then are stragglers of the hand-over.
    pub(crate) strays_from: Moment,
    /// The next one after this is reported.
    pub(crate) report_from: Moment,
    /// Until then how far its sources have come is known well enough to seal strays.
    pub(crate) seals_until: Moment,
}

impl Away {
    pub(crate) fn new(strays_from: Moment) -> Away {
        Away { strays_from, report_from: strays_from, seals_until: strays_from + STRAYS_EVERY }
    }
}

/// One way out, and the place where the flow of its egress port was last found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) egress: FlowKey,
    pub(crate) rewrite: Rewrite,
    /// Whoever is there hears silence.
    pub(crate) silent: bool,
    pub(crate) place: u32,
}

fn ways(outputs: &[Output]) -> SmallVec<[Way; 1]> {
    let way = |out: &Output| Way {
        egress: out.egress,
        rewrite: out.rewrite,
        silent: out.silence.is_some(),
        place: u32::MAX,
    };
    outputs.iter().map(way).collect()
}

fn handshakes(spec: &FlowSpec) -> Handshakes {
    match (spec.handshakes, spec.foreign) {
        (true, _) => Handshakes::Ours,
        (false, true) => Handshakes::Ends,
        (false, false) => Handshakes::Nobodys,
    }
}

impl Flow {
    pub(crate) fn new(spec: &FlowSpec, address: u32) -> Flow {
        Flow {
            key: spec.key,
            generation: spec.generation,
            stream: spec.stream,
            carries: spec.carries,
            gate: spec.gate,
            blocked: spec.blocked,
            one_way: spec.one_way,
            tos: spec.tos,
            address,
            peer: Peer::new(spec),
            rtp: ways(&spec.rtp),
            rtcp: ways(&spec.rtcp),
            silence: spec.rtp.iter().find_map(|output| output.silence.clone()),
            counters: Counters::default(),
            ssrcs: SsrcTable::for_what(spec.carries),
            sent: SentTable::for_what(spec.carries),
            handshakes: handshakes(spec),
            held: None,
            away: None,
            traced: spec.traced,
            recorded: spec.recorded,
            unrecorded: 0,
            reporting: spec.reporting,
            heard: Vec::with_capacity(if spec.reporting.ours { MAX_HEARD } else { 0 }),
            bundled: !spec.parts.is_empty(),
            parts: spec.parts.clone(),
            via: spec.via.map(Box::new),
        }
    }

    /// Remembers a sender report. One sender more than there is room for takes the place of the one silent for longest.
    pub(crate) fn hear(&mut self, report: HeardReport) {
        if let Some(known) = self.heard.iter_mut().find(|known| known.ssrc == report.ssrc) {
            *known = report;
        } else if self.heard.len() < self.heard.capacity() {
            self.heard.push(report);
        } else if let Some(oldest) = self.heard.iter_mut().min_by_key(|known| known.at) {
            *oldest = report;
        }
    }

    /// Becomes what a later generation says; what was counted and learned stays. Its keys are for the caller to set.
    pub(crate) fn replace(&mut self, spec: &FlowSpec) {
        let fresh = Flow::new(spec, self.address);
        let (ssrcs, sent) = if self.carries.has_rtp() == spec.carries.has_rtp() {
            (std::mem::take(&mut self.ssrcs), std::mem::take(&mut self.sent))
        } else {
            (fresh.ssrcs, fresh.sent)
        };
        let counters = std::mem::take(&mut self.counters);
        let mut peer = self.peer;
        peer.replace(spec);
        let mut heard = fresh.heard;
        heard.extend(self.heard.iter().take(heard.capacity()));
        let away = self.away.take();
        *self = Flow { peer, counters, ssrcs, sent, heard, away, ..fresh };
    }

    /// Its RTCP is in clear once it was opened: it is not encrypted by two ends for each other.
    pub(crate) fn is_readable(&self) -> bool {
        self.held.is_some() || self.handshakes != Handshakes::Ends
    }

    /// What every byte of such a payload is when nothing shall be heard of it.
    pub(crate) fn silence_of(&self, pt: u8) -> Option<u8> {
        self.silence
            .iter()
            .flat_map(|known| known.iter())
            .find(|known| known.pt == pt)
            .map(|known| known.byte)
    }

    /// The session that seals what leaves through this port; `None` where it leaves in clear.
    pub(crate) fn sealed_by(&self) -> Result<Option<u32>, DropReason> {
        match self.held {
            Some(Held { leaving: Guard::Shut, .. }) => Err(DropReason::NoKeys),
            Some(Held { leaving: Guard::Keys, session, .. }) => Ok(Some(session)),
            Some(Held { leaving: Guard::Plain, .. }) | None => Ok(None),
        }
    }

    /// Adds what a fast path has counted.
    pub(crate) fn take_over(&mut self, counted: &Snapshot) {
        self.counters.received.add(counted.counters.received);
        self.counters.sent.add(counted.counters.sent);
        for (mine, theirs) in self.counters.drops.iter_mut().zip(counted.counters.drops) {
            *mine += theirs;
        }
        self.counters.last_packet = self.counters.last_packet.max(counted.counters.last_packet);
        for sender in &counted.ssrcs {
            self.ssrcs.take_over(sender, counted.counters.last_packet.unwrap_or_default());
        }
        for sender in &counted.sent_ssrcs {
            self.sent.take_over(sender);
        }
    }

    pub(crate) fn snapshot(&self, progress: Progress) -> Snapshot {
        Snapshot {
            key: self.key,
            generation: self.generation,
            stream: self.stream,
            peer: self.peer.address(),
            confirmed: self.peer.confirmed(),
            counters: self.counters.clone(),
            ssrcs: self.ssrcs.snapshot(),
            sent_ssrcs: self.sent.snapshot(),
            progress,
            heard: self.heard.iter().copied().collect(),
            left: Default::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    /// What [`Flow`] says of its lines. More of them are more to wait for, and memory for each port of each call.
    #[test]
    fn what_packets_read_stands_in_five_lines() {
        let lines = [
            offset_of!(Flow, key),
            offset_of!(Flow, via),
            offset_of!(Flow, rtp),
            offset_of!(Flow, ssrcs),
            offset_of!(Flow, counters),
        ];
        assert_eq!(lines, [0, 64, 192, 256, 320]);
        assert_eq!(offset_of!(Flow, peer) + Peer::READ, 128);
        assert_eq!(offset_of!(Counters, drops), 64);
        assert!(size_of::<Flow>() <= 704, "{}", size_of::<Flow>());
    }
}
