use engine::{Engine, TAPE};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Engines of a packet thread: of its sockets, and of its NIC queues.
const ENGINES: usize = 2;

/// Copies of packets that one engine has made, to be read by [`engine::copies`].
#[derive(Debug, Default)]
pub struct Copies {
    /// The packets.
    pub tape: Vec<u8>,
    /// How many found no room.
    pub lost: u64,
}

/// Asks a packet thread for its copies of packets. It brings the empty tapes, so that the thread allocates nothing.
#[derive(Debug)]
pub(super) struct TapeAsk {
    empty: Mutex<Vec<Vec<u8>>>,
    answer: Mutex<Option<Vec<Copies>>>,
    ready: Condvar,
}

impl TapeAsk {
    /// `room`: more is to be copied.
    pub(super) fn new(room: bool) -> TapeAsk {
        let empty = (0..ENGINES).map(|_| Vec::with_capacity(if room { TAPE } else { 0 })).collect();
        TapeAsk { empty: Mutex::new(empty), answer: Mutex::new(None), ready: Condvar::new() }
    }

    /// Called by the thread.
    pub(super) fn answer<'a>(&self, engines: impl Iterator<Item = &'a mut Engine>) {
        let mut empty = self.empty.lock().unwrap_or_else(PoisonError::into_inner);
        let swap = |engine: &mut Engine| {
            let (tape, lost) = engine.swap_tape(empty.pop().unwrap_or_default());
            Copies { tape, lost }
        };
        let copies = engines.map(swap).collect();
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(copies);
        self.ready.notify_one();
    }

    /// Called by who asked; `None` when the answer does not come in time.
    pub(super) fn wait(&self, patience: Duration) -> Option<Vec<Copies>> {
        let deadline = Instant::now() + patience;
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if answer.is_some() {
                return answer.take();
            }
            let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            (answer, _) = self.ready.wait_timeout(answer, left).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
