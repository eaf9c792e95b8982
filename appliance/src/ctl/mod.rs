//! What `rtpengine-ctl` does beside sending a line: the live view, traces as files, the plan, the doctor.

mod arguments;
mod line;
mod place;
mod plan;
mod top;
mod trace;
mod view;

pub use arguments::{Request, USAGE, parse};
pub use line::{Said, say};
pub use place::Place;
pub use plan::{Plan, plan};
pub use top::top;
pub use trace::trace;
pub use view::View;
