//! RTP media relay: the daemon rtpengine and its control tool.

pub mod config;
