use super::count::{Count, Totals};
use super::facts;
use super::job::Job;
use super::pcap::{Link, packet_record};
use super::place::{FACTS, PACKETS, Place, SPOOL, TARGET};
use super::settings::Settings;
use super::sink::{Sink, create, folder, settle};
use super::spool;
use crate::desk::Clock;
use crate::worker::Reels;
use call::Stamp;
use engine::{Copied, Passing, Wound, wound};
use flow::Moment;
use nix::fcntl::{Flock, FlockArg};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Between two looks for packets.
const LOOK: Duration = Duration::from_millis(50);
/// How long a recording waits for a packet thread that does not say that it has given everything.
const PATIENCE: Duration = Duration::from_secs(3);
/// A file that could not be made is tried again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// The thread `record`: takes full reels from the packet threads and writes a file per recording. Nobody waits for it.
pub(super) struct Recorder {
    settings: Arc<Settings>,
    clock: Clock,
    reels: Arc<Reels>,
    jobs: Receiver<Job>,
    totals: Arc<Totals>,
    open: HashMap<u32, Recording>,
    /// Called when there is something to upload.
    target: Option<std::sync::mpsc::Sender<()>>,
    stopping: bool,
}

/// One that is written.
struct Recording {
    place: Place,
    count: Arc<Count>,
    began_us: u64,
    sink: Option<Sink>,
    /// The file with what is known of the call, locked so that no other process takes it for left behind.
    facts: Option<Flock<File>>,
    /// What is to be written into it.
    text: Vec<u8>,
    /// Packets of this round, and when each passed.
    packets: Vec<(Moment, Vec<u8>)>,
    /// It was said that the disk takes nothing.
    told: bool,
    tried: Option<Instant>,
    end: Option<End>,
}

struct End {
    mark: u64,
    ended_us: u64,
    metadata: Vec<u8>,
    discard: bool,
    deadline: Instant,
}

impl Recorder {
    pub(super) fn new(
        settings: Arc<Settings>,
        clock: Clock,
        reels: Arc<Reels>,
        jobs: Receiver<Job>,
        totals: Arc<Totals>,
        target: Option<std::sync::mpsc::Sender<()>>,
    ) -> Recorder {
        Recorder { settings, clock, reels, jobs, totals, open: HashMap::new(), target, stopping: false }
    }

