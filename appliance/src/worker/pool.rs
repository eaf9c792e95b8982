use super::ask::{Answer, Ask};
use super::hearing::Hearing;
use super::mailbox::{Mailbox, Order, Refused};
use super::outbox::Outbox;
use super::poller::{COPIES, Poller};
use super::post::{OwnReport, Post};
use super::punted::Punted;
use super::reels::Reels;
use super::tape::{Copies, TapeAsks};
use engine::{AddressTraffic, Overheard, Totals};
use flow::{Change, Event, FlowKey, Moment, Snapshot};
use mio::Waker;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use thiserror::Error;
use udp::{Door, PortSocket, SharedSockets, UdpIo};

/// Orders a worker's mailbox holds.
const MAILBOX: usize = 4096;
/// Events that may wait for the desk.
const OUTBOX: usize = 4096;
/// Datagrams that may wait for the ICE and DTLS agents: what a thousand browsers send in 100 ms when they begin at once.
const PUNTED: usize = 1024;
/// How long a caller waits for room in a full mailbox.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// The packet threads, as the desk sees them. A call's flows must all be on one worker.
#[derive(Debug)]
pub struct Pool {
    workers: Vec<Worker>,
    outbox: Arc<Outbox>,
    punted: Arc<Punted>,
    reels: Arc<Reels>,
}

#[derive(Debug)]
struct Worker {
    door: Door,
    mailbox: Arc<Mailbox>,
    /// It has been left something that cannot wait for its next turn.
    told: AtomicBool,
    /// Questions about copies of packets.
    tapes: TapeAsks,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// A question to a packet thread whose answer is not waited for yet.
#[derive(Debug)]
pub struct Asked {
    worker: usize,
    ask: Arc<Ask>,
}

/// Why the packet threads could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// There must be one at least.
    #[error("no packet thread is configured")]
    NoWorkers,
    /// The core is not there, or not ours to use.
    #[error("cannot pin packet thread poll-{worker} to core {core}: {error}")]
    Pin {
        /// Number of the thread.
        worker: usize,
        /// The core it was to run on.
        core: usize,
        /// What the system said.
        error: io::Error,
    },
    /// No thread, or no descriptors for it.
    #[error("cannot start packet thread poll-{worker}: {error}")]
    System {
        /// Number of the thread.
        worker: usize,
        /// What the system said.
        error: io::Error,
    },
}

/// Why a worker did not do what it was told.
#[derive(Debug, Error)]
pub enum PoolError {
    /// There are fewer workers.
    #[error("there is no packet thread poll-{0}")]
    NoWorker(usize),
    /// Its mailbox stayed full.
    #[error("packet thread poll-{0} does not keep up: its mailbox is full")]
    Full(usize),
    /// The thread is gone.
    #[error("packet thread poll-{0} has ended")]
    Ended(usize),
    /// No answer came in time.
    #[error("packet thread poll-{0} did not answer in time")]
    Silent(usize),
    /// The system would not watch the socket.
    #[error("cannot watch UDP port {key}: {error} (see fs.epoll.max_user_watches)")]
    Watch {
        /// The port.
        key: FlowKey,
        /// What the system said.
        error: io::Error,
    },
}

impl PoolError {
    pub(super) fn of(refused: Refused, worker: usize) -> PoolError {
        match refused {
            Refused::Full => PoolError::Full(worker),
            Refused::Ended => PoolError::Ended(worker),
        }
    }
}

impl Pool {
    /// Starts a thread `poll-N` per entry of `cores`, pinned to the core if one is named. `epoch` is the start of
    /// [`flow::Moment`]; `desk` is called when there are events to drain.
    ///
    /// # Errors
    /// [`StartError`]; threads that were started before it are stopped.
    pub fn start(cores: &[Option<usize>], epoch: Instant, desk: Arc<Waker>) -> Result<Pool, StartError> {
        Pool::start_sharing(cores, epoch, desk, Vec::new())
    }

