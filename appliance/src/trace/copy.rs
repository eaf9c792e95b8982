use call::Stamp;
use engine::{Copied, Passing};
use std::fmt;

/// One copied packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// When it passed, in microseconds since 1970.
    pub wall_us: u64,
    /// Which way, and between whom.
    pub copied: Copied,
    /// Its UDP payload, in clear where we have the keys.
    pub payload: Box<[u8]>,
}

impl Copy {
    pub(super) fn new(copied: Copied, payload: &[u8], now: Stamp) -> Copy {
        Copy { wall_us: now.wall_us_of(copied.at), copied, payload: payload.into() }
    }
}

/// `SECONDS.MICROSECONDS in|out|DROP-REASON FROM TO HEX`, as `trace read` prints it.
impl fmt::Display for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Copied { passing, local, remote, .. } = &self.copied;
        write!(f, "{}.{:06} ", self.wall_us / 1_000_000, self.wall_us % 1_000_000)?;
        match passing {
            Passing::In => write!(f, "in {remote} {local} ")?,
            Passing::Dropped(reason) => write!(f, "{} {remote} {local} ", reason.code())?,
            Passing::Out => write!(f, "out {local} {remote} ")?,
        }
        if self.payload.is_empty() {
            return f.write_str("-");
        }
        self.payload.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
