//! The landing: the words in which the call side and the packet side speak to each other.
//!
//! * [`FlowSpec`] says what shall happen to packets that arrive at one of our ports (intent, written by the
//!   call model); [`Recipe`] is its resolved form that a fast path can carry out without learning anything.
//! * [`Change`] goes down to the packet side, [`Event`] and [`Snapshot`] come back.
//! * [`PacketIo`] moves bursts of [`Frame`]s in and out; [`FlowTable`] is a fast path one installs recipes in.
//!
//! What is not here: sockets, rings, threads, calls, SDP. Both sides depend on this crate, it depends on neither.
#![forbid(unsafe_code)]

mod change;
mod counters;
mod key;
mod moment;
mod packet;
mod path;
mod recipe;
mod secure;
mod spec;
mod table;
mod verdict;

pub use change::{Change, Event};
pub use counters::{Counters, HeardReport, Snapshot, SsrcCounters, Traffic};
pub use key::{FlowKey, Generation, StreamId};
pub use moment::{Micros, Moment};
pub use packet::{BURST, Buffers, Burst, Frame, PacketIo};
pub use path::{Path, PathReason};
pub use recipe::{Recipe, RecipeOutput};
pub use secure::{Progress, Protection, Security, SessionId};
pub use spec::{
    Carries, FlowSpec, Gate, Learning, Output, Part, PtChange, Recorded, Reporting, Rewrite, Silence,
};
pub use srtp;
pub use table::{FlowTable, InstallError};
pub use verdict::{Departure, DropReason, PuntReason, Verdict};
