//! Bad datagrams at the ng port while calls run.

use hostile::{BESIEGED, Siege, Sparring, delete_everything, requests};
use lab::{Daemon, Topology, Vitals, ng};

/// Datagrams of each kind.
const EACH: u32 = 1000;
/// Sent beforehand, so that what is allocated once is there before memory is measured.
const WARM_UP: u32 = 100;
/// Resident memory may grow by this much over everything sent: allocators keep a little.
const MARGIN_KIB: u64 = 8 * 1024;

/// Sends datagrams `numbers` of every kind, ending what calls they make after each; says which were not answered as they
/// should be.
fn attack(
    sparring: &mut Sparring,
    client: &mut ng::Client,
    numbers: std::ops::Range<u32>,
) -> lab::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for kind in requests::KINDS {
        let mut first = None;
        let mut count = 0;
        for number in numbers.clone() {
            let (cookie, datagram) = kind.datagram(number);
            let reply =
                sparring.send(&cookie, &datagram).inspect_err(|_| eprintln!("{kind:?} number {number}"))?;
            if let Err(why) = kind.expect.judge(reply.as_deref()) {
                count += 1;
                first.get_or_insert_with(|| {
                    let start = &datagram[..datagram.len().min(300)];
                    format!("number {number} {why}\n    it was {}", start.escape_ascii())
                });
            }
        }
        delete_everything(client, BESIEGED)?;
        wrong.extend(first.map(|first| format!("{count} of {} {kind:?}: {first}", numbers.len())));
    }
    Ok(wrong)
}

#[test]
fn bad_requests_are_answered_and_leave_nothing_behind() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--delete-delay=0").arg("--log-level=3").start()?;
    let mut client = daemon.ng()?;
    let mut sparring = Sparring::new(&net.relay, daemon.control())?;
    let siege = Siege::begin(&daemon, &net, 4)?;

    let tell = |_: &lab::LabError| eprintln!("{}", daemon.log());
    let mut wrong =
        siege.during(|| attack(&mut sparring, &mut client, EACH..EACH + WARM_UP)).inspect_err(tell)?;
    let before = daemon.vitals()?;
    wrong.extend(siege.during(|| attack(&mut sparring, &mut client, 0..EACH)).inspect_err(tell)?);
    let after = daemon.vitals()?;

    assert_eq!(after.descriptors, before.descriptors, "descriptors");
    assert!(after.resident_kib <= before.resident_kib + MARGIN_KIB, "memory: {before:?} then {after:?}");
    siege.end(&mut client)?;
    let Vitals { descriptors, .. } = daemon.vitals()?;
    assert_eq!(descriptors, before.descriptors - 4 * 4, "four calls of four ports");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    daemon.stop()?;
    Ok(())
}
