//! The AF_XDP side of a packet thread: NIC queues, an engine of its own, and flows that come and go without a gap.

use super::ask::Ask;
use super::poller::COPIES;
use super::punted::Punted;
use afxdp::io::XskQueue;
use afxdp::{Hop, XskIo};
use engine::{Engine, Overheard};
use flow::{
    BURST, Burst, Change, Counters, Event, FlowKey, FlowSpec, Generation, Micros, Moment, PacketIo, Snapshot,
};
use mio::Waker;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Flows there is room for before the table grows.
const FLOWS: usize = 1024;
/// Packets that were redirected just before a flow was given back are out of the rings by then.
const GRACE: Micros = Micros::from_millis(5);
/// A flow that came is redirected soon after; its packets that went to the socket before are out of it by then. On a machine
/// that has much to do, soon is when the desk has asked how far some other flow under keys has come, and has had its turn.
const FRESH: Micros = Micros::from_millis(500);

/// How a packet thread waits for packets of its NIC queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Idle {
    /// It does not.
    Busy,
    /// It looks again for a while, then sleeps until the NIC calls.
    #[default]
    Adaptive,
    /// It sleeps until the NIC calls.
    Interrupt,
}

/// What the AF_XDP side of a packet thread can be told.
#[derive(Debug)]
pub enum FastOrder {
    /// Serve these queues.
    Serve(Box<XskIo<XskQueue>>, Idle),
    /// Have this flow. Its packets do not come before the XDP program is told.
    Install(Arc<FlowSpec>),
    /// How far the path has come that had a flow before: [`Change::Restore`] for it.
    Restore(Box<Change>),
    /// How packets from a port to a destination leave.
    Exit(FlowKey, SocketAddr, Option<Hop>),
    /// They do not any more.
    ForgetExit(FlowKey, SocketAddr),
    /// Give flows back once no more of their packets can come.
    Retire {
        /// These.
        flows: Vec<FlowKey>,
        /// These stay, because others need them; only how far they have come under keys is told.
        staying: Vec<FlowKey>,
        /// Where it is told.
        slip: Arc<Slip>,
    },
    /// Copies of flows.
    Answer(Arc<Ask>),
    /// Let go of the queues.
    Close,
    /// Hang until the other side comes too.
    #[cfg(test)]
    Hold(Arc<std::sync::Barrier>),
}

/// Where a packet thread puts the last counters of flows that it gives back.
#[derive(Debug)]
pub struct Slip {
    last: Mutex<Option<Vec<Snapshot>>>,
    desk: Arc<Waker>,
}

impl Slip {
    pub(super) fn new(desk: Arc<Waker>) -> Slip {
        Slip { last: Mutex::new(None), desk }
    }

    fn fill(&self, last: Vec<Snapshot>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        // If the desk cannot be called, it looks within a second.
        let _ = self.desk.wake();
    }

    /// The last counters; `None` while they are still to come. They are told once.
    pub fn take(&self) -> Option<Vec<Snapshot>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The AF_XDP side.
pub(super) struct Fast {
    /// Number of the packet thread.
    worker: usize,
    punted: Arc<Punted>,
    io: Option<Box<XskIo<XskQueue>>>,
    idle: Idle,
    engine: Engine,
    burst: Burst,
    /// Nobody waits for them: what these flows need to learn is known.
    events: Vec<Event>,
    retiring: VecDeque<Retiring>,
    /// When a packet came last.
    heard: Moment,
    /// The last burst was a large one, and came soon.
    busy: bool,
    /// When a flow came last.
    installed: Moment,
    unwatched: Vec<RawFd>,
}

struct Retiring {
    due: Moment,
    flows: Vec<FlowKey>,
    staying: Vec<FlowKey>,
    slip: Arc<Slip>,
}

/// How long [`Idle::Adaptive`] looks again before it sleeps …
const SPIN: Micros = Micros(50);
/// … if the last burst had so many packets that being called for the next costs more than looking for it, and had come as
/// soon as that: otherwise it would be looked for in vain.
const BUSY: usize = BURST / 4;

impl Fast {
    pub(super) fn new(worker: usize, punted: Arc<Punted>) -> Fast {
        Fast {
            worker,
            punted,
            io: None,
            idle: Idle::default(),
            engine: Engine::new(FLOWS, BURST + COPIES),
            burst: Burst::new(BURST + COPIES),
            events: Vec::with_capacity(BURST),
            retiring: VecDeque::new(),
            heard: Moment::default(),
            busy: false,
            installed: Moment::default(),
            unwatched: Vec::new(),
        }
    }

