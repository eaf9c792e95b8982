use crate::worker::{Beat, Lane};
use std::time::{Duration, Instant};

/// A packet thread answers within a turn of its loop. One that has not after this long hangs.
const HANGS: Duration = Duration::from_millis(900);

/// Notices packet threads that hang.
#[derive(Debug)]
pub(super) struct Pulse {
    lanes: Vec<(Lane, Option<(Beat, Instant)>)>,
    hangs: bool,
}

impl Pulse {
    pub(super) fn of(lanes: &[Lane]) -> Pulse {
        Pulse { lanes: lanes.iter().map(|lane| (lane.clone(), None)).collect(), hangs: false }
    }

    /// True while a packet thread hangs; to be asked about once a second. Says so in the log when that changes.
    pub(super) fn hangs(&mut self) -> bool {
        let mut hangs = false;
        for (lane, asked) in &mut self.lanes {
            match asked {
                Some((beat, _)) if beat.heard() => *asked = lane.beat().map(|beat| (beat, Instant::now())),
                Some((_, since)) => hangs |= since.elapsed() >= HANGS,
                None => *asked = lane.beat().map(|beat| (beat, Instant::now())),
            }
        }
        match (self.hangs, hangs) {
            (false, true) => {
                tracing::error!("a packet thread hangs; flows on NIC queues go through the sockets")
            }
            (true, false) => tracing::warn!("the packet thread goes on"),
            _ => {}
        }
        self.hangs = hangs;
        hangs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::{FastOrder, Pool};
    use mio::{Poll, Token, Waker};
    use std::sync::{Arc, Barrier};

    #[test]
    fn a_thread_that_hangs_is_noticed_and_one_that_goes_on_too() {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let pool = Pool::start(&[None, None], Instant::now(), waker).unwrap();
        let lanes = pool.lanes();
        let mut pulse = Pulse::of(&lanes);
        assert!(!pulse.hangs(), "just asked");
        let held = Arc::new(Barrier::new(2));
        lanes[1].tell(vec![FastOrder::Hold(Arc::clone(&held))]).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !pulse.hangs() {
            assert!(Instant::now() < deadline, "never noticed");
            std::thread::yield_now();
        }
        held.wait();
        while pulse.hangs() {
            assert!(Instant::now() < deadline, "never forgiven");
            std::thread::yield_now();
        }
        pool.stop().unwrap();
    }
}
