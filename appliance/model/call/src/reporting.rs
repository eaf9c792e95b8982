use crate::FlowUse;
use crate::call::Call;
use crate::media::{Media, Transport};
use flow::FlowKey;
use ice::Component;

/// One leg on which we write RTCP reports of our own (`generate RTCP`).
#[derive(Debug)]
pub struct ReportLeg<'a> {
    /// The port that RTCP for the party leaves from.
    pub leaves: FlowKey,
    /// The ports that face the party on this section.
    pub facing: Vec<FlowKey>,
    /// The ports whose media goes to it.
    pub sources: Vec<FlowKey>,
    /// Serial number of the call, never used again, and number of the party in it.
    pub whose: (u64, usize),
    sections: Vec<&'a Media>,
}

impl ReportLeg<'_> {
    /// Clock of the codec with that payload type, in Hz, as any of those concerned has named it.
    pub fn clock(&self, pt: u8) -> Option<u32> {
        let listed = |media: &&Media| media.codecs.iter().find(|c| c.pt == pt).map(|c| c.clock);
        self.sections.iter().find_map(listed).filter(|clock| *clock > 0)
    }
}

impl Call {
    /// Whether we write reports for any of its parties.
    pub fn is_reported(&self) -> bool {
        self.report_places().next().is_some()
    }

    /// The legs that we write reports for.
    pub fn report_legs(&self) -> Vec<ReportLeg<'_>> {
        self.report_places().filter_map(|(party, place)| self.report_leg(party, place)).collect()
    }

    fn report_places(&self) -> impl Iterator<Item = (usize, usize)> {
        let live = self.parties.iter().enumerate().filter(|(_, party)| !party.deleted);
        live.flat_map(|(at, party)| {
            let medias = party.medias.iter().enumerate();
            medias
                .filter(|(_, m)| m.reports && !m.rejected && m.initialized && m.transport == Transport::Rtp)
                .map(move |(place, _)| (at, place))
        })
    }

    fn report_leg(&self, party: usize, place: usize) -> Option<ReportLeg<'_>> {
        let media = &self.parties[party].medias[place];
        let component = if media.mux.active { Component::Rtp } else { Component::Rtcp };
        let open = || self.flows.iter().filter(|flow| !flow.withdrawn);
        let facing = open().filter(|flow| (flow.party, flow.media) == (party, place));
        let facing: Vec<FlowKey> = facing.map(|flow| flow.key).collect();
        let leads_here = |flow: &&crate::call::FlowEntry| {
            let spec = flow.installed.as_ref().filter(|_| flow.usage == FlowUse::Rtp);
            spec.is_some_and(|spec| spec.rtp.iter().any(|out| facing.contains(&out.egress)))
        };
        let sources = open().filter(leads_here).map(|flow| flow.key).collect();
        let peers = self.parties[party].peers.iter().filter_map(|p| self.parties[*p].medias.get(place));
        Some(ReportLeg {
            leaves: media.egress(component)?,
            sources,
            whose: (self.serial, party),
            sections: std::iter::once(media).chain(peers).collect(),
            facing,
        })
    }
}
