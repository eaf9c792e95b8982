//! Sections that share a port (BUNDLE): which of them a packet belongs to (RFC 9143 §9.2).

use crate::Engine;
use crate::classify::Class;
use crate::flow::Flow;
use flow::Part;
use rtp::Header;
use rtp::rtcp::{Packet, Type, walk};

impl Engine {
    /// Place of the flow that a packet, which is in clear, belongs to: the shared port's own if nothing says otherwise.
    pub(crate) fn part(&self, shared: u32, class: Class, payload: &[u8]) -> u32 {
        let Some(flow) = self.table.get(shared) else { return shared };
        let part = match class {
            Class::Rtp(_) => self.part_of_rtp(flow, payload),
            Class::Rtcp => self.part_of_rtcp(flow, payload),
            Class::Opaque | Class::Handshake(_) => None,
        };
        part.and_then(|part| self.table.find(part.flow)).unwrap_or(shared)
    }

    /// By the name it bears, by its sender, by its payload type.
    fn part_of_rtp<'f>(&self, flow: &'f Flow, payload: &[u8]) -> Option<&'f Part> {
        let header = Header::parse(payload).ok()?;
        let mut named = false;
        for part in &flow.parts {
            let Some((id, mid)) = &part.mid else { continue };
            match header.element(*id) {
                Some(name) if name == &**mid => return Some(part),
                Some(_) => named = true,
                None => {}
            }
        }
        // It bears the name of the section whose port it is.
        if named {
            return None;
        }
        let ssrc = header.ssrc();
        let by_sender = self.part_with(flow, |part, its| part.ssrcs.contains(&ssrc) || its.ssrcs.has(ssrc));
        if by_sender.is_some() || flow.ssrcs.has(ssrc) {
            return by_sender;
        }
        flow.parts.iter().find(|part| part.payload_types >> header.pt() & 1 == 1)
    }

    /// By what feedback is about, by who reports, by whom is reported on: the first that says something.
    fn part_of_rtcp<'f>(&self, flow: &'f Flow, payload: &[u8]) -> Option<&'f Part> {
        let packets = || walk(payload).flatten();
        let feedback = packets().filter(|packet| packet.header().kind.is_feedback());
        let about = feedback.filter_map(|packet| target(&packet));
        let reported = packets().flat_map(|packet| packet.reports().map(|block| block.ssrc));
        let receivers = about.chain(reported);
        let sender = packets().filter(|packet| packet.header().kind == Type::SenderReport);
        let senders = sender.filter_map(|packet| packet.ssrc());
        let sent_by =
            |ssrc| self.part_with(flow, |part, its: &Flow| part.ssrcs.contains(&ssrc) || its.ssrcs.has(ssrc));
        let sent_to = |ssrc| self.part_with(flow, |_, its: &Flow| its.sent.has(ssrc));
        let has_feedback = packets().any(|packet| packet.header().kind.is_feedback());
        if has_feedback {
            return receivers.map(sent_to).find_map(|part| part);
        }
        // An unknown sender may have been heard of by nobody, or be one that only receives.
        for ssrc in senders {
            let part = sent_by(ssrc);
            if part.is_some() || flow.ssrcs.has(ssrc) {
                return part;
            }
        }
        receivers.map(sent_to).find_map(|part| part)
    }

    fn part_with<'f>(&self, flow: &'f Flow, fits: impl Fn(&Part, &Flow) -> bool) -> Option<&'f Part> {
        flow.parts.iter().find(|part| self.port(part.flow).is_some_and(|its| fits(part, its)))
    }
}

/// Whose packets a feedback packet is about (RFC 4585 §6.1). FIR says so in its first entry (RFC 5104 §4.3.1).
fn target(packet: &Packet<'_>) -> Option<u32> {
    let word = |at: usize| packet.body().get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    word(4).filter(|ssrc| *ssrc != 0).or_else(|| word(8))
}
