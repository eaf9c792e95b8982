//! Ten seconds of speech over all calls at once, watched.

use crate::call::{Call, Direction, PACKETS};
use crate::screen::Screen;
use crate::table;
use lab::{Histogram, LabError, Report, RtpPeer, ng};
use std::thread;
use std::time::{Duration, Instant};

/// Time between two packets of a stream.
const PACKET: Duration = Duration::from_millis(20);
/// How long the last packets may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What came of it.
pub(crate) struct Outcome {
    /// One report per direction of each call, with its name and path.
    pub(crate) streams: Vec<(String, String, Report)>,
    /// All delays.
    pub(crate) delay: Histogram,
}

/// One stream on its way: from, to, what.
type Way<'a> = (&'a RtpPeer, &'a RtpPeer, &'a Direction);

/// Lets everybody speak, shows the table meanwhile, and returns when everything has arrived or time is up.
pub(crate) fn hold(calls: &[Call], client: &mut ng::Client, screen: &Screen) -> lab::Result<Outcome> {
    let ways: Vec<Way<'_>> = calls
        .iter()
        .flat_map(|call| {
            let ([caller, callee], [there, back]) = (&call.peers, &call.directions);
            [(caller, callee, there), (callee, caller, back)]
        })
        .collect();
    thread::scope(|scope| {
        let within = PACKET * PACKETS + PATIENCE;
        let receivers: Vec<_> = ways
            .iter()
            .map(|&(_, to, direction)| scope.spawn(move || listen(to, direction, within)))
            .collect();
        let sender = scope.spawn(|| speak(&ways));
        let watched = watch(calls, client, screen, || {
            sender.is_finished() && receivers.iter().all(thread::ScopedJoinHandle::is_finished)
        });
        for thread in receivers.into_iter().chain([sender]) {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        watched
    })?;
    Ok(outcome(calls))
}

fn listen(peer: &RtpPeer, direction: &Direction, within: Duration) -> lab::Result<()> {
    peer.receive_watched(&direction.stream, within, |change| change(&mut direction.report()))
}

/// Sends every stream's packets every 20 ms; the streams are spread evenly over the 20 ms, as real callers are.
fn speak(ways: &[Way<'_>]) -> lab::Result<()> {
    let start = Instant::now();
    let apart = PACKET / ways.len().max(1) as u32;
    for index in 0..PACKETS {
        for (number, (from, _, direction)) in ways.iter().enumerate() {
            let due = start + PACKET * index + apart * number as u32;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            from.send_one(&direction.stream, index)?;
        }
    }
    Ok(())
}

/// Shows the table until `done`. Paths are asked for once a second.
fn watch(
    calls: &[Call],
    client: &mut ng::Client,
    screen: &Screen,
    done: impl Fn() -> bool,
) -> lab::Result<()> {
    let start = Instant::now();
    let mut asked = None;
    loop {
        let finished = done();
        if finished || asked.is_none_or(|at: Instant| at.elapsed() >= Duration::from_secs(1)) {
            calls.iter().try_for_each(|call| call.ask_path(client))?;
            asked = Some(Instant::now());
        }
        screen
            .show(finished, start.elapsed(), |height| table::lines(calls, start.elapsed(), height))
            .map_err(LabError::io("writing the table"))?;
        if finished {
            return Ok(());
        }
        // The table's rate of change, not a wait for anything.
        thread::sleep(Duration::from_millis(250));
    }
}

fn outcome(calls: &[Call]) -> Outcome {
    let mut outcome = Outcome { streams: Vec::new(), delay: Histogram::default() };
    for call in calls {
        for (direction, arrow) in call.directions.iter().zip(table::ARROWS) {
            let report = direction.report().clone();
            outcome.delay.merge(&report.delay);
            outcome.streams.push((format!("{} {arrow}", call.id), direction.path(), report));
        }
    }
    outcome
}
