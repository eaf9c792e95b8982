//! The line protocol behind `rtpengine-ctl`: one line in, text out. What people's scripts read is printed as rtpengine
//! prints it; what only we have is a verb of its own.

mod answer;
mod calls;
mod console;
mod drain;
mod explain;
mod interfaces;
mod json;
mod params;
mod paths;
mod recordings;
mod sessions;
mod streams;
mod totals;
mod trace;
mod tunable;
mod usage;
mod watch;

pub use answer::answer;
pub use console::{Console, Drain};
pub(crate) use params::remember;
pub(crate) use sessions::{first_page, page};