    /// As [`Pool::start`]; the ports of thread N go through the Nth of `sockets`. Threads without any have ports with
    /// sockets of their own.
    ///
    /// # Errors
    /// As [`Pool::start`].
    pub fn start_sharing(
        cores: &[Option<usize>],
        epoch: Instant,
        desk: Arc<Waker>,
        sockets: Vec<SharedSockets>,
    ) -> Result<Pool, StartError> {
        if cores.is_empty() {
            return Err(StartError::NoWorkers);
        }
        let outbox = Arc::new(Outbox::new(OUTBOX, cores.len(), desk));
        let punted = Arc::new(Punted::new(PUNTED));
        let reels = Arc::new(Reels::new(cores.len()));
        let mut pool = Pool { workers: Vec::with_capacity(cores.len()), outbox, punted, reels };
        let mut sockets = sockets.into_iter();
        for (number, &core) in cores.iter().enumerate() {
            let worker = Worker::start(number, core, epoch, &pool, sockets.next())?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// How many workers there are; they are numbered from 0.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    fn worker(&self, number: usize) -> Result<&Worker, PoolError> {
        self.workers.get(number).ok_or(PoolError::NoWorker(number))
    }

    fn send(&self, number: usize, order: Order) -> Result<(), PoolError> {
        let sent = self.worker(number)?.mailbox.send(order, Instant::now() + PATIENCE);
        sent.map_err(|refused| PoolError::of(refused, number))
    }

    /// For each worker: how many orders wait for it, and for how many there is room.
    pub fn fill(&self) -> impl Iterator<Item = (usize, (usize, usize))> + '_ {
        self.workers.iter().map(|worker| worker.mailbox.fill()).enumerate()
    }

    /// STUN and DTLS that arrive at ports where they are for us.
    pub fn punted(&self) -> Arc<Punted> {
        Arc::clone(&self.punted)
    }

    /// The ways to all workers, by number, for who has datagrams to send.
    pub fn posts(&self) -> Vec<Post> {
        let post = |(number, worker): (usize, &Worker)| Post::new(number, Arc::clone(&worker.mailbox));
        self.workers.iter().enumerate().map(post).collect()
    }

    /// The ways to the AF_XDP sides of all workers.
    #[cfg(feature = "appliance")]
    pub fn lanes(&self) -> Vec<super::Lane> {
        let lane = |(number, worker): (usize, &Worker)| {
            super::Lane::new(number, Arc::clone(&worker.mailbox), self.outbox.desk())
        };
        self.workers.iter().enumerate().map(lane).collect()
    }

    /// Gives a port to a worker. It serves it until a flow of its key is withdrawn, whether or not one was ever
    /// installed.
    ///
    /// # Errors
    /// [`PoolError`]; the port is closed then.
    pub fn open(&self, worker: usize, port: PortSocket) -> Result<(), PoolError> {
        let key = port.key();
        self.worker(worker)?.door.announce(&port).map_err(|error| PoolError::Watch { key, error })?;
        self.send(worker, Order::Open(port))
    }

    /// Installs or withdraws a flow. A withdrawal closes the port and is then answered by [`Event::Withdrawn`] with the last
    /// counters, unless a later generation was installed. Orders to one worker are carried out in order.
    ///
    /// # Errors
    /// [`PoolError`]; nothing was changed then. Waits up to half a second for room in the mailbox.
    pub fn apply(&self, worker: usize, change: Change) -> Result<(), PoolError> {
        self.send(worker, Order::Change(change))
    }

    /// Asks to be told when `port` can be read, so that a refusal is known before anything is promised. The port is
    /// then handed over by [`Pool::tell`].
    ///
    /// # Errors
    /// [`PoolError::Watch`], [`PoolError::NoWorker`].
    pub fn announce(&self, worker: usize, port: &PortSocket) -> Result<(), PoolError> {
        let key = port.key();
        self.worker(worker)?.door.announce(port).map_err(|error| PoolError::Watch { key, error })
    }

    /// Hands announced ports over and changes flows, in this order and all at once. Where flows only begin or change, the
    /// thread is not woken for it: a packet of theirs wakes it, and orders go before packets.
    ///
    /// # Errors
    /// [`PoolError`]; nothing was changed then.
    pub fn tell(&self, worker: usize, ports: Vec<PortSocket>, changes: Vec<Change>) -> Result<(), PoolError> {
        let told = self.leave(worker, ports, changes);
        self.call_told();
        told
    }

    /// As [`Pool::tell`], but the thread is not woken before [`Pool::call_told`], unless many orders wait for it.
    ///
    /// # Errors
    /// [`PoolError`]; nothing was changed then.
    pub fn leave(
        &self,
        worker: usize,
        ports: Vec<PortSocket>,
        changes: Vec<Change>,
    ) -> Result<(), PoolError> {
        let can_wait = ports.is_empty() && changes.iter().all(|change| matches!(change, Change::Install(_)));
        let orders = orders(ports, changes);
        if orders.is_empty() {
            return Ok(());
        }
        if !can_wait {
            self.worker(worker)?.told.store(true, Ordering::Relaxed);
        }
        self.put(worker, Order::Many(orders))
    }

