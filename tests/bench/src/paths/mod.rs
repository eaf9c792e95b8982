//! What a packet costs in instructions, by the path it takes, between NICs of a guest whose clock counts them.
//!
//! A [`Filler`](filler) tells what the machine worked while packets went round; the same packets without a relay tell what is
//! the peers' of that. tests/bench/README.md says what is in the figures.

mod filler;
mod hops;
mod turn;

use crate::machine::Machine;
use crate::{BenchError, Profile};
use filler::Filler;
use lab::Topology;
use serde::Serialize;

pub use turn::Cost;

/// What is asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// Turns of all subjects.
    pub turns: u32,
    /// Rounds of a turn; a round is a packet of every flow.
    pub rounds: u32,
    /// Calls; a call is two flows.
    pub calls: u32,
    /// Packets that are under way at a time, half of them each way; several numbers are measured one after the other.
    pub at_a_time: Vec<usize>,
}

/// Everything measured.
#[derive(Debug, Serialize)]
pub struct Found {
    machine: Machine,
    asked: Asked,
    /// By turns.
    pub costs: Vec<Cost>,
    /// Subjects that could not be measured, and why.
    pub failed: Vec<String>,
}

/// Measures the subjects of profiles by turns, between four NICs of this namespace as [`Topology::on_nics`] has them.
///
/// # Errors
/// When there is more than one CPU, or its clock does not count instructions, or the NICs are not there. Subjects that fail
/// are noted.
pub fn measure(
    profiles: &[Profile],
    nics: [&str; 4],
    asked: &Asked,
    mut tell: impl FnMut(&Cost),
) -> Result<Found, BenchError> {
    let Some(first) = profiles.first() else {
        return Err(BenchError::Profile("no profile is given".to_owned()));
    };
    let mut found =
        Found { machine: Machine::look(first), asked: asked.clone(), costs: Vec::new(), failed: Vec::new() };
    let net = Topology::on_nics(nics)?;
    let wires = turn::prepare(&net)?;
    let filler = Filler::start()?;
    let id = nix::unistd::gettid().to_string();
    // What is sent together leaves together: nobody comes in between.
    chrt(&["-f", "-p", "10"], id.parse().unwrap_or_default())?;
    for number in 0..asked.turns {
        for at_a_time in &asked.at_a_time {
            let one = turn::Turn {
                net: &net,
                wires: &wires,
                filler: &filler,
                asked,
                at_a_time: *at_a_time,
                number,
            };
            let mut note = |name: &str, cost: Result<Cost, BenchError>| match cost {
                Ok(cost) => {
                    tell(&cost);
                    found.costs.push(cost);
                }
                Err(error) => found.failed.push(format!("{name}, turn {number}: {error}")),
            };
            note("nobody", one.nobody());
            for profile in profiles {
                for subject in &profile.subjects {
                    note(&subject.name, one.relay(profile, subject));
                }
            }
        }
    }
    Ok(found)
}

impl Found {
    /// Medians of turns, a line for each: what the machine worked for a packet, and what is the relay's of that.
    pub fn table(&self) -> String {
        use std::fmt::Write;
        let mut text = format!(
            "{:<12} {:<8} {:>9} {:>9} {:>9} {:>9} {:>9}  {}\n",
            "subject", "packets", "at a time", "all", "relay's", "process", "NAPI", "mode"
        );
        let median = |of: &[&Cost], value: fn(&Cost) -> f64| {
            crate::report::Spread::of(of.iter().map(|cost| value(cost))).map_or(0.0, |spread| spread.median)
        };
        let mut told: Vec<(&str, &str, usize)> = Vec::new();
        for cost in &self.costs {
            let key = (cost.subject.as_str(), cost.packets, cost.at_a_time);
            if told.contains(&key) {
                continue;
            }
            told.push(key);
            let same = |other: &&Cost| (other.subject.as_str(), other.packets, other.at_a_time) == key;
            let of: Vec<&Cost> = self.costs.iter().filter(same).collect();
            let bare = |other: &&Cost| other.subject == turn::NOBODY && other.at_a_time == cost.at_a_time;
            let bare: Vec<&Cost> = self.costs.iter().filter(bare).collect();
            let all = median(&of, |cost| cost.instructions);
            let _ = writeln!(
                text,
                "{:<12} {:<8} {:>9} {:>9.0} {:>9.0} {:>9.0} {:>9.0}  {}",
                cost.subject,
                cost.packets,
                cost.at_a_time,
                all,
                all - median(&bare, |cost| cost.instructions),
                median(&of, |cost| cost.process),
                median(&of, |cost| cost.napi),
                cost.mode
            );
        }
        text
    }
}

/// Changes how a thread is scheduled.
fn chrt(manner: &[&str], thread: u32) -> Result<(), BenchError> {
    crate::stage::command("chrt", &[manner, &[&thread.to_string()]].concat())
}
