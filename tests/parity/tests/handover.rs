//! Flows change hands a thousand times each way while media runs, and no packet is lost, doubled or out of order.

use lab::{Call, Daemon, Pace, Stream, Topology, call, exchange, ng};
use parity::Placement;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A packet every 2 ms each way: ten times faster than speech.
const PACE: Pace = Pace::Every(Duration::from_millis(2));
/// In a guest, which is emulated: a daemon that does not keep up is overtaken.
const SLOW_PACE: Pace = Pace::SPEECH;
/// A guest on a busy machine stands still now and then.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than the turns take; what is left over runs on the fast path.
const PACKETS: u32 = 12_000;
/// At the slow pace.
const FEW_PACKETS: u32 = 4_000;

#[test]
fn a_thousand_times_to_the_xdp_program_and_back() -> lab::Result<()> {
    to_and_fro(Placement::Driver, 1000, PACE)
}

#[test]
fn a_thousand_times_to_a_packet_thread_and_back() -> lab::Result<()> {
    to_and_fro(Placement::Worker, 1000, PACE)
}

#[test]
fn forty_times_to_the_kernel_module_and_back() -> lab::Result<()> {
    lab::need_module!();
    to_and_fro(Placement::Kernel, 40, SLOW_PACE)
}

fn to_and_fro(placement: Placement, wanted: u32, pace: Pace) -> lab::Result<()> {
    lab::need_root!();
    if lab::foreign_daemon().is_some() {
        lab::skip("parity::to_and_fro", "a foreign daemon has no such path");
        return Ok(());
    }
    let _alone = lab::alone()?;
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).config(&placement.interfaces(&net))?.start()?;
    let mut client = daemon.ng()?;
    let talk = Call::set_up(&mut client, &net, "to-and-fro", 6000)?;
    let count = if pace == PACE { PACKETS } else { FEW_PACKETS };
    let there = Stream::new(0x0a00_0001, count).first_sequence(60_000);
    let back = Stream::new(0x0b00_0001, count).first_sequence(7);
    let over = AtomicBool::new(false);
    let (turns, reports) = std::thread::scope(|scope| {
        let signalling = scope.spawn(|| turn(&daemon, &talk, placement, wanted, &over));
        let flows = [(&talk.alice, &talk.bob, &there), (&talk.bob, &talk.alice, &back)];
        let reports = exchange(&flows, pace, PATIENCE);
        over.store(true, Ordering::Relaxed);
        (signalling.join().expect("the signalling thread"), reports)
    });
    let turns = turns?;
    for report in reports? {
        if placement == Placement::Kernel {
            // A guest is so slow that packets wait in a socket for longer than the next ones take through the module.
            let whole = (report.lost(), report.duplicates, report.damaged) == (0, 0, 0);
            assert!(whole, "{report}");
        } else {
            report.assert_perfect();
        }
        assert_eq!(report.source_changes, 0);
    }
    assert!(turns >= wanted, "only {turns} turns while media ran");
    // What was counted on both sides of every turn is all there is. A packet that was in the XDP program while its flow was
    // taken out of it is told of within a second.
    let deadline = Instant::now() + Duration::from_secs(5);
    let state = loop {
        let state = client.ok(&ng::request("query").set("call-id", "to-and-fro"))?;
        if state.int("totals/RTP/packets") == Some(i64::from(2 * count)) || Instant::now() > deadline {
            break state;
        }
    };
    assert_eq!(state.int("totals/RTP/packets"), Some(i64::from(2 * count)));
    for (ssrc, last) in [(0x0a00_0001u32, 60_000 + count - 1), (0x0b00_0001, 7 + count - 1)] {
        let number = |what: &str| state.int(&format!("SSRC/{ssrc}/{what}"));
        assert_eq!(number("packets"), Some(i64::from(count)));
        assert_eq!(number("last RTP seq"), Some(i64::from(last)), "cycles counted on");
    }
    let ended = client.ok(&call::delete("to-and-fro"))?;
    assert_eq!(ended.int("totals/RTP/packets"), Some(i64::from(2 * count)));
    let statistics = client.ok(&ng::request("statistics"))?;
    let fast = statistics.int("statistics/totalstatistics/relayedpackets_kernel");
    assert!(fast.is_some_and(|packets| packets > 0), "no packet by the fast path: {fast:?}");
    let flaws = ["packets_lost", "rtp_duplicates", "rtp_reordered"];
    // What arrived in order at each path did not leave them in order.
    for what in flaws.into_iter().filter(|what| placement != Placement::Kernel || *what != "rtp_reordered") {
        assert_eq!(statistics.int(&format!("statistics/voip_metrics/{what}")), Some(0), "{what}");
    }
    daemon.stop()?;
    Ok(())
}

/// Re-INVITEs as soon as both directions are on the fast path; each takes them off it. Returns how often.
fn turn(
    daemon: &Daemon,
    talk: &Call,
    placement: Placement,
    wanted: u32,
    over: &AtomicBool,
) -> lab::Result<u32> {
    let mut client = daemon.ng()?;
    let mut turns = 0;
    while turns < wanted && !over.load(Ordering::Relaxed) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while paths(&mut client)? != [placement.path(); 2] {
            assert!(Instant::now() < deadline, "never on the fast path: {:?}", paths(&mut client)?);
            if over.load(Ordering::Relaxed) {
                return Ok(turns);
            }
        }
        client.ok(&call::offer(&talk.id, talk.alice.local()))?;
        client.ok(&call::answer(&talk.id, talk.bob.local()))?;
        turns += 1;
    }
    Ok(turns)
}

fn paths(client: &mut ng::Client) -> lab::Result<[String; 2]> {
    let state = client.ok(&ng::request("query").set("call-id", "to-and-fro").flags(&["explain"]))?;
    let path = |tag| state.text(&format!("tags/{tag}/medias/0/streams/0/path")).unwrap_or("-").to_owned();
    Ok(call::TAGS.map(path))
}

/// A sender whose checksums are left to a network card that is none, as local sockets on a veth do.
#[test]
fn senders_on_this_host_go_through_a_packet_thread() -> lab::Result<()> {
    lab::need_root!();
    if lab::foreign_daemon().is_some() {
        lab::skip("parity::handover", "a foreign daemon has no such path");
        return Ok(());
    }
    let net = Topology::spec().keep_offloads().build()?;
    let block = |leg: &lab::Leg| {
        format!(
            "[[interface]]\nname = \"{}\"\naddress = \"{}\"\nmode = \"appliance\"\n",
            leg.interface, leg.relay_v4
        )
    };
    let daemon = Daemon::on(&net).config(&[&net.caller, &net.callee].map(block).concat())?.start()?;
    let mut client = daemon.ng()?;
    let talk = Call::set_up(&mut client, &net, "to-and-fro", 6000)?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while paths(&mut client)? != ["af-xdp", "af-xdp"] {
        assert!(Instant::now() < deadline, "never on a packet thread: {:?}", paths(&mut client)?);
        for report in talk.talk(50, PACE, Duration::from_secs(2))? {
            report.assert_perfect();
        }
    }
    for report in talk.talk(500, PACE, Duration::from_secs(2))? {
        report.assert_perfect();
    }
    daemon.stop()?;
    Ok(())
}
