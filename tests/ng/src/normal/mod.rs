//! Takes out of a reply what differs from run to run: ports, keys, times become names.
//!
//! Equal values get equal names throughout a script, so that whatever ought to stay the same from step to step still has
//! to. Values that stand in the script itself stay as they are.

mod names;
mod reply;
mod sdp;

pub use names::{Names, Role};
