use crate::call::{Call, CallNumber};
use crate::fragment::Early;
use crate::{Env, HandshakeChange, Interfaces, PortSource, Secrets, Settings, Stamp};
use flow::{Change, Event, FlowSpec, Moment, Snapshot, StreamId};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// When a place without a call is looked at.
const NEVER: Moment = Moment(u64::MAX);

/// All calls. Single owner, single writer; everything that changes a call goes through here and leaves its
/// consequences for the packet side in a list of changes.
#[derive(Debug)]
pub struct Book {
    calls: Vec<Option<Box<Call>>>,
    /// When each of them shall be looked at again, side by side, since all are looked through every second.
    pub(crate) due: Vec<Moment>,
    /// Those that we write reports for.
    reported: BTreeSet<CallNumber>,
    free: Vec<u32>,
    by_id: HashMap<Box<[u8]>, CallNumber, RandomState>,
    settings: Settings,
    interfaces: Interfaces,
    /// Calls ever created.
    created: u64,
    /// Candidates that wait for their SDP.
    pub(crate) early: Vec<Early>,
}

/// What a change of the book is made with: the doors to the outside, and where the consequences go.
pub struct Outside<'a> {
    /// Where ports come from.
    pub ports: &'a mut dyn PortSource,
    /// Now, on both clocks.
    pub now: Stamp,
    /// Where random numbers and the certificate's fingerprint come from.
    pub secrets: &'a mut dyn Secrets,
    /// What follows from it.
    pub changes: &'a mut Changes,
}

/// What the packet side must do, with the worker that has the call.
#[derive(Debug, Default)]
pub struct Changes {
    /// For the worker.
    pub flows: Vec<(u16, Change)>,
    /// For the ICE and DTLS agents.
    pub handshakes: Vec<(u16, HandshakeChange)>,
}

impl Book {
    /// An empty book.
    pub fn new(settings: Settings, interfaces: Interfaces) -> Book {
        Book {
            calls: Vec::new(),
            due: Vec::new(),
            reported: BTreeSet::new(),
            free: Vec::new(),
            by_id: HashMap::default(),
            settings,
            interfaces,
            created: 0,
            early: Vec::new(),
        }
    }

    /// Gives back the room of calls that are gone.
    pub fn shrink(&mut self) {
        self.by_id.shrink_to_fit();
        self.early.shrink_to_fit();
    }

    /// What the calls are made with when a message says nothing else.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes what new calls are made with; calls that are up keep what they have.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Every call is due: what ends it may have changed.
    pub fn look_at_all(&mut self, now: Moment) {
        for (call, due) in self.calls.iter_mut().zip(&mut self.due) {
            if let Some(call) = call {
                call.due = call.due.min(now);
                *due = call.due;
            }
        }
    }

    /// The logical interfaces.
    pub fn interfaces(&self) -> &Interfaces {
        &self.interfaces
    }

    /// The logical interfaces, to add some or to say what new SDP shows of them. Those that are there keep their numbers.
    pub fn interfaces_mut(&mut self) -> &mut Interfaces {
        &mut self.interfaces
    }

    /// How many calls there are, those waiting for their delayed deletion included.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// True when there is no call.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Calls created since the start.
    pub fn created(&self) -> u64 {
        self.created
    }

    /// The call with that Call-ID.
    pub fn find(&self, id: &[u8]) -> Option<&Call> {
        self.number(id).and_then(|n| self.get(n))
    }

    /// The number of the call with that Call-ID.
    pub fn number(&self, id: &[u8]) -> Option<CallNumber> {
        self.by_id.get(id).copied()
    }

    /// The call of that number.
    pub fn get(&self, number: CallNumber) -> Option<&Call> {
        self.calls.get(number.0 as usize)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, number: CallNumber) -> Option<&mut Call> {
        self.calls.get_mut(number.0 as usize)?.as_deref_mut()
    }

    /// All calls, oldest number first.
    pub fn iter(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter_map(|c| c.as_deref())
    }

    /// All calls from this number on, oldest number first.
    pub fn from(&self, number: CallNumber) -> impl Iterator<Item = &Call> {
        let after = self.calls.get(number.0 as usize..).unwrap_or_default();
        after.iter().filter_map(|call| call.as_deref())
    }

    /// All calls below this number, the highest first.
    pub fn below(&self, number: CallNumber) -> impl Iterator<Item = &Call> {
        let (before, _) = self.calls.split_at((number.0 as usize).min(self.calls.len()));
        before.iter().rev().filter_map(|call| call.as_deref())
    }

    /// All calls from this number on, and then those before.
    pub fn iter_from(&self, number: CallNumber) -> impl Iterator<Item = &Call> {
        let (before, after) = self.calls.split_at((number.0 as usize).min(self.calls.len()));
        after.iter().chain(before).filter_map(|call| call.as_deref())
    }

    /// The calls that we write reports for, by number.
    pub fn reported(&self) -> &BTreeSet<CallNumber> {
        &self.reported
    }

