use call::Stamp;
use flow::Moment;
use std::cell::Cell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The one place where the control side asks what time it is.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Instant,
    latest: Cell<Moment>,
}

impl Clock {
    /// A clock whose zero is `start`. The packet workers count from the same instant.
    pub fn new(start: Instant) -> Clock {
        Clock { start, latest: Cell::default() }
    }

    /// Monotonic time.
    pub fn now(&self) -> Moment {
        let now = Moment(self.start.elapsed().as_micros() as u64);
        self.latest.set(now);
        now
    }

    /// When it was asked last: the time of what the desk has in hand.
    pub fn latest(&self) -> Moment {
        self.latest.get()
    }

    /// Both clocks.
    pub fn stamp(&self) -> Stamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Stamp { at: self.now(), wall_us: wall.as_micros() as u64 }
    }
}
