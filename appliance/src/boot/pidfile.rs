//! The pid file: locked while the process lives, so that a second start notices.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::error::Error;

/// A locked pid file. Dropping it removes the file.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    file: Flock<File>,
}

impl PidFile {
    /// Opens or makes the file and locks it; nothing is written yet.
    ///
    /// # Errors
    /// When another process holds the lock or the file cannot be opened.
    pub fn lock(path: PathBuf) -> Result<Self, Error> {
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = match opened {
            Ok(file) => file,
            Err(wrong) => return Err(Error::PidFile { path, wrong }),
        };
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Self { path, file }),
            Err((mut file, Errno::EWOULDBLOCK)) => {
                let mut pid = String::new();
                // what is in there only makes the message better
                let _ = file.read_to_string(&mut pid);
                Err(Error::AlreadyRunning { path, pid: pid.trim().to_owned() })
            }
            Err((_, wrong)) => Err(Error::PidFile { path, wrong: wrong.into() }),
        }
    }

    /// Writes the id of this process.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self) -> Result<(), Error> {
        let mut write = || -> io::Result<()> {
            self.file.set_len(0)?;
            self.file.rewind()?;
            writeln!(*self.file, "{}", std::process::id())?;
            self.file.flush()
        };
        write().map_err(|wrong| Error::PidFile { path: self.path.clone(), wrong })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // another process may have removed it, or the folder may be gone: then there is nothing left to do
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_told_who_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let mut first = PidFile::lock(path.clone()).unwrap();
        first.write().unwrap();
        let pid = std::process::id().to_string();
        assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), pid);
        // flock belongs to the open file, so a second open in this process counts as another process
        match PidFile::lock(path.clone()) {
            Err(Error::AlreadyRunning { pid: holder, .. }) => assert_eq!(holder, pid),
            other => panic!("{other:?}"),
        }
        drop(first);
        assert!(!path.exists());
        PidFile::lock(path).unwrap();
    }

    #[test]
    fn a_stale_file_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        std::fs::write(&path, "999999999 and more text than a pid\n").unwrap();
        let mut file = PidFile::lock(path.clone()).unwrap();
        file.write().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
    }

    #[test]
    fn a_missing_folder_is_named() {
        let wrong = PidFile::lock("/nonexistent/pid".into()).unwrap_err();
        assert_eq!(wrong.to_string(), "pid file /nonexistent/pid: No such file or directory (os error 2)");
    }
}
