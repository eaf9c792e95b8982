//! A program in a terminal of tmux, of which one sees the screen as text.

use lab::{LabError, Result};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::PATIENCE;

/// A tmux server with one window. Ends with its owner.
#[derive(Debug)]
pub struct Terminal {
    folder: tempfile::TempDir,
}

impl Terminal {
    /// Starts a command line of the shell in a window of so many columns and rows.
    pub fn start(line: &str, columns: u16, rows: u16) -> Result<Terminal> {
        let folder = tempfile::tempdir().map_err(LabError::io("a folder for tmux"))?;
        let terminal = Terminal { folder };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", &rows, line])?;
        Ok(terminal)
    }

    /// Makes the window another size.
    pub fn resize(&self, columns: u16, rows: u16) -> Result<()> {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &rows]).map(drop)
    }

    /// Presses a key, as tmux names it.
    pub fn press(&self, key: &str) -> Result<()> {
        self.tmux(&["send-keys", key]).map(drop)
    }

    /// Waits until the screen is right, and returns it.
    ///
    /// # Panics
    /// When it never is; the message has the last screen.
    pub fn wait_for(&self, what: &str, right: impl Fn(&str) -> bool) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.tmux(&["capture-pane", "-p"])?;
            if right(&screen) {
                return Ok(screen);
            }
            assert!(Instant::now() < deadline, "{what} was not on the screen. It is:\n{screen}");
            std::thread::park_timeout(std::time::Duration::from_millis(100));
        }
    }

    /// Waits until the program has ended, and with it the window.
    ///
    /// # Panics
    /// When it never does.
    pub fn wait_for_the_end(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.tmux(&["list-sessions"]).is_ok() {
            assert!(Instant::now() < deadline, "the program has not ended");
            std::thread::park_timeout(std::time::Duration::from_millis(100));
        }
    }

    fn tmux(&self, arguments: &[&str]) -> Result<String> {
        let socket: PathBuf = self.folder.path().join("tmux");
        let mut tmux = Command::new("tmux");
        tmux.env("LC_ALL", "C.UTF-8").env("TERM", "xterm").env_remove("TMUX");
        let out = tmux.arg("-u").arg("-S").arg(&socket).args(arguments).output();
        let out = out.map_err(LabError::io("running tmux"))?;
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stderr).trim().to_owned();
            return Err(LabError::io(format!("tmux {arguments:?}"))(std::io::Error::other(said)));
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended with its window.
        let _ = self.tmux(&["kill-server"]);
    }
}
