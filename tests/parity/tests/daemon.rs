//! The list over the whole daemon, its flows placed on each path that this machine has; with LAB_RELAY over somebody
//! else's.

mod known;

use known::judge;
use parity::{Datapath, Placement, Relay, Rhythm, Scenario, Sockets, Step, play, scenarios};

fn waits(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| matches!(step, Step::LearningIsOver))
}

/// Plays every scenario; returns what was relayed in all and by fast paths.
#[allow(clippy::print_stdout, reason = "shown with the test's output")]
fn play_all(placement: Placement, sockets: Sockets) -> lab::Result<[i64; 2]> {
    let relay = Relay::start_on(placement, sockets)?;
    let path = if lab::foreign_daemon().is_some() { "foreign" } else { placement.path() };
    let all = scenarios::all();
    let (able, unable): (Vec<_>, Vec<_>) = all.iter().partition(|scenario| relay.lacks(scenario).is_none());
    for scenario in &unable {
        println!("not over {}: {}: {:?}", relay.name(), scenario.name, relay.lacks(scenario));
    }
    assert!(able.len() > 40, "only {} scenarios are played", able.len());
    // Those that wait for a learning window to end wait together, and beside the others.
    let (slow, quick): (Vec<&Scenario>, Vec<&Scenario>) =
        able.into_iter().partition(|scenario| waits(scenario));
    let played = std::thread::scope(|scope| {
        let play_one = |scenario: &'_ Scenario| play(&relay, scenario, Rhythm::OneByOne);
        let waiting: Vec<_> =
            slow.iter().map(|scenario| (scenario.name, scope.spawn(move || play_one(scenario)))).collect();
        let mut played = Vec::new();
        for scenario in quick {
            played.push((scenario.name, play_one(scenario)?));
        }
        for (name, thread) in waiting {
            played.push((name, thread.join().expect("a scenario's thread")?));
        }
        lab::Result::Ok(played)
    })?;
    judge(path, played);
    let relayed = relay.relayed()?;
    let log = relay.stop()?;
    assert!(!log.contains("PathUnavailable") && !log.contains("goes through userspace"), "{log}");
    Ok(relayed)
}

fn over_sockets(sockets: Sockets) -> lab::Result<()> {
    lab::need_root!();
    let [all, fast] = play_all(Placement::Userspace, sockets)?;
    assert!(all > 100 && fast == 0, "{fast} of {all} by fast paths");
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
    let [all, fast] = play_all(placement, sockets)?;
    // Many packets of the list teach, stray or are RTCP: these are the sockets' part.
    assert!(fast * 5 > all * 2, "only {fast} of {all} by the fast path");
    Ok(())
}
