//! `net.ipv4.ip_local_reserved_ports`: ports that the system gives to nobody who asks for any port. Ours are added while
//! we run. What was added is written down, so that a process of the past that could not take it back is made good for.

use nix::fcntl::{Flock, FlockArg};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const SETTING: &str = "/proc/sys/net/ipv4/ip_local_reserved_ports";
const NAMESPACE: &str = "/proc/thread-self/ns/net";
/// From which ports are given to who asks for any.
const LOCAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// So many of these must be left to others.
const LEFT: usize = 2000;

/// Ports that are reserved for us until this is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    added: BTreeSet<u16>,
    record: Option<(PathBuf, Flock<File>)>,
    folder: PathBuf,
    stem: String,
}

impl Reserved {
    /// Reserves ports in the network namespace of the calling thread. `folder` is where records are kept.
    ///
    /// # Errors
    /// When the setting cannot be read or written, as in a container where it is read-only; when it would leave too few
    /// ports to other programs.
    pub(super) fn take(folder: &Path, wanted: &BTreeSet<u16>) -> io::Result<Reserved> {
        // Numbers of inodes are used again for other namespaces; cookies are not.
        let namespace =
            udp::namespace_cookie().map_or_else(|_| Ok(fs::metadata(NAMESPACE)?.ino()), io::Result::Ok)?;
        let stem = format!("ports-{namespace}-");
        let (of_living, of_dead) = records(folder, &stem);
        let mut now = read()?;
        let before = now.clone();
        now.retain(|port| !of_dead.contains(port) || of_living.contains(port));
        // What another instance has added is ours as well: who leaves last takes it back.
        let added: BTreeSet<u16> =
            wanted.iter().filter(|port| !now.contains(port) || of_living.contains(port)).copied().collect();
        now.extend(wanted);
        leave_enough(&now)?;
        if now != before {
            write(&now)?;
        }
        let record = match record(folder, &stem, &added) {
            Ok(record) => Some(record),
            Err(error) => {
                tracing::warn!("{}: {error}: reserved ports stay reserved after a crash", folder.display());
                None
            }
        };
        Ok(Reserved { added, record, folder: folder.to_owned(), stem })
    }

    /// Reserves more.
    ///
    /// # Errors
    /// As [`Reserved::take`].
    pub(super) fn extend(&mut self, wanted: &BTreeSet<u16>) -> io::Result<()> {
        let mut now = read()?;
        let fresh: Vec<u16> = wanted.difference(&now).copied().collect();
        if fresh.is_empty() {
            return Ok(());
        }
        now.extend(&fresh);
        leave_enough(&now)?;
        self.added.extend(&fresh);
        if let Some((_, file)) = &mut self.record {
            write_record(file, &self.added)?;
        }
        write(&now)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some((path, lock)) = self.record.take() {
            // Not there is as good as removed; a folder that cannot be written has been told about.
            let _ = fs::remove_file(path);
            drop(lock);
        }
        let (of_living, _) = records(&self.folder, &self.stem);
        let restored = read().and_then(|mut now| {
            now.retain(|port| !self.added.contains(port) || of_living.contains(port));
            write(&now)
        });
        if let Err(error) = restored {
            tracing::warn!("{SETTING}: {error}: ports stay reserved");
        }
    }
}

/// What is written in the records of processes that live, and of those that do not, whose records are removed.
fn records(folder: &Path, stem: &str) -> (BTreeSet<u16>, BTreeSet<u16>) {
    let (mut of_living, mut of_dead) = (BTreeSet::new(), BTreeSet::new());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(stem) {
            continue;
        }
        let Ok(mut file) = OpenOptions::new().read(true).open(entry.path()) else { continue };
        let mut text = String::new();
        if file.read_to_string(&mut text).is_err() {
            continue;
        }
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(_lock) => {
                of_dead.extend(parse(&text));
                let _ = fs::remove_file(entry.path());
            }
            Err(_) => of_living.extend(parse(&text)),
        }
    }
    (of_living, of_dead)
}

fn record(folder: &Path, stem: &str, added: &BTreeSet<u16>) -> io::Result<(PathBuf, Flock<File>)> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("{stem}{}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
    let mut file = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| error)?;
    write_record(&mut file, added)?;
    Ok((path, file))
}

fn write_record(file: &mut File, added: &BTreeSet<u16>) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(render(added).as_bytes())
}

/// Refuses a list that would take the ports of all other programs of the host.
fn leave_enough(reserved: &BTreeSet<u16>) -> io::Result<()> {
    let text = fs::read_to_string(LOCAL)?;
    let mut ends = text.split_whitespace().filter_map(|end| end.parse::<u16>().ok());
    let (Some(low), Some(high)) = (ends.next(), ends.next()) else { return Ok(()) };
    let left = (low..=high).filter(|port| !reserved.contains(port)).count();
    if left >= LEFT {
        return Ok(());
    }
    Err(io::Error::other(format!("{left} of the ports {low}-{high} would be left to other programs")))
}

fn read() -> io::Result<BTreeSet<u16>> {
    Ok(parse(&fs::read_to_string(SETTING)?))
}

fn write(ports: &BTreeSet<u16>) -> io::Result<()> {
    // A line break alone empties the list; nothing at all would change nothing.
    fs::write(SETTING, format!("{}\n", render(ports)))
}

/// `8080,30000-39999` as a set.
fn parse(text: &str) -> BTreeSet<u16> {
    let number = |text: &str| text.trim().parse::<u16>().ok();
    let ranges = text.split(',').filter_map(|part| match part.split_once('-') {
        Some((low, high)) => Some(number(low)?..=number(high)?),
        None => number(part).map(|one| one..=one),
    });
    ranges.flatten().collect()
}

fn render(ports: &BTreeSet<u16>) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for &port in ports {
        match ranges.last_mut() {
            Some((_, high)) if *high + 1 == port => *high = port,
            _ => ranges.push((port, port)),
        }
    }
    let text = |&(low, high): &(u16, u16)| match low == high {
        true => low.to_string(),
        false => format!("{low}-{high}"),
    };
    ranges.iter().map(text).collect::<Vec<String>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_written_as_the_kernel_does() {
        for text in ["", "8080", "30000-39999", "1,5-7,9,65534-65535"] {
            assert_eq!(render(&parse(text)), text);
        }
        assert_eq!(render(&parse("7,5-6,5\n")), "5-7");
        assert!(parse("9-5").is_empty() && parse("x").is_empty());
    }

    #[test]
    fn ports_are_left_to_other_programs() {
        leave_enough(&BTreeSet::new()).unwrap();
        let refused = leave_enough(&(1024..=65_535).collect()).unwrap_err().to_string();
        assert!(refused.starts_with("0 of the ports "), "{refused}");
    }

    #[test]
    fn records_of_the_dead_are_taken_up_and_those_of_the_living_left() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ports-1-100"), "5-6").unwrap();
        fs::write(folder.path().join("ports-2-100"), "50").unwrap();
        let (path, lock) = record(folder.path(), "ports-1-", &[7].into()).unwrap();
        let (of_living, of_dead) = records(folder.path(), "ports-1-");
        assert_eq!((of_living, of_dead), ([7].into(), [5, 6].into()));
        assert!(path.exists() && !folder.path().join("ports-1-100").exists());
        assert!(folder.path().join("ports-2-100").exists(), "of another namespace");
        drop(lock);
    }
}
