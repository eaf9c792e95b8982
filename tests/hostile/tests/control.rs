//! Bad datagrams at the ng port while calls run.

#![allow(clippy::print_stderr, reason = "shown with the test's output")]
use hostile::{BESIEGED, Siege, Sparring, delete_everything, requests};
use lab::{Daemon, Topology, call, ng, sdp};
use std::time::Duration;

/// Datagrams of each kind.
const EACH: u32 = 1000;
/// Sent beforehand, so that what is allocated once is there before memory is measured.
const WARM_UP: u32 = 100;
/// Resident memory may grow by this much over everything sent: allocators keep a little. On top comes what was answered,
/// because the daemon remembers replies for about a minute, twice, for what an allocator adds to it.
const MARGIN_KIB: u64 = 8 * 1024;
/// How long ports of deleted calls may take to be closed.
const PATIENCE: Duration = Duration::from_secs(5);

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
            let reply = sparring.send(&cookie, &datagram)?;
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
    // Ports that stay open are seen by their descriptors.
    let spec = Daemon::on(&net).arg("--media-sockets=per-port");
    let daemon = spec.arg("--delete-delay=0").arg("--log-level=3").start()?;
    let mut client = daemon.ng()?;
    let mut sparring = Sparring::new(&net.relay, daemon.control())?;
    let siege = Siege::begin(&daemon, &net, 4)?;

    let mut wrong = siege.during(|| attack(&mut sparring, &mut client, EACH..EACH + WARM_UP))?;
    let (before, replied) = (daemon.vitals()?, sparring.replied_bytes());
    wrong.extend(siege.during(|| attack(&mut sparring, &mut client, 0..EACH))?);
    let after = daemon.vitals_settled(before.descriptors, PATIENCE)?;

    assert_eq!(after.descriptors, before.descriptors, "descriptors");
    let remembered = 2 * (sparring.replied_bytes() - replied) / 1024;
    assert!(
        after.resident_kib <= before.resident_kib + MARGIN_KIB + remembered,
        "memory: {before:?} then {after:?}; {remembered} KiB of replies"
    );
    siege.end(&mut client)?;
    let without = before.descriptors - 4 * 4;
    assert_eq!(daemon.vitals_settled(without, PATIENCE)?.descriptors, without, "four calls of four ports");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    daemon.stop()?;
    Ok(())
}

/// The most sections a body may have; each wants four ports.
const SECTIONS: usize = 256;

#[test]
fn offers_of_hundreds_of_sections_do_not_disturb_calls() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let spec = Daemon::on(&net).arg("--media-sockets=per-port");
    let daemon = spec.arg("--delete-delay=0").arg("--log-level=3").start()?;
    let mut client = daemon.ng()?;
    let siege = Siege::begin(&daemon, &net, 4)?;
    let before = daemon.vitals()?;
    let body = |sections: usize| {
        let empty = sdp::Builder::new([198, 51, 100, 10].into());
        let all = (0..sections).fold(empty, |body, at| {
            body.media("audio", 20_000 + 2 * at as u16, "RTP/AVP").codec(0, "PCMU/8000")
        });
        all.text()
    };
    siege.during(|| {
        for number in 0..8 {
            let id = format!("wide-{number}");
            let offer = call::offer(&id, ([0, 0, 0, 0], 0).into()).set("sdp", body(SECTIONS));
            client.ok(&offer)?;
            client.ok(&call::delete(&id))?;
        }
        let reason = client
            .refused(&call::offer("too-wide", ([0, 0, 0, 0], 0).into()).set("sdp", body(SECTIONS + 1)))?;
        assert!(!reason.is_empty());
        Ok(())
    })?;
    delete_everything(&mut client, BESIEGED)?;
    let after = daemon.vitals_settled(before.descriptors, PATIENCE)?;
    assert_eq!(after.descriptors, before.descriptors);
    siege.end(&mut client)?;
    daemon.stop()?;
    Ok(())
}
