use super::count::Totals;
use super::settings::Settings;
use super::spool;
use super::target::{Refused, Target};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// After an attempt that failed: this, then twice that …
const FIRST: Duration = Duration::from_secs(1);
/// … up to this.
const LONGEST: Duration = Duration::from_secs(60);

/// The thread `upload`: puts finished recordings into the bucket. What cannot be put stays on disk with a note beside it,
/// and is tried again, also by the next process.
pub(super) struct Uploader {
    settings: Arc<Settings>,
    target: Target,
    calls: Receiver<()>,
    totals: Arc<Totals>,
    /// The target was unreachable or refused something, and that was said.
    told: bool,
}

impl Uploader {
    pub(super) fn new(
        settings: Arc<Settings>,
        target: Target,
        calls: Receiver<()>,
        totals: Arc<Totals>,
    ) -> Uploader {
        Uploader { settings, target, calls, totals, told: false }
    }

    /// Works until nobody can call it any more.
    pub(super) fn run(mut self) {
        let mut pause = FIRST;
        loop {
            let clear = self.round();
            if clear {
                pause = FIRST;
            }
            // While the target is down, a new recording is no reason to try it sooner.
            let called = if clear {
                self.calls.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                let end = std::time::Instant::now() + pause;
                pause = (2 * pause).min(LONGEST);
                self.wait(end)
            };
            if called == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    fn wait(&self, end: std::time::Instant) -> Result<(), RecvTimeoutError> {
        loop {
            let left = end.saturating_duration_since(std::time::Instant::now());
            match self.calls.recv_timeout(left) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(gone) => return Err(gone),
            }
        }
    }

    /// Tries all that waits. True when nothing waits any more.
    fn round(&mut self) -> bool {
        let notes = spool::waiting(&self.settings.folder);
        let mut left = notes.len() as u64;
        self.totals.waiting.store(left, Ordering::Relaxed);
        for note in &notes {
            match self.carry_out(note) {
                Ok(()) => {
                    left -= 1;
                    self.totals.waiting.store(left, Ordering::Relaxed);
                    if std::mem::take(&mut self.told) {
                        tracing::info!("recordings are uploaded again");
                    }
                }
                Err(refused) => {
                    self.totals.refused.fetch_add(1, Ordering::Relaxed);
                    if !std::mem::replace(&mut self.told, true) {
                        tracing::error!("recordings wait in {}: {refused}", self.settings.folder.display());
                    }
                    // One that cannot be reached need not be asked for the others.
                    if matches!(refused, Refused::Unreached(_)) {
                        break;
                    }
                }
            }
        }
        left == 0
    }

    /// Uploads the files of a note; both are gone then.
    fn carry_out(&self, note: &Path) -> Result<(), Refused> {
        for name in spool::named(note).map_err(Refused::File)? {
            let path = self.settings.folder.join(&name);
            match self.target.put(&path, &name) {
                Ok(()) => {}
                // Uploaded before a restart, or taken away by somebody.
                Err(Refused::File(error)) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(refused) => return Err(refused),
            }
            self.totals.uploaded.fetch_add(1, Ordering::Relaxed);
            if !self.target.keep {
                fs::remove_file(&path).map_err(Refused::File)?;
            }
        }
        fs::remove_file(note).map_err(Refused::File)
    }
}
