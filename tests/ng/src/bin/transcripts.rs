//! Plays behaviour scripts: against the daemon under test to compare, or against rtpengine to record.
//!
//! `make test` does the first for all scripts through `tests/scripts.rs`; this is for people.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to a person is what this program is for"
)]

use clap::Parser;
use lab::foreign_daemon;
use ng_transcripts::lanes::{Job, Lanes};
use ng_transcripts::script::Script;
use ng_transcripts::shelf::{Shelf, Whose};
use ng_transcripts::transcript::{Difference, Transcript, differences};
use ng_transcripts::verdict::{Judge, Verdict};
use ng_transcripts::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// Plays behaviour scripts and compares with what rtpengine answered.
#[derive(Debug, Parser)]
struct Arguments {
    /// Parts of script names, or paths of scripts; none: all scripts.
    names: Vec<String>,
    /// The daemon (default: ours, or what LAB_RELAY names).
    #[arg(long)]
    bin: Option<PathBuf>,
    /// How many daemons side by side.
    #[arg(long, default_value_t = 4)]
    lanes: usize,
    /// Store what the daemon answers as rtpengine's answer. Plays twice; what differs is not stored.
    #[arg(long, conflicts_with_all = ["ours", "show"])]
    record: bool,
    /// Store what the daemon answers as ours where it differs from rtpengine's; remove ours where it does not.
    #[arg(long, conflicts_with = "show")]
    ours: bool,
    /// Print what the daemon answers, compare nothing.
    #[arg(long)]
    show: bool,
    /// Names of scripts only, no differences.
    #[arg(long)]
    brief: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("transcripts: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    let shelf = Shelf::here();
    let scripts = chosen(&shelf, &arguments.names)?;
    let lanes = Lanes { count: arguments.lanes, binary: arguments.bin.clone() };
    if arguments.show {
        let outcomes = play(&lanes, scripts, |_| Ok(None))?;
        for (name, transcript) in &outcomes {
            println!("### {name}\n{}", transcript.text());
        }
        return Ok(true);
    }
    if arguments.record {
        return record(&shelf, &lanes, scripts);
    }
    if arguments.ours {
        return ours(&shelf, &lanes, scripts);
    }
    compare(&shelf, &lanes, scripts, arguments)
}

fn chosen(shelf: &Shelf, names: &[String]) -> Result<Vec<Script>> {
    let (paths, parts): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| name.ends_with(".toml"));
    let mut scripts = match names.is_empty() || !parts.is_empty() {
        true => shelf.scripts()?,
        false => Vec::new(),
    };
    scripts.retain(|script| parts.is_empty() || parts.iter().any(|part| script.name.contains(part.as_str())));
    for path in paths {
        scripts.push(Script::load(Path::new(path))?);
    }
    match scripts.is_empty() {
        true => Err(Error::malformed("the command line", "no script has such a name")),
        false => Ok(scripts),
    }
}

/// Plays all and gives the transcripts by name; the first script that cannot be played ends it.
fn play(
    lanes: &Lanes,
    scripts: Vec<Script>,
    expected: impl Fn(&str) -> Result<Option<Transcript>>,
) -> Result<BTreeMap<String, Transcript>> {
    let job = |script: Script| Ok(Job { expected: expected(&script.name)?, script });
    let jobs = scripts.into_iter().map(job).collect::<Result<Vec<_>>>()?;
    let outcomes = Mutex::new(BTreeMap::new());
    lanes.play(jobs, |job, outcome| {
        outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(job.script.name.clone(), outcome);
    });
    let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut transcripts = BTreeMap::new();
    for (name, outcome) in outcomes {
        match outcome {
            Ok(transcript) => drop(transcripts.insert(name, transcript)),
            Err(error) => return Err(Error::malformed(name, error.to_string())),
        }
    }
    Ok(transcripts)
}

fn record(shelf: &Shelf, lanes: &Lanes, scripts: Vec<Script>) -> Result<bool> {
    let first = play(lanes, scripts.clone(), |_| Ok(None))?;
    // The second time it is known what to wait for, which is how everybody after us plays it.
    let second = play(lanes, scripts, |name| Ok(first.get(name).cloned()))?;
    let mut steady = true;
    for (name, transcript) in &first {
        let unsteady = second.get(name).map(|second| differences(transcript, second)).unwrap_or_default();
        if unsteady.is_empty() {
            shelf.store(name, Whose::Rtpengine, transcript)?;
            println!("recorded {name}");
        } else {
            steady = false;
            println!("UNSTEADY {name}");
            print_differences(&unsteady);
        }
    }
    Ok(steady)
}

fn ours(shelf: &Shelf, lanes: &Lanes, scripts: Vec<Script>) -> Result<bool> {
    let transcripts = play(lanes, scripts, |name| shelf.transcript(name, Whose::Ours))?;
    for (name, transcript) in &transcripts {
        if shelf.transcript(name, Whose::Rtpengine)?.as_ref() == Some(transcript) {
            shelf.remove(name, Whose::Ours)?;
            println!("equal    {name}");
        } else {
            shelf.store(name, Whose::Ours, transcript)?;
            println!("ours     {name}");
        }
    }
    Ok(true)
}

fn compare(shelf: &Shelf, lanes: &Lanes, scripts: Vec<Script>, arguments: &Arguments) -> Result<bool> {
    let judge = Judge::new(shelf, arguments.bin.is_some() || foreign_daemon().is_some())?;
    let job = |script: Script| Ok(Job { expected: judge.expected(&script.name)?, script });
    let jobs = scripts.into_iter().map(job).collect::<Result<Vec<_>>>()?;
    let counts = Mutex::new([0_usize; 3]);
    lanes.play(jobs, |job, outcome| {
        let verdict = judge.judge(&job.script.name, job.expected.as_ref(), outcome);
        // Held while printing, so that reports do not mix.
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        match verdict {
            Verdict::Right => counts[0] += 1,
            Verdict::NotYet(needs) => {
                counts[2] += 1;
                println!("not yet  {}: {needs}", job.script.name);
            }
            Verdict::Wrong(found) => {
                counts[1] += 1;
                let (steps, name) = (job.script.steps.len(), &job.script.name);
                println!("DIFFERS  {name} ({} of {steps} steps): {}", found.len(), job.script.about);
                if !arguments.brief {
                    print_differences(&found);
                }
            }
            Verdict::Broken(why) => {
                counts[1] += 1;
                println!("BROKEN   {}: {why}", job.script.name);
            }
        }
    });
    let [right, wrong, later] = counts.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{right} as recorded, {wrong} not, {later} not yet");
    Ok(wrong == 0)
}

fn print_differences(found: &[Difference]) {
    for difference in found {
        println!("    == {}", difference.title);
        difference.lines.iter().for_each(|line| println!("    {line}"));
    }
}
