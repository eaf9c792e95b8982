//! What a packet thread costs while nobody talks.
#![allow(clippy::print_stdout, reason = "shown with the test's output")]

use appliance_lab::{Cpu, PATIENCE, Stand, Tier};
use lab::{Pace, Result};
use std::time::Duration;

/// How long is measured.
const WINDOW: Duration = Duration::from_secs(2);

/// The share of one core that the daemon takes with a call up and nobody talking.
fn idle_share(policy: &str) -> Result<f64> {
    let mut stand = Stand::start(Tier::Worker, &format!("idle = \"{policy}\"\n"))?;
    let call = stand.call_on(Tier::Worker, "quiet", 4000)?;
    call.talk_perfectly(200, Pace::BRISK, PATIENCE)?;
    let cpu = Cpu::of(stand.daemon.process())?;
    // The measurement itself, not a wait for anything.
    std::thread::sleep(WINDOW);
    let share = cpu.share()?;
    println!("{policy}: {:.2} % of a core", share * 100.0);
    call.talk_perfectly(200, Pace::BRISK, PATIENCE)?;
    stand.stop()?;
    Ok(share)
}

#[test]
fn adaptive_threads_take_next_to_nothing_while_nobody_talks() -> Result<()> {
    lab::need_root!();
    let _alone = lab::alone()?;
    let share = idle_share("adaptive")?;
    assert!(share < 0.01, "{share}");
    Ok(())
}

#[test]
fn interrupt_driven_threads_likewise() -> Result<()> {
    lab::need_root!();
    let _alone = lab::alone()?;
    let share = idle_share("interrupt")?;
    assert!(share < 0.01, "{share}");
    Ok(())
}

#[test]
fn busy_threads_take_their_core() -> Result<()> {
    lab::need_root!();
    let _alone = lab::alone()?;
    let share = idle_share("busy")?;
    assert!(share > 0.5, "{share}");
    Ok(())
}
