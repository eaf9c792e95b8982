use engine::{Engine, TAPE};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
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

/// The questions to one packet thread. One that is not answered in time is asked for again before the next, so that what
/// was copied until then is late and not lost.
#[derive(Debug, Default)]
pub(super) struct TapeAsks {
    late: Mutex<Option<Arc<TapeAsk>>>,
}

impl TapeAsks {
    /// Asks by `send`, and waits up to `patience` for the answer to this question and to one before it. `None` when
    /// nothing comes in time.
    ///
    /// # Errors
    /// Those of `send`.
    pub(super) fn ask<E>(
        &self,
        room: bool,
        patience: Duration,
        send: impl FnOnce(Arc<TapeAsk>) -> Result<(), E>,
    ) -> Result<Option<Vec<Copies>>, E> {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copies = None;
        if let Some(before) = late.take() {
            copies = before.wait(patience);
            if copies.is_none() {
                *late = Some(before);
                return Ok(None);
            }
        }
        let ask = Arc::new(TapeAsk::new(room));
        match send(Arc::clone(&ask)) {
            Err(error) if copies.is_none() => return Err(error),
            Err(_) => return Ok(copies),
            Ok(()) => {}
        }
        match ask.wait(patience) {
            Some(now) => copies.get_or_insert_default().extend(now),
            None => *late = Some(ask),
        }
        Ok(copies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_late_thread_answers_comes_with_the_next_answer() {
        let asks = TapeAsks::default();
        let mut engines = [Engine::new(1, 1), Engine::new(1, 1)];
        let mut forgotten = None;
        let ask = |asks: &TapeAsks, how: &mut dyn FnMut(Arc<TapeAsk>)| {
            asks.ask(true, Duration::ZERO, |ask| {
                how(ask);
                Ok::<(), ()>(())
            })
        };
        assert!(ask(&asks, &mut |ask| forgotten = Some(ask)).unwrap().is_none());
        // Nothing more is asked of a thread that owes an answer.
        assert!(ask(&asks, &mut |_| panic!("asked twice")).unwrap().is_none());
        forgotten.expect("a question").answer(engines[..1].iter_mut());
        let copies = ask(&asks, &mut |ask| ask.answer(engines.iter_mut())).unwrap().expect("both answers");
        assert_eq!(copies.len(), 3, "one engine's from before, and two engines'");
        let copies = ask(&asks, &mut |ask| ask.answer(engines.iter_mut())).unwrap().expect("an answer");
        assert_eq!(copies.len(), 2);
        assert_eq!(asks.ask(true, Duration::ZERO, |_| Err(7)).map(|_| ()), Err(7));
    }
}
