use super::Copy;
use crate::desk::Desk;
use call::{Call, CallNumber, Stamp};
use engine::copies;
use flow::{FlowKey, Micros, Moment, Path};
use std::collections::{HashSet, VecDeque};
use std::time::Duration;
use thiserror::Error;

/// Calls that can be traced at a time.
const TRACES: usize = 8;
/// Bytes of payload that wait for a reader of one trace at most.
const WAITING: usize = 8 << 20;
/// Bytes of payload that are given out in one piece.
const PIECE: usize = 256 << 10;
/// Who has not read for so long has gone.
const IDLE: Micros = Micros::from_secs(10);
/// How long a packet thread may take to answer.
const PATIENCE: Duration = Duration::from_millis(200);

/// Why a call is not traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// No such call.
    #[error("Call ID not found")]
    Unknown,
    /// Too many already.
    #[error("{TRACES} calls are traced already")]
    Full,
}

/// What is traced from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Ports of the call.
    pub ports: usize,
    /// Of these, ports whose packets took a path that copies nothing, and that take another one meanwhile.
    pub moved: usize,
}

/// All traces.
#[derive(Debug, Default)]
pub struct Traces {
    traces: Vec<Trace>,
}

#[derive(Debug)]
struct Trace {
    call_id: Box<[u8]>,
    number: CallNumber,
    created: Stamp,
    /// Ports of the call, those that are closed included.
    keys: HashSet<FlowKey>,
    waiting: VecDeque<Copy>,
    bytes: usize,
    lost: u64,
    read: Moment,
    /// The call is over; what was copied is still given out.
    ended: bool,
}

/// What was copied since it was asked for last.
#[derive(Debug, Default)]
pub struct Piece {
    /// The packets, in their order.
    pub copies: Vec<Copy>,
    /// How many found no room.
    pub lost: u64,
    /// There is more already.
    pub more: bool,
    /// There will be no more.
    pub ended: bool,
}

impl Traces {
    /// Begins to copy the packets of a call.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn start(desk: &mut Desk, call_id: &[u8]) -> Result<Begun, Refused> {
        let now = desk.clock.stamp();
        let call = desk.book.find(call_id).ok_or(Refused::Unknown)?;
        let (number, created) = (call.number(), call.created());
        let keys: HashSet<FlowKey> = call.flow_keys().into_iter().collect();
        let moved = keys.iter().map(|key| desk.paths.standing(*key).0).filter(|path| !copies_on(*path));
        let begun = Begun { ports: keys.len(), moved: moved.count() };
        if let Some(known) = desk.traces.of(call_id).filter(|trace| trace.created == created) {
            known.read = now.at;
            return Ok(begun);
        }
        desk.traces.traces.retain(|trace| *trace.call_id != *call_id);
        if desk.traces.traces.len() >= TRACES {
            return Err(Refused::Full);
        }
        desk.traces.traces.push(Trace {
            call_id: call_id.into(),
            number,
            created,
            keys,
            waiting: VecDeque::new(),
            bytes: 0,
            lost: 0,
            read: now.at,
            ended: false,
        });
        mark(desk, number, true);
        Ok(begun)
    }

    /// What was copied of a call since this was asked last.
    ///
    /// # Errors
    /// [`Refused::Unknown`] if it is not traced.
    pub fn read(desk: &mut Desk, call_id: &[u8]) -> Result<Piece, Refused> {
        collect(desk);
        let now = desk.clock.now();
        let trace = desk.traces.of(call_id).ok_or(Refused::Unknown)?;
        trace.read = now;
        let mut piece = Piece { lost: std::mem::take(&mut trace.lost), ..Piece::default() };
        let mut bytes = 0;
        while bytes < PIECE
            && let Some(copy) = trace.waiting.pop_front()
        {
            bytes += copy.payload.len();
            piece.copies.push(copy);
        }
        trace.bytes -= bytes;
        piece.more = !trace.waiting.is_empty();
        piece.ended = trace.ended && !piece.more;
        if piece.ended {
            desk.traces.traces.retain(|trace| *trace.call_id != *call_id);
        }
        Ok(piece)
    }

    /// Ends a trace, with the last that was copied. What does not fit into one piece is lost, and counted so.
    ///
    /// # Errors
    /// [`Refused::Unknown`] if it is not traced.
    pub fn stop(desk: &mut Desk, call_id: &[u8]) -> Result<Piece, Refused> {
        let mut piece = Traces::read(desk, call_id)?;
        if let Some(trace) = desk.traces.of(call_id) {
            piece.lost += trace.waiting.len() as u64;
        }
        end(desk, call_id);
        (piece.more, piece.ended) = (false, true);
        Ok(piece)
    }

    /// A call has ended; what is copied of it can still be read.
    pub(crate) fn call_ends(&mut self, call: &Call) {
        let same = |trace: &&mut Trace| trace.number == call.number() && trace.created == call.created();
        self.traces.iter_mut().filter(same).for_each(|trace| trace.ended = true);
    }

    /// Once a second: takes the copies in before the tapes are full, and ends traces that nobody reads.
    pub(crate) fn sweep(desk: &mut Desk) {
        if desk.traces.traces.is_empty() {
            return;
        }
        collect(desk);
        let now = desk.clock.now();
        let idle = desk.traces.traces.iter().filter(|trace| now.since(trace.read) > IDLE);
        let idle: Vec<Box<[u8]>> = idle.map(|trace| trace.call_id.clone()).collect();
        for call_id in idle {
            tracing::info!(call = %String::from_utf8_lossy(&call_id), "nobody reads the trace any more: it is over");
            end(desk, &call_id);
        }
    }

    /// How many calls are traced.
    pub fn len(&self) -> usize {
        self.traces.len()
    }

    /// True when none is.
    pub fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    fn of(&mut self, call_id: &[u8]) -> Option<&mut Trace> {
        self.traces.iter_mut().find(|trace| *trace.call_id == *call_id)
    }
}

