//! Many scripts at a time: several daemons side by side, each in a namespace of its own.

use crate::script::Script;
use crate::transcript::Transcript;
use crate::{Result, Stand, play};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// How to play.
#[derive(Debug, Clone)]
pub struct Lanes {
    /// How many daemons run side by side. Scripts wait most of their time, so more than there are processors.
    pub count: usize,
    /// The daemon, if not the one under test.
    pub binary: Option<PathBuf>,
}

/// A script to play and what it is expected to give.
#[derive(Debug)]
pub struct Job {
    /// The script.
    pub script: Script,
    /// See [`play()`].
    pub expected: Option<Transcript>,
}

impl Lanes {
    /// Plays all jobs, those that wait longest first, and calls `done` for each as it ends.
    ///
    /// Scripts without arguments of their own share a daemon per lane; the others get one each.
    pub fn play(&self, mut jobs: Vec<Job>, done: impl Fn(&Job, Result<Transcript>) + Sync) {
        jobs.sort_by_key(|job| std::cmp::Reverse(job.script.waits_ms()));
        let jobs = Mutex::new(VecDeque::from(jobs));
        std::thread::scope(|scope| {
            for _ in 0..self.count.max(1) {
                scope.spawn(|| self.lane(&jobs, &done));
            }
        });
    }

    fn lane(&self, jobs: &Mutex<VecDeque<Job>>, done: &(impl Fn(&Job, Result<Transcript>) + Sync)) {
        let mut shared = None;
        loop {
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(job) = job else { return };
            let outcome = match job.script.daemon_args.is_empty() {
                true => self.on_shared(&mut shared, &job),
                false => Stand::start(self.binary.as_deref(), &job.script.daemon_args)
                    .map_err(Into::into)
                    .and_then(|mut stand| play(&job.script, &mut stand, job.expected.as_ref())),
            };
            done(&job, outcome);
        }
    }

    fn on_shared(&self, shared: &mut Option<Stand>, job: &Job) -> Result<Transcript> {
        let mut stand = match shared.take() {
            Some(stand) => stand,
            None => Stand::start(self.binary.as_deref(), &[])?,
        };
        let outcome = play(&job.script, &mut stand, job.expected.as_ref());
        // After trouble the next script gets a fresh one.
        if outcome.is_ok() && stand.ended().is_none() {
            *shared = Some(stand);
        }
        outcome
    }
}
