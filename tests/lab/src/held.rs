//! One thread of a process made to stand still, while the others go on.

use crate::{LabError, Result};
use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::fs;
use std::marker::PhantomData;

/// A thread that does nothing while this lives, held as a debugger holds one. Only the thread that has taken hold can let
/// go, so this stays where it was made.
#[derive(Debug)]
pub struct Held(Pid, PhantomData<*const ()>);

impl Held {
    /// Takes hold of the thread of this name (as `top -H` shows it).
    ///
    /// # Errors
    /// There is none, or this process may not.
    pub fn thread(process: u32, name: &str) -> Result<Held> {
        let failed = || LabError::io(format!("thread {name} of process {process}"));
        for task in fs::read_dir(format!("/proc/{process}/task")).map_err(failed())? {
            let task = task.map_err(failed())?;
            if fs::read_to_string(task.path().join("comm")).map_err(failed())?.trim() != name {
                continue;
            }
            let number = task.file_name().to_string_lossy().parse().unwrap_or_default();
            let thread = Pid::from_raw(number);
            let stopped = ptrace::seize(thread, ptrace::Options::empty())
                .and_then(|()| ptrace::interrupt(thread))
                .and_then(|()| waitpid(thread, Some(WaitPidFlag::__WALL)));
            stopped.map_err(std::io::Error::from).map_err(failed())?;
            return Ok(Held(thread, PhantomData));
        }
        Err(failed()(std::io::ErrorKind::NotFound.into()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // The process may be gone.
        let _ = ptrace::detach(self.0, None);
    }
}
