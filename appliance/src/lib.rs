//! RTP media relay: the daemon rtpengine and its control tool.

pub mod boot;
pub mod cli;
pub mod config;
pub mod control;
pub mod ctl;
pub mod desk;
pub mod diagnose;
pub mod export;
pub mod handshake;
pub mod kernel;
#[cfg(feature = "appliance")]
pub mod nic;
pub mod placement;
pub mod record;
pub mod trace;
pub mod verbs;
pub mod view;
pub mod watch;
pub mod worker;

pub use desk::run;
