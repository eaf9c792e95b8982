use super::count::{Count, Totals};
use super::job::Job;
use super::name::Facts;
use super::place::{Place, Wish};
use super::recorder::Recorder;
use super::settings::Settings;
use super::target::{Target, TargetError};
use super::uploader::Uploader;
use crate::config::checked;
use crate::desk::{Clock, Desk};
use crate::worker::Reels;
use call::{Call, CallNumber, Scope, Stamp};
use flow::Recorded;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use thiserror::Error;

/// Jobs that may wait for the thread that writes.
const JOBS: usize = 4096;
/// How long the end of the daemon waits for the last packets to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why nothing can be recorded.
#[derive(Debug, Error)]
pub enum StartError {
    /// The target cannot be used.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No thread.
    #[error("cannot start the thread that writes recordings: {0}")]
    Thread(std::io::Error),
}

/// Whether a call is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its packets are written.
    Running,
    /// They are not, but they will go into the same file again.
    Paused,
}

/// All recordings, as the desk sees them.
#[derive(Debug, Default)]
pub struct Recordings {
    writer: Option<Writer>,
    calls: HashMap<CallNumber, Recording, RandomState>,
    next: u32,
    mark: u64,
    /// A recording has ended since the packet threads were asked for what they have.
    unwind: bool,
}

#[derive(Debug)]
struct Writer {
    settings: Arc<Settings>,
    reels: Arc<Reels>,
    jobs: SyncSender<Job>,
    /// Jobs for which there was no room, in order.
    unsent: VecDeque<Job>,
    totals: Arc<Totals>,
    /// Says something, or is gone, when the thread has ended.
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

/// One that is not over.
#[derive(Debug)]
pub struct Recording {
    id: u32,
    standing: Standing,
    began: Stamp,
    path: String,
    count: Arc<Count>,
}

impl Recording {
    /// Whether packets are written.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// When it began.
    pub fn began(&self) -> Stamp {
        self.began
    }

    /// The file that its packets will be in.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What has become of its packets.
    pub fn count(&self) -> &Count {
        &self.count
    }
}

impl Recordings {
    /// Starts the threads `record` and, if there is a target, `upload`.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(
        config: &checked::Recording,
        clock: Clock,
        reels: Arc<Reels>,
    ) -> Result<Recordings, StartError> {
        let settings = Arc::new(Settings::of(config));
        let totals = Arc::new(Totals::default());
        let target = match &config.target {
            Some(target) => {
                let target = Target::new(target)?;
                let (call, calls) = mpsc::channel();
                let uploader = Uploader::new(Arc::clone(&settings), target, calls, Arc::clone(&totals));
                let body = move || uploader.run();
                // Nobody waits for it: what it has not done stays on disk.
                drop(Builder::new().name("upload".to_owned()).spawn(body).map_err(StartError::Thread)?);
                Some(call)
            }
            None => None,
        };
        let (jobs, told) = mpsc::sync_channel(JOBS);
        let (tell, ended) = mpsc::channel();
        let (of, counted) = (Arc::clone(&settings), Arc::clone(&totals));
        let recorder = Recorder::new(of, clock, Arc::clone(&reels), told, counted, target);
        let body = move || {
            let _at_the_end = tell;
            recorder.run();
        };
        let thread = Builder::new().name("record".to_owned()).spawn(body).map_err(StartError::Thread)?;
        let writer = Writer { settings, reels, jobs, unsent: VecDeque::new(), totals, ended, thread };
        Ok(Recordings { writer: Some(writer), ..Recordings::default() })
    }

    /// Begins to record a call, or goes on after a pause. What was wished for and is not done. Without a folder for recordings nothing happens.
    pub fn begin(desk: &mut Desk, number: CallNumber, wish: Wish<'_>) -> Option<String> {
        let now = desk.clock.stamp();
        let Recordings { writer, calls, next, .. } = &mut desk.recordings;
        let Some(writer) = writer else {
            tracing::warn!("a call was to be recorded, but there is no recording.folder");
            return None;
        };
        let mut refused = None;
        match calls.get_mut(&number) {
            Some(known) if known.standing == Standing::Running => return None,
            Some(known) => {
                known.standing = Standing::Running;
                writer.tell(Job::Pause { id: known.id, paused: false, wall_us: now.wall_us });
            }
            None => {
                let call = desk.book.get(number)?;
                let random = random()?;
                let place;
                (place, refused) = writer.place(call, wish, &random, now);
                *next = next.wrapping_add(1);
                let path = place.packets.to_string_lossy().into_owned();
                tracing::info!(call = %String::from_utf8_lossy(call.id()), "recorded from now on: {path}");
                let recording = Recording {
                    id: *next,
                    standing: Standing::Running,
                    began: now,
                    path,
                    count: Arc::new(Count::default()),
                };
                writer.reels.provide();
                writer.tell(Job::Begin {
                    id: *next,
                    place: Box::new(place),
                    count: Arc::clone(&recording.count),
                    began_us: now.wall_us,
                });
                calls.insert(number, recording);
            }
        }
        mark(desk, number);
        refused
    }

