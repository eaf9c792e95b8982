use crate::classify::Class;
use flow::{DropReason, Generation, Progress, Protection, Security, SessionId};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use srtp::{Covered, Due, Guess, OpenError, Opener, SealError, Sealer, Setup, SsrcState, Tag};
use std::sync::Arc;

/// The keys that flows open and seal with. Flows that face the same section of a party share a session, so that rollover
/// counters, replay windows and SRTCP indices are one for all of its ports and outlive each of them.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    slots: Vec<Option<Session>>,
    free: Vec<u32>,
    index: HashMap<SessionId, u32, RandomState>,
}

#[derive(Debug)]
struct Session {
    id: SessionId,
    /// How many flows hold it.
    flows: u32,
    opener: Option<Keyed<Opener>>,
    sealer: Option<Keyed<Sealer>>,
    /// The generation that brought the opener's keys: what is told of earlier ones is about other keys.
    opens_since: Generation,
}

#[derive(Debug)]
struct Keyed<T> {
    setup: Arc<Setup>,
    with: T,
}

/// How one direction of a flow is protected, as packets meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    Plain,
    /// No keys yet, or none that can be used: nothing passes.
    Shut,
    Keys,
}

/// What a flow holds of a session. To be given back by [`Sessions::release`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) session: u32,
    pub(crate) arriving: Guard,
    pub(crate) leaving: Guard,
    /// What arrives has tags that can be made ahead.
    pub(crate) tagged: bool,
}

impl Sessions {
    /// Lets one more flow have its session, made or given other keys as need be. States stay when keys change
    /// (RFC 3711 §3.3.1).
    pub(crate) fn hold(&mut self, security: &Security, generation: Generation) -> Held {
        let place = match self.index.get(&security.session) {
            Some(place) => *place,
            None => self.insert(security.session),
        };
        let mut held = Held { session: place, arriving: Guard::Shut, leaving: Guard::Shut, tagged: false };
        if let Some(session) = self.get_mut(place) {
            session.flows += 1;
            held.arriving = session.arrive(&security.arriving, generation);
            held.leaving = session.leave(&security.leaving);
            let opener = session.opener.as_ref().filter(|_| held.arriving == Guard::Keys);
            held.tagged = opener.is_some_and(|keyed| !keyed.with.suite().is_aead());
        }
        held
    }

    /// One flow less. With the last of them the session goes.
    pub(crate) fn release(&mut self, held: Held) {
        let Some(session) = self.get_mut(held.session) else { return };
        session.flows -= 1;
        if session.flows == 0 {
            let id = session.id;
            self.index.remove(&id);
            self.slots[held.session as usize] = None;
            self.free.push(held.session);
        }
    }

    /// Opens a packet in place; its length in clear. Nothing but RTP and RTCP can be opened. For RTP, `ready` is what was
    /// guessed of it and the tag that it ought to have then.
    pub(crate) fn open(
        &mut self,
        held: Held,
        class: Class,
        packet: &mut [u8],
        ready: Option<&(Guess, Tag)>,
    ) -> Result<usize, DropReason> {
        let opener = self.get_mut(held.session).and_then(|session| session.opener.as_mut());
        let opener = &mut opener.ok_or(DropReason::NoKeys)?.with;
        match class {
            Class::Rtp(_) => opener.open_rtp_with(packet, ready).map_err(not_opened),
            Class::Rtcp => opener.open_rtcp(packet).map_err(not_opened),
            Class::Opaque | Class::Handshake(_) => Err(DropReason::NotMedia),
        }
    }

    /// What an RTP packet seems to be that will be opened, for a tag made ahead.
    pub(crate) fn guess(&self, held: Held, packet: &[u8]) -> Option<Guess> {
        self.opener(held.session)?.guess(packet)
    }

