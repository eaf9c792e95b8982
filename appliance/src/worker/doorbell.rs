//! Who calls whom when something was put into a queue or taken out, so that nobody sleeps beside work. The queues
//! themselves are a library's; all that is asked of them is that who takes something sees what its giver did before.
//!
//! `appliance/tests/doorbell.rs` goes through every order in which the steps below can happen, those of a machine with
//! weak memory included.

use super::sync::{AtomicBool, AtomicUsize, Condvar, Mutex, Ordering, fence};
use std::sync::PoisonError;
use std::time::Duration;

/// Calls one thread from its sleep, not more often than it looks.
#[derive(Debug)]
pub(super) struct Bell {
    /// It has been called and has not looked yet.
    called: AtomicBool,
}

impl Bell {
    pub(super) fn new() -> Bell {
        Bell { called: AtomicBool::new(false) }
    }

    /// To be called after something was put in. `wake` ends the next sleep of the thread, or the one it is in.
    pub(super) fn ring(&self, wake: impl FnOnce()) {
        if !self.called.swap(true, Ordering::AcqRel) {
            wake();
        }
    }

    /// The thread begins to look: it sees what was put in before any ring until now, and later ones wake it again.
    pub(super) fn look(&self) {
        self.called.swap(false, Ordering::AcqRel);
    }
}

/// Where givers wait for room.
#[derive(Debug)]
pub(super) struct Waiting {
    count: AtomicUsize,
    lock: Mutex<()>,
    room: Condvar,
}

impl Waiting {
    pub(super) fn new() -> Waiting {
        Waiting { count: AtomicUsize::new(0), lock: Mutex::new(()), room: Condvar::new() }
    }

    /// Tries again whenever there may be room. `attempt` gives the thing back if there is none; `left` calls who can
    /// make room and says how long to wait for it. An error of either ends the wait.
    pub(super) fn until_in<T, E>(
        &self,
        mut thing: T,
        mut attempt: impl FnMut(T) -> Result<Result<(), T>, E>,
        mut left: impl FnMut() -> Result<Duration, E>,
    ) -> Result<(), E> {
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.count.fetch_add(1, Ordering::Relaxed);
        // Announced before the next try: who makes room after it sees us.
        fence(Ordering::SeqCst);
        let result = loop {
            match attempt(thing) {
                Err(error) => break Err(error),
                Ok(Ok(())) => break Ok(()),
                Ok(Err(back)) => thing = back,
            }
            match left() {
                Err(error) => break Err(error),
                Ok(left) => {
                    (guard, _) = self.room.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        self.count.fetch_sub(1, Ordering::Relaxed);
        drop(guard);
        result
    }

    /// To be called after room was made, or after whatever else ends a wait: who waits tries again.
    pub(super) fn made_room(&self) {
        // Room was made before we look: who announces itself after that finds it.
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::Relaxed) > 0 {
            let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.room.notify_all();
        }
    }
}

/// Many givers that never wait: what does not fit stays with them until the taker calls them back.
#[derive(Debug)]
pub(super) struct Overflow {
    bell: Bell,
    /// By giver: it has something that did not fit.
    held_back: Box<[AtomicBool]>,
}

impl Overflow {
    pub(super) fn new(givers: usize) -> Overflow {
        Overflow { bell: Bell::new(), held_back: (0..givers).map(|_| AtomicBool::new(false)).collect() }
    }

    /// `fill` puts in what fits and is true when that was all. `wake` is the taker's.
    pub(super) fn give(&self, giver: usize, mut fill: impl FnMut() -> bool, wake: impl FnOnce()) {
        if !fill() {
            // Before the ring: the look that answers it sees this. (A store would do; loom takes it for one that the
            // taker's last swap may have undone.)
            self.held_back[giver].swap(true, Ordering::AcqRel);
            fill();
        }
        self.bell.ring(wake);
    }

    /// `empty` takes all there is. Returns which givers have more and must be called.
    pub(super) fn take(&self, empty: impl FnOnce()) -> impl Iterator<Item = usize> {
        self.bell.look();
        empty();
        let held = self.held_back.iter().enumerate();
        held.filter(|(_, held)| held.swap(false, Ordering::AcqRel)).map(|(giver, _)| giver)
    }
}
