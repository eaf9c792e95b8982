use super::count::Count;
use super::place::Place;
use std::sync::Arc;

/// What the thread that writes is told, in the order in which it happens.
#[derive(Debug)]
pub(super) enum Job {
    /// A recording begins; its packets come under this number.
    Begin { id: u32, place: Box<Place>, count: Arc<Count>, began_us: u64 },
    /// An SDP was sent.
    Sdp { id: u32, offer: bool, sdp: Vec<u8> },
    /// It pauses, or goes on.
    Pause { id: u32, paused: bool, wall_us: u64 },
    /// It ends: once all packet threads have come past this mark, everything is there.
    End { id: u32, mark: u64, ended_us: u64, metadata: Vec<u8>, discard: bool },
    /// Finish what has ended, and go.
    Stop,
}
