//! The command line: the classic options, and the sub-commands of our own.

mod command;
mod usage;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ArgMatches;
use clap::error::ErrorKind;
use clap::parser::ValueSource;

use super::finding::{Finding, Place};
use super::layers::read;
use super::load::{DEFAULT_SECTION, FileChoice, Sources};
use super::options::{self, Carry, Kind, Opt};
use usage::usage_error;

pub use command::command;

/// What a command line asks for.
#[derive(Debug, Clone)]
pub enum Invocation {
    /// Start the daemon.
    Run(Sources),
    /// Check a configuration and exit.
    Check(Sources),
    /// Examine the host for a configuration and exit.
    Doctor {
        /// The configuration.
        sources: Sources,
        /// For scripts instead of people.
        json: bool,
        /// Also put the XDP program on NICs that have none.
        attach: bool,
    },
    /// Convert a classic file to TOML and exit.
    Convert {
        /// The file.
        file: PathBuf,
        /// Its section.
        section: String,
    },
    /// Print the documented default configuration and exit.
    PrintDefault,
    /// Print the reference of all keys and options and exit.
    PrintReference,
    /// Print the version and exit.
    Version,
    /// Print this help and exit.
    Help(String),
    /// A classic option that acts and exits, with the configuration it acts by.
    Act(&'static Opt, Sources),
}

/// Reads a command line; the first argument is the program's name.
///
/// # Errors
/// What is wrong with it, first thing first.
pub fn parse<I>(arguments: I) -> Result<Invocation, Vec<Finding>>
where
    I: IntoIterator<Item = OsString>,
{
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(wrong)
            if matches!(
                wrong.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            ) =>
        {
            return Ok(Invocation::Help(wrong.to_string()));
        }
        Err(wrong) => return Err(vec![usage_error(&wrong)]),
    };
    match matches.subcommand() {
        Some(("check", sub)) => {
            let sources = Sources { file: file_of(sub), section: section_of(sub), options: Vec::new() };
            Ok(Invocation::Check(sources))
        }
        Some(("doctor", sub)) => Ok(Invocation::Doctor {
            sources: Sources { file: file_of(sub), section: section_of(sub), options: Vec::new() },
            json: sub.get_flag("json"),
            attach: sub.get_flag("attach"),
        }),
        Some(("convert", sub)) => Ok(converting(sub)),
        Some((_, config)) => Ok(match config.subcommand() {
            Some(("reference", _)) => Invocation::PrintReference,
            Some(("convert", sub)) => converting(sub),
            _ => Invocation::PrintDefault,
        }),
        None => daemon(&matches),
    }
}

fn converting(sub: &ArgMatches) -> Invocation {
    let file = sub.get_one::<PathBuf>("FILE").cloned().unwrap_or_default();
    Invocation::Convert { file, section: section_of(sub) }
}

fn file_of(sub: &ArgMatches) -> FileChoice {
    let named = sub.try_get_one::<PathBuf>("config").ok().flatten().or_else(|| sub.get_one("FILE"));
    named.cloned().map_or(FileChoice::Default, FileChoice::Named)
}

fn section_of(sub: &ArgMatches) -> String {
    sub.get_one::<String>("section").cloned().unwrap_or_else(|| DEFAULT_SECTION.to_owned())
}

fn daemon(matches: &ArgMatches) -> Result<Invocation, Vec<Finding>> {
    if matches.get_flag("version") {
        return Ok(Invocation::Version);
    }
    if matches.get_flag("print-default-config") {
        return Ok(Invocation::PrintDefault);
    }
    let mut sources =
        Sources { file: FileChoice::Default, section: DEFAULT_SECTION.to_owned(), options: Vec::new() };
    let mut findings = Vec::new();
    let mut act = None;
    for option in options::all() {
        if matches.value_source(option.name) != Some(ValueSource::CommandLine) {
            continue;
        }
        if option.kind == Kind::Action {
            act = act.or(Some(option));
            continue;
        }
        let texts: Vec<&str> =
            matches.get_many::<String>(option.name).into_iter().flatten().map(String::as_str).collect();
        let last = texts.last().copied().unwrap_or_default();
        match (option.carry, option.name) {
            (Carry::Start, "config-section") => sources.section = last.to_owned(),
            (Carry::Start, _) if last == "none" => sources.file = FileChoice::None,
            (Carry::Start, _) => sources.file = FileChoice::Named(PathBuf::from(last)),
            _ => match read(option, &texts, Place::CommandLine(format!("--{}", option.name))) {
                Ok(given) => sources.options.push(given),
                Err(finding) => findings.push(finding),
            },
        }
    }
    match act {
        _ if !findings.is_empty() => Err(findings),
        Some(option) => Ok(Invocation::Act(option, sources)),
        None => Ok(Invocation::Run(sources)),
    }
}

#[cfg(test)]
mod tests;
