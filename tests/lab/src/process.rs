//! A child process whose output is kept and which never outlives its owner.

use crate::cleanup::{self, Item};
use crate::{LabError, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a wait looks whether the child has ended. An ended child closes its pipes, which wakes the wait
/// at once; this is only for children whose pipes a grandchild keeps open.
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
struct Log {
    text: Mutex<Vec<u8>>,
    grew: Condvar,
}

/// A running child. Killed (by id, SIGKILL) on drop.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: Arc<Log>,
    readers: Vec<thread::JoinHandle<()>>,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts `command` with its output collected. `name` is for messages. To run inside a namespace, take the
    /// command from [`crate::Namespace::command`].
    pub fn start(name: &str, mut command: Command) -> Result<Process> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(LabError::io(format!("starting {name}")))?;
        cleanup::register(Item::Process(child.id() as i32));
        let log = Arc::new(Log::default());
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(collect(pipe, Arc::clone(&log)));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.push(collect(pipe, Arc::clone(&log)));
        }
        Ok(Process { name: name.to_owned(), child, log, readers, status: None })
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has printed so far, standard output and standard error mixed as they came.
    pub fn log(&self) -> String {
        let text = self.log.text.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The last `lines` lines of the log.
    pub fn log_end(&self, lines: usize) -> String {
        let log = self.log();
        let all: Vec<&str> = log.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    /// Waits until the log contains `text`. Fails at once if the process ends without having printed it.
    pub fn wait_for_log(&mut self, text: &str, within: Duration) -> Result<()> {
        let name = self.name.clone();
        self.wait_until(&format!("{name} printing {text:?}"), within, |process| process.log().contains(text))
    }

    /// Waits until `done` says so, looking whenever the log grows and every 20 ms. Fails at once if the process
    /// ends.
    pub fn wait_until(
        &mut self,
        what: &str,
        within: Duration,
        mut done: impl FnMut(&Process) -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + within;
        loop {
            let ended = self.try_status()?;
            if done(self) {
                return Ok(());
            }
            if let Some(status) = ended {
                return Err(LabError::Ended {
                    name: self.name.clone(),
                    status: status.to_string(),
                    log: self.log_end(30),
                });
            }
            if Instant::now() >= deadline {
                return Err(LabError::Timeout {
                    what: what.to_owned(),
                    after_ms: within.as_millis(),
                    context: format!("\n{}", self.log_end(30)),
                });
            }
            self.pause();
        }
    }

    /// Waits for the process to end by itself.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.try_status()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(LabError::Timeout {
                    what: format!("the end of {}", self.name),
                    after_ms: within.as_millis(),
                    context: format!("\n{}", self.log_end(30)),
                });
            }
            self.pause();
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(self.child.id() as i32), signal)
            .map_err(|errno| LabError::Io { what: format!("signalling {}", self.name), source: errno.into() })
    }

    /// Asks it to end (SIGTERM) and waits for it.
    pub fn terminate(&mut self, within: Duration) -> Result<ExitStatus> {
        if let Some(status) = self.try_status()? {
            return Ok(status);
        }
        self.signal(Signal::SIGTERM)?;
        self.wait(within)
    }

    /// Kills it (SIGKILL) and waits for it.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        if let Ok(status) = self.child.wait() {
            self.ended(status);
        }
    }

    /// Its exit status if it has ended.
    pub fn try_status(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none()
            && let Some(status) =
                self.child.try_wait().map_err(LabError::io(format!("waiting for {}", self.name)))?
        {
            self.ended(status);
        }
        Ok(self.status)
    }

    fn ended(&mut self, status: ExitStatus) {
        self.status = Some(status);
        cleanup::forget(&Item::Process(self.child.id() as i32));
        // The last words are in the pipes; a grandchild that holds them open is not waited for.
        let deadline = Instant::now() + Duration::from_millis(500);
        while self.readers.iter().any(|reader| !reader.is_finished()) && Instant::now() < deadline {
            self.pause();
        }
    }

    fn pause(&self) {
        let text = self.log.text.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.log.grew.wait_timeout(text, LOOK_EVERY);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.kill();
        }
    }
}

fn collect(mut pipe: impl Read + Send + 'static, log: Arc<Log>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count) = pipe.read(&mut chunk) {
            let mut text = log.text.lock().unwrap_or_else(PoisonError::into_inner);
            text.extend_from_slice(&chunk[..count]);
            drop(text);
            log.grew.notify_all();
            if count == 0 {
                break;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start("sh", command).unwrap()
    }

    #[test]
    fn output_is_kept_and_status_told() {
        let mut process = shell("echo out; echo err >&2; exit 3");
        assert_eq!(process.wait(Duration::from_secs(5)).unwrap().code(), Some(3));
        let log = process.log();
        assert!(log.contains("out\n") && log.contains("err\n"), "{log:?}");
    }

    #[test]
    fn waiting_for_words_that_never_come_fails_when_the_process_ends() {
        let mut process = shell("echo hello");
        let error = process.wait_for_log("goodbye", Duration::from_secs(5)).unwrap_err();
        assert!(matches!(error, LabError::Ended { .. }), "{error}");
    }

    #[test]
    fn terminate_ends_a_sleeper() {
        let mut process = shell("echo ready; exec sleep 60");
        process.wait_for_log("ready", Duration::from_secs(5)).unwrap();
        assert_eq!(process.terminate(Duration::from_secs(5)).unwrap().code(), None);
    }

    #[test]
    fn dropping_kills() {
        let mut process = shell("echo ready; exec sleep 60");
        process.wait_for_log("ready", Duration::from_secs(5)).unwrap();
        let pid = process.pid();
        drop(process);
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    }
}
