use crate::abi::TABLES_MAX;
use crate::{Error, Result};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// `/proc/rtpengine`: the tables of this machine. Needs root (or the module's `proc_uid`/`proc_gid`).
#[derive(Clone, Debug)]
pub struct Tables {
    root: PathBuf,
}

impl Default for Tables {
    fn default() -> Tables {
        Tables::at("/proc/rtpengine")
    }
}

impl Tables {
    /// The tree at another place than `/proc/rtpengine`.
    pub fn at(root: impl Into<PathBuf>) -> Tables {
        Tables { root: root.into() }
    }

    /// True when the module is loaded.
    pub fn present(&self) -> bool {
        self.root.join("control").exists()
    }

    /// Makes table `id`.
    ///
    /// # Errors
    /// [`Error::NoModule`], [`Error::NoSuchNumber`], [`Error::TableExists`], or why the file could not be written.
    pub fn add(&self, id: u32) -> Result<()> {
        self.say("add", id)
    }

    /// Removes table `id` with all its flows.
    ///
    /// # Errors
    /// [`Error::NoModule`], [`Error::NoSuchNumber`], [`Error::NoTable`], [`Error::Owned`], or why the file could not
    /// be written.
    pub fn del(&self, id: u32) -> Result<()> {
        self.say("del", id)
    }

    /// The numbers of all tables, in order.
    ///
    /// # Errors
    /// [`Error::NoModule`], or why the file could not be read.
    pub fn list(&self) -> Result<Vec<u32>> {
        let path = self.root.join("list");
        let text = fs::read_to_string(&path).map_err(|cause| self.explain(&path, cause))?;
        Ok(text.lines().filter_map(|line| line.trim().parse().ok()).collect())
    }

    /// Process id of the owner of table `id`, `None` when nobody owns it or it does not exist.
    pub fn owner(&self, id: u32) -> Option<i32> {
        let status = fs::read_to_string(self.directory(id).join("status")).ok()?;
        let pid = status.lines().find_map(|line| line.strip_prefix("Control PID:"))?;
        pid.trim().parse().ok().filter(|&pid| pid != 0)
    }

    /// How many firewall rules lead to table `id`, in all network namespaces; `None` when it does not exist.
    pub fn rules(&self, id: u32) -> Option<u32> {
        let stats = fs::read_to_string(self.directory(id).join("stats")).ok()?;
        let count = stats.lines().find_map(|line| line.strip_prefix("rules "))?;
        count.trim().parse().ok()
    }

    /// Directory of table `id`.
    pub fn directory(&self, id: u32) -> PathBuf {
        self.root.join(id.to_string())
    }

    fn say(&self, word: &str, id: u32) -> Result<()> {
        if id >= TABLES_MAX {
            return Err(Error::NoSuchNumber(id));
        }
        let path = self.root.join("control");
        let written = fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|mut file| io::Write::write_all(&mut file, format!("{word} {id}\n").as_bytes()));
        written.map_err(|cause| match cause.kind() {
            _ if !self.present() => self.no_module(),
            io::ErrorKind::AlreadyExists => Error::TableExists(id),
            io::ErrorKind::NotFound => Error::NoTable(id),
            io::ErrorKind::ResourceBusy => Error::Owned { table: id, pid: self.owner(id).unwrap_or(0) },
            _ => Error::file(format!("{word} {id} > {}", path.display()), cause),
        })
    }

    pub(crate) fn no_module(&self) -> Error {
        Error::NoModule(self.root.display().to_string())
    }

    pub(crate) fn explain(&self, path: &Path, cause: io::Error) -> Error {
        if self.present() { Error::file(path.display().to_string(), cause) } else { self.no_module() }
    }
}
