//! What is written down about a NIC, in a folder that outlives the process: a lock that says who uses it, and how it
//! was before.

use super::Error;
use crate::boot::{self, PidFile};
use afxdp::nic::Restore;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use wire::Mac;

/// The folder with the records of one network namespace: device names mean something only within one.
#[derive(Debug, Clone)]
pub(super) struct Records {
    folder: PathBuf,
    namespace: u64,
}

/// The record of one NIC, locked. Another process cannot take it until this is dropped.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    _lock: PidFile,
}

/// How a NIC was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Before {
    /// Its Ethernet address: another one means another NIC that has got the name.
    pub(super) mac: Option<Mac>,
    pub(super) restore: Restore,
}

impl Records {
    /// Those of the caller's network namespace. The folder need not exist.
    pub(super) fn of(folder: &Path) -> Result<Records, Error> {
        let here = Path::new("/proc/self/ns/net");
        let namespace = fs::metadata(here).map_err(failed(here))?.ino();
        Ok(Records { folder: folder.to_owned(), namespace })
    }

    fn stem(&self) -> String {
        format!("nic-{}-", self.namespace)
    }

    fn path(&self, device: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{}{device}.{ending}", self.stem()))
    }

    /// Takes the record of a device.
    pub(super) fn lock(&self, device: &str) -> Result<Record, Error> {
        fs::create_dir_all(&self.folder).map_err(failed(&self.folder))?;
        let path = self.path(device, "lock");
        let in_use = |error| match error {
            boot::Error::AlreadyRunning { pid, .. } => Error::InUse { device: device.to_owned(), pid },
            boot::Error::PidFile { path, wrong } => Error::State { path, source: wrong },
            other => Error::State { path: path.clone(), source: io::Error::other(other) },
        };
        let mut lock = PidFile::lock(path.clone()).map_err(in_use)?;
        lock.write().map_err(in_use)?;
        Ok(Record { path: self.path(device, "before"), _lock: lock })
    }

    /// The process that uses a device now, if one does.
    pub(super) fn user_of(&self, device: &str) -> Option<String> {
        let path = self.path(device, "lock");
        if !path.exists() {
            return None;
        }
        match PidFile::lock(path) {
            Err(boot::Error::AlreadyRunning { pid, .. }) => Some(pid),
            _ => None,
        }
    }

    /// Devices that a process of the past has not put back.
    pub(super) fn left_behind(&self) -> Result<Vec<String>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed(&self.folder))?,
        };
        let stem = self.stem();
        let mut devices: Vec<String> = entries
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                Some(name.strip_prefix(&stem)?.strip_suffix(".before")?.to_owned())
            })
            .collect();
        devices.sort_unstable();
        Ok(devices)
    }
}

impl Record {
    /// Writes down how the NIC was, whole or not at all.
    pub(super) fn write(&self, before: &Before) -> io::Result<()> {
        let fresh = self.path.with_extension("fresh");
        let mac = before.mac.map_or_else(|| "none".to_owned(), |mac| mac.to_string());
        fs::write(&fresh, format!("address {mac}\n{}", before.restore))?;
        fs::rename(&fresh, &self.path)
    }

    /// What a process of the past has written, if it did not put it back. Something that cannot be read counts as
    /// nothing: it was not written by us.
    pub(super) fn read(&self, mac: Option<Mac>) -> Option<Restore> {
        let text = fs::read_to_string(&self.path).ok()?;
        let (head, rest) = text.split_once('\n')?;
        let mac = mac.map_or_else(|| "none".to_owned(), |mac| mac.to_string());
        if head.strip_prefix("address ") != Some(&*mac) {
            tracing::warn!("{}: was written about another NIC, so nothing is put back", self.path.display());
            return None;
        }
        match rest.parse() {
            Ok(restore) => Some(restore),
            Err(error) => {
                tracing::warn!("{}: {error}, so nothing is put back", self.path.display());
                None
            }
        }
    }

    /// Everything is as it was.
    pub(super) fn clear(&self) {
        // Not there is as good as removed; anything else shows at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::State { path, source }
}

#[cfg(test)]
mod tests;
