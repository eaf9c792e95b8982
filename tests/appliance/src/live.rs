use crate::PATIENCE;
use lab::{Call, LabError, Pace, Report, Result, RtpPeer, Stream, now_ns};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// More packets than any test sends: as many as a receiver can tell apart.
const PACKETS: u32 = 65_536;
/// How often a receiver looks whether all is over.
const SLICE: Duration = Duration::from_millis(20);
/// How long what is missing at the end is waited for.
const STRAGGLERS: Duration = Duration::from_millis(300);

/// One direction of a call while media flows.
#[derive(Debug)]
struct Direction<'a> {
    from: &'a RtpPeer,
    to: &'a RtpPeer,
    stream: Stream,
    sent: AtomicU32,
    report: Mutex<Report>,
    grew: Condvar,
}

/// Media that flows both ways: caller to callee is direction 0, callee to caller 1.
#[derive(Debug)]
pub struct Live<'a> {
    directions: [Direction<'a>; 2],
    over: AtomicBool,
    /// Everything has been sent.
    said: AtomicBool,
}

/// What became of one direction.
#[derive(Debug)]
pub struct Heard {
    /// Packets that were sent.
    pub sent: u32,
    /// What arrived.
    pub report: Report,
    stream: Stream,
    to: SocketAddr,
}

/// Lets both ends of a call talk, a packet each per `interval`, while `work` is done.
///
/// # Errors
/// Those of `work`, and of the sockets.
pub fn while_talking<T>(
    call: &Call,
    interval: Duration,
    work: impl FnOnce(&Live<'_>) -> Result<T>,
) -> Result<(T, [Heard; 2])> {
    let direction = |from, to, ssrc| {
        let stream = Stream::new(ssrc, PACKETS);
        let report = Mutex::new(Report::new(&stream));
        Direction { from, to, stream, sent: AtomicU32::new(0), report, grew: Condvar::new() }
    };
    let port = u32::from(call.alice.local().port());
    let directions = [
        direction(&call.alice, &call.bob, 0x0c00_0000 | port),
        direction(&call.bob, &call.alice, 0x0d00_0000 | port),
    ];
    let live = Live { directions, over: AtomicBool::new(false), said: AtomicBool::new(false) };
    let done = thread::scope(|scope| {
        let live = &live;
        let mut threads: Vec<_> =
            live.directions.iter().map(|direction| scope.spawn(|| live.listen(direction))).collect();
        threads.push(scope.spawn(|| live.speak(interval)));
        // Also when `work` panics: the scope waits for all threads.
        let hang_up = HangUp(&live.over);
        let done = work(live);
        drop(hang_up);
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        done
    })?;
    let heard = live.directions.map(|direction| Heard {
        sent: direction.sent.into_inner(),
        report: direction.report.into_inner().unwrap_or_else(PoisonError::into_inner),
        stream: direction.stream,
        to: direction.to.local(),
    });
    Ok((done, heard))
}

/// Ends the talk when it is dropped.
struct HangUp<'a>(&'a AtomicBool);

impl Drop for HangUp<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Direction<'_> {
    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complete(&self) -> bool {
        self.report().intact == self.sent.load(Ordering::Acquire)
    }
}

impl Live<'_> {
    fn speak(&self, interval: Duration) -> Result<()> {
        let start = Instant::now();
        for index in 0..PACKETS {
            if self.over.load(Ordering::Acquire) {
                break;
            }
            Pace::Every(interval).wait(start, index);
            for direction in &self.directions {
                // With its link down a socket refuses to send; that packet is lost, and counted as such.
                let _ = direction.from.send_one(&direction.stream, index);
                direction.sent.store(index + 1, Ordering::Release);
            }
        }
        self.said.store(true, Ordering::Release);
        Ok(())
    }

    fn listen(&self, direction: &Direction<'_>) -> Result<()> {
        let mut over_since = None;
        loop {
            let take = |change: &mut dyn FnMut(&mut Report)| {
                change(&mut direction.report());
                direction.grew.notify_all();
            };
            direction.to.receive_watched(&direction.stream, SLICE, take)?;
            if !self.said.load(Ordering::Acquire) {
                continue;
            }
            let waited = over_since.get_or_insert_with(Instant::now).elapsed();
            if direction.complete() || waited > STRAGGLERS {
                return Ok(());
            }
        }
    }

    /// Waits until `packets` more have arrived in a direction.
    pub fn hear(&self, direction: usize, packets: u32) -> Result<()> {
        let direction = &self.directions[direction];
        let report = direction.report();
        let wanted = report.intact + packets;
        let (report, _) = direction
            .grew
            .wait_timeout_while(report, PATIENCE, |report| report.intact < wanted)
            .unwrap_or_else(PoisonError::into_inner);
        if report.intact < wanted {
            return Err(LabError::Timeout {
                what: format!("{packets} more packets at {}", direction.to.local()),
                after_ms: PATIENCE.as_millis(),
                context: format!("; {report}"),
            });
        }
        Ok(())
    }

    /// Waits until `packets` more have arrived in both directions.
    pub fn hear_both(&self, packets: u32) -> Result<()> {
        self.hear(0, packets)?;
        self.hear(1, packets)
    }
}

impl Heard {
    /// Packets that did not arrive.
    pub fn lost(&self) -> u32 {
        self.sent - self.report.intact
    }

    /// Packets sent between two moments ([`now_ns`]) that did not arrive.
    pub fn lost_between(&self, from: u64, to: u64) -> Vec<usize> {
        let sent =
            |index: &usize| self.stream.sent_at(*index as u32).is_some_and(|at| (from..to).contains(&at));
        self.report.missing(PACKETS as usize).into_iter().filter(sent).collect()
    }

    /// Panics unless every packet that was sent from a moment ([`now_ns`]) on has arrived.
    #[track_caller]
    pub fn assert_whole_since(&self, from: u64) {
        let lost = self.lost_between(from, now_ns());
        let first = &lost[..lost.len().min(10)];
        let (to, sent, report) = (self.to, self.sent, &self.report);
        assert!(lost.is_empty(), "to {to}: {} of {sent} lost, first {first:?}; {report}", lost.len());
    }

    /// Panics unless all arrived once, in order, unchanged and from one source.
    #[track_caller]
    pub fn assert_flawless(&self) {
        self.assert_whole_since(0);
        self.assert_clean();
        assert_eq!(self.report.reordered, 0, "{}", self.report);
    }

    /// Panics if any arrived twice, or changed, or from elsewhere.
    #[track_caller]
    pub fn assert_clean(&self) {
        let flaws = [self.report.duplicates, self.report.damaged, self.report.source_changes];
        assert_eq!(flaws, [0; 3], "{}", self.report);
    }
}
