use super::pcap::{FILE_HEADER, Link, file_header};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// A file of packets that is whole at any time: what is not taken in full is taken back.
#[derive(Debug)]
pub(super) struct Sink {
    file: File,
    length: u64,
}

impl Sink {
    /// Makes the file. One that is there already is not touched.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn create(path: &Path, link: Link, mode: u32) -> io::Result<Sink> {
        let file = create(path, mode)?;
        let mut sink = Sink { file, length: 0 };
        if let Err(error) = sink.append(&file_header(link)) {
            drop(std::fs::remove_file(path));
            return Err(error);
        }
        Ok(sink)
    }

    /// Writes whole packets, or nothing.
    ///
    /// # Errors
    /// Those of the file system; the file is as before then.
    pub(super) fn append(&mut self, packets: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(packets) {
            // What is left of a packet would make all that follow unreadable.
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            return Err(error);
        }
        self.length += packets.len() as u64;
        Ok(())
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length.max(FILE_HEADER as u64)
    }
}

/// Makes a file that is not there yet.
pub(super) fn create(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// Makes a folder and those that it lies in.
pub(super) fn folder(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// Moves a file without taking the place of another: if there is one, it gets a name of its own. Where it is then.
pub(super) fn settle(from: &Path, to: &Path, mode: u32) -> io::Result<std::path::PathBuf> {
    if let Some(above) = to.parent() {
        folder(above, mode)?;
    }
    for nth in 1..1000 {
        let place = match (nth, to.file_name()) {
            (1, _) | (_, None) => to.to_owned(),
            (nth, Some(name)) => to.with_file_name(format!("{}.{nth}", name.to_string_lossy())),
        };
        match std::fs::hard_link(from, &place) {
            Ok(()) => {
                std::fs::remove_file(from)?;
                return Ok(place);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // A file system without links.
            Err(_) if !place.exists() => {
                std::fs::rename(from, &place)?;
                return Ok(place);
            }
            Err(_) => {}
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "a thousand files of this name are there already"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_take_nobodys_place() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("spool"), folder.path().join("deep/er/final.pcap"));
        for text in ["one", "two"] {
            fs::write(&from, text).unwrap();
            settle(&from, &to, 0o750).unwrap();
            assert!(!from.exists());
        }
        assert_eq!(fs::read_to_string(&to).unwrap(), "one");
        assert_eq!(fs::read_to_string(folder.path().join("deep/er/final.pcap.2")).unwrap(), "two");
        assert!(Sink::create(&to, Link::Raw, 0o600).is_err(), "one that is there is not touched");
    }

    #[test]
    fn a_file_grows_by_whole_packets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pcap");
        let mut sink = Sink::create(&path, Link::Raw, 0o600).unwrap();
        sink.append(b"packet").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), sink.length());
        // A device that is always full.
        let mut full = Sink { file: OpenOptions::new().write(true).open("/dev/full").unwrap(), length: 0 };
        assert!(full.append(b"packet").is_err());
        assert_eq!(full.length, 0);
    }
}
