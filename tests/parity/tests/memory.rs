//! The list over the engine alone. Runs everywhere, without root.

mod known;

use known::judge;
use parity::{Memory, Rhythm, play, scenarios};

#[test]
fn every_scenario_plays_over_the_engine_packet_by_packet() {
    judge("engine", scenarios::all().iter().map(|s| (s.name, play(&Memory, s, Rhythm::OneByOne).unwrap())));
}

#[test]
fn every_scenario_plays_over_the_engine_in_bursts() {
    judge("engine", scenarios::all().iter().map(|s| (s.name, play(&Memory, s, Rhythm::Bursts).unwrap())));
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = scenarios::all().iter().map(|scenario| scenario.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(count > 40, "only {count} scenarios");
}
