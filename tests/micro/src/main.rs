//! `micro`: counts the instructions of small parts, and compares them with those kept in the tree.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is for people")]

use clap::{Parser, Subcommand};
use micro::MicroError;
use micro::cases::{self, Case};
use micro::counts::{self, Compared, Counts, Tools};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Counts the instructions of small parts, and compares them with those kept in the tree.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compares; fails when a part has become more than 5 % dearer. Without the tools of the stored counts it only says so.
    Check {
        /// Only these, separated by commas.
        #[arg(long, value_delimiter = ',')]
        cases: Vec<String>,
    },
    /// Counts, and keeps the counts.
    Store,
    /// Tells the time that the engine takes for a packet with few flows and with very many.
    Pace {
        /// How often each is measured.
        #[arg(long, default_value_t = 30)]
        rounds: usize,
    },
    /// Does the work of one case (this is what valgrind runs).
    Run {
        /// Its name.
        case: String,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("micro: {error}");
            ExitCode::FAILURE
        }
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.toml")
}

fn run(command: Command) -> Result<bool, MicroError> {
    match command {
        Command::Pace { rounds } => {
            print!("{}", micro::pace::table(rounds));
            Ok(true)
        }
        Command::Run { case } => counts::run(&case).map(|()| true),
        Command::Store => {
            let all: Vec<&Case> = cases::ALL.iter().collect();
            let instructions = counts::count(&all)?.into_iter().collect();
            let counts = Counts { tools: Tools::found()?, instructions };
            let path = file();
            std::fs::write(&path, counts.text())
                .map_err(|source| MicroError::File { what: path.display().to_string(), source })?;
            print!("{}", counts.text());
            Ok(true)
        }
        Command::Check { cases } => check(&cases),
    }
}

fn check(names: &[String]) -> Result<bool, MicroError> {
    if let Some(why) = counts::missing() {
        println!("instructions are not compared: {why}");
        return Ok(true);
    }
    let stored = Counts::read(&file())?;
    let here = Tools::found()?;
    if here != stored.tools {
        println!("instructions are not compared: stored with {:?}, here are {here:?}", stored.tools);
        return Ok(true);
    }
    let find = |name: &String| cases::find(name).ok_or_else(|| MicroError::NoCase(name.clone()));
    let wanted: Vec<&Case> = if names.is_empty() {
        cases::ALL.iter().collect()
    } else {
        names.iter().map(find).collect::<Result<_, _>>()?
    };
    let all = counts::compare(&counts::count(&wanted)?, &stored);
    print!("{}", counts::table(&all));
    Ok(!all.iter().any(Compared::too_much))
}
