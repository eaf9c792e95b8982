//! System calls, each wrapped so that nobody else needs `unsafe`.

mod bpf;
mod clock;
mod ethtool;
mod raw;
mod xsk;

pub(crate) use bpf::{XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE, link_xdp, test_run};
pub(crate) use clock::monotonic_ns;
pub(crate) use ethtool::Ethtool;
pub(crate) use raw::RawSockets;
pub(crate) use xsk::{is_zero_copy, kick_transmit, nudge_receive, prefer_busy_poll, widen_transmit};
