use crate::Engine;
use flow::{Buffers, Burst, DropReason, Moment, Verdict};
use rtp::Kind;
use srtp::{Due, Guess, Tag, Tagger};

/// Tags of a burst's packets, made together where the processor does that faster: of those that will be opened before
/// the first is, of those that were sealed after the last.
#[derive(Debug)]
pub(crate) struct Tags {
    tagger: Tagger,
    /// In the order of frames.
    guessed: Vec<Guessed>,
    /// How many of these lie before the frame in hand.
    passed: usize,
    unfinished: Vec<Unfinished>,
    /// The tag of each of `guessed`, at last of each of `unfinished`.
    made: Vec<Option<Tag>>,
}

/// A packet that will be opened.
#[derive(Clone, Copy, Debug)]
struct Guessed {
    /// Its place in the burst.
    at: usize,
    session: u32,
    guess: Guess,
}

/// A packet that was sealed and has no tag yet.
#[derive(Clone, Copy, Debug)]
struct Unfinished {
    /// Its place in the burst.
    at: usize,
    session: u32,
    due: Due,
}

impl Tags {
    /// Room for bursts of so many frames.
    pub(crate) fn new(tagger: Tagger, burst: usize) -> Tags {
        Tags {
            tagger,
            guessed: Vec::with_capacity(burst),
            passed: 0,
            unfinished: Vec::with_capacity(burst),
            made: Vec::with_capacity(burst),
        }
    }

    /// What was guessed of the frame at this place, and the tag that it ought to have then. To be asked for in the order of
    /// frames.
    pub(crate) fn ready(&mut self, at: usize) -> Option<(Guess, Tag)> {
        while self.guessed.get(self.passed).is_some_and(|guessed| guessed.at < at) {
            self.passed += 1;
        }
        let guessed = self.guessed.get(self.passed).filter(|guessed| guessed.at == at)?;
        let tag = self.made.get(self.passed).copied().flatten()?;
        Some((guessed.guess, tag))
    }

    /// Sealed packets get their tags at the end of the burst, not one by one.
    pub(crate) fn are_put_off(&self) -> bool {
        self.tagger.least().is_some()
    }

    /// For how many packets of the last burst tags were made ahead.
    #[cfg(test)]
    pub(crate) fn guessed(&self) -> usize {
        self.guessed.len()
    }

    /// The frame at this place lacks its tag.
    pub(crate) fn owe(&mut self, at: usize, session: u32, due: Due) {
        self.unfinished.push(Unfinished { at, session, due });
    }
}

impl Engine {
    /// Makes the tags that the packets of a burst ought to have, if they are many enough. Decides nothing, and changes nothing
    /// else. Left out is what will be refused without a look at its tag, as far as that can be said now, so that floods
    /// cost no more.
    pub(crate) fn make_tags<B: Buffers>(&mut self, burst: &Burst, buffers: &B, now: Moment) {
        let Engine { table, places, sessions, tags, .. } = self;
        let Tags { tagger, guessed, passed, made, .. } = tags;
        guessed.clear();
        *passed = 0;
        let Some(least) = tagger.least() else { return };
        if burst.frames().len() < least || sessions.is_empty() {
            return;
        }
        for (at, (frame, places)) in burst.frames().iter().zip(places.iter()).enumerate() {
            let Some(flow) = places.ingress.and_then(|place| table.get(place)) else { continue };
            let Some(held) = flow.held.filter(|held| held.tagged) else { continue };
            let payload = buffers.payload(frame);
            if frame.verdict != Verdict::Undecided
                || !flow.carries.has_rtp()
                || Kind::of(payload) != Kind::Rtp
                || flow.peer.is_closed_to(frame.remote, flow.gate, now)
            {
                continue;
            }
            let Some(guess) = sessions.guess(held, payload) else { continue };
            let session = held.session;
            // Of these all but one are repeated or forged.
            if !guessed.iter().any(|other| other.guess.is_same_packet(&guess) && other.session == session) {
                guessed.push(Guessed { at, session, guess });
            }
        }
        if guessed.len() < least {
            guessed.clear();
            return;
        }
        made.clear();
        made.resize(guessed.len(), None);
        let packets = guessed.iter().enumerate().filter_map(|(number, Guessed { at, session, guess })| {
            let payload = buffers.payload(burst.frames().get(*at)?);
            Some((number, sessions.to_open(*session, payload, guess)?))
        });
        tagger.tags(packets, made);
    }

    /// Writes the tags of what was sealed.
    pub(crate) fn finish_tags<B: Buffers>(&mut self, burst: &mut Burst, buffers: &mut B) {
        let Engine { sessions, tags, .. } = self;
        let Tags { tagger, unfinished, made, .. } = tags;
        if unfinished.is_empty() {
            return;
        }
        made.clear();
        made.resize(unfinished.len(), None);
        let packets =
            unfinished.iter().enumerate().filter_map(|(number, Unfinished { at, session, due })| {
                let payload = buffers.payload(burst.frames().get(*at)?);
                Some((number, sessions.to_seal(*session, payload, due)?))
            });
        tagger.tags(packets, made);
        for (Unfinished { at, due, .. }, tag) in unfinished.drain(..).zip(made.iter()) {
            let Some(frame) = burst.frames_mut().get_mut(at) else { continue };
            match tag {
                Some(tag) => due.write(buffers.payload_mut(frame), tag),
                // Its session was there a moment ago. Without a tag nothing leaves.
                None => frame.verdict = Verdict::Drop(DropReason::NoKeys),
            }
        }
    }
}
