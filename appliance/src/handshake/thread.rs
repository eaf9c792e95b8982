use super::agents::{Agents, What};
use super::count::{Count, Tally};
use super::identities::{Identities, Prints};
use super::output::Output;
use super::report::Report;
use super::section::Arrival;
use crate::worker::{Parcel, Post, Punted};
use call::{HandshakeChange, HandshakeEvent};
use crossbeam_queue::ArrayQueue;
use dtls::Gate;
use flow::{Moment, PuntReason};
use mio::{Events, Poll, Token, Waker};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thiserror::Error;

/// Changes that may wait for the thread; with more the desk keeps them.
const CHANGES: usize = 4096;
/// What one turn takes of each kind, so that none holds the others up for long: a datagram may cost a millisecond.
const PER_TURN: usize = 32;
/// How often the certificate is looked at, in microseconds.
const RENEWAL_US: u64 = 3_600_000_000;
const WAKE: Token = Token(0);

/// Why the thread could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// OpenSSL gave no certificate, or no randomness.
    #[error("no DTLS: {0}")]
    Dtls(#[from] dtls::Error),
    /// No thread, or no descriptors for it.
    #[error("cannot start the thread for handshakes: {0}")]
    System(#[from] io::Error),
    /// Somebody else takes the STUN and DTLS packets.
    #[error("there is another thread for handshakes")]
    Another,
}

/// The thread, as the desk sees it.
#[derive(Debug)]
pub struct Handshakes {
    inbox: Arc<Inbox>,
    report: Arc<Report>,
    prints: Prints,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// The bounded way from the desk to the thread.
#[derive(Debug)]
struct Inbox {
    changes: ArrayQueue<(u16, HandshakeChange)>,
    waker: Arc<Waker>,
    ended: AtomicBool,
}

impl Handshakes {
    /// Starts the thread `handshake`. `punted` is where packet threads put what is for it, `posts` are the ways to them
    /// in the order of their numbers, `epoch` is the start of [`flow::Moment`], and `desk` is called when there are
    /// events to drain.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(
        identities: Identities,
        punted: Arc<Punted>,
        posts: Vec<Post>,
        epoch: Instant,
        desk: Arc<Waker>,
    ) -> Result<Handshakes, StartError> {
        let prints = identities.prints();
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let agents = Agents::new(identities, Gate::new()?);
        if !punted.listen(Arc::clone(&waker)) {
            return Err(StartError::Another);
        }
        let changes = ArrayQueue::new(CHANGES);
        let inbox = Arc::new(Inbox { changes, waker, ended: AtomicBool::new(false) });
        let report = Arc::new(Report::new(desk));
        let shaker = Shaker {
            poll,
            epoch,
            agents,
            out: Output::default(),
            inbox: Arc::clone(&inbox),
            punted,
            posts,
            report: Arc::clone(&report),
            renewal: Moment::default(),
            told: Tally::default(),
        };
        let thread = Builder::new().name("handshake".into()).spawn(|| shaker.run())?;
        Ok(Handshakes { inbox, report, prints, thread: Some(thread) })
    }

    /// What SDPs say of our certificate.
    pub fn prints(&self) -> Prints {
        self.prints.clone()
    }

    /// Tells the thread of changes, with the packet thread that has the call, after the packet threads were told of
    /// theirs. What finds no room stays, in order, for the next time.
    pub fn tell(&self, changes: &mut Vec<(u16, HandshakeChange)>) {
        if changes.is_empty() {
            return;
        }
        let room = CHANGES - self.inbox.changes.len();
        for change in changes.drain(..room.min(changes.len())) {
            // Nobody else puts something in.
            let _ = self.inbox.changes.push(change);
        }
        self.call();
    }

    /// Appends all events that have come. To be called whenever the desk's waker was.
    pub fn drain_events(&self, out: &mut Vec<HandshakeEvent>) {
        if self.report.drain(out) {
            self.call();
        }
    }

    /// What was counted since the start, as of the thread's last turn.
    pub fn tally(&self) -> Tally {
        self.report.tally()
    }

    /// Ends the thread.
    ///
    /// # Errors
    /// What the system said to the thread if it had ended before, because its poll failed.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn call(&self) {
        // A wake that fails leaves the changes where they are; the next one wakes again.
        let _ = self.inbox.waker.wake();
    }

    fn end(&mut self) -> io::Result<()> {
        self.inbox.ended.store(true, Ordering::SeqCst);
        self.call();
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread for handshakes panicked")))
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        // stop() reports; whoever only drops has nowhere to hear it
        let _ = self.end();
    }
}

