//! The list over the whole daemon, its flows placed on each path that this machine has; with LAB_RELAY over somebody
//! else's.

mod known;

use known::judge;
use parity::{Datapath, Placement, Relay, Rhythm, Scenario, Sockets, Step, play, scenarios};

fn waits(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| matches!(step, Step::LearningIsOver))
}

/// What was relayed in all and by fast paths.
#[derive(Clone, Copy)]
struct Relayed {
    all: i64,
    fast: i64,
}

/// What was relayed in scenarios without keys, and in those with keys.
struct Outcome {
    clear: Relayed,
    keyed: Relayed,
}

fn has_keys(scenario: &Scenario) -> bool {
    scenario.call.legs.iter().any(|leg| leg.suite.is_some())
}

/// Plays every scenario.
#[allow(clippy::print_stdout, reason = "shown with the test's output")]
fn play_all(placement: Placement, sockets: Sockets) -> lab::Result<Outcome> {
    let relay = Relay::start_on(placement, sockets)?;
    let path = if lab::foreign_daemon().is_some() { "foreign" } else { placement.path() };
    let all = scenarios::all();
    let (able, unable): (Vec<_>, Vec<_>) = all.iter().partition(|scenario| relay.lacks(scenario).is_none());
    for scenario in &unable {
        println!("not over {}: {}: {:?}", relay.name(), scenario.name, relay.lacks(scenario));
    }
    assert!(able.len() > 40, "only {} scenarios are played", able.len());
    let (keyed, clear): (Vec<&Scenario>, Vec<&Scenario>) =
        able.into_iter().partition(|scenario| has_keys(scenario));
    let mut played = play_each(&relay, clear)?;
    let [all, fast] = relay.relayed()?;
    let clear = Relayed { all, fast };
    played.append(&mut play_each(&relay, keyed)?);
    judge(path, played);
    let [all, fast] = relay.relayed()?;
    let keyed = Relayed { all: all - clear.all, fast: fast - clear.fast };
    let log = relay.stop()?;
    assert!(!log.contains("PathUnavailable") && !log.contains("goes through userspace"), "{log}");
    Ok(Outcome { clear, keyed })
}

type Played<'s> = Vec<(&'s str, Vec<String>)>;

/// Those that wait for a learning window to end wait together, and beside the others.
fn play_each<'s>(relay: &Relay, scenarios: Vec<&'s Scenario>) -> lab::Result<Played<'s>> {
    let (slow, quick): (Vec<&Scenario>, Vec<&Scenario>) =
        scenarios.into_iter().partition(|scenario| waits(scenario));
    std::thread::scope(|scope| {
        let play_one = |scenario: &'s Scenario| play(relay, scenario, Rhythm::OneByOne);
        let waiting: Vec<_> =
            slow.iter().map(|scenario| (scenario.name, scope.spawn(move || play_one(scenario)))).collect();
        let mut played = Vec::new();
        for scenario in quick {
            played.push((scenario.name, play_one(scenario)?));
        }
        for (name, thread) in waiting {
            played.push((name, thread.join().expect("a scenario's thread")?));
        }
        Ok(played)
    })
}

fn over_sockets(sockets: Sockets) -> lab::Result<()> {
    lab::need_root!();
    let Outcome { clear, keyed } = play_all(Placement::Userspace, sockets)?;
    for Relayed { all, fast } in [clear, keyed] {
        assert!(all > 100 && fast == 0, "{fast} of {all} by fast paths");
    }
    Ok(())
}

#[test]
fn every_scenario_plays_over_a_socket_for_each_port() -> lab::Result<()> {
    over_sockets(Sockets::PerPort)
}

#[test]
fn every_scenario_plays_over_a_shared_socket() -> lab::Result<()> {
    over_sockets(Sockets::Shared)
}

#[test]
fn every_scenario_plays_over_packet_threads_on_nic_queues() -> lab::Result<()> {
    over_a_fast_path(Placement::Worker, Sockets::PerPort)
}

#[test]
fn every_scenario_plays_over_packet_threads_with_a_shared_socket() -> lab::Result<()> {
    over_a_fast_path(Placement::Worker, Sockets::Shared)
}

#[test]
fn every_scenario_plays_over_the_xdp_program() -> lab::Result<()> {
    over_a_fast_path(Placement::Driver, Sockets::PerPort)
}

#[test]
fn every_scenario_plays_over_the_xdp_program_with_a_shared_socket() -> lab::Result<()> {
    over_a_fast_path(Placement::Driver, Sockets::Shared)
}

#[test]
fn every_scenario_plays_over_the_kernel_module() -> lab::Result<()> {
    lab::need_module!();
    over_a_fast_path(Placement::Kernel, Sockets::PerPort)
}

#[test]
fn every_scenario_plays_over_the_kernel_module_with_a_shared_socket() -> lab::Result<()> {
    lab::need_module!();
    over_a_fast_path(Placement::Kernel, Sockets::Shared)
}

fn over_a_fast_path(placement: Placement, sockets: Sockets) -> lab::Result<()> {
    lab::need_root!();
    if lab::foreign_daemon().is_some() {
        lab::skip("parity::over_a_fast_path", "a foreign daemon has no such path");
        return Ok(());
    }
    let Outcome { clear, keyed } = play_all(placement, sockets)?;
    // Many packets of the list teach, stray or are RTCP: these are the sockets' part.
    let Relayed { all, fast } = clear;
    assert!(fast * 5 > all * 2, "only {fast} of {all} by the fast path");
    let Relayed { all, fast } = keyed;
    match placement {
        // The program neither opens nor seals.
        Placement::Driver => assert_eq!(fast, 0, "of {all} under keys"),
        _ => assert!(fast * 2 > all, "only {fast} of {all} under keys by the fast path"),
    }
    Ok(())
}
