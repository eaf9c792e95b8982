//! Namespaces, RTP peers, ng client: what every test of the relay reuses.
//!
//! A lab is three network namespaces, `caller — relay — callee`, with no route around the relay. The daemon
//! runs in the middle one as an ordinary process; peers are plain sockets opened inside the outer ones. The lab
//! speaks ng, SDP and RTP with code of its own and depends on no room of the product, so that a mistake there
//! cannot hide itself here.
//!
//! What is not here: expectations about the relay. Those live in the tests that use the lab.
//!
//! ```no_run
//! use lab::{Daemon, Topology, ng};
//! # fn main() -> lab::Result<()> {
//! let net = Topology::new()?;
//! let mut relay = Daemon::on(&net).start()?;
//! let reply = relay.ok(&ng::request("ping"))?;
//! assert_eq!(reply.text("result"), Some("pong"));
//! # Ok(())
//! # }
//! ```

pub mod bencode;
pub mod call;
mod cleanup;
mod daemon;
mod error;
mod held;
mod histogram;
mod need;
mod netns;
pub mod ng;
mod nics;
mod peer;
mod process;
mod report;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
mod stream;
mod tap;
mod topology;
mod vitals;

pub use bencode::Value;
pub use call::{Call, CallSpec};
pub use cleanup::on_interrupt;
pub use daemon::{Daemon, DaemonSpec, control_tool, daemon_binary, foreign_daemon};
pub use error::{LabError, Result};
pub use held::Held;
pub use histogram::Histogram;
pub use need::{Alone, Skipped, alone, missing_module, missing_root, missing_tool, skip};
pub use netns::Namespace;
pub use nix::sys::signal::Signal;
pub use peer::{Pace, RtpPeer, exchange};
pub use process::Process;
pub use report::Report;
pub use stream::{Payload, Stream, now_ns};
pub use tap::{Talk, Tap};
pub use topology::{Family, Leg, Topology, TopologySpec};
pub use vitals::Vitals;
