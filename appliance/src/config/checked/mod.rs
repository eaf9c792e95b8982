//! The configuration as the daemon uses it: names resolved, ranges proved, defaults filled in. A value that is
//! wrong never gets this far.

mod build;
mod interface;
mod ports;
mod settings;

pub use build::{Built, build};
pub use interface::{Interface, Interfaces, LocalAddress, Mode};
pub use ports::{PortRange, PortRangeError, Ports};
pub use settings::{
    Config, Control, EndpointLearning, Facility, Kernel, Limits, Log, Media, PathMtu, Process, Subsystem,
    Threads, Timeouts,
};
