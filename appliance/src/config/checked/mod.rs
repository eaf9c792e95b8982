//! The configuration as the daemon uses it: names resolved, ranges proved, defaults filled in. A value that is
//! wrong never gets this far.

mod build;
mod interface;
mod outside;
mod ports;
mod recording;
mod settings;

pub use build::{Built, build, kernel_alone};
pub use interface::{Forward, Interface, Interfaces, LocalAddress, Mode, Share};
pub use outside::{Graphite, Homer, Http, Tls};
pub use ports::{PortRange, PortRangeError, Ports};
pub use recording::{Recording, Target};
pub use settings::{
    Appliance, BusyPoll, Certificate, Config, Control, Dtls, EndpointLearning, Entrance, Facility,
    FirewallRules, Idle, Kernel, Limits, Log, Media, PathMtu, Process, RuleFamily, Sockets, Subsystem,
    Threads, Timeouts,
};
