//! `rtpengine doctor`: looks at this host the way the daemon will, and says of each thing whether it is good, and if not,
//! what to do. Nothing is changed by looking. The codes are explained in `appliance/docs/doctor.md`.
//!
//! Files of the host are read below a root that tests can paint; only NICs and BPF are asked of the real kernel.

mod code;
mod conntrack;
mod examine;
mod finding;
mod kernel;
mod limits;
mod module;
#[cfg(feature = "appliance")]
mod nic;
#[cfg(feature = "appliance")]
mod offload;
mod ports;
mod privilege;
mod rules;
mod sockets;
mod subject;
mod system;

pub use code::Code;
pub use examine::examine;
pub use finding::{Finding, Report, State};
pub use subject::{Need, Subject};
pub use system::System;
