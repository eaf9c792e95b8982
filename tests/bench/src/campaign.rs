//! Samples of all subjects, taken in turns, so that what changes on the machine meanwhile changes for all.

use crate::machine::Machine;
use crate::{BenchError, Load, Profile, Sample, Stage, highest};
use serde::Serialize;
use std::path::Path;

/// What is asked of every subject.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Turns.
    pub rounds: u32,
    /// Rates to measure cost and delay at, in packets per second.
    pub rates_pps: Vec<u64>,
    /// Length of such a measurement in seconds.
    pub seconds: f64,
    /// Calls to measure with; each number is a stage of its own. A call is two flows.
    pub calls: Vec<u32>,
    /// Search the highest rate, too.
    pub highest: bool,
    /// With at most this share of lost packets, 0 to 1.
    pub loss: f64,
}

/// Everything measured.
#[derive(Debug, Serialize)]
pub struct Results {
    machine: Machine,
    pub(crate) profile: Profile,
    plan: Plan,
    /// Cost and delay at fixed rates.
    pub fixed: Vec<Sample>,
    /// The best samples of the searches for the highest rate.
    pub highest: Vec<Sample>,
    /// Subjects that could not be measured, and why.
    pub failed: Vec<String>,
    /// Samples whose packets were not what they should be.
    pub flawed: Vec<String>,
}

/// Carries a plan out. `tell` hears of each sample as it comes.
///
/// # Errors
/// Never for the sake of one subject; those that fail are noted.
pub fn run(
    profile: &Profile,
    plan: &Plan,
    mut tell: impl FnMut(&str, &Sample),
) -> Result<Results, BenchError> {
    prefer_us();
    let mut results = Results {
        machine: Machine::look(profile),
        profile: profile.clone(),
        plan: plan.clone(),
        fixed: Vec::new(),
        highest: Vec::new(),
        failed: Vec::new(),
        flawed: Vec::new(),
    };
    for round in 0..plan.rounds {
        for subject in &profile.subjects {
            for calls in &plan.calls {
                let open = || Stage::open(profile, subject, *calls);
                let visited = open().and_then(|stage| visit(stage, open, plan, &mut results, &mut tell));
                if let Err(error) = visited {
                    results
                        .failed
                        .push(format!("{} with {calls} calls, round {round}: {error}", subject.name));
                }
            }
        }
    }
    Ok(results)
}

fn visit(
    mut stage: Stage,
    reopen: impl FnMut() -> Result<Stage, BenchError>,
    plan: &Plan,
    results: &mut Results,
    tell: &mut impl FnMut(&str, &Sample),
) -> Result<(), BenchError> {
    let mut best = 0;
    for rate_pps in &plan.rates_pps {
        let load = Load { rate_pps: *rate_pps, seconds: plan.seconds, ..Load::default() };
        let sample = stage.probe(&load)?;
        tell("fixed", &sample);
        note_flaws(&sample, &mut results.flawed);
        if sample.loss <= plan.loss {
            best = best.max(*rate_pps);
        }
        let too_much = sample.loss > 0.2;
        results.fixed.push(sample);
        if too_much {
            // Higher rates would tell nothing.
            break;
        }
    }
    if plan.highest {
        // From below: some never recover from too much.
        let start = if best > 0 { best } else { 50_000 } * 4 / 3;
        let subject = stage.subject.clone();
        match highest(stage, reopen, start, plan.loss, plan.seconds / 3.0)? {
            Some(sample) => {
                tell("highest", &sample);
                note_flaws(&sample, &mut results.flawed);
                results.highest.push(sample);
            }
            None => results.failed.push(format!("{subject}: no rate without loss found")),
        }
    }
    Ok(())
}

fn note_flaws(sample: &Sample, flawed: &mut Vec<String>) {
    for flaw in sample.flaws() {
        flawed.push(format!("{} at {} packets/s: {flaw}", sample.subject, sample.target_pps));
    }
}

/// Login groups share the CPU by halves, whatever the nice values in them: takes a group of its own, before all others.
fn prefer_us() {
    // Best effort: on a quiet machine it makes no difference.
    let _ = nix::unistd::setsid();
    let group = Path::new("/proc/self/autogroup");
    let _ = std::fs::write(group, "-20");
}
