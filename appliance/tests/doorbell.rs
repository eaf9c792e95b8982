//! Every order in which threads can put something in, look, take it out, make room and wait (loom): nothing is lost, and
//! nobody sleeps for ever. The queue here promises less than the one in use: a full or an empty look may be old.

#![allow(clippy::unwrap_used, dead_code)] // a test, and not all of what it proves is called by each model

mod sync {
    pub(super) use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
    pub(super) use loom::sync::{Condvar, Mutex};
}
#[path = "../src/worker/doorbell.rs"]
mod doorbell;

use doorbell::{Bell, Overflow, Waiting};
use loom::sync::Arc;
use std::time::Duration;
use sync::{AtomicBool, AtomicUsize, Condvar, Mutex, Ordering};

/// A place for one thing of each giver.
struct Places(Vec<AtomicUsize>);

impl Places {
    fn new(givers: usize) -> Places {
        Places((0..givers).map(|_| AtomicUsize::new(0)).collect())
    }

    fn push(&self, giver: usize, thing: usize) -> Result<(), usize> {
        if self.0[giver].load(Ordering::Relaxed) != 0 {
            return Err(thing);
        }
        self.0[giver].store(thing, Ordering::Release);
        Ok(())
    }

    fn pop(&self) -> Option<usize> {
        self.0.iter().find_map(|place| {
            let thing = place.load(Ordering::Acquire);
            if thing != 0 {
                place.store(0, Ordering::Release);
            }
            (thing != 0).then_some(thing)
        })
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|place| place.load(Ordering::Acquire) == 0)
    }
}

/// What a poll waits on: a wake before the sleep ends it at once.
struct Sleep(Mutex<bool>, Condvar);

impl Sleep {
    fn new() -> Sleep {
        Sleep(Mutex::new(false), Condvar::new())
    }

    fn wake(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_one();
    }

    fn wait(&self) {
        let mut woken = self.0.lock().unwrap();
        while !*woken {
            woken = self.1.wait(woken).unwrap();
        }
        *woken = false;
    }
}

fn model(preemptions: usize, what: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(what);
}

struct Mailbox {
    places: Places,
    bell: Bell,
    waiting: Waiting,
    sleep: Sleep,
    ended: AtomicBool,
}

impl Mailbox {
    fn new(givers: usize) -> Arc<Mailbox> {
        Arc::new(Mailbox {
            places: Places::new(givers),
            bell: Bell::new(),
            waiting: Waiting::new(),
            sleep: Sleep::new(),
            ended: AtomicBool::new(false),
        })
    }

    fn call(&self) {
        self.bell.ring(|| self.sleep.wake());
    }

    /// As `worker/mailbox.rs` sends, without a deadline: `false` when the worker has ended.
    fn send(&self, giver: usize, thing: usize) -> bool {
        let ended = || self.ended.load(Ordering::SeqCst);
        let Err(thing) = self.places.push(giver, thing) else {
            self.call();
            return !ended();
        };
        let attempt = |thing| if ended() { Err(()) } else { Ok(self.places.push(giver, thing)) };
        let sent = self.waiting.until_in(thing, attempt, || {
            self.call();
            Ok(Duration::MAX)
        });
        self.call();
        sent.is_ok()
    }

    /// One turn of a worker that takes one order in a turn; see `worker/poller.rs`.
    fn turn(&self, taken: &mut Vec<usize>) {
        if self.places.is_empty() {
            self.sleep.wait();
        }
        self.bell.look();
        if let Some(thing) = self.places.pop() {
            taken.push(thing);
            self.waiting.made_room();
        }
    }

    fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.sleep.wake();
        self.waiting.made_room();
    }
}

#[test]
fn what_two_senders_put_into_a_full_mailbox_arrives() {
    model(2, || {
        let mailbox = Mailbox::new(2);
        let senders: Vec<_> = (0..2)
            .map(|giver| {
                let mailbox = Arc::clone(&mailbox);
                loom::thread::spawn(move || {
                    // The second does not fit until the first is taken.
                    assert!((1..=2 - giver).all(|thing| mailbox.send(giver, 10 * giver + thing)));
                })
            })
            .collect();
        let mut taken = Vec::new();
        while taken.len() < 3 {
            mailbox.turn(&mut taken);
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        taken.sort_unstable();
        assert_eq!(taken, [1, 2, 11]);
    });
}

#[test]
fn a_sender_to_a_full_mailbox_hears_of_its_end() {
    model(3, || {
        let mailbox = Mailbox::new(1);
        assert!(mailbox.send(0, 1));
        let sender = {
            let mailbox = Arc::clone(&mailbox);
            loom::thread::spawn(move || mailbox.send(0, 2))
        };
        mailbox.end();
        assert!(!sender.join().unwrap(), "nobody has made room");
    });
}

#[test]
fn events_that_do_not_fit_are_called_for() {
    model(3, || {
        let places = Arc::new(Places::new(1));
        let overflow = Arc::new(Overflow::new(1));
        let (desk, worker) = (Arc::new(Sleep::new()), Arc::new(Sleep::new()));
        let giver = {
            let (places, overflow) = (Arc::clone(&places), Arc::clone(&overflow));
            let (desk, worker) = (Arc::clone(&desk), Arc::clone(&worker));
            loom::thread::spawn(move || {
                let mut events = vec![3, 2, 1];
                loop {
                    let fill = || {
                        while let Some(event) = events.pop() {
                            if let Err(event) = places.push(0, event) {
                                events.push(event);
                                return false;
                            }
                        }
                        true
                    };
                    overflow.give(0, fill, || desk.wake());
                    if events.is_empty() {
                        break;
                    }
                    worker.wait();
                }
            })
        };
        let mut taken = Vec::new();
        while taken.len() < 3 {
            let more = overflow.take(|| taken.extend(std::iter::from_fn(|| places.pop())));
            more.for_each(|_| worker.wake());
            if taken.len() < 3 {
                desk.wait();
            }
        }
        giver.join().unwrap();
        assert_eq!(taken, [1, 2, 3]);
    });
}
