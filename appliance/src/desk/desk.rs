use super::census::Counted;
use super::fast_paths::{FastPaths, Nics};
use super::hearing::Hearing;
use super::reporting::Reporters;
use super::sweep::Worked;
use super::{Clock, Counting, Endings, Quality, Secrets, Strain, Tally, cdr};
use crate::cli::Console;
use crate::export::{Graphite, Homer};
use crate::handshake::Handshakes;
use crate::kernel::KernelTables;
use crate::placement::{Paths, Ports};
use crate::record::Recordings;
use crate::trace::Traces;
use crate::view::{self, Asked};
use crate::watch::Watch;
use crate::worker::PoolError;
use call::{Book, Call, CallNumber, Changes, EndReason, HandshakeEvent, Outside, Stamp};
use flow::{Change, Event, FlowKey, Snapshot, Traffic};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long the desk waits for a worker's copy of its counters. A worker answers within one turn of its loop, so
/// this only ends the wait for one that hangs.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);

/// Copies of flows by their key.
pub type Snapshots = HashMap<FlowKey, Snapshot, RandomState>;

/// What was relayed in the last second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// On all paths; bytes of UDP payload, errors are packets that could not be handled.
    pub all: Traffic,
    /// Of these, by fast paths.
    pub fast: Traffic,
    before: Worked,
}

impl Rates {
    pub(super) fn measure(&mut self, now: &Worked) {
        self.all = since(now.all, self.before.all);
        self.fast = since(now.fast, self.before.fast);
        self.before = *now;
    }
}

fn not_available(error: &PoolError) {
    tracing::error!(%error, "counters of a call are not available");
}

/// Counts of flows that change hands may seem to go back for a moment.
fn since(now: Traffic, before: Traffic) -> Traffic {
    Traffic {
        packets: now.packets.saturating_sub(before.packets),
        bytes: now.bytes.saturating_sub(before.bytes),
        errors: now.errors.saturating_sub(before.errors),
    }
}

/// Everything the control side knows.
#[derive(Debug)]
pub struct Desk {
    /// What time it is.
    pub clock: Clock,
    /// The calls.
    pub book: Book,
    /// Ports, and the workers behind them.
    pub ports: Ports,
    /// Which path carries which flow.
    pub paths: Paths,
    /// The tables of the kernel module.
    pub kernel: KernelTables,
    /// Put back when all else has ended.
    nics: Nics,
    /// The thread that runs the ICE and DTLS agents.
    pub handshakes: Handshakes,
    /// What operators have asked for.
    pub console: Console,
    /// Who is not heard.
    pub watch: Watch,
    /// Calls whose packets are copied.
    pub traces: Traces,
    /// Calls whose packets are written to files.
    pub recordings: Recordings,
    /// The tree of `/proc/rtpengine`, if it is mounted.
    pub view: Option<Asked>,
    /// What has been counted.
    pub tally: Tally,
    /// Limits against the machine's load.
    pub strain: Strain,
    /// What the workers relay per second.
    pub rates: Rates,
    /// Named sets of flags.
    pub templates: Arc<BTreeMap<String, String>>,
    /// Deletions whose counters are awaited.
    pub endings: Endings,
    /// What the workers and the agents have yet to be told.
    pub changes: Changes,
    /// What parties have reported of the media they get.
    pub quality: Quality,
    /// Where RTCP and ng messages are sent to be looked at.
    pub homer: Option<Homer>,
    /// Where figures are sent to.
    pub graphite: Option<Graphite>,
    /// What reports of the parties have said.
    pub(super) hearing: Hearing,
    /// Random numbers, and what the certificate is known by.
    pub secrets: Secrets,
    /// Calls whose ports still open NATs.
    pub(super) piercing: Vec<CallNumber>,
    /// What our own RTCP has said.
    pub(super) reporters: Reporters,
    /// How many flows there are of each kind.
    pub(super) counted: Counted,
    events: Vec<(usize, Event)>,
    agents_say: Vec<HandshakeEvent>,
}

