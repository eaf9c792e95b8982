//! What is on disk: recordings that were left behind, and those that wait for their target.

use super::pcap;
use super::place::{Place, SPOOL, TARGET};
use super::recorder::shown_below;
use super::settings::Settings;
use super::sink::create;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// Longest first line that is read of a file in the spool.
const LONGEST_LINE: u64 = 8192;
/// What is written while a note for the target is not whole.
const UNFINISHED: &str = ".part";

/// Recordings that no process writes any more, with their packets; what of a file is no whole packet is cut off.
pub(super) fn left_behind(root: &Path) -> Vec<(Place, Option<u64>)> {
    let mut found = Vec::new();
    for path in files(&root.join(SPOOL)) {
        if path.extension().is_none_or(|extension| extension != "tmp") {
            continue;
        }
        let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else { continue };
        // Another relay with the same folder writes it.
        let Ok(file) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else { continue };
        let mut line = String::new();
        let read = BufReader::new(io::Read::take(&*file, LONGEST_LINE)).read_line(&mut line);
        if let Some(place) = read.ok().and_then(|_| Place::resume(root, &path, line.trim_end())) {
            let packets = mend(&place.packets_spool);
            found.push((place, packets));
        }
    }
    found
}

/// Cuts a file of packets to whole ones; how many they are. One that has none is removed.
fn mend(path: &Path) -> Option<u64> {
    let mut file = OpenOptions::new().read(true).write(true).open(path).ok()?;
    let whole = pcap::whole(&mut BufReader::new(&mut file));
    match whole {
        Ok(Some((length, packets))) => file.set_len(length).ok().map(|()| packets),
        _ => {
            drop(fs::remove_file(path));
            None
        }
    }
}

/// Notes that files are to be uploaded: a file with their names, one a line, that is there in full or not at all.
pub(super) fn hand_on(settings: &Settings, place: &Place, files: &[PathBuf]) -> io::Result<()> {
    let Some(name) = place.facts.file_stem().filter(|_| !files.is_empty()) else { return Ok(()) };
    let note = settings.folder.join(TARGET).join(name);
    let part = note.with_file_name(format!("{}{UNFINISHED}", name.to_string_lossy()));
    let lines: String = files.iter().map(|file| shown_below(&settings.folder, file) + "\n").collect();
    let written = create(&part, settings.file_mode).and_then(|mut out| out.write_all(lines.as_bytes()));
    written.and_then(|()| fs::rename(&part, &note)).inspect_err(|_| drop(fs::remove_file(&part)))
}

/// The notes that wait, the oldest first.
pub(super) fn waiting(root: &Path) -> Vec<PathBuf> {
    let mut notes: Vec<_> = files(&root.join(TARGET))
        .into_iter()
        .filter(|path| !path.to_string_lossy().ends_with(UNFINISHED))
        .map(|path| (fs::metadata(&path).and_then(|of| of.modified()).ok(), path))
        .collect();
    notes.sort();
    notes.into_iter().map(|(_, path)| path).collect()
}

/// The files that a note names, as names below the folder for recordings. None leads out of it.
pub(super) fn named(note: &Path) -> io::Result<Vec<String>> {
    let lines = BufReader::new(io::Read::take(File::open(note)?, 16 * LONGEST_LINE)).lines();
    let harmless = |line: &String| {
        let plain = |part| matches!(part, std::path::Component::Normal(_));
        !line.is_empty() && Path::new(line).components().all(plain)
    };
    Ok(lines.collect::<io::Result<Vec<String>>>()?.into_iter().filter(harmless).collect())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}
