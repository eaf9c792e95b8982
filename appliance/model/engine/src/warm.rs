use crate::Engine;
use crate::engine::Places;
use crate::flow::Flow;
use flow::Frame;
use std::hint::black_box;

/// So many flows are near enough to the processor to be waited for one after the other.
pub(crate) const NEAR: usize = 256;

impl Engine {
    /// Finds the flows of a burst. With very many of them each is far away, so that a packet would wait some ten times for
    /// memory: what all packets of the burst are going to read is read ahead here, with nothing in between that depends on it, so
    /// that the processor waits for much of it at a time.
    pub(crate) fn look_up(&mut self, frames: &[Frame]) {
        self.places.clear();
        for frame in frames {
            self.places.push(Places { ingress: self.table.guess(frame.local), egress: None });
        }
        if self.table.len() > NEAR {
            self.warm();
        }
        for (places, frame) in self.places.iter_mut().zip(frames) {
            places.ingress = self.table.confirm(places.ingress, frame.local);
        }
    }

    /// Three steps, as it is the flow that says where more is: the flows, then their senders and the flows they leave
    /// through, then what is known of what left there.
    fn warm(&self) {
        let table = &self.table;
        let flows = || self.places.iter().filter_map(|places| table.get(places.ingress?));
        let egress = || flows().filter_map(|flow| table.get(flow.rtp.first()?.place));
        let mut read = flows().fold(0, |read, flow| read ^ flow.touched());
        read = flows().fold(read, |read, flow| read ^ flow.ssrcs.touched());
        read = egress().fold(read, |read, flow| read ^ flow.touched());
        read = egress().fold(read, |read, flow| read ^ flow.sent.touched());
        // It means nothing, but without a use the compiler would read nothing.
        black_box(read);
    }
}

impl Flow {
    /// Something of each line that packets read.
    fn touched(&self) -> u64 {
        let lines = [self.peer.touched(), self.rtp.len() as u64, self.counters.received.packets];
        lines.iter().fold(u64::from(self.key.port) ^ self.sent.room() as u64, |all, line| all ^ line)
    }
}
