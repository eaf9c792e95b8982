//! The list over the whole daemon, its flows in userspace; with LAB_RELAY over somebody else's.

mod known;

use known::judge;
use parity::{Datapath, Placement, Relay, Rhythm, Scenario, Step, play, scenarios};

fn waits(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| matches!(step, Step::LearningIsOver))
}

#[test]
fn every_scenario_plays_over_the_daemon() -> lab::Result<()> {
    lab::need_root!();
    let relay = Relay::start(Placement::Userspace)?;
    let path = if lab::foreign_daemon().is_some() { "foreign" } else { "userspace" };
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
            played.push((name, thread.join().unwrap()?));
        }
        lab::Result::Ok(played)
    })?;
    judge(path, played);
    relay.stop()?;
    Ok(())
}
