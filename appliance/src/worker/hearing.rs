use engine::Overheard;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// RTCP that a packet thread has heard: asked for with empty room, given back full. A thread has two engines.
#[derive(Debug)]
pub(super) struct Hearing {
    state: Mutex<State>,
    ready: Condvar,
}

#[derive(Debug)]
enum State {
    Asked(Vec<Overheard>),
    Answered(Vec<Overheard>),
}

impl Hearing {
    /// `room` is what was given out before; more is made where it is too little.
    pub(super) fn new(room: Vec<Overheard>) -> Hearing {
        Hearing { state: Mutex::new(State::Asked(room)), ready: Condvar::new() }
    }

    /// Called by the worker; `swap` is called once per engine.
    pub(super) fn answer(&self, swap: impl FnOnce(&mut dyn FnMut() -> Overheard) -> Vec<Overheard>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Asked(room) = &mut *state {
            let mut next = || room.pop().unwrap_or_else(Overheard::with_room);
            *state = State::Answered(swap(&mut next));
        }
        self.ready.notify_one();
    }

    /// Called by who asked; `None` when the answer does not come before `deadline`.
    pub(super) fn wait(&self, deadline: Instant) -> Option<Vec<Overheard>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let State::Answered(heard) = &mut *state {
                return Some(std::mem::take(heard));
            }
            let left =
                deadline.checked_duration_since(Instant::now()).filter(|left| *left > Duration::ZERO)?;
            (state, _) = self.ready.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
