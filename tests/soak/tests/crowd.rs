//! Very many calls at once, few enough for every day.

/// Resident memory of a call, daemon built for tests.
const MOST_BYTES: u64 = 16 * 1024;

#[test]
fn two_thousand_calls_take_memory_and_nothing_else() -> lab::Result<()> {
    lab::need_root!();
    lab::need_tool!("prlimit");
    let _alone = lab::alone()?;
    let found = soak::Crowd { calls: 2000, flowing: 20, packets: 10, wait: false }.gather()?;
    println!("{found}");
    let [empty, full, ..] = found.vitals;
    assert_eq!(full.descriptors, empty.descriptors, "{found}");
    assert!(found.bytes_per_call() <= MOST_BYTES, "{found}");
    assert!(found.pings.count() > 0, "{found}");
    assert_eq!(found.packets[1], found.packets[0], "{found}");
    Ok(())
}