    /// Says when a call is to be looked at again.
    pub(crate) fn set_due(&mut self, number: CallNumber, due: Moment) {
        if let (Some(Some(call)), Some(place)) =
            (self.calls.get_mut(number.0 as usize), self.due.get_mut(number.0 as usize))
        {
            (call.due, *place) = (due, due);
        }
    }

    /// Finds the call or makes it. True in the second place when it is new.
    pub(crate) fn find_or_make(&mut self, id: &[u8], now: Stamp) -> (CallNumber, bool) {
        if let Some(found) = self.number(id) {
            return (found, false);
        }
        let number = CallNumber(self.free.pop().unwrap_or_else(|| {
            self.calls.push(None);
            self.due.push(NEVER);
            self.calls.len() as u32 - 1
        }));
        let worker = (self.created % u64::from(self.settings.workers.max(1))) as u16;
        let serial = crate::agents::serial(self.created, number);
        let call = Call::new((number, serial), id, now, worker, &self.settings);
        self.due[number.0 as usize] = call.due;
        self.calls[number.0 as usize] = Some(Box::new(call));
        self.by_id.insert(id.into(), number);
        self.created += 1;
        (number, true)
    }

    /// Takes a call out of the book; its flows are withdrawn. Returns it for the last report.
    pub fn remove(&mut self, number: CallNumber, changes: &mut Changes) -> Option<Box<Call>> {
        let mut call = self.calls.get_mut(number.0 as usize)?.take()?;
        self.by_id.remove(&*call.id);
        self.free.push(number.0);
        self.due[number.0 as usize] = NEVER;
        self.reported.remove(&number);
        if self.by_id.is_empty() {
            // Thousands of calls may have been here.
            (self.calls, self.free, self.due) = (Vec::new(), Vec::new(), Vec::new());
            self.by_id.shrink_to_fit();
        }
        let mut own = Vec::new();
        call.withdraw_all(&mut own);
        let mut agents = Vec::new();
        call.tell_agents(&mut agents);
        changes.handshakes.extend(agents.into_iter().map(|c| (call.worker, c)));
        changes.flows.extend(own.into_iter().map(|c| (call.worker, c)));
        Some(call)
    }

    /// Runs `work` on a call with the environment it needs, and passes its changes on.
    pub(crate) fn with<R>(
        &mut self,
        number: CallNumber,
        outside: &mut Outside<'_>,
        work: impl FnOnce(&mut Call, &mut Env<'_>) -> R,
    ) -> Option<R> {
        let call = self.calls.get_mut(number.0 as usize)?.as_deref_mut()?;
        let mut env = Env {
            interfaces: &self.interfaces,
            settings: &self.settings,
            ports: outside.ports,
            now: outside.now.at,
            stamp: outside.now,
            turn: self.created,
            secrets: outside.secrets,
            changes: Vec::new(),
            handshakes: Vec::new(),
        };
        let result = work(call, &mut env);
        call.tell_agents(&mut env.handshakes);
        self.due[number.0 as usize] = call.due;
        if call.is_reported() {
            self.reported.insert(number);
        } else if !self.reported.is_empty() {
            self.reported.remove(&number);
        }
        outside.changes.flows.extend(env.changes.into_iter().map(|c| (call.worker, c)));
        outside.changes.handshakes.extend(env.handshakes.into_iter().map(|c| (call.worker, c)));
        Some(result)
    }

    /// Takes in what the packet side reports. Ports of withdrawn flows are given back by the caller.
    pub fn hear(&mut self, event: &Event, now: Moment) {
        match event {
            Event::PeerLearned { stream, key, generation, peer } => {
                let (number, at) = Call::of_stream(*stream);
                let Some(call) = self.get_mut(number) else { return };
                let Some(entry) = call.flows.get_mut(at).filter(|e| e.key == *key) else { return };
                if let Some(spec) = entry.installed.as_mut().filter(|s| s.generation <= *generation) {
                    let spec = Arc::make_mut(spec);
                    spec.peer = Some(*peer);
                    spec.confirmed = true;
                }
                call.last_media = now;
            }
            Event::Withdrawn(snapshot) => self.keep(snapshot),
            // Which path has a flow is not the call's business.
            Event::Strayed { .. } => {}
        }
    }

    /// What a flow was last installed as, with what was learned since.
    pub fn installed(&self, stream: StreamId) -> Option<&Arc<FlowSpec>> {
        let (number, at) = Call::of_stream(stream);
        self.get(number)?.flows.get(at)?.installed.as_ref()
    }

    /// Keeps the last counters of a flow that is gone while its call is still reported.
    fn keep(&mut self, snapshot: &Snapshot) {
        let (number, at) = Call::of_stream(snapshot.stream);
        let Some(call) = self.get_mut(number) else { return };
        if let Some(entry) = call.flows.get_mut(at).filter(|e| e.key == snapshot.key && e.withdrawn) {
            // Of a port that nothing came to, nothing is to be told.
            entry.last = snapshot.has_counted().then(|| Box::new(snapshot.clone()));
        }
    }
}
