//! A packet thread that hangs: it is stopped in mid-call as a debugger stops a thread, and the others go on.

use appliance_lab::{PATIENCE, Stand, Tier, await_standing};
use lab::{Call, Held, Pace, Report, Result, RtpPeer, Stream, Topology, exchange};
use std::time::{Duration, Instant};

const HANGS: &str = "a packet thread hangs";
const GOES_ON: &str = "the packet thread goes on";

/// A few packets each way of every call; the calls of which all arrived.
fn whole(calls: &[Call], ssrc: u32) -> Result<Vec<usize>> {
    let stream = |number: usize, way: u32| Stream::new(ssrc + 2 * number as u32 + way, 10);
    let streams: Vec<[Stream; 2]> =
        (0..calls.len()).map(|number| [0, 1].map(|way| stream(number, way))).collect();
    let flows: Vec<(&RtpPeer, &RtpPeer, &Stream)> = calls
        .iter()
        .zip(&streams)
        .flat_map(|(call, [there, back])| [(&call.alice, &call.bob, there), (&call.bob, &call.alice, back)])
        .collect();
    let reports = exchange(&flows, Pace::Every(Duration::from_millis(5)), Duration::from_millis(300))?;
    let arrived = |pair: &[Report]| pair.iter().all(|report| report.intact == 10);
    Ok(reports.chunks(2).enumerate().filter(|(_, pair)| arrived(pair)).map(|(number, _)| number).collect())
}

/// Calls are dealt out in turn, and packets to the queues of both threads as their addresses have it. So what the thread
/// that is left has comes in by the queues of the other one, too, until the sockets have it.
#[test]
fn calls_of_other_threads_go_on_by_their_sockets_and_return() -> Result<()> {
    lab::need_root!();
    let net = Topology::spec().queues(2).build()?;
    let interfaces = [&net.caller, &net.callee].map(|leg| Tier::Worker.interface(leg)).concat();
    let mut stand = Stand::on(net, &format!("{interfaces}[threads]\nmedia = 2\n"))?;
    let calls: Vec<Call> = (0..6)
        .map(|number| stand.call_on(Tier::Worker, &format!("call-{number}"), 4000 + 10 * number))
        .collect::<Result<_>>()?;

    let held = Held::thread(stand.daemon.pid(), "poll-0")?;
    stand.daemon.process().wait_for_log(HANGS, PATIENCE)?;
    for call in &calls {
        await_standing(&mut stand.client, &call.id, ["userspace worker-hangs"; 2], PATIENCE)?;
    }
    let start = Instant::now();
    for round in 1.. {
        let whole = whole(&calls, round << 16)?;
        if whole == [1, 3, 5] || whole == [0, 2, 4] {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "of six calls these go on: {whole:?}");
    }

    drop(held);
    stand.daemon.process().wait_for_log(GOES_ON, PATIENCE)?;
    for call in &calls {
        await_standing(&mut stand.client, &call.id, [Tier::Worker.reached(); 2], PATIENCE)?;
        // What had waited in the sockets of the thread.
        call.alice.discard()?;
        call.bob.discard()?;
        call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    }
    stand.stop()?;
    Ok(())
}

/// Nobody waits for the thread: packets do not come by it, and the desk gives up on its counters.
#[test]
fn the_program_goes_on_without_any_thread() -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::start(Tier::Driver, "")?;
    let call = stand.call_on(Tier::Driver, "alone", 4000)?;
    let held = Held::thread(stand.daemon.pid(), "poll-0")?;
    stand.daemon.process().wait_for_log("packet thread poll-0 did not answer in time", PATIENCE)?;
    call.talk_perfectly(100, Pace::BRISK, PATIENCE)?;
    await_standing(&mut stand.client, &call.id, [Tier::Driver.reached(); 2], PATIENCE)?;
    drop(held);
    call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    call.delete(&mut stand.client)?;
    stand.stop()?;
    Ok(())
}
