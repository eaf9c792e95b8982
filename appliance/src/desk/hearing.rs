use super::desk::PATIENCE;
use super::{Arrival, Desk};
use crate::control::{Peer, Transport};
use crate::export::{Capture, Protocol, report};
use engine::{Overheard, Rtcp};
use ng::Incoming;

/// RTCP of the calls, as far as it has been listened to.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// Room that each worker gets back.
    room: Vec<Vec<Overheard>>,
    /// Datagrams that found no room.
    lost: u64,
}

impl Desk {
    /// Collects the RTCP that came in the last second.
    pub(super) fn listen(&mut self) {
        let mut all = std::mem::take(&mut self.hearing.room);
        all.resize_with(self.ports.pool().workers(), Vec::new);
        for (worker, room) in all.iter_mut().enumerate() {
            match self.ports.pool().overheard(worker, std::mem::take(room), PATIENCE) {
                Ok(heard) => {
                    for heard in &heard {
                        heard.iter().for_each(|rtcp| self.hear_rtcp(&rtcp));
                        self.hearing.lost += heard.lost();
                    }
                    *room = heard;
                }
                Err(error) => tracing::error!(%error, "RTCP of a packet thread is not available"),
            }
        }
        self.hearing.room = all;
    }

    /// RTCP datagrams that nobody has read for want of room.
    pub fn unheard(&self) -> u64 {
        self.hearing.lost
    }

    fn hear_rtcp(&mut self, rtcp: &Rtcp<'_>) {
        // Calls that have ended since are nobody's interest any more.
        let Some((call, place)) = self.book.place_of(rtcp.stream, rtcp.local) else { return };
        let (number, party, clock) = (call.number(), place.party, call.clock_of(place));
        let arrival = Arrival { call: number, party, addr: rtcp.local.addr, at: rtcp.at, clock };
        self.quality.hear(&arrival, rtcp.bytes);
        let Some(homer) = self.homer.as_ref().filter(|homer| homer.wants_rtcp()) else { return };
        if let Some(told) = report(rtcp.bytes) {
            homer.send(&Capture {
                from: rtcp.remote,
                to: rtcp.local.into(),
                over_tcp: false,
                wall_us: self.clock.stamp().wall_us_of(rtcp.at),
                protocol: Protocol::Rtcp,
                call_id: call.id(),
                payload: told.as_bytes(),
            });
        }
    }

    /// Sends an ng message and its reply to be looked at, if that is wished for.
    pub(super) fn show_ng(&mut self, peer: &Peer, message: &[u8], reply: &[u8]) {
        let Some(homer) = &self.homer else { return };
        let Some(protocol) = homer.wants_ng() else { return };
        // What came over HTTP has no cookie.
        let request = Incoming::split(message).ok().and_then(|(_, body)| Incoming::parse_body(body).ok());
        let request = request.or_else(|| Incoming::parse_body(message).ok());
        let id = |key| request.as_ref()?.1.get(key)?.as_bytes();
        let call_id = ["call-id", "call id"].into_iter().find_map(id).unwrap_or_default();
        let wall_us = self.clock.stamp().wall_us;
        let (remote, local) = (peer.remote, peer.local);
        for (from, to, payload) in [(remote, local, message), (local, remote, reply)] {
            let over_tcp = peer.transport != Transport::Udp;
            let protocol = Protocol::Other(protocol);
            homer.send(&Capture { from, to, over_tcp, wall_us, protocol, call_id, payload });
        }
    }
}