    /// Works until it is told to stop, or nobody can tell it anything any more.
    pub(super) fn run(mut self) {
        self.prepare();
        while !self.stopping {
            let first = if self.open.is_empty() {
                self.jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.jobs.recv_timeout(LOOK)
            };
            match first {
                Ok(job) => self.carry_out(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.stopping = true,
            }
            while let Ok(job) = self.jobs.try_recv() {
                self.carry_out(job);
            }
            self.round();
        }
        // Whoever ended last has packets on their way.
        while !self.open.is_empty() {
            self.open.values_mut().filter(|one| one.end.is_none()).for_each(Recording::give_up);
            self.round();
            if !self.open.is_empty() {
                std::thread::park_timeout(LOOK);
            }
        }
    }

    /// Makes the folders, and finishes what another process has left behind.
    fn prepare(&mut self) {
        let root = &self.settings.folder;
        for below in [SPOOL, PACKETS, FACTS, TARGET] {
            if let Err(error) = folder(&root.join(below), self.settings.folder_mode) {
                tracing::error!("recordings cannot be written to {}: {error}", root.join(below).display());
                return;
            }
        }
        for (place, packets) in spool::left_behind(root) {
            tracing::warn!(file = %place.packets.display(), "a recording was left behind; it is finished now");
            let text = facts::interrupted(packets);
            let added = fs::OpenOptions::new().append(true).open(&place.facts_spool);
            if let Err(error) = added.and_then(|mut file| file.write_all(text.as_bytes())) {
                tracing::error!("{}: {error}", place.facts_spool.display());
            }
            self.put_away(&place);
        }
    }

    fn carry_out(&mut self, job: Job) {
        match job {
            Job::Begin { id, place, count, began_us } => {
                let text = facts::head(&place.packets.to_string_lossy()).into_bytes();
                let mut recording = Recording {
                    place: *place,
                    count,
                    began_us,
                    sink: None,
                    facts: None,
                    text,
                    packets: Vec::new(),
                    told: false,
                    tried: None,
                    end: None,
                };
                recording.open(&self.settings);
                self.open.insert(id, recording);
            }
            Job::Sdp { id, offer, sdp } => {
                if let Some(one) = self.open.get_mut(&id) {
                    let text = facts::sdp(one.began_us, offer, one.count.sums().written, &sdp);
                    one.text.extend_from_slice(&text);
                }
            }
            Job::Pause { id, paused, wall_us } => {
                if let Some(one) = self.open.get_mut(&id) {
                    one.text.extend_from_slice(facts::pause(paused, wall_us).as_bytes());
                }
            }
            Job::End { id, mark, ended_us, metadata, discard } => {
                if let Some(one) = self.open.get_mut(&id) {
                    let deadline = Instant::now() + PATIENCE;
                    one.end = Some(End { mark, ended_us, metadata, discard, deadline });
                }
            }
            Job::Stop => self.stopping = true,
        }
    }

    /// Writes what the packet threads have given, and finishes what is complete.
    fn round(&mut self) {
        // Asked first: what is before the mark is on a reel by then.
        let now = Instant::now();
        let complete = |one: &Recording| {
            one.end.as_ref().is_some_and(|end| self.reels.all_past(end.mark) || now >= end.deadline)
        };
        let done: Vec<u32> = self.open.iter().filter(|(_, one)| complete(one)).map(|(id, _)| *id).collect();
        while let Some(reel) = self.reels.take() {
            let stamp = self.clock.stamp();
            for (id, what) in wound(&reel.0) {
                let Some(one) = self.open.get_mut(&id) else { continue };
                match what {
                    Wound::Lost(packets) => {
                        one.count.add_lost(packets);
                        self.totals.packets.add_lost(packets);
                    }
                    Wound::Packet(copied, payload) => {
                        one.take(&copied, payload, self.settings.link, stamp);
                    }
                }
            }
            self.reels.give_back(reel);
            // A reel at a time, so that memory stays bounded however slow the disk is.
            for one in self.open.values_mut() {
                one.write(&self.settings, &self.totals);
            }
        }
        for one in self.open.values_mut() {
            one.write(&self.settings, &self.totals);
        }
        for id in done {
            if let Some(one) = self.open.remove(&id) {
                self.finish(one);
            }
        }
    }

    fn finish(&mut self, mut one: Recording) {
        let Some(end) = one.end.take() else { return };
        if end.discard {
            for path in [&one.place.packets_spool, &one.place.facts_spool] {
                drop(fs::remove_file(path));
            }
            return;
        }
        let tail = facts::tail(one.began_us, end.ended_us, one.count.sums(), "", &end.metadata);
        one.text.extend_from_slice(&tail);
        one.write(&self.settings, &self.totals);
        if let Some(sink) = &one.sink {
            self.totals.bytes.fetch_add(sink.length(), Ordering::Relaxed);
        }
        let (place, text) = (one.place.clone(), std::mem::take(&mut one.text));
        // Its file stays locked until it is where it belongs.
        self.put_away(&place);
        if !text.is_empty() {
            tracing::error!(file = %place.facts.display(), "what is known of a recorded call could not be written down");
        }
        self.totals.finished.fetch_add(1, Ordering::Relaxed);
    }

    /// Puts the files of a recording where they belong, and has them uploaded.
    fn put_away(&self, place: &Place) {
        let mode = self.settings.folder_mode;
        let mut settled = Vec::new();
        for (from, to) in [(&place.packets_spool, &place.packets), (&place.facts_spool, &place.facts)] {
            if !from.exists() {
                continue;
            }
            match settle(from, to, mode) {
                Ok(at) => {
                    if at != *to {
                        tracing::warn!(
                            "{} is there already: this recording is {}",
                            to.display(),
                            at.display()
                        );
                    }
                    settled.push(at);
                }
                Err(error) => {
                    self.totals.stranded.fetch_add(1, Ordering::Relaxed);
                    tracing::error!("{} stays where it is: {}: {error}", from.display(), to.display());
                }
            }
        }
        let Some(target) = &self.target else { return };
        if let Err(error) = spool::hand_on(&self.settings, place, &settled) {
            tracing::error!("{} will not be uploaded: {error}", place.packets.display());
        }
        // Without the thread, the next start uploads it.
        let _ = target.send(());
    }
}

impl Recording {
    /// Makes the files, if that is still to be done.
    fn open(&mut self, settings: &Settings) {
        if self.sink.is_some() && self.facts.is_some() {
            return;
        }
        if self.tried.is_some_and(|at| at.elapsed() < AGAIN) {
            return;
        }
        self.tried = Some(Instant::now());
        let outcome = self.make(settings);
        if let Err(error) = outcome {
            self.say(&error);
        }
    }

