//! The soak, short enough for every day.

use std::time::Duration;

#[test]
fn twenty_seconds_leave_nothing_behind() -> lab::Result<()> {
    lab::need_root!();
    let _alone = lab::alone()?;
    let summary = soak::soak(Duration::from_secs(20), |progress| println!("{progress}"))?;
    println!("{summary}");
    let [all, fast] = summary.relayed;
    assert!(fast * 10 > all * 6, "{summary}");
    Ok(())
}
