use call::Stamp;
use flow::Moment;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The one place where the control side asks what time it is.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose zero is `start`. The packet workers count from the same instant.
    pub fn new(start: Instant) -> Clock {
        Clock { start }
    }

    /// Monotonic time.
    pub fn now(&self) -> Moment {
        Moment(self.start.elapsed().as_micros() as u64)
    }

    /// Both clocks.
    pub fn stamp(&self) -> Stamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Stamp { at: self.now(), wall_us: wall.as_micros() as u64 }
    }
}