    /// As [`Pool::tell_and_ask`], but the copies are for [`Pool::collect`], which also wakes the thread.
    ///
    /// # Errors
    /// [`PoolError`]; nothing was changed then.
    pub fn leave_asking(
        &self,
        worker: usize,
        keys: Vec<FlowKey>,
        changes: Vec<Change>,
    ) -> Result<Asked, PoolError> {
        let ask = Arc::new(Ask::of_flows(keys));
        self.worker(worker)?.told.store(true, Ordering::Relaxed);
        self.put(worker, asking(&ask, changes))?;
        Ok(Asked { worker, ask })
    }

    /// The copies that were asked for; waits up to `patience`.
    ///
    /// # Errors
    /// [`PoolError::Silent`].
    pub fn collect(&self, asked: &Asked, patience: Duration) -> Result<Vec<Snapshot>, PoolError> {
        self.call_told();
        let answer = asked.ask.wait(Instant::now() + patience);
        Ok(answer.ok_or(PoolError::Silent(asked.worker))?.snapshots)
    }

    /// Wakes the threads that have been left something that cannot wait.
    pub fn call_told(&self) {
        for worker in &self.workers {
            if worker.told.swap(false, Ordering::Relaxed) {
                worker.mailbox.call();
            }
        }
    }

    /// Puts an order where the thread finds it in its next turn.
    fn put(&self, worker: usize, order: Order) -> Result<(), PoolError> {
        let left = self.worker(worker)?.mailbox.leave(order, PATIENCE);
        left.map_err(|refused| PoolError::of(refused, worker))
    }

    /// Lets each of these ports send an empty RTP packet to its peer, which opens a NAT on the way.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn pierce(&self, worker: usize, keys: Vec<FlowKey>) -> Result<(), PoolError> {
        self.send(worker, Order::Pierce(keys))
    }

    /// Lets each thread give back, by calling `how`, what its heap has kept of flows that have ended: no thread can do that for
    /// another. Waits for nothing.
    pub fn give_back(&self, how: fn()) {
        for worker in 0..self.workers.len() {
            // One that has ended has given all of it back.
            let _ = self.send(worker, Order::GiveBack(how));
        }
    }

    /// Sends RTCP of our own.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn report(&self, worker: usize, reports: Vec<OwnReport>) -> Result<(), PoolError> {
        self.send(worker, Order::Report(reports))
    }

    /// Copies of those of `keys` that are flows of this worker, taken just before it carries the changes out; waits up
    /// to `patience`.
    ///
    /// # Errors
    /// [`PoolError`]; unless it is [`PoolError::Silent`], nothing was changed.
    pub fn tell_and_ask(
        &self,
        worker: usize,
        keys: &[FlowKey],
        changes: Vec<Change>,
        patience: Duration,
    ) -> Result<Vec<Snapshot>, PoolError> {
        Ok(self.question(worker, Ask::of_flows(keys.to_vec()), changes, patience)?.snapshots)
    }

    fn question(
        &self,
        worker: usize,
        ask: Ask,
        changes: Vec<Change>,
        patience: Duration,
    ) -> Result<Answer, PoolError> {
        let ask = Arc::new(ask);
        let deadline = Instant::now() + patience;
        self.send(worker, asking(&ask, changes))?;
        ask.wait(deadline).ok_or(PoolError::Silent(worker))
    }

    /// Copies of those of `keys` that are flows of this worker, in that order; waits up to `patience`.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn snapshots(
        &self,
        worker: usize,
        keys: &[FlowKey],
        patience: Duration,
    ) -> Result<Vec<Snapshot>, PoolError> {
        self.tell_and_ask(worker, keys, Vec::new(), patience)
    }

    /// The copies of packets of traced flows that were made since this was last asked, of each engine of a worker; waits up
    /// to `patience`, and as long again for an answer that is late. `more`: flows are traced still.
    ///
    /// # Errors
    /// [`PoolError`]. What was copied comes with a later answer.
    pub fn copies(&self, worker: usize, more: bool, patience: Duration) -> Result<Vec<Copies>, PoolError> {
        let copies =
            self.worker(worker)?.tapes.ask(more, patience, |ask| self.send(worker, Order::Tape(ask)))?;
        copies.ok_or(PoolError::Silent(worker))
    }

    /// Where the packet threads put copies of packets of recorded flows.
    pub fn reels(&self) -> Arc<Reels> {
        Arc::clone(&self.reels)
    }

    /// Asks all packet threads to give out what they have copied of recorded flows, with `mark` behind it: who has seen the
    /// marks of all threads has everything from before. Waits for nothing.
    pub fn unwind(&self, mark: u64) {
        for worker in 0..self.workers.len() {
            // A thread that has ended or hangs has nothing to give; who waits for its mark gives up after a while.
            let _ = self.send(worker, Order::Reel(mark));
        }
    }

    /// When each of `keys` had its last packet; waits up to `patience`.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn last_packets(
        &self,
        worker: usize,
        keys: &[FlowKey],
        patience: Duration,
    ) -> Result<Vec<Option<Moment>>, PoolError> {
        let ask = Ask::of_last_packets(keys.to_vec());
        Ok(self.question(worker, ask, Vec::new(), patience)?.last_packets)
    }

    /// What a worker has counted over all its flows, past ones included; waits up to `patience`.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn totals(&self, worker: usize, patience: Duration) -> Result<Totals, PoolError> {
        Ok(self.question(worker, Ask::of_sums(), Vec::new(), patience)?.totals)
    }

    /// The same by our address, as far as flows of this worker had any traffic; waits up to `patience`.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn addresses(&self, worker: usize, patience: Duration) -> Result<Vec<AddressTraffic>, PoolError> {
        Ok(self.question(worker, Ask::of_sums(), Vec::new(), patience)?.addresses)
    }

    /// The RTCP that a worker has heard since it was last asked, by engine; `room` is what was given out before. The first
    /// answer is empty: before, nobody listened. Waits up to `patience`.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn overheard(
        &self,
        worker: usize,
        room: Vec<Overheard>,
        patience: Duration,
    ) -> Result<Vec<Overheard>, PoolError> {
        let hearing = Arc::new(Hearing::new(room));
        let deadline = Instant::now() + patience;
        self.send(worker, Order::Hear(Arc::clone(&hearing)))?;
        hearing.wait(deadline).ok_or(PoolError::Silent(worker))
    }

    /// Appends all events that have come, with the number of the worker they are from. To be called whenever the
    /// desk's waker was.
    pub fn drain_events(&self, out: &mut Vec<(usize, Event)>) {
        for worker in self.outbox.drain(out) {
            self.workers[worker].mailbox.call();
        }
    }

    /// Ends all threads and closes their ports.
    ///
    /// # Errors
    /// What the system said to a thread that had ended before, because its poll failed.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        for worker in &self.workers {
            worker.mailbox.end();
        }
        let mut result = Ok(());
        for thread in self.workers.iter_mut().filter_map(|worker| worker.thread.take()) {
            let ended = thread.join().unwrap_or_else(|_| Err(io::Error::other("a packet thread panicked")));
            result = result.and(ended);
        }
        result
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // stop() reports; whoever only drops has nowhere to hear it
        let _ = self.end();
    }
}