    /// Stops recording a call for now; its file stays open.
    pub fn pause(desk: &mut Desk, number: CallNumber) {
        let now = desk.clock.stamp();
        let Recordings { writer: Some(writer), calls, .. } = &mut desk.recordings else { return };
        let running = |one: &&mut Recording| one.standing == Standing::Running;
        let Some(known) = calls.get_mut(&number).filter(running) else { return };
        known.standing = Standing::Paused;
        writer.tell(Job::Pause { id: known.id, paused: true, wall_us: now.wall_us });
        mark(desk, number);
    }

    /// Ends the recording of a call; `discard` removes what there is of it.
    pub fn end(desk: &mut Desk, number: CallNumber, discard: bool) {
        let Some(call) = desk.book.get(number) else { return };
        let now = desk.clock.stamp();
        if !desk.recordings.let_go(call, now, discard) {
            return;
        }
        mark(desk, number);
        Recordings::unwind(desk);
    }

    /// A call is over. Its flows go next; [`Recordings::unwind`] is to be called after that.
    pub(crate) fn call_ends(&mut self, call: &Call, now: Stamp) {
        self.let_go(call, now, false);
    }

    fn let_go(&mut self, call: &Call, now: Stamp, discard: bool) -> bool {
        let (Some(known), Some(writer)) = (self.calls.remove(&call.number()), &mut self.writer) else {
            return false;
        };
        self.mark += 1;
        self.unwind = true;
        writer.tell(Job::End {
            id: known.id,
            mark: self.mark,
            ended_us: now.wall_us,
            metadata: call.metadata().unwrap_or_default().to_vec(),
            discard,
        });
        true
    }

    /// Has the packet threads give out what they have, if a recording has ended: its last packets are among it.
    pub(crate) fn unwind(desk: &mut Desk) {
        if std::mem::take(&mut desk.recordings.unwind) {
            desk.ports.pool().unwind(desk.recordings.mark);
        }
    }

    /// Notes an SDP that was sent to a party of a recorded call.
    pub(crate) fn note_sdp(&mut self, number: CallNumber, offer: bool, sdp: &[u8]) {
        if let (Some(known), Some(writer)) = (self.calls.get(&number), &mut self.writer) {
            writer.tell(Job::Sdp { id: known.id, offer, sdp: sdp.to_vec() });
        }
    }

    /// Once a second: brings packets to their files also where there are few.
    pub(crate) fn sweep(desk: &mut Desk) {
        if let Some(writer) = &mut desk.recordings.writer {
            writer.send_on();
        }
        if !desk.recordings.calls.is_empty() {
            desk.ports.pool().unwind(desk.recordings.mark);
        }
    }

    /// Waits for what is still to be written, as far as that comes to an end.
    pub(crate) fn close(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        writer.tell(Job::Stop);
        writer.send_on();
        let done = matches!(writer.ended.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
        if !done || writer.thread.join().is_err() {
            tracing::error!("recordings are not complete; they are finished at the next start");
        }
    }

    /// The recording of a call.
    pub fn of(&self, number: CallNumber) -> Option<&Recording> {
        self.calls.get(&number)
    }

    /// All that are not over, with their calls.
    pub fn iter(&self) -> impl Iterator<Item = (CallNumber, &Recording)> {
        self.calls.iter().map(|(number, one)| (*number, one))
    }

    /// What all have come to since the start, with the packets that no recording can be told of; `None` if nothing can be
    /// recorded.
    pub fn totals(&self) -> Option<(&Totals, u64)> {
        self.writer.as_ref().map(|writer| (&*writer.totals, writer.reels.lost()))
    }
}

impl Writer {
    fn place(&self, call: &Call, wish: Wish<'_>, random: &str, now: Stamp) -> (Place, Option<String>) {
        let report = call.report(Scope::default());
        let first = report.parties.first();
        let facts = Facts {
            call_id: call.id(),
            tag: first.map(|party| party.tag).unwrap_or_default(),
            label: first.and_then(|party| party.label).unwrap_or_default(),
            metadata: call.metadata().unwrap_or_default(),
            random,
            wall_us: now.wall_us,
        };
        let root: &Path = &self.settings.folder;
        Place::choose(root, &self.settings.pattern, wish, &facts)
    }

    /// The desk never waits: what finds no room is sent by the next sweep.
    fn tell(&mut self, job: Job) {
        self.unsent.push_back(job);
        self.send_on();
    }

    fn send_on(&mut self) {
        while let Some(job) = self.unsent.pop_front() {
            match self.jobs.try_send(job) {
                Ok(()) => {}
                Err(TrySendError::Full(job)) => return self.unsent.push_front(job),
                Err(TrySendError::Disconnected(_)) => return,
            }
        }
    }
}

/// Has a call's flows copied as its recording says.
fn mark(desk: &mut Desk, number: CallNumber) {
    let Recordings { writer, calls, .. } = &desk.recordings;
    let running = calls.get(&number).filter(|one| one.standing == Standing::Running);
    let recorded = writer.as_ref().zip(running).map(|(writer, one)| Recorded {
        id: one.id,
        arriving: writer.settings.arriving,
        leaving: writer.settings.leaving,
    });
    let now = desk.clock.stamp();
    let (book, mut outside) = desk.book_and_outside(now);
    book.record(number, recorded, &mut outside);
    desk.flush();
}

/// Sixteen hexadecimal digits.
fn random() -> Option<String> {
    let mut bytes = [0u8; 8];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!("a call is not recorded: no random numbers from the system: {error}");
        return None;
    }
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