/// Whether packets on this path are copied where they are.
fn copies_on(path: Path) -> bool {
    match path {
        Path::Userspace | Path::Worker => true,
        Path::Driver | Path::Kernel => false,
    }
}

fn mark(desk: &mut Desk, number: CallNumber, on: bool) {
    let now = desk.clock.stamp();
    let (book, mut outside) = desk.book_and_outside(now);
    book.trace(number, on, &mut outside);
    desk.flush();
}

fn end(desk: &mut Desk, call_id: &[u8]) {
    let Some(at) = desk.traces.traces.iter().position(|trace| *trace.call_id == *call_id) else { return };
    let trace = desk.traces.traces.swap_remove(at);
    if !trace.ended && desk.book.get(trace.number).is_some_and(|call| call.created() == trace.created) {
        mark(desk, trace.number, false);
    }
}

/// Takes what the packet threads of traced calls have copied.
fn collect(desk: &mut Desk) {
    let now = desk.clock.stamp();
    for trace in desk.traces.traces.iter_mut().filter(|trace| !trace.ended) {
        // Ports that were opened since.
        if let Some(call) = desk.book.get(trace.number).filter(|call| call.created() == trace.created) {
            trace.keys.extend(call.flow_keys());
        }
    }
    // With several packet threads, a NIC queue may bring a flow to another one than the call's.
    for worker in 0..desk.ports.pool().workers() {
        let tapes = match desk.ports.pool().copies(worker, true, PATIENCE) {
            Ok(tapes) => tapes,
            Err(error) => {
                tracing::error!(%error, "copies of packets are not available");
                continue;
            }
        };
        let mut packets = Vec::new();
        for tape in &tapes {
            packets.extend(copies(&tape.tape));
            desk.traces.traces.iter_mut().for_each(|trace| trace.lost += tape.lost);
        }
        // Two engines of a thread: of one moment, what arrives stands before what leaves.
        packets.sort_by_key(|(copied, _)| copied.at);
        for (copied, payload) in packets {
            let mut of = desk.traces.traces.iter_mut();
            if let Some(trace) = of.find(|trace| trace.keys.contains(&copied.local)) {
                trace.take(Copy::new(copied, payload, now));
            }
        }
    }
}

impl Trace {
    fn take(&mut self, copy: Copy) {
        if self.bytes + copy.payload.len() > WAITING {
            self.lost += 1;
            return;
        }
        self.bytes += copy.payload.len();
        self.waiting.push_back(copy);
    }
}