    fn make(&mut self, settings: &Settings) -> io::Result<()> {
        if let Some(above) = self.place.packets_spool.parent() {
            folder(above, settings.folder_mode)?;
        }
        if self.facts.is_none() {
            let file = create(&self.place.facts_spool, settings.file_mode)?;
            let locked = Flock::lock(file, FlockArg::LockExclusiveNonblock);
            self.facts = Some(locked.map_err(|(_, error)| io::Error::from(error))?);
        }
        if self.sink.is_none() {
            self.sink = Some(Sink::create(&self.place.packets_spool, settings.link, settings.file_mode)?);
        }
        Ok(())
    }

    fn take(&mut self, copied: &Copied, payload: &[u8], link: Link, now: Stamp) {
        let local = copied.local.into();
        let (from, to) = match copied.passing {
            Passing::Out => (local, copied.remote),
            Passing::In | Passing::Dropped(_) => (copied.remote, local),
        };
        if let Some(record) = packet_record(link, now.wall_us_of(copied.at), from, to, payload) {
            self.packets.push((copied.at, record));
        }
    }

    fn write(&mut self, settings: &Settings, totals: &Totals) {
        if !self.packets.is_empty() || !self.text.is_empty() {
            self.open(settings);
        }
        if let Some(facts) = &mut self.facts
            && !self.text.is_empty()
        {
            // The text is short, and a part of it is better than nothing.
            match facts.write_all(&self.text) {
                Ok(()) => self.text.clear(),
                Err(error) => self.say(&error),
            }
        }
        if self.packets.is_empty() {
            return;
        }
        // Of two engines of a packet thread.
        self.packets.sort_by_key(|(at, _)| *at);
        let packets = self.packets.len() as u64;
        let bytes: Vec<u8> = self.packets.drain(..).flat_map(|(_, record)| record).collect();
        let outcome = match &mut self.sink {
            Some(sink) => sink.append(&bytes),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "the file could not be made")),
        };
        match outcome {
            Ok(()) => {
                if std::mem::take(&mut self.told) {
                    let lost = self.count.sums().unwritten;
                    tracing::warn!(file = %self.place.packets.display(), "recorded again; {lost} packets are missing");
                }
                self.count.add_written(packets);
                totals.packets.add_written(packets);
            }
            Err(error) => {
                self.count.add_unwritten(packets);
                totals.packets.add_unwritten(packets);
                self.say(&error);
            }
        }
    }

    /// Tells once what is wrong, until it is right again.
    fn say(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.told, true) {
            tracing::error!(file = %self.place.packets.display(), "packets of a call are not recorded: {error}");
        }
    }

    /// The daemon ends and nobody has said that this one does.
    fn give_up(&mut self) {
        self.end = Some(End {
            mark: 0,
            ended_us: self.began_us,
            metadata: Vec::new(),
            discard: false,
            deadline: Instant::now(),
        });
    }
}

/// The name of a file below a folder, for people and for a target.
pub(super) fn shown_below(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}