/// The thread's belongings.
struct Shaker {
    poll: Poll,
    epoch: Instant,
    agents: Agents,
    out: Output,
    inbox: Arc<Inbox>,
    punted: Arc<Punted>,
    posts: Vec<Post>,
    report: Arc<Report>,
    /// When the certificate is looked at next.
    renewal: Moment,
    /// As last published.
    told: Tally,
}

impl Shaker {
    /// Turns until the desk says that it is the end.
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(4);
        let mut idle = true;
        while !self.inbox.ended.load(Ordering::SeqCst) {
            let wait = if idle { self.patience() } else { Duration::ZERO };
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            idle = self.turn();
        }
        Ok(())
    }

    fn now(&self) -> Moment {
        Moment(self.epoch.elapsed().as_micros() as u64)
    }

    /// How long the thread may sleep unless it is called.
    fn patience(&self) -> Duration {
        let next = self.agents.next_timeout().map_or(self.renewal, |next| next.min(self.renewal));
        Duration::from_micros(next.since(self.now()).0)
    }

    /// One turn: clock, changes, datagrams, what is due, and then what came of it. True when nothing is left over.
    fn turn(&mut self) -> bool {
        let now = self.now();
        self.punted.look();
        let mut idle = true;
        for taken in 0..PER_TURN {
            let Some((worker, change)) = self.inbox.changes.pop() else { break };
            self.agents.apply(worker, &change, now, &mut self.out);
            idle &= taken + 1 < PER_TURN;
        }
        // While the desk does not listen, nobody learns of new keys: then nothing new is begun. It calls when it does.
        self.report.put(&mut self.out.events);
        if self.out.events.is_empty() {
            idle &= self.datagrams(now);
        }
        self.agents.on_timeout(now, PER_TURN, &mut self.out);
        if now >= self.renewal {
            let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.agents.renew(i64::try_from(wall.as_secs()).unwrap_or(i64::MAX));
            self.renewal = Moment(now.0.saturating_add(RENEWAL_US));
        }
        self.hand_out();
        idle
    }

    /// True when there are no more.
    fn datagrams(&mut self, now: Moment) -> bool {
        for _ in 0..PER_TURN {
            let (agents, out, inbox) = (&mut self.agents, &mut self.out, &self.inbox);
            let read = self.punted.read(|letter| {
                // What the desk said before it came must be known, or the first word to a new port would be lost.
                while let Some((worker, change)) = inbox.changes.pop() {
                    agents.apply(worker, &change, now, out);
                }
                let what = match letter.what {
                    PuntReason::Stun => What::Stun,
                    _ => What::Dtls,
                };
                let arrival = Arrival { local: letter.local, source: letter.remote, payload: letter.bytes() };
                agents.handle(what, arrival, now, out);
            });
            if read.is_none() {
                return true;
            }
        }
        false
    }

    fn hand_out(&mut self) {
        self.out.parcels.sort_by_key(|(worker, _)| *worker);
        while let Some((worker, _)) = self.out.parcels.last() {
            let worker = *worker;
            let first = self.out.parcels.partition_point(|(of, _)| *of < worker);
            let parcels: Vec<Parcel> = self.out.parcels.drain(first..).map(|(_, parcel)| parcel).collect();
            let many = parcels.len() as u64;
            let sent = self.posts.get(usize::from(worker)).is_some_and(|post| post.send(parcels).is_ok());
            // As if the network had lost them.
            self.out.tally.add(Count::Unsent, if sent { 0 } else { many });
        }
        self.report.put(&mut self.out.events);
        if self.out.tally != self.told {
            self.told = self.out.tally;
            self.report.publish(&self.told);
        }
    }
}