impl Desk {
    /// A desk with an empty book.
    pub fn new(
        clock: Clock,
        book: Book,
        ports: Ports,
        fast: FastPaths,
        handshakes: Handshakes,
        strain: Strain,
        templates: BTreeMap<String, String>,
    ) -> Desk {
        let tally = Tally::new(clock.stamp());
        let templates = Arc::new(templates);
        let FastPaths { paths, kernel, nics } = fast;
        let secrets = Secrets::new(handshakes.prints());
        Desk {
            clock,
            book,
            ports,
            paths,
            kernel,
            nics,
            handshakes,
            console: Console::default(),
            watch: Watch::default(),
            traces: Traces::default(),
            recordings: Recordings::default(),
            view: None,
            tally,
            strain,
            rates: Rates::default(),
            templates,
            endings: Endings::default(),
            changes: Changes::default(),
            quality: Quality::default(),
            homer: None,
            graphite: None,
            hearing: Hearing::default(),
            secrets,
            piercing: Vec::new(),
            reporters: Reporters::default(),
            counted: Counted::default(),
            events: Vec::new(),
            agents_say: Vec::new(),
        }
    }

    /// The book, and what it is changed with at `now`.
    pub fn book_and_outside(&mut self, now: Stamp) -> (&mut Book, Outside<'_>) {
        let (ports, secrets) = (&mut self.ports, &mut self.secrets);
        (&mut self.book, Outside { ports, now, secrets, changes: &mut self.changes })
    }

    /// Tells the workers what has changed, each once, and then the agents, who speak through the ports of the workers. Workers
    /// that sleep hear of it when the desk has done what it has in hand.
    pub fn flush(&mut self) {
        self.paths.review(&mut self.changes.flows, self.clock.latest());
        for worker in 0..self.ports.pool().workers() {
            let ports = self.ports.opened(worker as u16);
            let changes = self.changes_for(worker as u16);
            if let Err(error) = self.ports.pool().leave(worker, ports, changes) {
                tracing::error!(%error, "a packet thread could not be told of a change");
            }
        }
        self.handshakes.tell(&mut self.changes.handshakes);
    }

    fn changes_for(&mut self, worker: u16) -> Vec<Change> {
        self.changes.flows.extract_if(.., |(of, _)| *of == worker).map(|(_, change)| change).collect()
    }

    /// Copies of all flows of a call, as its worker has them now.
    pub fn snapshots(&mut self, number: CallNumber) -> Snapshots {
        let Some(call) = self.book.get(number) else { return Snapshots::default() };
        let (worker, keys) = (call.worker(), call.flow_keys());
        self.flush_asking(worker, &keys)
    }

    /// Copies of flows of one worker with what fast paths count of them, taken just before it hears of what has changed.
    pub fn flush_asking(&mut self, worker: u16, keys: &[FlowKey]) -> Snapshots {
        let mut counting = self.flush_leaving(worker, keys.to_vec());
        self.collect(&mut counting)
    }

    /// The same without waiting for the copies, nor waking the worker for them: [`Desk::collect`] does.
    pub fn flush_leaving(&mut self, worker: u16, keys: Vec<FlowKey>) -> Counting {
        // Asked before the changes are looked at: what a fast path gives back because of them is told in them.
        let fast = self.paths.count(&keys);
        self.paths.review(&mut self.changes.flows, self.clock.latest());
        let changes = self.changes_for(worker);
        if keys.is_empty() && changes.is_empty() {
            return Counting { asked: None, fast };
        }
        let asked = self.ports.pool().leave_asking(usize::from(worker), keys, changes);
        Counting { asked: asked.map_err(|error| not_available(&error)).ok(), fast }
    }

    /// The copies that were asked for.
    pub fn collect(&self, counting: &mut Counting) -> Snapshots {
        let Some(asked) = counting.asked.take() else { return Snapshots::default() };
        let copies = self.ports.pool().collect(&asked, PATIENCE);
        let copies = copies.map_err(|error| not_available(&error)).unwrap_or_default();
        let mut copies: Snapshots = copies.into_iter().map(|copy| (copy.key, copy)).collect();
        for counted in &counting.fast {
            if let Some(copy) = copies.get_mut(&counted.key) {
                copy.join(counted);
            }
        }
        copies
    }