    /// What the tag of such a packet is made of.
    pub(crate) fn to_open<'a>(
        &'a self,
        session: u32,
        packet: &'a [u8],
        guess: &Guess,
    ) -> Option<Covered<'a>> {
        self.opener(session)?.covered(packet, guess)
    }

    /// Seals the packet in the first `len` bytes of `room` in place; its length then.
    pub(crate) fn seal(
        &mut self,
        session: u32,
        class: Class,
        room: &mut [u8],
        len: usize,
    ) -> Result<usize, DropReason> {
        let sealer = self.sealer_mut(session)?;
        match class {
            Class::Rtp(_) => sealer.seal_rtp(room, len).map_err(not_sealed),
            Class::Rtcp => sealer.seal_rtcp(room, len).map_err(not_sealed),
            Class::Opaque | Class::Handshake(_) => Err(DropReason::NotMedia),
        }
    }

    /// As [`Sessions::seal`], but that RTP lacks the tag that is returned, if any.
    pub(crate) fn seal_without_tag(
        &mut self,
        session: u32,
        class: Class,
        room: &mut [u8],
        len: usize,
    ) -> Result<(usize, Option<Due>), DropReason> {
        match class {
            Class::Rtp(_) => self.sealer_mut(session)?.seal_rtp_without_tag(room, len).map_err(not_sealed),
            _ => self.seal(session, class, room, len).map(|len| (len, None)),
        }
    }

    /// What the tag of a packet is made of that was sealed without.
    pub(crate) fn to_seal<'a>(&'a self, session: u32, packet: &'a [u8], due: &Due) -> Option<Covered<'a>> {
        self.get(session)?.sealer.as_ref()?.with.covered(packet, due)
    }

    /// There are none at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// How far it has come.
    pub(crate) fn progress(&self, held: Held) -> Progress {
        let session = self.get(held.session);
        let opener = session.and_then(|session| session.opener.as_ref());
        let sealer = session.and_then(|session| session.sealer.as_ref());
        Progress {
            opened: opener.map(|keyed| keyed.with.states().collect()).unwrap_or_default(),
            sealed: sealer.map(|keyed| keyed.with.states().collect()).unwrap_or_default(),
        }
    }

    /// Goes on from where another path has come to with a flow of this generation. Where this path has come further
    /// itself, that stands; every packet that either has opened counts as received.
    pub(crate) fn catch_up(&mut self, held: Held, generation: Generation, told: &Progress) {
        let Some(session) = self.get_mut(held.session) else { return };
        if let Some(opener) = session.opener.as_mut().filter(|_| generation >= session.opens_since) {
            for state in &told.opened {
                let known = opener.with.states().find(|known| known.ssrc == state.ssrc);
                // A state that cannot be, or finds no room, leaves things as they are.
                let _ = further(known, state).map(|state| opener.with.restore(&state));
            }
        }
        if let Some(sealer) = &mut session.sealer {
            for state in &told.sealed {
                let known = sealer.with.states().find(|known| known.ssrc == state.ssrc);
                let _ = further(known, state).map(|state| sealer.with.restore(&state));
            }
        }
    }

    /// How many sessions there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    fn get(&self, place: u32) -> Option<&Session> {
        self.slots.get(place as usize)?.as_ref()
    }

    fn opener(&self, place: u32) -> Option<&Opener> {
        self.get(place)?.opener.as_ref().map(|keyed| &keyed.with)
    }

    fn sealer_mut(&mut self, place: u32) -> Result<&mut Sealer, DropReason> {
        let sealer = self.get_mut(place).and_then(|session| session.sealer.as_mut());
        sealer.map(|keyed| &mut keyed.with).ok_or(DropReason::NoKeys)
    }

    fn get_mut(&mut self, place: u32) -> Option<&mut Session> {
        self.slots.get_mut(place as usize)?.as_mut()
    }

    fn insert(&mut self, id: SessionId) -> u32 {
        let session =
            Some(Session { id, flows: 0, opener: None, sealer: None, opens_since: Generation::default() });
        let place = match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = session;
                place
            }
            None => {
                self.slots.push(session);
                (self.slots.len() - 1) as u32
            }
        };
        self.index.insert(id, place);
        place
    }
}

impl Session {
    fn arrive(&mut self, protection: &Protection, generation: Generation) -> Guard {
        let setup = match protection {
            Protection::Plain => return Guard::Plain,
            Protection::Awaited => return Guard::Shut,
            Protection::Srtp(setup) => setup,
        };
        let done = match &mut self.opener {
            Some(keyed) if is_same(&keyed.setup, setup) => return Guard::Keys,
            Some(keyed) => keyed.with.rekey(setup).map(|()| keyed.setup = Arc::clone(setup)),
            none => Opener::new(setup).map(|with| *none = Some(Keyed { setup: Arc::clone(setup), with })),
        };
        if done.is_ok() {
            self.opens_since = generation;
        }
        guard(done)
    }

    fn leave(&mut self, protection: &Protection) -> Guard {
        let setup = match protection {
            Protection::Plain => return Guard::Plain,
            Protection::Awaited => return Guard::Shut,
            Protection::Srtp(setup) => setup,
        };
        guard(match &mut self.sealer {
            Some(keyed) if is_same(&keyed.setup, setup) => return Guard::Keys,
            Some(keyed) => keyed.with.rekey(setup).map(|()| keyed.setup = Arc::clone(setup)),
            none => Sealer::new(setup).map(|with| *none = Some(Keyed { setup: Arc::clone(setup), with })),
        })
    }
}

fn is_same(old: &Arc<Setup>, new: &Arc<Setup>) -> bool {
    Arc::ptr_eq(old, new) || old == new
}

/// Keys that the call side should not have let pass are as good as none.
fn guard(done: Result<(), srtp::Error>) -> Guard {
    if done.is_ok() { Guard::Keys } else { Guard::Shut }
}

/// What two paths have seen of one source between them; `None` if the first has seen it all.
fn further(known: Option<SsrcState>, told: &SsrcState) -> Option<SsrcState> {
    let Some(known) = known else { return Some(*told) };
    let both = known.join(*told);
    (both != known).then_some(both)
}

fn not_opened(error: OpenError) -> DropReason {
    match error {
        OpenError::Header(_) => DropReason::NotMedia,
        OpenError::TooShort { .. } => DropReason::TooShort,
        OpenError::Unauthentic => DropReason::Forged,
        OpenError::Replayed | OpenError::TooOld => DropReason::Replayed,
        OpenError::TooManySsrcs => DropReason::TooManySources,
        OpenError::KeyExpired => DropReason::KeyWornOut,
    }
}

fn not_sealed(error: SealError) -> DropReason {
    match error {
        SealError::Header(_) => DropReason::NotMedia,
        SealError::NoRoom { .. } => DropReason::TooLong,
        SealError::Repeated | SealError::TooOld => DropReason::Replayed,
        SealError::TooManySsrcs => DropReason::TooManySources,
        SealError::KeyExpired => DropReason::KeyWornOut,
    }
}
