use super::{Cause, Counts};
use call::{Call, CallNumber, Stamp};
use flow::{Micros, Moment};
use ng::{Dict, Value};
use std::collections::HashMap;

/// Somebody who is not heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneWay {
    /// The Call-ID.
    pub call_id: Box<[u8]>,
    /// Tag of who talks.
    pub talker: Box<[u8]>,
    /// Tag of who does not hear it.
    pub listener: Box<[u8]>,
    /// Place of the section in the SDP, from 1.
    pub media: usize,
    /// Why.
    pub cause: Cause,
    /// The same in words, with addresses and figures.
    pub detail: String,
    /// Since when.
    pub since: Moment,
}

/// What is known of one direction.
#[derive(Debug)]
pub(super) struct Track {
    /// Section of the talker and of the listener: index of the party, index of the section.
    pub(super) ends: [(usize, usize); 2],
    /// When it was looked at last, and what had been counted of both until then.
    pub(super) seen: Option<(Moment, [Counts; 2])>,
    /// Since when something is wrong, and what.
    pub(super) wrong: Option<(Moment, Cause)>,
    /// Told.
    pub(super) event: Option<OneWay>,
}

/// The directions of a call.
#[derive(Debug)]
pub(super) struct Tracks {
    pub(super) created: Stamp,
    pub(super) tracks: Vec<Track>,
}

/// The detector.
#[derive(Debug, Default)]
pub struct Watch {
    /// Something that is wrong for so long is told; zero: nothing is.
    pub(super) after: Micros,
    pub(super) calls: HashMap<CallNumber, Tracks>,
    /// The call to look at next.
    pub(super) next: u32,
    /// How often each cause was told.
    pub(super) told: [u64; Cause::ALL.len()],
}

impl Watch {
    /// Tells of what is wrong for that long; zero: never.
    pub fn new(after: Micros) -> Watch {
        Watch { after, ..Watch::default() }
    }

    /// Tells from now on of what is wrong for that long.
    pub fn set_after(&mut self, after: Micros) {
        self.after = after;
        if after.0 == 0 {
            self.calls.clear();
        }
    }

    /// Who is not heard now.
    pub fn events(&self) -> impl Iterator<Item = &OneWay> {
        self.calls.values().flat_map(|tracks| &tracks.tracks).filter_map(|track| track.event.as_ref())
    }

    /// Who is not heard in this call.
    pub fn events_of(&self, call: &Call) -> impl Iterator<Item = &OneWay> {
        let tracks = self.calls.get(&call.number()).filter(|tracks| tracks.created == call.created());
        tracks.into_iter().flat_map(|tracks| &tracks.tracks).filter_map(|track| track.event.as_ref())
    }

    /// For each cause: how often it was told, and how many directions suffer from it now.
    pub fn counts(&self) -> impl Iterator<Item = (Cause, u64, u64)> + '_ {
        let mut now = [0; Cause::ALL.len()];
        self.events().for_each(|event| now[event.cause as usize] += 1);
        Cause::ALL.into_iter().map(move |cause| (cause, self.told[cause as usize], now[cause as usize]))
    }

    /// The same for `list jsonstats`.
    pub fn statistics(&self) -> Dict<'static> {
        let int = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        self.counts().fold(Dict::new(), |dict, (cause, told, now)| {
            dict.with(cause.code(), Value::Dict(Dict::new().with("told", int(told)).with("now", int(now))))
        })
    }

    /// Gives back the room of calls that are gone.
    pub(crate) fn shrink(&mut self) {
        self.calls.shrink_to_fit();
    }

    /// A call has ended.
    pub(crate) fn forget(&mut self, call: CallNumber) {
        self.calls.remove(&call);
    }
}