    /// Hears what the workers report; ports of flows that are gone become free.
    pub fn hear(&mut self) {
        let mut events = std::mem::take(&mut self.events);
        self.ports.pool().drain_events(&mut events);
        let now = self.clock.now();
        let heard = !events.is_empty();
        for (_, event) in events.drain(..) {
            self.book.hear(&event, now);
            self.paths.hear(&event, now, &mut self.changes.flows);
            if let Event::PeerLearned { stream, .. } = event
                && let Some(spec) = self.book.installed(stream)
            {
                self.paths.share(spec);
            }
            if let Event::Withdrawn(snapshot) = event {
                self.tally.flow_ended(&snapshot);
                for sender in &snapshot.ssrcs {
                    self.quality.measured(snapshot.key.addr, sender.jitter);
                }
                self.ports.release(snapshot.key);
            }
        }
        self.events = events;
        if heard {
            self.flush();
        }
    }

    /// Hears what the agents report: keys, and where parties are.
    pub fn hear_agents(&mut self) {
        let mut said = std::mem::take(&mut self.agents_say);
        self.handshakes.drain_events(&mut said);
        let now = self.clock.stamp();
        let heard = !said.is_empty();
        for event in said.drain(..) {
            let (book, mut outside) = self.book_and_outside(now);
            book.hear_handshake(&event, &mut outside);
        }
        self.agents_say = said;
        if heard {
            self.flush();
        }
    }

    /// Hears what the fast paths have found out.
    pub fn look_at_paths(&mut self) {
        self.paths.look(&mut self.changes.flows, self.clock.now());
        self.flush();
    }

    /// Answers readers of the mounted tree.
    pub fn answer_view(&mut self) {
        let waiting = self.view.as_ref().map(Asked::waiting).unwrap_or_default();
        for question in waiting {
            let table = view::shown(self, question.table());
            question.answer(table);
        }
    }

    /// Waits until the workers have carried out every withdrawal they were told of, so that its port is free. True when
    /// ports came back.
    pub fn await_withdrawals(&mut self) -> bool {
        let before = self.ports.free();
        // Orders are carried out in turn, so an answer says that all before it were.
        self.worked();
        self.hear();
        self.ports.free() > before
    }

    /// Takes a call out of the book and writes its last line.
    pub fn end(&mut self, number: CallNumber, reason: EndReason, snapshots: &Snapshots) {
        let now = self.clock.stamp();
        if let Some(call) = self.book.get(number) {
            cdr::write(call, reason, snapshots, now);
            self.tally.call_ended(call, reason, snapshots, now);
            self.console.forget(call);
            self.traces.call_ends(call);
            self.recordings.call_ends(call, now);
        }
        self.watch.forget(number);
        self.book.remove(number, &mut self.changes);
        self.quality.forget(number);
        self.flush();
        Recordings::unwind(self);
    }

    /// Ends all calls with their last lines, and the packet threads.
    pub fn close(mut self) {
        self.kernel.let_go();
        self.view = None;
        let all: Vec<CallNumber> = self.book.iter().map(Call::number).collect();
        for number in all {
            let snapshots = self.snapshots(number);
            self.end(number, EndReason::ForceTerminated, &snapshots);
        }
        // The packet threads still have the last packets.
        self.recordings.close();
        if let Err(error) = self.handshakes.stop() {
            tracing::error!(%error, "the thread for handshakes had ended before");
        }
        // The NICs are let go of while the packet threads can still be told to.
        drop(self.paths);
        if let Err(error) = self.ports.into_pool().stop() {
            tracing::error!(%error, "a packet thread had ended before");
        }
        self.nics.put_back();
        for call in self.kernel.close(self.clock.now()) {
            cdr::write_adopted(&call, self.clock.stamp());
        }
    }
}