    /// Descriptors of queues that came since this was last asked; they are to be waited for.
    pub(super) fn take_unwatched(&mut self) -> Vec<RawFd> {
        std::mem::take(&mut self.unwatched)
    }

    /// How long the thread may sleep; `None` is until it is called.
    pub(super) fn patience(&self, now: Moment) -> Option<Duration> {
        let spin = match (&self.io, self.idle) {
            (None, _) | (_, Idle::Interrupt) => false,
            (_, Idle::Busy) => true,
            (_, Idle::Adaptive) => self.busy && now.since(self.heard) < SPIN,
        };
        if spin {
            return Some(Duration::ZERO);
        }
        let due = self.retiring.front()?.due;
        // A millisecond more, because that is how finely one can wait.
        Some(Duration::from_micros(due.since(now).0) + Duration::from_millis(1))
    }

    /// True while packets of a flow may be in the rings that are older than some in its socket.
    pub(super) fn ring_first(&self) -> bool {
        !self.retiring.is_empty()
    }

    /// True while packets of a flow may be in its socket that are older than some in the rings.
    pub(super) fn socket_first(&self, now: Moment) -> bool {
        now.since(self.installed) < FRESH
    }

    /// Its engine, for what is asked of both engines of a thread.
    pub(super) fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Takes what is in the rings.
    pub(super) fn receive(&mut self) {
        if let Some(io) = &mut self.io
            && io.receive(&mut self.burst) == 0
        {
            io.tidy();
        }
    }

    /// Works on what was taken.
    pub(super) fn work(&mut self, now: Moment) {
        if let Some(io) = &mut self.io
            && !self.burst.frames().is_empty()
        {
            self.busy = self.burst.frames().len() >= BUSY && now.since(self.heard) < SPIN;
            self.engine.run(&mut self.burst, &mut **io, now, &mut self.events);
            self.punted.post(self.worker, &mut self.burst, &**io);
            io.finish(&mut self.burst);
            self.engine.settle(&self.burst);
            self.burst.clear();
            self.events.clear();
            self.heard = now;
        }
        while self.retiring.front().is_some_and(|next| next.due <= now) {
            if let Some(next) = self.retiring.pop_front() {
                self.retire(next);
            }
        }
    }

    /// The RTCP that came through the rings; see [`Engine::swap_overheard`].
    pub(super) fn swap_overheard(&mut self, next: Overheard) -> Overheard {
        self.engine.swap_overheard(next)
    }

    pub(super) fn obey(&mut self, order: FastOrder, now: Moment) {
        match order {
            FastOrder::Serve(io, idle) => {
                self.unwatched = io.queues().iter().map(|queue| queue.socket().as_raw_fd()).collect();
                self.io = Some(io);
                self.idle = idle;
            }
            FastOrder::Install(spec) => {
                self.installed = now;
                self.engine.apply(Change::Install(spec), &mut self.events);
            }
            FastOrder::Exit(from, to, hop) => {
                if let Some(io) = &mut self.io {
                    io.set_exit(from, to, hop);
                }
            }
            FastOrder::ForgetExit(from, to) => {
                if let Some(io) = &mut self.io {
                    io.forget_exit(from, to);
                }
            }
            FastOrder::Restore(change) => {
                self.engine.apply(*change, &mut self.events);
            }
            FastOrder::Retire { flows, staying, slip } => {
                self.retiring.push_back(Retiring { due: now + GRACE, flows, staying, slip });
            }
            FastOrder::Answer(ask) => ask.answer(&self.engine),
            FastOrder::Close => self.io = None,
            #[cfg(test)]
            FastOrder::Hold(both) => {
                both.wait();
            }
        }
    }

    fn retire(&mut self, retiring: Retiring) {
        let mut last = Vec::with_capacity(retiring.flows.len());
        // First, because the last flow of a session takes it along.
        for copy in retiring.staying.iter().filter_map(|key| self.engine.snapshot(*key)) {
            if !copy.progress.is_empty() {
                let (ssrcs, sent_ssrcs) = Default::default();
                last.push(Snapshot { counters: Counters::default(), ssrcs, sent_ssrcs, ..copy });
            }
        }
        for key in retiring.flows {
            // Whatever version it is by now: nobody but who retires it can have installed it.
            let generation = Generation(u64::MAX);
            self.engine.apply(Change::Withdraw { key, generation }, &mut self.events);
            last.extend(self.events.drain(..).filter_map(|event| match event {
                Event::Withdrawn(snapshot) => Some(*snapshot),
                _ => None,
            }));
        }
        retiring.slip.fill(last);
    }
}
