//! Brings file and command line together.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::checked::{self, Built};
use super::finding::{Finding, Place, Places, Severity};
use super::host::Host;
use super::layers::{Given, Layers};
use super::legacy::{KeyFile, apply_sections, options_of};
use super::options::Carry;
use super::raw;
use super::toml_file::{looks_like_toml, read_toml};

/// Files that are read when none is named: the first that exists.
pub const DEFAULT_FILES: &[&str] = &["/etc/rtpengine/rtpengine.toml", "/etc/rtpengine/rtpengine.conf"];
/// The section of a classic file that is used when none is named.
pub const DEFAULT_SECTION: &str = "rtpengine";
/// A larger file is not a configuration.
const LARGEST_FILE: u64 = 4 << 20;

/// Which file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChoice {
    /// The first of [`DEFAULT_FILES`] that exists, or none.
    Default,
    /// No file.
    None,
    /// This file, which must exist.
    Named(PathBuf),
}

/// Where a configuration comes from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The file.
    pub file: FileChoice,
    /// The section of a classic file.
    pub section: String,
    /// Options of the command line, which win over the file.
    pub options: Vec<Given>,
}

/// A configuration as typed, complete with the places of its values.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// All values.
    pub raw: raw::Config,
    /// Where they were written.
    pub places: Places,
    /// Warnings; no errors.
    pub warnings: Vec<Finding>,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// Reads and merges all sources.
///
/// # Errors
/// All findings, at least one of which is an error.
pub fn load(sources: &Sources) -> Result<Loaded, Vec<Finding>> {
    let file = match &sources.file {
        FileChoice::None => None,
        FileChoice::Named(path) => Some(path.clone()),
        FileChoice::Default => DEFAULT_FILES.iter().map(PathBuf::from).find(|path| path.exists()),
    };
    let layers = match &file {
        None => {
            let mut layers = Layers::default();
            over(&mut layers, &sources.options);
            layers
        }
        Some(path) => {
            let bytes = read_file(path).map_err(|finding| vec![finding])?;
            match toml_text(path, &bytes) {
                Some(text) => {
                    let mut layers = read_toml(path, &text);
                    over(&mut layers, &sources.options);
                    layers
                }
                None => classic(path, &bytes, &sources.section, &sources.options),
            }
        }
    };
    finish(layers, file)
}

/// Reads, merges and checks.
///
/// # Errors
/// All findings, at least one of which is an error.
pub fn load_checked(sources: &Sources, host: &Host) -> Result<Built, Vec<Finding>> {
    let loaded = load(sources)?;
    match checked::build(&loaded.raw, &loaded.places, host) {
        Ok(mut built) => {
            built.warnings.splice(0..0, loaded.warnings);
            Ok(built)
        }
        Err(mut findings) => {
            findings.splice(0..0, loaded.warnings);
            Err(findings)
        }
    }
}

/// The bytes of a configuration file.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Finding> {
    let place = || Place::File(path.to_owned());
    let unreadable = |wrong: std::io::Error| {
        let finding = Finding::error(place(), format!("cannot be read: {wrong}"));
        match wrong.kind() {
            ErrorKind::NotFound => finding.hint("check the path given with --config-file"),
            ErrorKind::PermissionDenied => finding.hint("the daemon's user needs read access"),
            _ => finding,
        }
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(Finding::error(place(), format!("is larger than {LARGEST_FILE} bytes")));
    }
    Ok(bytes)
}

/// The text of the file if it is TOML: by its name, or, if the name does not tell, by its content.
pub(super) fn toml_text(path: &Path, bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let is_toml = match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => true,
        Some("conf" | "ini") => false,
        _ => looks_like_toml(&text),
    };
    is_toml.then(|| text.into_owned())
}

fn over(layers: &mut Layers, options: &[Given]) {
    for given in options {
        layers.set(given);
        if matches!(given.option.carry, Carry::TemplateSection | Carry::InterfaceSections) {
            layers.findings.push(Finding::error(
                given.place.clone(),
                format!("`{}` names sections of a classic file, but none is read", given.option.name),
            ));
        }
    }
}

/// A classic file under the options of the command line.
fn classic(path: &Path, bytes: &[u8], section: &str, options: &[Given]) -> Layers {
    let mut layers = Layers { places: Places::new(Some(path)), ..Layers::default() };
    let keys = match KeyFile::parse(bytes) {
        Ok(keys) => keys,
        Err(wrong) => {
            let place = Place::Position { file: path.to_owned(), line: wrong.line, column: 1 };
            layers.findings.push(Finding::error(place, wrong.message));
            return layers;
        }
    };
    let Some(group) = keys.group(section) else {
        let known: Vec<String> = keys.groups.iter().map(|group| format!("[{}]", group.name)).collect();
        let hint = if known.is_empty() { "the file is empty".to_owned() } else { known.join(" ") };
        layers.findings.push(
            Finding::error(Place::File(path.to_owned()), format!("there is no section [{section}]"))
                .hint(format!("choose one with --config-section: {hint}")),
        );
        return layers;
    };
    let (mut given, findings) = options_of(path, group);
    layers.findings.extend(findings);
    given.retain(|from_file| options.iter().all(|typed| typed.option.name != from_file.option.name));
    given.extend(options.iter().cloned());
    for one in &given {
        layers.set(one);
    }
    apply_sections(path, &keys, &given, &mut layers);
    layers
}

fn finish(layers: Layers, file: Option<PathBuf>) -> Result<Loaded, Vec<Finding>> {
    let Layers { table, places, mut findings } = layers;
    if findings.iter().all(|finding| finding.severity < Severity::Error) {
        match table.try_into() {
            Ok(raw) => return Ok(Loaded { raw, places, warnings: findings, file }),
            Err(wrong) => findings.push(type_error(&wrong, file.as_deref())),
        }
    }
    Err(findings)
}

/// A value that every single source found good, but the whole does not take.
pub(super) fn type_error(wrong: &toml::de::Error, file: Option<&Path>) -> Finding {
    let place = file.map_or(Place::Nowhere, |file| Place::File(file.to_owned()));
    Finding::error(place, wrong.to_string().trim().replace('\n', ", "))
}

#[cfg(test)]
mod tests;
