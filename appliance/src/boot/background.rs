//! Going to the background, and telling whoever started us how it went.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, dup2_stderr, dup2_stdin, dup2_stdout, fork, pipe, setsid};

use super::error::Error;
use super::pidfile::PidFile;

/// Byte that tells the parent that all is well.
const WELL: u8 = b'+';

/// To be told once everything listens.
#[derive(Debug)]
pub struct Ready {
    pidfile: Option<PidFile>,
    /// In the background: the pipe to the waiting parent.
    parent: Option<File>,
    /// Whether the log goes to standard error, even in the background.
    keep_stderr: bool,
}

impl Ready {
    pub(super) fn foreground() -> Self {
        Self { pidfile: None, parent: None, keep_stderr: true }
    }

    /// Forks. Only the child comes back; the parent waits for the child to announce itself or to end, and ends with
    /// status 0 or the child's.
    pub(super) fn background() -> Result<Self, Error> {
        let (read, write) = pipe().map_err(|errno| Error::Background(errno.into()))?;
        // SAFETY: boot runs before any thread is started, so the child has all of the process
        match unsafe { fork() }.map_err(|errno| Error::Background(errno.into()))? {
            ForkResult::Parent { child } => {
                drop(write);
                let mut fate = [0; 1];
                let well = File::from(read).read_exact(&mut fate).is_ok() && fate[0] == WELL;
                let status = if well {
                    0
                } else {
                    match waitpid(child, None) {
                        Ok(WaitStatus::Exited(_, status)) if status != 0 => status,
                        _ => 255,
                    }
                };
                std::process::exit(status)
            }
            ForkResult::Child => {
                drop(read);
                leave_terminal().map_err(Error::Background)?;
                Ok(Self { pidfile: None, parent: Some(File::from(write)), keep_stderr: true })
            }
        }
    }

    pub(super) fn with(mut self, pidfile: Option<PidFile>, keep_stderr: bool) -> Self {
        self.pidfile = pidfile;
        self.keep_stderr = keep_stderr;
        self
    }

    /// Everything listens: writes the process id, lets the waiting parent go and lets go of the terminal. The pid file goes away when the
    /// returned value is dropped, so keep it until the end.
    ///
    /// # Errors
    /// When the pid file cannot be written or the terminal cannot be let go.
    pub fn announce(mut self) -> Result<Option<PidFile>, Error> {
        if let Some(pidfile) = &mut self.pidfile {
            pidfile.write()?;
        }
        if let Some(mut parent) = self.parent.take() {
            // nobody listens any more: fine, and no reason not to run
            let _ = parent.write_all(&[WELL]);
        }
        if !self.keep_stderr {
            silence_stderr().map_err(Error::Background)?;
        }
        Ok(self.pidfile.take())
    }
}

/// Own session, no standard input and output. Standard error stays until the log needs it no more: the operator
/// shall see why a start failed.
fn leave_terminal() -> io::Result<()> {
    setsid()?;
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    dup2_stdin(null.as_fd())?;
    dup2_stdout(null.as_fd())?;
    std::env::set_current_dir("/")
}

/// Lets go of standard error.
fn silence_stderr() -> io::Result<()> {
    let null = OpenOptions::new().write(true).open("/dev/null")?;
    dup2_stderr(null.as_fd())?;
    Ok(())
}
