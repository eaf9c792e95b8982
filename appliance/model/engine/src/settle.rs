use crate::Engine;
use flow::{Burst, DropReason, Frame, Traffic, Verdict};

impl Engine {
    /// Counts how the frames of a burst ended, after the backend has sent it and before it is cleared. The burst must
    /// be the one [`Engine::run`] was given last.
    pub fn settle(&mut self, burst: &Burst) {
        debug_assert_eq!(self.places.len(), burst.frames().len(), "not the burst that was run");
        for (at, frame) in burst.frames().iter().enumerate().take(self.places.len()) {
            match frame.verdict {
                Verdict::Forward(_) => self.sent(at, |sent| sent.count(usize::from(frame.len))),
                Verdict::Drop(reason) => self.dropped(at, frame, reason),
                Verdict::Punt(_) => self.totals.punted += 1,
                Verdict::Consume => self.totals.consumed += 1,
                Verdict::Undecided => debug_assert!(false, "a frame was left undecided"),
            }
        }
    }

    /// Counts packets that had left and did not arrive. Whose they were is not known.
    pub fn count_returned(&mut self, reason: DropReason, packets: u64) {
        self.totals.drops[reason as usize] += packets;
    }

    /// A fan-out copy that was never made still ends in a counter.
    pub(crate) fn count_lost_copy(&mut self, at: usize, reason: DropReason) {
        self.totals.drops[reason as usize] += 1;
        if let Some(flow) = self.places[at].ingress.and_then(|place| self.table.get_mut(place)) {
            flow.counters.drops[reason as usize] += 1;
        }
    }

    fn sent(&mut self, at: usize, count: impl Fn(&mut Traffic)) {
        count(&mut self.totals.sent);
        if let Some(flow) = self.places[at].egress.and_then(|place| self.table.get_mut(place)) {
            count(&mut flow.counters.sent);
            self.addresses.sent(flow.address).map(&count);
        }
    }

    /// An error of the stream that misses the packet, if there is one.
    fn not_media(&mut self, at: usize) {
        self.totals.received.errors += 1;
        let place = self.places[at].egress.or(self.places[at].ingress);
        if let Some(flow) = place.and_then(|place| self.table.get_mut(place)) {
            flow.counters.received.errors += 1;
            self.addresses.received(flow.address).map(fail);
        }
    }

    fn dropped(&mut self, at: usize, frame: &Frame, reason: DropReason) {
        self.totals.drops[reason as usize] += 1;
        let flow = self.places[at].ingress.and_then(|place| self.table.get_mut(place));
        if let Some(flow) = flow {
            flow.counters.drops[reason as usize] += 1;
            match reason {
                // it did arrive; the engine never saw it because the backend had decided
                DropReason::TooLong => {
                    for received in [&mut flow.counters.received, &mut self.totals.received] {
                        received.count(usize::from(frame.len));
                        received.errors += 1;
                    }
                    if let Some(received) = self.addresses.received(flow.address) {
                        received.count(usize::from(frame.len));
                        received.errors += 1;
                    }
                }
                DropReason::UnknownSource
                | DropReason::Forged
                | DropReason::Replayed
                | DropReason::TooManySources
                | DropReason::KeyWornOut => {
                    flow.counters.received.errors += 1;
                    self.totals.received.errors += 1;
                    self.addresses.received(flow.address).map(fail);
                }
                DropReason::TooShort | DropReason::NotMedia | DropReason::Feedback => self.not_media(at),
                _ => {}
            }
        }
        if reason == DropReason::SendFailed {
            self.sent(at, |sent| sent.errors += 1);
        }
    }
}

fn fail(traffic: &mut Traffic) {
    traffic.errors += 1;
}