impl Worker {
    fn start(
        number: usize,
        core: Option<usize>,
        epoch: Instant,
        pool: &Pool,
        sockets: Option<SharedSockets>,
    ) -> Result<Worker, StartError> {
        let system = |error| StartError::System { worker: number, error };
        let io = sockets.map_or_else(|| UdpIo::new(COPIES), |sockets| UdpIo::shared(COPIES, sockets));
        let io = io.map_err(system)?;
        let door = io.door().map_err(system)?;
        let mailbox = Arc::new(Mailbox::new(MAILBOX, io.waker().map_err(system)?));
        let (told, tell) = (Arc::clone(&pool.outbox), Arc::clone(&pool.punted));
        let reels = Arc::clone(&pool.reels);
        let poller = Poller::new(number, epoch, io, Arc::clone(&mailbox), told, tell, reels);
        let (tell, told) = mpsc::sync_channel(1);
        let body = move || {
            let pinned = core.map_or(Ok(()), pin);
            let go_on = pinned.is_ok();
            // the receiver waits below
            let _ = tell.send(pinned);
            if go_on { poller.run() } else { Ok(()) }
        };
        let thread = Builder::new().name(format!("poll-{number}")).spawn(body).map_err(system)?;
        match (told.recv(), core) {
            (Ok(Err(error)), Some(core)) => Err(StartError::Pin { worker: number, core, error }),
            _ => Ok(Worker {
                door,
                mailbox,
                told: AtomicBool::new(false),
                tapes: TapeAsks::default(),
                thread: Some(thread),
            }),
        }
    }
}

fn orders(ports: Vec<PortSocket>, changes: Vec<Change>) -> Vec<Order> {
    ports.into_iter().map(Order::Open).chain(changes.into_iter().map(Order::Change)).collect()
}

/// A question, and what is to be carried out after it.
fn asking(ask: &Arc<Ask>, changes: Vec<Change>) -> Order {
    let question = Order::Answer(Arc::clone(ask));
    if changes.is_empty() {
        return question;
    }
    Order::Many(std::iter::once(question).chain(changes.into_iter().map(Order::Change)).collect())
}

/// Lets the calling thread run on `core` alone.
fn pin(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}
