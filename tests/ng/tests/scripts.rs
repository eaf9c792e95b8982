//! All behaviour scripts against the daemon under test.
//!
//! One program and not one test per script: the scripts share daemons, and runners give every test a process of its
//! own. To cargo it prints what its own tests print, one line per script and the sum; to cargo-nextest it is one test called
//! `scripts`. Arguments without dashes choose scripts by parts of their names.
#![allow(clippy::print_stdout, reason = "this is a test runner")]

use lab::foreign_daemon;
use ng_transcripts::Result;
use ng_transcripts::lanes::{Job, Lanes};
use ng_transcripts::shelf::Shelf;
use ng_transcripts::verdict::{Judge, Verdict};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Daemons side by side; see [`Lanes::count`].
const LANES: usize = 4;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    if has("--list") {
        // Nothing here is marked as ignored.
        if !has("--ignored") {
            println!("scripts: test");
        }
        return ExitCode::SUCCESS;
    }
    let parts: Vec<&String> =
        arguments.iter().filter(|argument| !argument.starts_with('-') && *argument != "scripts").collect();
    if let Some(why) = lab::missing_root() {
        lab::skip("ng_transcripts::scripts", &why);
        println!("test result: ok. 1 passed; 0 failed; 0 ignored");
        return ExitCode::SUCCESS;
    }
    match run(&parts) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("scripts: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Sum {
    passed: usize,
    failed: usize,
}

fn run(parts: &[&String]) -> Result<bool> {
    let shelf = Shelf::here();
    let judge = Judge::new(&shelf, foreign_daemon().is_some())?;
    let scripts = shelf.scripts()?.into_iter();
    let chosen =
        scripts.filter(|script| parts.is_empty() || parts.iter().any(|part| script.name.contains(*part)));
    let jobs = chosen.map(|script| Ok(Job { expected: judge.expected(&script.name)?, script }));
    let jobs = jobs.collect::<Result<Vec<_>>>()?;
    println!("running {} tests", jobs.len());
    let start = Instant::now();
    // Built once here, not by each lane.
    let lanes = Lanes { count: LANES, binary: Some(lab::daemon_binary()?) };
    let sum = Mutex::new(Sum::default());
    lanes.play(jobs, |job, outcome| {
        let verdict = judge.judge(&job.script.name, job.expected.as_ref(), outcome);
        let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.note(&job.script.name, &job.script.about, verdict);
    });
    let Sum { passed, failed } = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    let word = if failed == 0 { "ok" } else { "FAILED" };
    let seconds = start.elapsed().as_secs_f32();
    println!("\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; finished in {seconds:.1}s");
    Ok(failed == 0)
}

impl Sum {
    fn note(&mut self, name: &str, about: &str, verdict: Verdict) {
        match verdict {
            Verdict::Right => {
                self.passed += 1;
                println!("test scripts::{name} ... ok");
            }
            Verdict::NotYet(needs) => {
                // Whoever counts takes what was skipped off what passed.
                self.passed += 1;
                println!("test scripts::{name} ... skipped, {needs}");
                lab::skip(&format!("scripts::{name}"), &needs);
            }
            Verdict::Wrong(found) => {
                self.failed += 1;
                println!("test scripts::{name} ... FAILED: {about}");
                for difference in found {
                    println!("    == {}", difference.title);
                    difference.lines.iter().for_each(|line| println!("    {line}"));
                }
            }
            Verdict::Broken(why) => {
                self.failed += 1;
                println!("test scripts::{name} ... FAILED: {why}");
            }
        }
    }
}
