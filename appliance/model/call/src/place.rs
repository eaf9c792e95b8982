use crate::book::Book;
use crate::call::Call;
use flow::{FlowKey, StreamId};

/// Ticks per second of what nothing is known of.
const USUAL_CLOCK: u32 = 8000;

/// Whose stream a port is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceInCall {
    /// Index of the party in its call.
    pub party: usize,
    /// Index of the section.
    pub media: usize,
}

impl Book {
    /// The call that a stream is of, and which section of which party it is, as long as the port is its.
    pub fn place_of(&self, stream: StreamId, key: FlowKey) -> Option<(&Call, PlaceInCall)> {
        let (number, at) = Call::of_stream(stream);
        let call = self.get(number)?;
        let flow = call.flows.get(at).filter(|flow| flow.key == key)?;
        Some((call, PlaceInCall { party: flow.party, media: flow.media }))
    }
}

impl Call {
    /// Ticks per second of the RTP clock of a section: of the codec that stands first.
    pub fn clock_of(&self, place: PlaceInCall) -> u32 {
        let media = self.parties.get(place.party).and_then(|party| party.medias.get(place.media));
        let first = media.and_then(|media| media.codecs.first()).map(|codec| codec.clock);
        first.filter(|clock| *clock > 0).unwrap_or(USUAL_CLOCK)
    }
}
